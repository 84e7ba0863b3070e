/* A board made of arrays: every property of its memories is set with -D. */
#ifndef ISCHED_CONFIG_H
#define ISCHED_CONFIG_H

#define ISCHED_ADDRESS_T uint16_t
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
#define ISCHED_META_SECTOR 80U
#endif
#define ISCHED_META_ADDRESS 64U

#define ISCHED_TRACE_CYCLE(cycle, level) board_begins(cycle, level)
#define ISCHED_TRACE_ATOM(atom) ((void)(atom))
#define ISCHED_BARRIER() ((void)0)
void board_begins(unsigned cycle, unsigned level);

#endif
