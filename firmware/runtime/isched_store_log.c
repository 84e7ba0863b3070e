/* Progress where units of memory are written once after each erasure, or read as anything if power fails meanwhile.
 *
 * Two sectors hold entries, appended one after the other. An entry is a record, its flags, and in a unit of its own a
 * mark. The mark follows once the rest was read back: an entry without one does not count. The last entry with a mark is
 * what is published; if it does not verify, nothing is, and that is published behind it.
 *
 * A full sector is followed by the other one. Flags are the era of the sector, which changes each time that the first
 * sector follows the second, and the boots since the record was published: two sectors of one era have the second one
 * last. The full sector is cleared once the other one says twice what is published: an erasure that was cut short can
 * leave an old entry, which then is older than at least one that verifies, even if one of the two is corrupted. */
#include "isched_record.h"

#if ISCHED_META_IS_LOG

#define TRIES 4U
#define ERA 1U
#define BOOT 2U
#define MOST_BOOTS (7U * BOOT)

#define FLAGS_AT ISCHED_RECORD_WORDS
#define BODY_BYTES (ISCHED_RECORD_BYTES + 2U)
#define MARK_AT ((uint8_t)(((BODY_BYTES + ISCHED_META_UNIT - 1U) / ISCHED_META_UNIT) * ISCHED_META_UNIT))
#define ENTRY_BYTES ((uint8_t)(MARK_AT + ISCHED_META_UNIT))
#define ENTRY_WORDS ((uint8_t)((ENTRY_BYTES + 1U) / 2U))
#define END ((isched_address_t)((ISCHED_META_SECTOR / ENTRY_BYTES) * ENTRY_BYTES))

typedef char isched_units_are_of_64_bytes_at_most[(ISCHED_META_UNIT <= 64U) ? 1 : -1];
typedef char isched_sectors_hold_two_entries[(ISCHED_META_SECTOR >= 2U * ENTRY_BYTES) ? 1 : -1];
typedef char isched_sectors_begin_with_a_unit[(ISCHED_META_SECTOR % ISCHED_META_UNIT == 0U) ? 1 : -1];
typedef char isched_progress_is_apart_from_buffers[(ISCHED_IS_APART(2UL * ISCHED_META_SECTOR)) ? 1 : -1];
typedef char isched_addresses_reach_progress[(ISCHED_IS_REACHED(2UL * ISCHED_META_SECTOR)) ? 1 : -1];

#define SECTOR_0 ((isched_address_t)ISCHED_META_ADDRESS)
#define SECTOR_1 ((isched_address_t)(ISCHED_META_ADDRESS + ISCHED_META_SECTOR))
#define OTHER(sector) ((isched_address_t)((isched_address_t)(SECTOR_0 + SECTOR_1) - (sector)))

typedef struct {
    isched_address_t begin;
    isched_address_t free; /* behind the last entry that is not blank, from the begin */
    isched_step_t step;    /* of the last entry that is this plan's */
    uint8_t flags;         /* of the last entry that verifies */
    uint8_t holds;         /* an entry verifies */
    uint8_t spoiled;       /* the last entry with a mark is not this plan's or does not verify, or there is none */
} sector_t;

/* The sector that is written, and whether the other one is not blank. */
static sector_t now;
static uint8_t other_remains;

static void scan(isched_address_t sector, sector_t *found)
{
    found->begin = sector;
    found->free = 0;
    found->flags = 0;
    found->holds = 0;
    found->spoiled = 1U;
    for (isched_address_t at = 0; at < END; at = (isched_address_t)(at + ENTRY_BYTES)) {
        uint16_t entry[ENTRY_WORDS];
        const uint8_t *const bytes = (const uint8_t *)entry;
        uint8_t written = ENTRY_BYTES;
        isched_port_nv_read(ISCHED_META_MEMORY, (isched_address_t)(sector + at), entry, ENTRY_BYTES);
        while ((written > 0U) && (bytes[written - 1U] == 0xffU)) {
            --written;
        }
        if (written > 0U) {
            found->free = (isched_address_t)(at + ENTRY_BYTES);
        }
        if (written > MARK_AT) {
            const uint8_t flags = (uint8_t)(entry[FLAGS_AT] & 0xffU);
            const uint8_t record = isched_record_read(entry, flags, &found->step);
            found->spoiled = (record != ISCHED_RECORD_OWN) ? 1U : 0U;
            if (record != ISCHED_RECORD_SPOILED) {
                found->flags = flags;
                found->holds = 1U;
            }
        }
    }
}

