/* The walk along the power cycles of a plan. */
#include "isched.h"

#include "isched_integrity.h"
#include "isched_plan.h"
#include "isched_port.h"
#include "isched_store.h"

volatile isched_watch_t isched_watch;

/* Whether this boot has done something since it began: what is left in the buffer is no longer what it booted with. */
static uint8_t has_worked = 0;

/* The run of equal cycles that a power cycle belongs to; returns the first of its atoms. */
static isched_atom_t find(isched_step_t cycle, isched_cycles_t *cycles)
{
    isched_atom_t first = 0;
    uint16_t run = 0;
    isched_cycles(0, cycles);
    while (cycle >= cycles->repeat) {
        cycle = (isched_step_t)(cycle - cycles->repeat);
        first = (isched_atom_t)(first + ((isched_atom_t)cycles->repeat * cycles->atoms));
        ++run;
        isched_cycles(run, cycles);
    }
    return (isched_atom_t)(first + ((isched_atom_t)cycle * cycles->atoms));
}

static uint16_t wait_for(isched_step_t cycle, uint16_t level)
{
    const uint8_t boots = isched_watch.boots;
    const uint16_t asked = (boots >= ISCHED_PATIENCE) ? ISCHED_LEVEL_HIGHEST : level;
    isched_watch.level = asked;
    if (boots >= ISCHED_STUCK) {
        isched_port_stuck(cycle);
    }
    return isched_port_wait_for_level(asked);
}

static void run_atoms(isched_atom_t first, isched_atom_t atoms)
{
    uint8_t anew = 1U;
    for (isched_atom_t left = atoms; left > 0U; --left) {
        ISCHED_TRACE_ATOM(first);
        isched_run_atom(first, anew);
        anew = 0;
        ++first;
    }
}

/* What the cycles since `published` have left becomes what counts. */
static uint8_t commit(isched_step_t published, isched_step_t next)
{
#if ISCHED_HAS_TASKS
    isched_save(published, next);
#else
    (void)published;
#endif
#if ISCHED_INTEGRITY
    isched_seal(published, next);
#endif
    return isched_store_publish(next);
}

isched_status_t isched_run(void)
{
    isched_step_t step = isched_store_load();
    isched_step_t published = step;
#if ISCHED_SKIPS
    uint8_t pending = 0;
    uint16_t reserve = 0;
#endif
    if (step == ISCHED_STEP_IDLE) {
        return ISCHED_IDLE;
    }
#if ISCHED_INTEGRITY
    if (isched_is_intact(step) == 0U) {
        return isched_release();
    }
#endif
    while (step != ISCHED_CYCLES) {
        isched_cycles_t cycles;
        const isched_atom_t first = find(step, &cycles);
        uint16_t level;
#if ISCHED_SKIPS
        if ((pending != 0U) && (isched_port_wait_or_reserve(cycles.level, reserve) == 0U)) {
            if (commit(published, step) == 0U) {
                return ISCHED_FAULT;
            }
            published = step;
            pending = 0;
        }
#endif
        isched_watch.cycle = step;
        if (step == published) {
            if (has_worked != 0U) {
                isched_port_end_of_cycle();
            }
            has_worked = 1U;
            isched_watch.boots = isched_store_boots();
        }
        level = wait_for(step, cycles.level);
        if (step == published) {
            isched_store_boot();
        }
        ISCHED_TRACE_CYCLE(step, level);
#if ISCHED_HAS_TASKS
        if (step == published) {
            isched_resume(step);
        }
#endif
        run_atoms(first, cycles.atoms);
#if ISCHED_SKIPS
        pending = isched_may_skip(step, level, &reserve);
#endif
        step = (isched_step_t)(step + 1U);
#if ISCHED_SKIPS
        if (pending != 0U) {
            continue;
        }
#endif
        if (commit(published, step) == 0U) {
            return ISCHED_FAULT;
        }
        published = step;
    }
    return ISCHED_DONE;
}

static isched_status_t publish(isched_step_t step)
{
    return (isched_store_publish(step) != 0U) ? ISCHED_IDLE : ISCHED_FAULT;
}

isched_status_t isched_begin(void)
{
    if (isched_store_load() != ISCHED_STEP_IDLE) {
        return ISCHED_BUSY;
    }
#if ISCHED_INTEGRITY
    isched_seal(ISCHED_STEP_IDLE, 0);
#endif
    has_worked = 1U;
    return publish(0);
}

isched_status_t isched_release(void)
{
    return (isched_store_load() == ISCHED_STEP_IDLE) ? ISCHED_IDLE : publish(ISCHED_STEP_IDLE);
}
