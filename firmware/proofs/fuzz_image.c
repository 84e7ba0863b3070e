/* The runtime on images of non-volatile memory that a fuzzer makes up. Built with sanitizers; the board checks bounds.
 *
 * The first byte says what kind of image it is, the second where it begins:
 *
 *     0  anything: every boot ends, and the first inference that begins from here has the right output
 *     1  metadata of a sound device is changed: where the changed record is refused, or still says the same, outputs are
 *        right
 *     2  what a sequence of power failures leaves: outputs are right and progress stays */
#define main explore_main
#include "protocol/explore.c"
#include "isched_store.h"
#undef main

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#define BOOTS (2U * STEPS)
#define SOUND (2U * STEPS)

static state_t sound[SOUND];

/* States of a device that no power failure has met. */
static void prepare(void)
{
    static int is_prepared;
    state_t state;
    if (is_prepared != 0) {
        return;
    }
    is_prepared = 1;
    compute_golden();
    start(&state);
    for (uint32_t number = 0; number < SOUND; ++number) {
        boot(&state, &state, 0U, 0U, 0U);
        sound[number] = state;
    }
}

static void run(state_t *state)
{
    const uint32_t results = counted[0];
    for (uint32_t boots = 0; boots < BOOTS; ++boots) {
        boot(state, state, 0U, 0U, 0U);
    }
    if (counted[0] == results) {
        board_wrong("no result comes any more");
    }
}

static void anything(const uint8_t *bytes, size_t count)
{
    state_t state = sound[0];
    for (size_t at = 0; at < count; ++at) {
        const size_t memory = at / MEMORY_BYTES;
        if (memory < 2U && (memory != 0U || at >= ISCHED_CONSTANTS_BYTES)) {
            state.kept.bytes[memory][at % MEMORY_BYTES] = bytes[at];
        }
    }
    mode = ANYTHING;
    run(&state);
    mode = GOES_ON;
}

static isched_step_t step_of(const state_t *state)
{
    board.kept = state->kept;
    board.fail_at = 0;
    board_boots();
    firmware_boots();
    return isched_store_load();
}

/* Pairs of bytes: where metadata is changed, and how. */
static void changed(state_t state, const uint8_t *bytes, size_t count)
{
    const isched_step_t was = step_of(&state);
    isched_step_t is;
    for (size_t at = 0; at + 1U < count; at += 2U) {
        const uint32_t place = ISCHED_META_ADDRESS + bytes[at] % (MEMORY_BYTES - ISCHED_META_ADDRESS);
        state.kept.bytes[ISCHED_META_MEMORY][place] ^= bytes[at + 1U];
    }
    is = step_of(&state);
    mode = (is == was || is == ISCHED_STEP_IDLE) ? MAY_START_OVER : ANYTHING;
    run(&state);
    mode = GOES_ON;
}

/* Pairs of bytes: at which step power fails, and how. */
static void failures(state_t state, const uint8_t *bytes, size_t count)
{
    for (size_t at = 0; at + 1U < count; at += 2U) {
        boot(&state, &state, bytes[at], bytes[at + 1U], 0U);
    }
    run(&state);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    prepare();
    if (count < 2U) {
        return 0;
    }
    board.bus = (bus_t)(bytes[1] / SOUND % 3U);
    promise = (promise_t){0};
    switch (bytes[0] % 3U) {
    case 0U: anything(&bytes[2], count - 2U); break;
    case 1U: changed(sound[bytes[1] % SOUND], &bytes[2], count - 2U); break;
    default: failures(sound[bytes[1] % SOUND], &bytes[2], (count < 64U) ? (count - 2U) : 62U); break;
    }
    return 0;
}