static void clear_other(void)
{
    if (other_remains != 0U) {
        sector_t other;
        isched_port_nv_erase(ISCHED_META_MEMORY, OTHER(now.begin));
        isched_port_nv_complete(ISCHED_META_MEMORY);
        scan(OTHER(now.begin), &other);
        other_remains = (other.free != 0U) ? 1U : 0U;
    }
}

/* The next entry, in the other sector if this one is full; 1 if memory keeps it. */
static uint8_t append(void)
{
    uint16_t entry[ENTRY_WORDS];
    const uint8_t *const bytes = (const uint8_t *)entry;
    isched_address_t to;
    uint8_t kept;
    if (now.free == END) {
        if (now.holds != 0U) {
            clear_other();
        }
        if (other_remains != 0U) {
            return 0U;
        }
        if (now.begin != SECTOR_0) {
            now.flags ^= ERA;
        }
        now.begin = OTHER(now.begin);
        now.free = 0;
        now.holds = 0;
        other_remains = 1U;
    }
    for (uint8_t at = 0; at < ENTRY_WORDS; ++at) {
        entry[at] = 0;
    }
    isched_record_make(entry, now.step, now.flags);
    entry[FLAGS_AT] = now.flags;
    to = (isched_address_t)(now.begin + now.free);
    kept = isched_record_keep(to, bytes, MARK_AT);
    if (kept != 0U) {
        ISCHED_BARRIER();
        kept = isched_record_keep((isched_address_t)(to + MARK_AT), &bytes[MARK_AT], ISCHED_META_UNIT);
        ISCHED_BARRIER();
    }
    now.free = (isched_address_t)(now.free + ENTRY_BYTES);
    now.holds |= kept;
    return kept;
}

/* What is published, and twice where the other sector is not blank, which then is cleared. */
static uint8_t append_until_it_holds(void)
{
    uint8_t kept = 0;
    for (uint8_t tries = TRIES; tries > 0U; --tries) {
        kept = (uint8_t)(kept + append());
        if (kept > other_remains) {
            clear_other();
            break;
        }
    }
    return kept;
}

isched_step_t isched_store_load(void)
{
    sector_t first;
    scan(SECTOR_0, &first);
    scan(SECTOR_1, &now);
    other_remains = (first.free != 0U) ? 1U : 0U;
    if ((first.holds > now.holds) || ((first.holds == now.holds) && (((first.flags ^ now.flags) & ERA) != 0U))) {
        other_remains = (now.free != 0U) ? 1U : 0U;
        scan(SECTOR_0, &now);
    }
    now.holds = 1U;
    if (now.spoiled != 0U) {
        (void)isched_store_publish(ISCHED_STEP_IDLE);
    } else if ((other_remains != 0U) && (now.step == ISCHED_STEP_IDLE)) {
        (void)append_until_it_holds();
    }
    return now.step;
}

uint8_t isched_store_publish(isched_step_t step)
{
    ISCHED_BARRIER();
    isched_port_nv_complete(ISCHED_DATA_MEMORY);
    now.step = step;
    now.flags &= ERA;
    return append_until_it_holds();
}

uint8_t isched_store_boots(void)
{
    return now.flags / BOOT;
}

void isched_store_boot(void)
{
    if (now.flags < MOST_BOOTS) {
        now.flags = (uint8_t)(now.flags + BOOT);
        (void)append_until_it_holds();
    }
}

#else
/* C wants something in every file. */
typedef int isched_store_log_is_not_used_t;
#endif
