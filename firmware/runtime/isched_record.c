/* Records of progress. */
#include "isched_record.h"

/* CRC-32, reflected, polynomial 0xedb88320: bit by bit, because a table would take more memory than all the rest. */
uint32_t isched_crc(uint32_t crc, const uint8_t *bytes, uint8_t count)
{
    for (uint8_t at = 0; at < count; ++at) {
        crc ^= bytes[at];
        for (uint8_t bit = 0; bit < 8U; ++bit) {
            crc = (crc >> 1U) ^ (((crc & 1U) != 0U) ? 0xedb88320UL : 0UL);
        }
    }
    return crc;
}

/* Where the CRC of a record begins, and what is left of it behind a record that ends with its CRC. */
#define BEGUN_WITH(seed) (0xffffffffUL ^ (seed))
#define RESIDUE 0xdebb20e3UL

static void put(uint8_t *to, uint32_t value, uint8_t bytes)
{
    for (uint8_t at = 0; at < bytes; ++at) {
        to[at] = (uint8_t)(value & 0xffU);
        value >>= 8U;
    }
}

static uint32_t get(const uint8_t *from, uint8_t bytes)
{
    uint32_t value = 0;
    for (uint8_t at = bytes; at > 0U; --at) {
        value = (value << 8U) | from[at - 1U];
    }
    return value;
}

void isched_record_make(uint8_t *record, isched_step_t step, uint8_t seed)
{
    const uint8_t body = (uint8_t)(4U + ISCHED_STEP_BYTES);
    put(record, ISCHED_PLAN_ID, 4U);
    put(&record[4], step, ISCHED_STEP_BYTES);
    put(&record[body], ~isched_crc(BEGUN_WITH(seed), record, body), 4U);
}

uint8_t isched_record_read(const uint8_t *record, uint8_t seed, isched_step_t *step)
{
    const isched_step_t found = (isched_step_t)get(&record[4], ISCHED_STEP_BYTES);
    if (isched_crc(BEGUN_WITH(seed), record, ISCHED_RECORD_BYTES) != RESIDUE) {
        return 0U;
    }
    *step = ((get(record, 4U) == ISCHED_PLAN_ID) && (found <= ISCHED_STEP_IDLE)) ? found : ISCHED_STEP_IDLE;
    return 1U;
}

uint8_t isched_reads_back(isched_address_t address, const uint8_t *bytes, uint8_t count)
{
    for (uint8_t at = 0; at < count; ++at) {
        uint8_t byte;
        isched_port_nv_read(ISCHED_META_MEMORY, (isched_address_t)(address + at), &byte, 1U);
        if (byte != bytes[at]) {
            return 0U;
        }
    }
    return 1U;
}
