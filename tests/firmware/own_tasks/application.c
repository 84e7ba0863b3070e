/* An application of tasks: each changes a number in volatile memory, of which two places in non-volatile memory take turns
 * to keep a copy. */
#include "isched.h"
#include "isched_port.h"
#include "isched_trace.h"
#include "verify_main.h"

typedef struct {
    uint32_t number;
    uint32_t step;
} kept_t;

static uint32_t number;
static uint32_t commits;

static void work(uint32_t task, isched_atom_t repetition)
{
    number = (uint32_t)((number * 1664525UL) + (task * 977UL) + repetition + 1UL);
}

void isched_task_sample(isched_atom_t repetition)
{
    work(3U, repetition);
}

void isched_task_classify(isched_atom_t repetition)
{
    work(4U, repetition);
}

void isched_task_filter(isched_atom_t repetition)
{
    work(5U, repetition);
}

void isched_task_radio_on(isched_atom_t repetition)
{
    work(6U, repetition);
}

void isched_task_send(isched_atom_t repetition)
{
    work(7U, repetition);
}

static uint8_t place_of(isched_step_t step, kept_t *kept)
{
    for (uint8_t place = 0U; place < 2U; place++) {
        isched_port_nv_read(0U, (isched_address_t)(place * sizeof *kept), kept, (uint16_t)sizeof *kept);
        if (kept->step == step) {
            return place;
        }
    }
    return 2U;
}

void isched_resume(isched_step_t published)
{
    kept_t kept;
    number = 1U;
    if (published != 0U && place_of(published, &kept) < 2U) {
        number = kept.number;
    }
}

void isched_save(isched_step_t published, isched_step_t next)
{
    kept_t kept;
    const uint8_t place = (published != 0U && place_of(published, &kept) == 0U) ? 1U : 0U;
    kept.number = number;
    kept.step = next;
    commits++;
    isched_port_nv_write(0U, (isched_address_t)(place * sizeof kept), &kept, (uint16_t)sizeof kept);
}

void verify_main(void)
{
    isched_trace('B', 0U, 0UL, 0UL, 0UL);
    commits = 0U;
    for (;;) {
        const isched_status_t status = isched_run();
        if (status == ISCHED_IDLE) {
            isched_trace('I', 0U, 0UL, 0UL, 0UL);
            (void)isched_begin();
        } else if (status == ISCHED_DONE) {
            kept_t kept;
            isched_trace('K', 1U, commits, 0UL, 0UL);
            isched_trace_bytes('O', 0U, place_of(ISCHED_CYCLES, &kept) * (uint32_t)sizeof kept, 4UL);
            isched_trace('E', 0U, 0UL, 0UL, 0UL);
            board_end();
        } else {
            isched_trace('F', 0U, 0UL, 0UL, 0UL);
            board_end();
        }
    }
}
