/* What the memory of this board is like: one file, of which a power failure leaves any two bytes old or new. */
#ifndef ISCHED_CONFIG_H
#define ISCHED_CONFIG_H

#define ISCHED_ADDRESS_T uint16_t
#define ISCHED_DATA_UNIT 2U
#define ISCHED_DATA_TORN ISCHED_TORN_WHOLE
#define ISCHED_OTHER_UNIT 0U
#define ISCHED_META_ADDRESS 0U

#define MEMORY_BYTES 4096U

#endif
