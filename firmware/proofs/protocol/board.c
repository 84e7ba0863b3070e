/* See board.h. */
#include "board.h"

#include <string.h>

#define PENDING 256U
#define UNIT_MOST 16U

typedef struct {
    uint8_t memory;
    isched_address_t address;
    uint8_t bytes[UNIT_MOST];
} store_t;

board_t board;
static store_t pending[PENDING];
static uint32_t under_way;

static uint32_t unit_of(uint8_t memory)
{
    return (memory == 0U) ? ISCHED_DATA_UNIT : ISCHED_OTHER_UNIT;
}

static uint32_t is_torn_any(uint8_t memory)
{
    return (uint32_t)(((memory == 0U) ? ISCHED_DATA_TORN : ISCHED_OTHER_TORN) == ISCHED_TORN_ANY);
}

void board_boots(void)
{
    under_way = 0;
    board.steps = 0;
    board.stores = 0;
}

static void settle(const store_t *store)
{
    memcpy(&board.kept.bytes[store->memory][store->address], store->bytes, unit_of(store->memory));
}

/* A unit that was being written: old or new; or a mixture of both, all ones, or all zeros. */
static void tear(const store_t *store, uint32_t how)
{
    uint8_t *unit = &board.kept.bytes[store->memory][store->address];
    for (uint32_t at = 0; at < unit_of(store->memory); ++at) {
        const uint8_t old = unit[at];
        switch (how) {
        case 0U: break;
        case 1U: unit[at] = store->bytes[at]; break;
        case 2U: unit[at] = (uint8_t)((old & 0xf0U) | (store->bytes[at] & 0x0fU)); break;
        case 3U: unit[at] = (uint8_t)((old & 0x55U) | (store->bytes[at] & 0xaaU)); break;
        case 4U: unit[at] = 0xffU; break;
        default: unit[at] = 0U; break;
        }
    }
}

static uint32_t tears(uint8_t memory)
{
    return (is_torn_any(memory) != 0U) ? 6U : 2U;
}

/* Which of the stores under way arrive: the first of them; and on a bus without order, the last, or all but one. */
static uint32_t arrives(uint32_t number, uint32_t which)
{
    if (which <= under_way) {
        return (uint32_t)(number < which);
    }
    which -= under_way + 1U;
    if (which < under_way) {
        return (uint32_t)(number >= which + 1U);
    }
    return (uint32_t)(number != which - under_way);
}

static void power_fails_under_way(void)
{
    const uint32_t choices = (board.bus == BUS_ANY_ORDER) ? (3U * under_way + 1U) : (under_way + 1U);
    const uint32_t which = board.way % choices;
    uint32_t torn = 0;
    uint32_t most = 1;
    for (uint32_t number = 0; number < under_way; ++number) {
        if (arrives(number, which) != 0U) {
            settle(&pending[number]);
        } else if (torn == 0U) {
            torn = 1U;
            tear(&pending[number], board.way / choices % tears(pending[number].memory));
        }
        most = (tears(pending[number].memory) > most) ? tears(pending[number].memory) : most;
    }
    /* Old and new are there already, by what arrives. */
    board.ways = choices * ((most == 2U) ? 1U : most);
    longjmp(board.off, POWER_FAILED);
}

void isched_port_nv_complete(uint8_t memory)
{
    uint32_t left = 0;
    for (uint32_t number = 0; number < under_way; ++number) {
        if (pending[number].memory == memory) {
            settle(&pending[number]);
        } else {
            pending[left++] = pending[number];
        }
    }
    under_way = left;
}

static void begin_store(const store_t *store)
{
    ++board.steps;
    if (board.loses_erasures == 0U && store->memory == ISCHED_META_MEMORY && store->address >= ISCHED_META_ADDRESS &&
        ++board.stores == board.drops) {
        return;
    }
    if (board.bus == BUS_DIRECT) {
        if (board.steps == board.fail_at) {
            board.ways = tears(store->memory);
            tear(store, board.way % board.ways);
            longjmp(board.off, POWER_FAILED);
        }
        settle(store);
        return;
    }
    if (under_way == PENDING) {
        board_wrong("the board has too small a queue");
    }
    pending[under_way++] = *store;
    if (board.steps == board.fail_at) {
        power_fails_under_way();
    }
}

