/* Every state of non-volatile memory that power failures can lead to, found with the runtime itself.
 *
 *     explore BUS MOST [drops|erases|corrupts|updates]
 *
 * A state is what memory holds when the device boots, and what has been promised by then. From each state the device is
 * run until it switches itself off, and until power fails at every single step, in every way that the board knows; what
 * that leaves behind are states again, so that failures during recovery, and any number of them, are covered. States are
 * taken from the uninterrupted run first and then by chance, until none is left or MOST boots were tried. From each the
 * inference is also given up, with a failure at every step of that; and the device boots with other firmware, which must
 * find it idle.
 *
 * With `drops` every boot is also run with the store of each unit of metadata lost in turn, although it was completed:
 * the count of boots may then be less by one.
 * With `erases` every erasure of a boot is lost in turn. With `updates` the device boots with other firmware, power failing
 * at every step of that, and then with this one again: it is where it was, or starts over.
 * With `corrupts` each bit of the metadata is flipped in turn, and the head of a cell replaced by the head of each record
 * that is not there: the device is where it was, or starts over. A log may also be one step behind, if no power cycle
 * has begun since; whether the output is right tells.
 *
 * Prints `states boots complete inferences most-boots stuck highest`, or what is wrong and exits 1. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board.h"
#include "isched.h"
#include "isched_plan.h"

void firmware_boots(void);
void plan_forget(uint8_t garbage);
#if !ISCHED_META_IS_LOG
typedef uint16_t head_like_t;
head_like_t firmware_head(uint8_t value);
#endif

#define STEPS (ISCHED_CYCLES + 2U)  /* idle, and steps 0 to ISCHED_CYCLES */
#define INFERENCES 3U
#define POSITIONS (STEPS * INFERENCES)
#define MOST_BOOTS 7U
#define SESSION_MOST 40U

/* What was promised: how far the device had come for certain, and between what bounds the count of boots is. */
typedef struct {
    uint8_t position;
    uint8_t least;
    uint8_t most;
    uint8_t released; /* the inference may have been given up */
} promise_t;

typedef struct {
    kept_t kept;
    promise_t promise;
    uint8_t planned;
} state_t;

static promise_t promise;
static uint32_t published; /* steps in this session */
static uint8_t golden[INFERENCES][TENSOR_BYTES];
static enum { GOES_ON, GIVES_UP, STARTS_OVER, MAY_START_OVER, ANYTHING } mode;
static uint64_t boots_tried;
static uint32_t counted[4]; /* inferences, most boots, stuck, highest */

void board_wrong(const char *what)
{
    printf("%s (position %u, boots %u of %u to %u, mode %u, step %u of %u, way %u)\n", what, (unsigned)promise.position,
           (unsigned)isched_watch.boots, (unsigned)promise.least, (unsigned)promise.most, (unsigned)mode,
           (unsigned)board.fail_at, (unsigned)board.steps, (unsigned)board.way);
    exit(1);
}

static uint32_t inference(void)
{
    return promise.position / STEPS;
}

/* The device shows where it is: where it was, or one further; from now on it is never before that. */
static void observe(uint32_t step)
{
    const uint32_t here = promise.position % STEPS;
    const uint32_t skips = (step == 0U) && (promise.released != 0U || mode >= STARTS_OVER);
    if (step != 0U && mode == STARTS_OVER) {
        board_wrong("other firmware goes on");
    }
    promise.released = 0;
    if (mode == ANYTHING) {
        promise = (promise_t){(uint8_t)(inference() * STEPS + step), 0U, MOST_BOOTS, 0U};
        return;
    }
    if (skips != 0U && step != here) {
        mode = GOES_ON;
        promise = (promise_t){(uint8_t)((inference() + 1U) * STEPS % POSITIONS), 0U, 0U, 0U};
        return;
    }
    if (step == here) {
        if (mode >= STARTS_OVER) {
            promise.least = 0;
            promise.most = MOST_BOOTS;
        }
        mode = GOES_ON;
        return;
    }
#if ISCHED_META_IS_LOG
    if (mode == MAY_START_OVER && (step + 1U) % STEPS == here) {
        promise = (promise_t){(uint8_t)((promise.position + POSITIONS - 1U) % POSITIONS), 0U, MOST_BOOTS, 0U};
        mode = GOES_ON;
        return;
    }
#endif
    if (step != (here + 1U) % STEPS) {
        board_wrong((step + 1U == here || step == 0U) ? "progress was lost" : "progress was invented");
    }
    promise.position = (uint8_t)((promise.position + 1U) % POSITIONS);
    promise.least = 0;
    promise.most = (mode >= STARTS_OVER) ? MOST_BOOTS : 0U;
    mode = GOES_ON;
}

