/* A schedule by hand: ten atoms, each of which makes eight bytes of the eight before them. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include <stdint.h>

typedef uint16_t isched_step_t;
typedef uint16_t isched_atom_t;

#define ISCHED_WAKE_LATCH 0
#define ISCHED_WAKE_BURN 1
#define ISCHED_WAKE_SENSE 2

#define ISCHED_CYCLES 6U
#define ISCHED_RUNS 3U
#define ISCHED_ATOMS 10U
/* Another plan has another name, and a buffer more. */
#ifdef TOY_OTHER_PLAN
#define ISCHED_PLAN_ID 0x0badbabeUL
#define TOY_MORE 64U
#else
#define ISCHED_PLAN_ID 0x1badc0deUL
#define TOY_MORE 0U
#endif
#define ISCHED_LEVEL_HIGHEST 9U
#ifndef ISCHED_WAKE
#define ISCHED_WAKE ISCHED_WAKE_LATCH
#endif
#define ISCHED_SKIPS 0

#define TOY_BYTES 8U
#define ISCHED_INPUT_ADDRESS 0U
#define ISCHED_INPUT_BYTES TOY_BYTES
#ifdef TOY_IN_PLACE
#define ISCHED_OUTPUT_ADDRESS 0U
#else
#define ISCHED_OUTPUT_ADDRESS (ISCHED_ATOMS * TOY_BYTES)
#endif
#define ISCHED_OUTPUT_BYTES TOY_BYTES
#define ISCHED_CONSTANTS_BYTES 0U
#define ISCHED_NV_BYTES ((ISCHED_ATOMS + 1U) * TOY_BYTES + TOY_MORE)

#endif
