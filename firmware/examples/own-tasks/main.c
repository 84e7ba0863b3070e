/* A sensor node: each boot runs one power cycle of the plan. What a power cycle leaves to the next is `state`. */
#include <stdio.h>

#include "isched.h"
#include "isched_port.h"

static struct {
    uint32_t sum;     /* of all samples */
    uint16_t largest; /* filtered value */
    uint16_t class;
} state;

/* Two places in non-volatile memory take turns, by the number of the step. */
static isched_address_t place(isched_step_t step)
{
    return (isched_address_t)(1024U + ((step % 2U) * sizeof state));
}

void isched_resume(isched_step_t published)
{
    if (published == 0U) {
        state.sum = 0U;
        state.largest = 0U;
        state.class = 0U;
    } else {
        isched_port_nv_read(0U, place(published), &state, sizeof state);
    }
}

void isched_save(isched_step_t published, isched_step_t next)
{
    (void)published;
    isched_port_nv_write(0U, place(next), &state, sizeof state);
    isched_port_nv_complete(0U);
}

void isched_task_sample(isched_atom_t repetition)
{
    state.sum += 100U + (7U * repetition) % 10U; /* a sensor would be read here */
}

void isched_task_filter(isched_atom_t repetition)
{
    const uint16_t value = (uint16_t)(state.sum >> (repetition % 8U));
    state.largest = (value > state.largest) ? value : state.largest;
}

void isched_task_classify(isched_atom_t repetition)
{
    state.class = (uint16_t)(state.class + state.largest / (repetition + 1U));
}

void isched_task_radio_on(isched_atom_t repetition)
{
    (void)repetition;
}

void isched_task_send(isched_atom_t repetition)
{
    (void)repetition;
    (void)printf("sent %u\n", state.class);
}

int main(void)
{
    isched_status_t status = isched_run();
    if (status == ISCHED_IDLE && isched_begin() == ISCHED_IDLE) {
        status = isched_run();
    }
    return (status == ISCHED_DONE && isched_release() == ISCHED_IDLE) ? 0 : 1;
}