static uint8_t boots_seen;
static uint8_t was_stuck;

/* What the runtime says to a debugger is what happened, and what follows from it. */
uint16_t isched_port_wait_for_level(uint16_t code)
{
    static const uint16_t levels[ISCHED_CYCLES] = {10, 20, 20, 30};
    if (isched_watch.cycle >= ISCHED_CYCLES) {
        board_wrong("a power cycle that the plan does not have");
    }
    observe(isched_watch.cycle + 1U);
    boots_seen = isched_watch.boots;
    if (boots_seen < promise.least || boots_seen > promise.most) {
        board_wrong("boots were not counted");
    }
    if (code != ((boots_seen >= ISCHED_PATIENCE) ? ISCHED_LEVEL_HIGHEST : levels[isched_watch.cycle]) ||
        code != isched_watch.level) {
        board_wrong("the level is wrong");
    }
    if (was_stuck != (uint8_t)(boots_seen >= ISCHED_STUCK)) {
        board_wrong("stuck is reported at the wrong time");
    }
    counted[1] = (boots_seen > counted[1]) ? boots_seen : counted[1];
    counted[2] += was_stuck;
    counted[3] += (uint32_t)(code == ISCHED_LEVEL_HIGHEST);
    was_stuck = 0;
    promise.least = boots_seen;
    promise.most = (uint8_t)((boots_seen < MOST_BOOTS) ? boots_seen + 1U : boots_seen);
    return code;
}

void isched_port_stuck(isched_step_t cycle)
{
    was_stuck = (uint8_t)(cycle == isched_watch.cycle);
}

void board_begins(unsigned cycle, unsigned level)
{
    (void)cycle;
    (void)level;
    if (board.drops == 0U) {
        promise.least = promise.most;
    }
}

void isched_port_end_of_cycle(void)
{
    observe(isched_watch.cycle + 1U);
#if ISCHED_WAKE != ISCHED_WAKE_SENSE
    longjmp(board.off, SWITCHED_OFF);
#endif
}

static void input_of(uint32_t number, uint8_t *input)
{
    for (uint32_t at = 0; at < TENSOR_BYTES; ++at) {
        input[at] = (uint8_t)(number * 50U + at * 7U + 3U);
    }
}

static void check_output(void)
{
    uint8_t output[TENSOR_BYTES];
    isched_port_nv_read(ISCHED_DATA_MEMORY, ISCHED_OUTPUT_ADDRESS, output, TENSOR_BYTES);
    if (mode != ANYTHING && memcmp(output, golden[inference()], TENSOR_BYTES) != 0) {
        board_wrong("the output is wrong");
    }
    ++counted[0];
}

/* The application: begins with the next input where the device is idle, and takes a result. Ends like a power cycle. */
static void application(void)
{
    uint8_t input[TENSOR_BYTES];
    if (mode == GIVES_UP && promise.position % STEPS != 0U) {
        promise.released = 1U;
        if (isched_release() != ISCHED_IDLE) {
            board_wrong("an inference cannot be given up");
        }
        observe(0U);
    }
    for (uint32_t calls = 0; calls < SESSION_MOST; ++calls) {
        switch (isched_run()) {
        case ISCHED_IDLE:
            observe(0U);
            if (published++ > 1U) {
                longjmp(board.off, SWITCHED_OFF);
            }
            input_of(inference(), input);
            isched_port_nv_write(ISCHED_DATA_MEMORY, ISCHED_INPUT_ADDRESS, input, TENSOR_BYTES);
            if (isched_begin() == ISCHED_IDLE) {
                observe(1U);
                mode = (mode == ANYTHING) ? GOES_ON : mode;
            } else if (board.drops == 0U) {
                board_wrong("an inference does not begin");
            }
            break;
        case ISCHED_DONE:
            observe(STEPS - 1U);
            check_output();
            if (isched_begin() != ISCHED_BUSY) {
                board_wrong("an inference begins before the output is released");
            }
            if (isched_release() == ISCHED_IDLE) {
                observe(0U);
            } else if (board.drops == 0U) {
                board_wrong("an output is not released");
            }
            break;
        default:
            if (board.drops == 0U) {
                board_wrong("a fault of memory where there was none");
            }
            longjmp(board.off, SWITCHED_OFF);
        }
    }
    board_wrong("a session does not end");
}

