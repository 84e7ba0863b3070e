/* A plan by hand whose buffers are as hard on the protocol as those of a network: sums that pass through three regions,
 * two passes in one power cycle, a cycle that spans two layers, and a result in the place of the input.
 *
 *     cycle 0: pass 1        cycle 1: passes 2 and 3        cycle 2: pass 4, a layer        cycle 3: a layer
 *
 * Every pass reads the input. The faults of plans: PLAN_IN_PLACE, PLAN_TWO_REGIONS, PLAN_FREED_AT_LAST_READ. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdint.h>

typedef uint16_t isched_step_t;
typedef uint16_t isched_atom_t;

#define ISCHED_WAKE_LATCH 0
#define ISCHED_WAKE_BURN 1
#define ISCHED_WAKE_SENSE 2

#ifndef ISCHED_WAKE
#define ISCHED_WAKE ISCHED_WAKE_LATCH
#endif
/* A variable, so that a test can change the firmware. */
extern uint32_t plan_id;
#define ISCHED_PLAN_ID plan_id

#define ISCHED_CYCLES 4U
#define ISCHED_RUNS 3U
#define ISCHED_ATOMS 6U
#define ISCHED_LEVEL_HIGHEST 99U
#define ISCHED_SKIPS 0
#define ISCHED_HAS_TASKS 0
#define ISCHED_INTEGRITY 0

#define TENSOR_BYTES 8U
#define PLACE(number) (8U + TENSOR_BYTES * (number))
#define INPUT PLACE(0U)
#define SUMS0 PLACE(1U)
#ifdef PLAN_IN_PLACE
#define SUMS1 SUMS0
#else
#define SUMS1 PLACE(2U)
#endif
#ifdef PLAN_TWO_REGIONS
#define SUMS2 SUMS0
#else
#define SUMS2 PLACE(3U)
#endif
#ifdef PLAN_FREED_AT_LAST_READ
#define MIDDLE INPUT
#define RESULT PLACE(4U)
#else
#define MIDDLE PLACE(4U)
#define RESULT INPUT
#endif

#define ISCHED_INPUT_ADDRESS INPUT
#define ISCHED_INPUT_BYTES TENSOR_BYTES
#define ISCHED_OUTPUT_ADDRESS RESULT
#define ISCHED_OUTPUT_BYTES TENSOR_BYTES
#define ISCHED_CONSTANTS_BYTES 8U
#define ISCHED_NV_BYTES PLACE(5U)

#endif
