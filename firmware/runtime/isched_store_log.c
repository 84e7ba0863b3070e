/* Progress where units of memory are written once after each erasure, or read as anything if power fails meanwhile.
 *
 * Two sectors hold entries, appended one after the other. An entry is a record, its flags, and in a unit of its own a
 * mark. The mark follows once the rest was read back: an entry without one does not count. The last entry with a mark is
 * what is published; if it does not verify, nothing is.
 *
 * Flags are the generation of the sector modulo 4, the boots since the record was published, and whether the other sector
 * is being cleared. A full sector is followed by the other one, one generation later, whose first entry says that the
 * full one is being cleared: whatever an erasure that was cut short leaves there means nothing. */
#include "isched_record.h"

#if ISCHED_META_IS_LOG

#define TRIES 3U
#define MOST_BOOTS 7U
#define BODY_BYTES ((uint8_t)(ISCHED_RECORD_BYTES + 1U))
#define WHOLE_UNITS(bytes) ((uint8_t)((((bytes) + ISCHED_META_UNIT - 1U) / ISCHED_META_UNIT) * ISCHED_META_UNIT))
#define MARK_AT WHOLE_UNITS(BODY_BYTES)
#define ENTRY_BYTES ((uint8_t)(MARK_AT + ISCHED_META_UNIT))
#define ENTRIES ((uint16_t)(ISCHED_META_SECTOR / ENTRY_BYTES))

typedef char isched_units_are_of_64_bytes_at_most[(ISCHED_META_UNIT <= 64U) ? 1 : -1];
typedef char isched_sectors_hold_an_entry
    [(ISCHED_META_SECTOR >= ENTRY_BYTES && ISCHED_META_SECTOR / ENTRY_BYTES <= 0xffffUL) ? 1 : -1];
typedef char isched_sectors_begin_with_a_unit[(ISCHED_META_SECTOR % ISCHED_META_UNIT == 0U) ? 1 : -1];
typedef char isched_progress_is_apart_from_buffers[(ISCHED_IS_APART(2U * ISCHED_META_SECTOR)) ? 1 : -1];

#define GENERATION 3U
#define CLEARING 32U

/* Which sector is written, which of its entries is next, its generation, and which entry would be next in the other. */
static uint8_t sector;
static uint16_t next;
static uint8_t generation;
static uint16_t spare;

static isched_step_t current;
static uint8_t count;

typedef enum { BLANK, LOST, SPOILED, PUBLISHED } entry_t;

static isched_address_t place_of(uint8_t which, uint16_t entry)
{
    const isched_address_t within = (isched_address_t)((isched_address_t)entry * ENTRY_BYTES);
    return (isched_address_t)(ISCHED_META_ADDRESS + ((which != 0U) ? ISCHED_META_SECTOR : 0U) + within);
}

/* The mark of an entry follows from its CRC, with the generation and the boots that the CRC begins with. */
static uint8_t mark_byte(const uint8_t *body, uint8_t at)
{
    return (uint8_t)(~body[(ISCHED_RECORD_BYTES - 4U) + (at & 3U)] & ((at == 0U) ? 0x7fU : 0xffU));
}

static entry_t entry_at(uint8_t which, uint16_t entry, uint8_t *flags, isched_step_t *step)
{
    uint8_t bytes[MARK_AT + ISCHED_META_UNIT];
    uint8_t blank = 1U;
    uint8_t marked = 0U;
    uint8_t right = 1U;
    isched_port_nv_read(ISCHED_META_MEMORY, place_of(which, entry), bytes, ENTRY_BYTES);
    for (uint8_t at = 0; at < ENTRY_BYTES; ++at) {
        if (bytes[at] != 0xffU) {
            blank = 0U;
            marked = (at >= MARK_AT) ? 1U : marked;
        }
        if ((at >= MARK_AT) && (bytes[at] != mark_byte(bytes, (uint8_t)(at - MARK_AT)))) {
            right = 0U;
        }
    }
    *flags = bytes[ISCHED_RECORD_BYTES];
    if (blank != 0U) {
        return BLANK;
    }
    if (marked == 0U) {
        return LOST;
    }
    if (isched_record_read(bytes, *flags, step) == 0U) {
        return SPOILED;
    }
    if (right != 0U) {
        return PUBLISHED;
    }
    return (ISCHED_META_TORN == ISCHED_TORN_ANY) ? LOST : SPOILED;
}

typedef struct {
    isched_step_t step;
    uint16_t free;  /* the entry behind the last one that is not blank */
    entry_t last;   /* BLANK, or what the last entry with a mark is */
    uint8_t flags;
} sector_t;

static void scan(uint8_t which, sector_t *found)
{
    found->last = BLANK;
    found->free = 0;
    for (uint16_t at = 0; at < ENTRIES; ++at) {
        uint8_t flags;
        isched_step_t step = ISCHED_STEP_IDLE;
        const entry_t entry = entry_at(which, at, &flags, &step);
        if (entry != BLANK) {
            found->free = (uint16_t)(at + 1U);
        }
        if ((entry == SPOILED) || (entry == PUBLISHED)) {
            found->last = entry;
            found->flags = flags;
            found->step = step;
        }
    }
}