/* One boot from a state; `to` is what it leaves. */
static void boot(const state_t *from, state_t *to, uint32_t fail_at, uint32_t way, uint32_t drops)
{
    board.kept = from->kept;
    board.fail_at = fail_at;
    board.way = way;
    board.drops = drops;
    promise = from->promise;
    published = 0;
    was_stuck = 0;
    ++boots_tried;
    board_boots();
    firmware_boots();
    plan_forget((uint8_t)(boots_tried * 31U));
    to->planned = SWITCHED_OFF;
    {
        const int how = setjmp(board.off);
        if (how == 0) {
            application();
        }
        to->planned = (uint8_t)how;
    }
    if (to->planned == SWITCHED_OFF) {
        isched_port_nv_complete(0U);
        isched_port_nv_complete(1U);
    }
    to->kept = board.kept;
    to->promise = promise;
}

#define SLOTS (1U << 18U)
static uint64_t known[SLOTS];
static state_t *waiting;
static uint32_t waiting_count;
static uint32_t waiting_most;
static uint32_t states;

static uint64_t hash_of(const state_t *state)
{
    uint64_t hash = 1469598103934665603ULL;
    const uint8_t *bytes = (const uint8_t *)&state->kept;
    for (size_t at = 0; at < sizeof state->kept; ++at) {
        hash = (hash ^ bytes[at]) * 1099511628211ULL;
    }
    hash = (hash ^ state->promise.position) * 1099511628211ULL;
    hash = (hash ^ state->promise.least) * 1099511628211ULL;
    hash = (hash ^ state->promise.released) * 1099511628211ULL;
    hash = (hash ^ state->promise.most) * 1099511628211ULL;
    return (hash == 0U) ? 1U : hash;
}

static void found(const state_t *state)
{
    const uint64_t hash = hash_of(state);
    uint32_t slot = (uint32_t)(hash % SLOTS);
    if (states >= SLOTS / 2U) {
        return;
    }
    while (known[slot] != 0U) {
        if (known[slot] == hash) {
            return;
        }
        slot = (slot + 1U) % SLOTS;
    }
    known[slot] = hash;
    ++states;
    if (waiting_count == waiting_most) {
        waiting_most = (waiting_most == 0U) ? 1024U : 2U * waiting_most;
        waiting = realloc(waiting, waiting_most * sizeof *waiting);
        if (waiting == NULL) {
            exit(3);
        }
    }
    waiting[waiting_count++] = *state;
}

static uint32_t drawn(uint32_t most)
{
    static uint32_t seed = 12345U;
    seed = seed * 1664525U + 1013904223U;
    return (seed >> 4U) % most;
}

/* What a boot leads to is a state; where the inference was given up, it is only seen what the next boot makes of it. */
static void note(const state_t *next, uint32_t gives_up)
{
    state_t after;
    if (gives_up != 0U) {
        mode = GOES_ON;
        boot(next, &after, 0U, 0U, 0U);
    } else {
        found(next);
    }
}

/* A boot as it is meant, and one for every failure. */
static void fail_everywhere(const state_t *state, uint32_t gives_up)
{
    state_t next;
    uint32_t steps;
    mode = (gives_up != 0U) ? GIVES_UP : GOES_ON;
    boot(state, &next, 0U, 0U, 0U);
    steps = board.steps;
    note(&next, gives_up);
    for (uint32_t step = 1; step <= steps; ++step) {
        uint32_t way = 0;
        uint32_t ways;
        do {
            mode = (gives_up != 0U) ? GIVES_UP : GOES_ON;
            boot(state, &next, step, way, 0U);
            if (next.planned != POWER_FAILED) {
                board_wrong("the same boot takes another way");
            }
            ways = board.ways;
            note(&next, gives_up);
        } while (++way < ways);
    }
    mode = GOES_ON;
}

static void drop_everywhere(const state_t *state)
{
    state_t next;
    uint32_t stores;
    boot(state, &next, 0U, 0U, 0U);
    stores = board.stores;
    for (uint32_t store = 1; store <= stores; ++store) {
        boot(state, &next, 0U, 0U, store);
        found(&next);
    }
}

/* Boots with changed metadata, and on until a result must have been seen. */
static void boot_changed(const state_t *state)
{
    state_t next;
    mode = MAY_START_OVER;
    boot(state, &next, 0U, 0U, 0U);
    mode = GOES_ON;
    for (uint32_t boots = 0; boots < STEPS; ++boots) {
        boot(&next, &next, 0U, 0U, 0U);
    }
}

#define HEAD_BYTES ((ISCHED_META_UNIT > 1U) ? 2U : 1U)

