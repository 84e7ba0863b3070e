/* A buffer is sealed by the commit that completes it, and looked at whenever the device boots until it is needed no more.
 * What is not complete yet is not sealed. The seals lie behind the buffers, four bytes each. */
#include "isched_integrity.h"

#include "isched_plan.h"
#include "isched_record.h"

#if ISCHED_INTEGRITY

#define CHUNK 16U

static uint32_t crc_of(const isched_saved_t *saved)
{
    uint8_t bytes[CHUNK];
    uint32_t crc = 0xffffffffUL;
    uint32_t left = saved->bytes;
    uint32_t address = saved->address;
    while (left != 0U) {
        const uint8_t count = (left < CHUNK) ? (uint8_t)left : (uint8_t)CHUNK;
        isched_port_nv_read(ISCHED_DATA_MEMORY, (isched_address_t)address, bytes, count);
        crc = isched_crc(crc, bytes, count);
        address += count;
        left -= count;
    }
    return ~crc;
}

static isched_address_t seal_of(uint16_t number)
{
    return (isched_address_t)(ISCHED_SEALS_ADDRESS + (4UL * number));
}

void isched_seal(isched_step_t published, isched_step_t next)
{
    isched_port_nv_complete(ISCHED_DATA_MEMORY);
    for (uint16_t number = 0; number < ISCHED_SAVED; ++number) {
        isched_saved_t saved;
        isched_saved(number, &saved);
        if ((saved.from <= next) && ((published == ISCHED_STEP_IDLE) || (saved.from > published))) {
            const uint32_t crc = crc_of(&saved);
            isched_port_nv_write(ISCHED_DATA_MEMORY, seal_of(number), &crc, 4U);
        }
    }
}

uint8_t isched_is_intact(isched_step_t step)
{
    for (uint16_t number = 0; number < ISCHED_SAVED; ++number) {
        isched_saved_t saved;
        isched_saved(number, &saved);
        if ((saved.from <= step) && (step < saved.until)) {
            uint32_t crc;
            isched_port_nv_read(ISCHED_DATA_MEMORY, seal_of(number), &crc, 4U);
            if (crc != crc_of(&saved)) {
                return 0U;
            }
        }
    }
    return 1U;
}

#else
/* C wants something in every file. */
typedef int isched_integrity_is_not_used_t;
#endif
