/* Progress where units of memory are overwritten in place and read old or new, whatever happens.
 *
 * At ISCHED_META_ADDRESS lies the head, one unit, and behind it two banks. The head holds a sequence number modulo 4,
 * the boots since it was published, and check bits; its record lies in the bank of its parity. The CRC of a record begins
 * with its sequence number, so that the record before it does not verify under a head that was corrupted. Numbers are
 * compared for equality only: that they wrap around needs no case of its own. */
#include "isched_record.h"

#if !ISCHED_META_IS_LOG

#define TRIES 3U
#define MOST_BOOTS 7U

/* Whole units, so that no two banks and no head share one. */
#define BANK_BYTES ((((ISCHED_RECORD_BYTES) + ISCHED_META_UNIT - 1U) / ISCHED_META_UNIT) * ISCHED_META_UNIT)

typedef char isched_progress_is_apart_from_buffers[(ISCHED_IS_APART(ISCHED_META_UNIT + (2U * BANK_BYTES))) ? 1 : -1];
typedef char isched_addresses_reach_progress[(ISCHED_IS_REACHED(ISCHED_META_UNIT + (2U * BANK_BYTES))) ? 1 : -1];

/* Two bits of sequence, three of boots, and their check. */
static uint8_t current;

#if ISCHED_META_UNIT > 1
typedef uint16_t head_t;

/* Three copies: two heads differ in at least three bits, and erased memory is none. */
static head_t head_of(uint8_t value)
{
    const unsigned int one = value;
    return (head_t)((one | (one << 5U) | (one << 10U)) ^ 0xa5a0U);
}
#else
typedef uint8_t head_t;

/* The number of zeros: one flipped bit, or any that flip in one direction, make no other head. */
static head_t head_of(uint8_t value)
{
    uint8_t zeros = 5U;
    for (uint8_t bits = value; bits != 0U; bits = (uint8_t)(bits & (bits - 1U))) {
        --zeros;
    }
    return (head_t)(value | (uint8_t)(zeros << 5U));
}
#endif

static isched_address_t bank_of(uint8_t value)
{
    return (isched_address_t)(ISCHED_META_ADDRESS + ISCHED_META_UNIT + (((value & 1U) != 0U) ? BANK_BYTES : 0U));
}

/* 1 where memory keeps it. */
static uint8_t write_head(void)
{
    const head_t head = head_of(current);
    uint8_t kept;
    ISCHED_BARRIER();
    kept = isched_record_keep((isched_address_t)ISCHED_META_ADDRESS, (const uint8_t *)&head, (uint8_t)sizeof head);
    ISCHED_BARRIER();
    return kept;
}

isched_step_t isched_store_load(void)
{
    head_t head;
    uint16_t record[ISCHED_RECORD_WORDS];
    isched_step_t step;
    isched_port_nv_read(ISCHED_META_MEMORY, (isched_address_t)ISCHED_META_ADDRESS, &head, (uint16_t)sizeof head);
    current = (uint8_t)(head & 31U);
    isched_port_nv_read(ISCHED_META_MEMORY, bank_of(current), record, ISCHED_RECORD_BYTES);
    if ((head != head_of(current)) ||
        (isched_record_read(record, (uint8_t)(current & 3U), &step) != ISCHED_RECORD_OWN)) {
        step = ISCHED_STEP_IDLE;
        (void)isched_store_publish(step);
    }
    return step;
}

uint8_t isched_store_publish(isched_step_t step)
{
    const uint8_t next = (uint8_t)((current + 1U) & 3U);
    uint16_t record[ISCHED_RECORD_WORDS];
    isched_record_make(record, step, next);
    ISCHED_BARRIER();
    isched_port_nv_complete(ISCHED_DATA_MEMORY);
    for (uint8_t tries = 0; tries < TRIES; ++tries) {
        if (isched_record_keep(bank_of(next), (const uint8_t *)record, ISCHED_RECORD_BYTES) != 0U) {
            current = next;
            if (write_head() != 0U) {
                return 1U;
            }
        }
    }
    return 0U;
}

uint8_t isched_store_boots(void)
{
    return (uint8_t)(current >> 2U);
}

void isched_store_boot(void)
{
    if ((current >> 2U) < MOST_BOOTS) {
        current = (uint8_t)(current + 4U);
        (void)write_head();
    }
}

#else
/* C wants something in every file. */
typedef int isched_store_cell_is_not_used_t;
#endif
