/* A computer that plays a device. Every property of its memories can be set with -D, so that each combination is run. */
#ifndef ISCHED_CONFIG_H
#define ISCHED_CONFIG_H

#ifndef ISCHED_ADDRESS_T
#define ISCHED_ADDRESS_T uint32_t
#endif
#ifndef ISCHED_DATA_UNIT
#define ISCHED_DATA_UNIT 2U
#endif
#ifndef ISCHED_DATA_TORN
#define ISCHED_DATA_TORN ISCHED_TORN_WHOLE
#endif
#ifndef ISCHED_OTHER_UNIT
#define ISCHED_OTHER_UNIT 0U
#endif
#ifndef ISCHED_OTHER_TORN
#define ISCHED_OTHER_TORN ISCHED_TORN_WHOLE
#endif
#ifndef ISCHED_OTHER_APPENDS
#define ISCHED_OTHER_APPENDS 0
#endif
#ifndef ISCHED_META_SECTOR
#define ISCHED_META_SECTOR 256U
#endif

/* Progress stands behind the buffers, or at the begin of a memory of its own. */
#ifndef ISCHED_META_ADDRESS
#if ISCHED_OTHER_UNIT > ISCHED_DATA_UNIT
#define ISCHED_META_ADDRESS 0U
#else
#define ISCHED_META_ADDRESS \
    ((ISCHED_NV_BYTES + ISCHED_META_SECTOR - 1U) / ISCHED_META_SECTOR * ISCHED_META_SECTOR)
#endif
#endif

/* Bytes of each memory. */
#define HOST_DATA_BYTES \
    (((ISCHED_NV_BYTES + ISCHED_META_SECTOR - 1U) / ISCHED_META_SECTOR + 2U) * ISCHED_META_SECTOR)
#define HOST_OTHER_BYTES (2U * ISCHED_META_SECTOR)

/* By how many codes the buffer is above the level that was waited for, and after which of its sleeps with a commit pending
 * the supply fades each time (0: never). */
#ifndef HOST_SURPLUS
#define HOST_SURPLUS 0U
#endif
#ifndef HOST_FADES
#define HOST_FADES 0U
#endif

/* The order that C gives to accesses is enough: the gate sees each call of the port, and nothing runs beside it. */
#define ISCHED_BARRIER() host_barrier()
void host_barrier(void);

#ifdef ISCHED_TRACE
#include "isched_trace.h"
#endif

#endif
