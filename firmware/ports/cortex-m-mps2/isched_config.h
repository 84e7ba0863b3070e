/* MPS2 with a Cortex-M4, as QEMU has it: its 16 MiB of RAM at 0x21000000 play a non-volatile memory in the address space,
 * like the MRAM of an Apollo: 32 bits at a time, and a word that power fails on is old or new. */
#ifndef ISCHED_CONFIG_H
#define ISCHED_CONFIG_H

#define ISCHED_ADDRESS_T uint32_t
#define ISCHED_DATA_UNIT 4U
#define ISCHED_DATA_TORN ISCHED_TORN_WHOLE
#define ISCHED_OTHER_UNIT 0U
#define ISCHED_OTHER_TORN ISCHED_TORN_WHOLE
#define ISCHED_OTHER_APPENDS 0
#define ISCHED_META_SECTOR 0U

/* Progress has the addresses behind the buffers: a head and two banks of at most 12 bytes. */
#define MPS2_META_BYTES 32U
#ifndef ISCHED_META_ADDRESS
#define ISCHED_META_ADDRESS ((ISCHED_NV_BYTES + 3U) / 4U * 4U)
#endif

#define ISCHED_BARRIER() __asm__ volatile("dmb" ::: "memory")

#ifdef ISCHED_TRACE
#include "isched_trace.h"
#endif

#endif
