/* The inductive step of the commit protocol, over the runtime itself, for all data and all places where power can fail.
 *
 *     cbmc commit_cbmc.c -I../runtime -Iprotocol --unwind 129 --unwinding-assertions --bounds-check --pointer-check
 *
 * The invariant: the head is right, the record in its bank is that of a step, and what recovery at that step reads is
 * golden. Everything else in non-volatile memory is anything. One boot runs one power cycle and publishes it, through a
 * gate that drops every store from an arbitrary one on: what memory holds then is what a failure at that place leaves. The
 * invariant holds again, for the same step or the next. So it holds after any number of failures, during recovery too.
 *
 * The task of a cycle copies a word from one place to the next, plus one: what was published stays as it was.
 *
 * Without CBMC the same harness is run for drawn values (see test_cbmc.py): choose() then gives numbers from outside. */
#include <stdint.h>

#include "isched_record.c"
#include "isched_store_cell.c"

#ifdef __CPROVER__
uint32_t nondet_uint32(void);
#define choose(most) (nondet_uint32() % ((most) + 1U))
#define demand(what) __CPROVER_assert(what, #what)
#else
uint32_t choose(uint32_t most);
void demand_holds(int holds, const char *what);
#define demand(what) demand_holds((what) ? 1 : 0, #what)
#endif

#define BYTES 128U
#define PLACES (ISCHED_CYCLES + 1U)

uint32_t plan_id = 0x5eedc0deUL;
static uint8_t memory[BYTES];
static uint32_t gate; /* stores that are still let through */

void board_begins(unsigned cycle, unsigned level)
{
    (void)cycle;
    (void)level;
}

void isched_port_nv_read(uint8_t which, isched_address_t address, void *to, uint16_t bytes)
{
    (void)which;
    for (uint16_t at = 0; at < bytes; ++at) {
        ((uint8_t *)to)[at] = memory[address + at];
    }
}

/* A unit is one store; it is torn nowhere. */
void isched_port_nv_write(uint8_t which, isched_address_t address, const void *from, uint16_t bytes)
{
    (void)which;
    for (uint16_t at = 0; at < bytes; at = (uint16_t)(at + ISCHED_DATA_UNIT)) {
        if (gate == 0U) {
            return;
        }
        --gate;
        for (uint16_t byte = at; byte < bytes && byte < at + ISCHED_DATA_UNIT; ++byte) {
            memory[address + byte] = ((const uint8_t *)from)[byte];
        }
    }
}

void isched_port_nv_complete(uint8_t which)
{
    (void)which;
}

void isched_port_nv_erase(uint8_t which, isched_address_t address)
{
    (void)which;
    (void)address;
}

static uint16_t word(uint32_t place)
{
    uint16_t value;
    isched_port_nv_read(0U, (isched_address_t)(8U + 2U * place), &value, 2U);
    return value;
}

static void task(uint32_t place)
{
    const uint16_t value = (uint16_t)(word(place) + 1U);
    isched_port_nv_write(0U, (isched_address_t)(8U + 2U * (place + 1U)), &value, 2U);
}

/* What recovery at a step reads is golden: the words up to it. */
static int is_golden(isched_step_t step, uint16_t first)
{
    for (uint32_t place = 0; place < PLACES; ++place) {
        if (place <= step && word(place) != (uint16_t)(first + place)) {
            return 0;
        }
    }
    return 1;
}

/* Any memory at all in which a step is published, with any sequence number, boots, and bytes in the idle bank. */
static isched_step_t begin(uint16_t first)
{
    const isched_step_t step = (isched_step_t)choose(ISCHED_CYCLES - 1U);
    uint16_t record[ISCHED_RECORD_WORDS];
    for (uint32_t at = 0; at < BYTES; ++at) {
        memory[at] = (uint8_t)choose(255U);
    }
    gate = BYTES;
    for (uint32_t place = 0; place <= step; ++place) {
        const uint16_t value = (uint16_t)(first + place);
        isched_port_nv_write(0U, (isched_address_t)(8U + 2U * place), &value, 2U);
    }
    current = (uint8_t)choose(31U);
    isched_record_make(record, step, (uint8_t)(current & 3U));
    isched_port_nv_write(0U, bank_of(current), record, ISCHED_RECORD_BYTES);
    (void)write_head();
    return step;
}

void inductive_step(void);
void inductive_step(void)
{
    const uint16_t first = (uint16_t)choose(65535U);
    const isched_step_t before = begin(first);
    const uint8_t counted = (uint8_t)(current >> 2U);
    isched_step_t after;
    gate = choose(16U);
    after = isched_store_load();
    demand(after == before);
    demand(isched_store_boots() == counted);
    isched_store_boot();
    task(before);
    (void)isched_store_publish((isched_step_t)(before + 1U));
    after = isched_store_load();
    demand(after == before || after == before + 1U);
    demand(is_golden(after, first));
    demand(after == before || isched_store_boots() == 0U);
    demand(after != before || isched_store_boots() == counted || isched_store_boots() == counted + 1U);
    demand(gate == 0U || after == before + 1U);
}

#ifdef __CPROVER__
int main(void)
{
    inductive_step();
    return 0;
}
#endif