/* Clears the other sector, or both. */
static void erase(uint8_t which)
{
    spare = 0;
    isched_port_nv_erase(ISCHED_META_MEMORY, place_of(which, 0U));
    isched_port_nv_complete(ISCHED_META_MEMORY);
}

/* The sector whose last entry is published, 2 if nothing is. */
static uint8_t newer(const sector_t *sectors)
{
    const uint8_t is0 = (sectors[0].last == PUBLISHED) ? 1U : 0U;
    const uint8_t is1 = (sectors[1].last == PUBLISHED) ? 1U : 0U;
    if ((is0 != 0U) && (is1 != 0U)) {
        const uint8_t ahead = (uint8_t)((sectors[1].flags - sectors[0].flags) & GENERATION);
        return (ahead == 1U) ? 1U : ((ahead == 3U) ? 0U : 2U);
    }
    if ((is0 == 0U) && (is1 == 0U)) {
        return 2U;
    }
    /* The other one was blank before anything was published there, unless it is being cleared: as the older of two, or,
     * while this one is full, because nothing there was published before it was full, too. */
    if ((sectors[1U - is1].last == SPOILED) && ((sectors[is1].flags & CLEARING) == 0U) &&
        (sectors[is1].free != ENTRIES)) {
        return 2U;
    }
    return is1;
}

static void write(isched_address_t to, const uint8_t *from, uint8_t bytes)
{
    isched_port_nv_write(ISCHED_META_MEMORY, to, from, bytes);
    isched_port_nv_complete(ISCHED_META_MEMORY);
}

/* The next entry, in the other sector if this one is full; what the other one holds is cleared if it is full, too.
 * 1 if the entry reads back. */
static uint8_t append(void)
{
    uint8_t bytes[MARK_AT + ISCHED_META_UNIT];
    uint8_t clears;
    uint8_t verified;
    if (next == ENTRIES) {
        if (spare == ENTRIES) {
            erase((uint8_t)(1U - sector));
        }
        sector = (uint8_t)(1U - sector);
        generation = (uint8_t)((generation + 1U) & GENERATION);
        next = spare;
        spare = ENTRIES;
    }
    clears = (spare == ENTRIES) ? CLEARING : 0U;
    for (uint8_t at = 0; at < MARK_AT; ++at) {
        bytes[at] = 0xffU;
    }
    bytes[ISCHED_RECORD_BYTES] = (uint8_t)((uint8_t)(count << 2U) | generation | clears);
    isched_record_make(bytes, current, bytes[ISCHED_RECORD_BYTES]);
    for (uint8_t at = 0; at < ISCHED_META_UNIT; ++at) {
        bytes[MARK_AT + at] = mark_byte(bytes, at);
    }
    write(place_of(sector, next), bytes, MARK_AT);
    verified = isched_reads_back(place_of(sector, next), bytes, MARK_AT);
    if (verified != 0U) {
        ISCHED_BARRIER();
        write((isched_address_t)(place_of(sector, next) + MARK_AT), &bytes[MARK_AT], ISCHED_META_UNIT);
        ISCHED_BARRIER();
        verified = isched_reads_back(place_of(sector, next), bytes, ENTRY_BYTES);
    }
    next = (uint16_t)(next + 1U);
    if ((clears != 0U) && (verified != 0U)) {
        erase((uint8_t)(1U - sector));
    }
    return verified;
}

static uint8_t append_until_it_holds(void)
{
    for (uint8_t tries = 0; tries < TRIES; ++tries) {
        if (append() != 0U) {
            return 1U;
        }
    }
    return 0U;
}

isched_step_t isched_store_load(uint8_t *boots)
{
    sector_t sectors[2];
    scan(0U, &sectors[0]);
    scan(1U, &sectors[1]);
    sector = newer(sectors);
    if (sector > 1U) {
        /* Whatever is published goes first, so that it cannot come back. */
        const uint8_t first = (sectors[1].last == PUBLISHED) ? 1U : 0U;
        erase(first);
        erase((uint8_t)(1U - first));
        sector = 0;
        next = 0;
        generation = 0;
        current = ISCHED_STEP_IDLE;
        count = 0;
        /* And that nothing is known is known from here on: sectors wear out. */
        (void)append_until_it_holds();
    } else {
        next = sectors[sector].free;
        generation = (uint8_t)(sectors[sector].flags & GENERATION);
        current = sectors[sector].step;
        count = (uint8_t)((sectors[sector].flags >> 2U) & 7U);
        spare = sectors[1U - sector].free;
        if ((spare != 0U) && ((sectors[sector].flags & CLEARING) != 0U)) {
            erase((uint8_t)(1U - sector));
        }
    }
    *boots = count;
    return current;
}

uint8_t isched_store_publish(isched_step_t step)
{
    ISCHED_BARRIER();
    isched_port_nv_complete(ISCHED_DATA_MEMORY);
    current = step;
    count = 0;
    return append_until_it_holds();
}

void isched_store_boot(void)
{
    if (count < MOST_BOOTS) {
        ++count;
        (void)append_until_it_holds();
    }
}

#else
/* C wants something in every file. */
typedef int isched_store_log_is_not_used_t;
#endif
