/* Power fails after every single store into non-volatile memory of a whole inference, and once more while that is made
 * good. One line of standard input, `bus byte second`, says how stores reach memory, what it holds at first, and how many
 * second failures are tried for each first one.
 *
 * Each boot of the uninterrupted run is taken by itself: from the memory that it began with, power fails at each store in
 * turn, and the boot that follows must leave memory exactly as the uninterrupted boot does, or, where it failed so late
 * that everything was published, as the one after it does. As every boot may begin with what any number of failures left
 * behind, this covers all failures of the inference one by one, and pairs of them by sample. A first failure that does not
 * happen is wrong, too: nothing was tried.
 *
 * The answer is `failures wrong boots`. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_boot.h"
#include "host_gate.h"
#include "isched_port.h"
#include "isched_store.h"
#include "verify_main.h"

enum { STOPPED = 1, FAILED, ENDED, FAULT };

typedef struct {
    uint8_t *memory[2];
    int end;
} state_t;

static jmp_buf power;
static int ended;
static unsigned long long failures;
static unsigned long long wrong;

void board_put(char character)
{
    (void)character;
}

void board_end(void)
{
    longjmp(power, ENDED);
}

void host_power_fails(uint8_t planned)
{
    longjmp(power, planned != 0U ? STOPPED : FAILED);
}

void host_fault(const char *what)
{
    fprintf(stderr, "%s\n", what);
    longjmp(power, FAULT);
}

static uint32_t bytes_of(uint8_t memory)
{
    uint32_t bytes;
    (void)host_gate_memory(memory, &bytes);
    return bytes;
}

static state_t new_state(void)
{
    state_t state = {{malloc(bytes_of(0U) + 1U), malloc(bytes_of(1U) + 1U)}, 0};
    if (state.memory[0] == NULL || state.memory[1] == NULL) {
        exit(3);
    }
    return state;
}

static void save(state_t *state)
{
    for (uint8_t memory = 0U; memory < 2U; memory++) {
        uint32_t bytes;
        const uint8_t *from = host_gate_memory(memory, &bytes);
        memcpy(state->memory[memory], from, bytes);
    }
    state->end = ended;
}

static void restore(const state_t *state)
{
    for (uint8_t memory = 0U; memory < 2U; memory++) {
        uint32_t bytes;
        uint8_t *to = host_gate_memory(memory, &bytes);
        memcpy(to, state->memory[memory], bytes);
    }
    host_gate_restored();
    ended = state->end;
}

/* Runs one boot that ends with the device off, or with a failure at a step (0: without one). */
static int boot(unsigned long long fail_at, unsigned torn, unsigned arrives)
{
    int how;
    host_gate.steps = 0U;
    host_gate.fail_at = fail_at;
    host_gate.torn = (host_torn_t)torn;
    host_gate.arrives = arrives;
    host_gate_boot();
    host_boot_variables((uint8_t)(failures * 37U));
    how = setjmp(power);
    if (how == 0) {
        verify_main();
    }
    ended = (how == ENDED) ? 1 : 0;
    return how;
}

/* Whether memory is as in a state: buffers by their bytes, progress by what it says. */
static int is_like(const state_t *state)
{
    static state_t now;
    isched_step_t here;
    isched_step_t there;
    uint32_t bytes;
    const uint8_t *data = host_gate_memory(0U, &bytes);
    if (now.memory[0] == NULL) {
        now = new_state();
    }
    if (ended != state->end || memcmp(data, state->memory[0], ISCHED_NV_BYTES) != 0) {
        return 0;
    }
    host_gate.fail_at = 0U;
    save(&now);
    here = isched_store_load();
    restore(state);
    there = isched_store_load();
    restore(&now);
    return here == there;
}

/* The states that boots of the uninterrupted run begin with, as many as a run with two failures can be ahead. */
#define AHEAD 4U
static state_t states[AHEAD];
static unsigned long long steps[AHEAD];

static state_t *state_of(unsigned long boots)
{
    return &states[boots % AHEAD];
}

/* After failures in a boot, the boot that follows ends like this one or one of the next. */
static void judge(unsigned long boots)
{
    failures++;
    for (unsigned long ahead = 1U; ahead < AHEAD; ahead++) {
        if (is_like(state_of(boots + ahead))) {
            return;
        }
    }
    wrong++;
}

static unsigned drawn(unsigned long long most)
{
    static unsigned seed = 1U;
    seed = seed * 1664525U + 1013904223U;
    return (unsigned)(1U + (seed >> 8) % (most == 0U ? 1U : most));
}

static void fail_at(unsigned long boots, unsigned long long step, unsigned torn, unsigned again)
{
    restore(state_of(boots));
    if (boot(step, torn, (unsigned)step * 7U) != FAILED) {
        wrong++;
        return;
    }
    if (again != 0U && boot(drawn(steps[boots % AHEAD]), drawn(3U) - 1U, drawn(1000U)) != FAILED) {
        judge(boots);
        return;
    }
    if (boot(0U, 0U, 0U) == FAULT) {
        failures++;
        wrong++;
        return;
    }
    judge(boots);
}

/* All failures of one boot: memory keeps the old unit, the new one, or neither. */
static void fail_everywhere(unsigned long boots, unsigned second)
{
    static const unsigned kinds[] = {HOST_TORN_OLD, HOST_TORN_NEW, HOST_TORN_NOISE};
    for (unsigned long long step = 1U; step <= steps[boots % AHEAD]; step++) {
        for (unsigned kind = 0U; kind < 3U; kind++) {
            for (unsigned again = 0U; again <= second; again++) {
                fail_at(boots, step, kinds[kind], again);
            }
        }
    }
}

/* One boot more of the uninterrupted run. */
static void go_on(unsigned long boots)
{
    restore(state_of(boots - 1U));
    steps[(boots - 1U) % AHEAD] = 0U;
    if (states[(boots - 1U) % AHEAD].end == 0) {
        if (boot(0U, 0U, 0U) == FAULT) {
            exit(1);
        }
        steps[(boots - 1U) % AHEAD] = host_gate.steps;
    }
    save(state_of(boots));
}

int main(void)
{
    unsigned bus;
    unsigned byte;
    unsigned second;
    unsigned long boots = 0U;
    if (scanf("%u %u %u", &bus, &byte, &second) != 3) {
        return 2;
    }
    host_boot_keep();
    for (unsigned i = 0U; i < AHEAD; i++) {
        states[i] = new_state();
    }
    host_gate.bus = (host_bus_t)bus;
    host_gate_new((uint8_t)byte);
    save(state_of(0U));
    for (unsigned long ahead = 1U; ahead < AHEAD - 1U; ahead++) {
        go_on(ahead);
    }
    while (state_of(boots)->end == 0) {
        go_on(boots + AHEAD - 1U);
        fail_everywhere(boots, second);
        boots++;
    }
    printf("%llu %llu %lu\n", failures, wrong, boots);
    return 0;
}
