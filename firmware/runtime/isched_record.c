/* Records of progress. */
#include "isched_record.h"

/* CRC-32, reflected, polynomial 0xedb88320: bit by bit, because a table would take more memory than all the rest. */
uint32_t isched_crc(uint32_t crc, const uint8_t *bytes, uint8_t count)
{
    for (uint8_t at = 0; at < count; ++at) {
        crc ^= bytes[at];
        for (uint8_t bit = 0; bit < 8U; ++bit) {
            const uint32_t divisor = ((crc & 1U) != 0U) ? 0xedb88320UL : 0UL;
            crc = (crc >> 1U) ^ divisor;
        }
    }
    return crc;
}

#define LOW(value) ((uint16_t)((uint32_t)(value) & 0xffffUL))
#define HIGH(value) ((uint16_t)((uint32_t)(value) >> 16U))
#define CRC_AT (ISCHED_RECORD_WORDS - 2U)

/* Where the CRC of a record begins. */
#define BEGUN_WITH(seed) (0xffffffffUL ^ (seed))

/* The checksum of what a record says becomes its last words. */
static void seal(uint16_t *record, uint8_t seed)
{
    const uint32_t crc = ~isched_crc(BEGUN_WITH(seed), (const uint8_t *)record, 2U * CRC_AT);
    record[CRC_AT] = LOW(crc);
    record[CRC_AT + 1U] = HIGH(crc);
}

void isched_record_make(uint16_t *record, isched_step_t step, uint8_t seed)
{
    record[0] = LOW(ISCHED_PLAN_ID);
    record[1] = HIGH(ISCHED_PLAN_ID);
    record[2] = LOW(step);
    if (CRC_AT > 3U) {
        record[CRC_AT - 1U] = HIGH(step);
    }
    seal(record, seed);
}

uint8_t isched_record_read(uint16_t *record, uint8_t seed, isched_step_t *step)
{
    const uint16_t low = record[CRC_AT];
    const uint16_t high = record[CRC_AT + 1U];
    seal(record, seed);
    if ((low != record[CRC_AT]) || (high != record[CRC_AT + 1U])) {
        return ISCHED_RECORD_SPOILED;
    }
    if ((record[0] == LOW(ISCHED_PLAN_ID)) && (record[1] == HIGH(ISCHED_PLAN_ID))) {
        *step = (isched_step_t)record[2];
        if (CRC_AT > 3U) {
            *step = (isched_step_t)(*step | ((uint32_t)record[CRC_AT - 1U] << 16U));
        }
        if (*step <= ISCHED_STEP_IDLE) {
            return ISCHED_RECORD_OWN;
        }
    }
    return ISCHED_RECORD_FOREIGN;
}

uint8_t isched_record_keep(isched_address_t address, const uint8_t *bytes, uint8_t count)
{
    isched_port_nv_write(ISCHED_META_MEMORY, address, bytes, count);
    isched_port_nv_complete(ISCHED_META_MEMORY);
    while (count > 0U) {
        uint8_t byte;
        --count;
        isched_port_nv_read(ISCHED_META_MEMORY, (isched_address_t)(address + count), &byte, 1U);
        if (byte != bytes[count]) {
            return 0U;
        }
    }
    return 1U;
}
