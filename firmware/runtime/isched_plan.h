/* What an emitted schedule.c offers to the runtime. */
#ifndef ISCHED_PLAN_H
#define ISCHED_PLAN_H

#include <stdint.h>

#include "schedule.h"

/* A run of equal power cycles. */
typedef struct {
    isched_step_t repeat;
    isched_atom_t atoms;
    uint16_t level;
} isched_cycles_t;

/* Run number `run` of ISCHED_RUNS. */
void isched_cycles(uint16_t run, isched_cycles_t *cycles);

#if ISCHED_SKIPS
/* Whether the commit after a power cycle that began at a measured level may be left out while the device sleeps. It is
 * made up for once less than the reserve is measured. */
uint8_t isched_may_skip(isched_step_t cycle, uint16_t level, uint16_t *reserve);
#endif

#if ISCHED_INTEGRITY
/* A buffer that is complete once `from` power cycles are, and needed until `until` of them are. */
typedef struct {
    uint32_t address;
    uint32_t bytes;
    isched_step_t from;
    isched_step_t until;
} isched_saved_t;

/* Buffer number `number` of ISCHED_SAVED. */
void isched_saved(uint16_t number, isched_saved_t *saved);
#endif

/* Runs one atom of the plan. `resumes` is 1 for the first atom of a power cycle: volatile memory is garbage then. */
void isched_run_atom(isched_atom_t atom, uint8_t resumes);

#endif
