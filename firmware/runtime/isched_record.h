/* A record of progress as bytes: plan, step, and a CRC-32 over both. */
#ifndef ISCHED_RECORD_H
#define ISCHED_RECORD_H

#include <stdint.h>

#include "isched_store.h"

#define ISCHED_STEP_BYTES ((uint8_t)sizeof(isched_step_t))
#define ISCHED_RECORD_BYTES ((uint8_t)(8U + sizeof(isched_step_t)))

/* CRC-32 of some bytes, begun with `crc`. */
uint32_t isched_crc(uint32_t crc, const uint8_t *bytes, uint8_t count);

/* Fills in a record; `seed` tells records apart that are otherwise equal. */
void isched_record_make(uint8_t *record, isched_step_t step, uint8_t seed);

/* The step of a record, ISCHED_STEP_IDLE if it is another plan's, and 0 if it does not verify. */
uint8_t isched_record_read(const uint8_t *record, uint8_t seed, isched_step_t *step);

/* Whether all bytes that were written read back as they are. */
uint8_t isched_reads_back(isched_address_t address, const uint8_t *bytes, uint8_t count);

#endif