static void check(uint8_t memory, uint32_t address, uint32_t bytes)
{
    if (memory > 1U || unit_of(memory) == 0U || address + bytes > MEMORY_BYTES) {
        board_wrong("an access outside of memory");
    }
}

static uint8_t byte_of(uint8_t memory, uint32_t address)
{
    const uint32_t unit = address - address % unit_of(memory);
    for (uint32_t number = under_way; number > 0U; --number) {
        if (pending[number - 1U].memory == memory && pending[number - 1U].address == unit) {
            return pending[number - 1U].bytes[address - unit];
        }
    }
    return board.kept.bytes[memory][address];
}

void isched_port_nv_read(uint8_t memory, isched_address_t address, void *to, uint16_t bytes)
{
    uint8_t *target = to;
    check(memory, address, bytes);
    for (uint32_t at = 0; at < bytes; ++at) {
        target[at] = byte_of(memory, address + at);
    }
}

/* A unit of flash is written once after each erasure; one that reads as erased after a failure counts as such. */
static void check_erased(const store_t *store)
{
    const uint8_t *unit = &board.kept.bytes[store->memory][store->address];
    uint32_t erased = 1;
    for (uint32_t at = 0; at < unit_of(store->memory); ++at) {
        erased &= (uint32_t)(unit[at] == 0xffU);
    }
    for (uint32_t number = 0; number < under_way; ++number) {
        if (pending[number].memory == store->memory && pending[number].address == store->address) {
            erased = 0;
        }
    }
    if (erased == 0U) {
        board_wrong("a unit of flash is written twice");
    }
}

void isched_port_nv_write(uint8_t memory, isched_address_t address, const void *from, uint16_t bytes)
{
    const uint8_t *source = from;
    uint32_t at = 0;
    check(memory, address, bytes);
    if (memory == 0U && address < ISCHED_CONSTANTS_BYTES) {
        board_wrong("a write to the constants");
    }
    while (at < bytes) {
        const uint32_t unit = unit_of(memory);
        store_t store = {memory, (isched_address_t)((address + at) - (address + at) % unit), {0}};
        for (uint32_t byte = 0; byte < unit; ++byte) {
            store.bytes[byte] = byte_of(memory, store.address + byte);
        }
        if (memory == 1U && ISCHED_OTHER_APPENDS) {
            check_erased(&store);
        }
        while (at < bytes && address + at < store.address + unit) {
            store.bytes[address + at - store.address] = source[at];
            ++at;
        }
        begin_store(&store);
    }
}

/* What is left of a byte of a sector when its erasure is cut short. */
static uint8_t half_erased(uint32_t at, uint8_t old)
{
    switch (board.way % 7U) {
    case 0U: return old;
    case 1U: return 0xffU;
    case 2U: return (at < ISCHED_META_SECTOR / 2U) ? old : 0xffU;
    case 3U: return (at < ISCHED_META_SECTOR / 2U) ? 0xffU : old;
    case 4U: return (at % 3U != 0U) ? old : 0xffU;
    case 5U: return old | 0x5aU;
    default: return old | (uint8_t)(0xffU << (at % 8U));
    }
}

void isched_port_nv_erase(uint8_t memory, isched_address_t address)
{
    uint8_t *sector = &board.kept.bytes[memory][address];
    check(memory, address, ISCHED_META_SECTOR);
    ++board.steps;
    isched_port_nv_complete(memory);
    if (board.loses_erasures != 0U && ++board.stores == board.drops) {
        return;
    }
    for (uint32_t at = 0; at < ISCHED_META_SECTOR; ++at) {
        sector[at] = (board.steps == board.fail_at) ? half_erased(at, sector[at]) : 0xffU;
    }
    if (board.steps == board.fail_at) {
        board.ways = 7U;
        longjmp(board.off, POWER_FAILED);
    }
}
