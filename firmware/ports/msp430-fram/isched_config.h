/* MSP430FR59xx: FRAM in the address space, below 0x10000. The core stores a word at a time, and a word that power fails on
 * is old or new. */
#ifndef ISCHED_CONFIG_H
#define ISCHED_CONFIG_H

#define ISCHED_ADDRESS_T uint16_t
#define ISCHED_DATA_UNIT 2U
#define ISCHED_DATA_TORN ISCHED_TORN_WHOLE
#define ISCHED_OTHER_UNIT 0U
#define ISCHED_OTHER_TORN ISCHED_TORN_WHOLE
#define ISCHED_OTHER_APPENDS 0
#define ISCHED_META_SECTOR 0U

/* Progress has the addresses behind the buffers: a head and two banks of at most 12 bytes. */
#define MSP430_META_BYTES 32U
#ifndef ISCHED_META_ADDRESS
#define ISCHED_META_ADDRESS ((ISCHED_NV_BYTES + 1U) / 2U * 2U)
#endif

#ifdef ISCHED_TRACE
#include "isched_trace.h"
#endif

#endif