static void corrupt_everywhere(const state_t *state)
{
    state_t changed;
    for (uint32_t at = ISCHED_META_ADDRESS; at < MEMORY_BYTES; ++at) {
        for (uint32_t bit = 0; bit < 8U; ++bit) {
            changed = *state;
            changed.kept.bytes[ISCHED_META_MEMORY][at] ^= (uint8_t)(1U << bit);
            boot_changed(&changed);
        }
    }
#if !ISCHED_META_IS_LOG
    /* The heads of the next record and of the one after it; that of the record before is there and does verify. */
    for (uint8_t ahead = 1; ahead <= 2U; ++ahead) {
        const uint8_t now = state->kept.bytes[ISCHED_META_MEMORY][ISCHED_META_ADDRESS];
        const head_like_t head = firmware_head((uint8_t)((now & 28U) | ((now + ahead) & 3U)));
        changed = *state;
        memcpy(&changed.kept.bytes[ISCHED_META_MEMORY][ISCHED_META_ADDRESS], &head, HEAD_BYTES);
        boot_changed(&changed);
    }
#endif
}

/* Other firmware boots and takes an input, power failing at every step of it, and then this firmware boots again. */
static void update_and_back(const state_t *state)
{
    state_t next;
    uint32_t steps = 0;
    for (uint32_t step = 0; step <= steps; ++step) {
        uint32_t way = 0;
        uint32_t ways = 1;
        do {
            mode = STARTS_OVER;
            plan_id ^= 1U;
            boot(state, &next, step, way, 0U);
            plan_id ^= 1U;
            if (step == 0U) {
                steps = board.steps;
            } else {
                ways = board.ways;
            }
            next.promise = state->promise;
            boot_changed(&next);
        } while (++way < ways);
    }
}

/* All that can follow a state. */
static void follow(const state_t *state, char what)
{
    state_t next;
    fail_everywhere(state, 0U);
    fail_everywhere(state, 1U);
    mode = STARTS_OVER;
    plan_id ^= 1U;
    boot(state, &next, 0U, 0U, 0U);
    plan_id ^= 1U;
    mode = GOES_ON;
    if (what == 'd' || what == 'e') {
        drop_everywhere(state);
    } else if (what == 'u') {
        update_and_back(state);
    } else if (what == 'c') {
        corrupt_everywhere(state);
    }
}

static void start(state_t *state)
{
    memset(state, 0, sizeof *state);
    memset(state->kept.bytes, 0xff, sizeof state->kept.bytes);
    memset(state->kept.bytes[0], 0, ISCHED_CONSTANTS_BYTES);
}

/* What comes out of the plan's atoms when nothing fails. */
static void compute_golden(void)
{
    for (uint32_t number = 0; number < INFERENCES; ++number) {
        state_t state;
        uint8_t input[TENSOR_BYTES];
        start(&state);
        board.kept = state.kept;
        board_boots();
        input_of(number, input);
        isched_port_nv_write(ISCHED_DATA_MEMORY, ISCHED_INPUT_ADDRESS, input, TENSOR_BYTES);
        for (isched_atom_t atom = 0; atom < ISCHED_ATOMS; ++atom) {
            isched_run_atom(atom, 1U);
        }
        isched_port_nv_read(ISCHED_DATA_MEMORY, ISCHED_OUTPUT_ADDRESS, golden[number], TENSOR_BYTES);
    }
}

int main(int count, char **words)
{
    uint64_t most;
    state_t state;
    if (count < 3) {
        return 2;
    }
    compute_golden();
    board.loses_erasures = (uint32_t)(count > 3 && words[3][0] == 'e');
    board.bus = (bus_t)atoi(words[1]);
    most = strtoull(words[2], NULL, 10);
    start(&state);
    found(&state);
    for (uint32_t number = 0; number < 4U * POSITIONS; ++number) {
        boot(&state, &state, 0U, 0U, 0U);
        found(&state);
    }
    while (waiting_count > 0U && boots_tried < most) {
        const uint32_t number = drawn(waiting_count);
        state = waiting[number];
        waiting[number] = waiting[--waiting_count];
        follow(&state, (count > 3) ? words[3][0] : '-');
    }
    printf("%u %llu %u %u %u %u %u\n", (unsigned)states, (unsigned long long)boots_tried,
           (unsigned)(waiting_count == 0U && states < SLOTS / 2U), (unsigned)counted[0], (unsigned)counted[1],
           (unsigned)counted[2], (unsigned)counted[3]);
    return 0;
}
