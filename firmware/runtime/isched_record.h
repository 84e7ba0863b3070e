/* A record of progress: plan, step, and a CRC-32 over both, in words of 16 bits as the device keeps them. */
#ifndef ISCHED_RECORD_H
#define ISCHED_RECORD_H

#include <stdint.h>

#include "isched_store.h"

#define ISCHED_RECORD_WORDS (4U + (sizeof(isched_step_t) / 2U))
#define ISCHED_RECORD_BYTES ((uint8_t)(2U * ISCHED_RECORD_WORDS))

/* CRC-32 of some bytes, begun with `crc`. */
uint32_t isched_crc(uint32_t crc, const uint8_t *bytes, uint8_t count);

/* Fills in a record; `seed` tells records apart that are otherwise equal. */
void isched_record_make(uint16_t *record, isched_step_t step, uint8_t seed);

/* ISCHED_RECORD_OWN with its step, or what else a record is; its checksum is then as it should be. */
#define ISCHED_RECORD_SPOILED 0U
#define ISCHED_RECORD_OWN 1U
#define ISCHED_RECORD_FOREIGN 2U /* it verifies, and is another plan's */
uint8_t isched_record_read(uint16_t *record, uint8_t seed, isched_step_t *step);

/* Writes to the memory of progress and waits until all has arrived; 1 if it reads back as it was written. */
uint8_t isched_record_keep(isched_address_t address, const uint8_t *bytes, uint8_t count);

#endif
