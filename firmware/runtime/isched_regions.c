/* Which region each pass over results reads and writes, from where power cycles begin and nothing else.
 *
 * A power cycle must not write what it has read before. What cycle j of those that pass over the results leaves behind
 * lies in its target; the next one reads that and leaves it alone. Passes inside a cycle take turns between the target
 * and another region, so that the last one writes the target, and the last pass of all the tensor (region 0). */
#include "schedule.h"

#ifdef ISCHED_ARITHMETIC

#include "isched_layers.h"
#include "isched_plan.h"

/* Where a walk along the passes is: the power cycle of the latest one ends before atom `end`. */
typedef struct {
    isched_cycles_t cycles;
    isched_atom_t begin; /* of the first cycle of this run */
    isched_atom_t end;
    uint16_t run;
} isched_walk_t;

/* Goes on to an atom behind `end`. */
static void isched_walk_to(isched_walk_t *walk, isched_atom_t atom)
{
    isched_atom_t whole = (isched_atom_t)(walk->cycles.repeat * walk->cycles.atoms);
    while ((isched_atom_t)(atom - walk->begin) >= whole) {
        walk->begin = (isched_atom_t)(walk->begin + whole);
        walk->run = (uint16_t)(walk->run + 1U);
        isched_cycles(walk->run, &walk->cycles);
        whole = (isched_atom_t)(walk->cycles.repeat * walk->cycles.atoms);
    }
    const isched_atom_t before = (isched_atom_t)((isched_atom_t)(atom - walk->begin) / walk->cycles.atoms);
    walk->end = (isched_atom_t)(walk->begin + (before + 1U) * walk->cycles.atoms);
}

/* The power cycles that pass over results: which one makes a pass, how many passes of it follow, how many there are. */
typedef struct {
    uint16_t cycle; /* from 1 */
    uint16_t before; /* the cycle of the pass before */
    uint16_t left;
    uint16_t left_before;
    uint16_t cycles;
} isched_place_t;

static isched_place_t isched_place(isched_atom_t first, isched_atom_t apart, uint16_t passes, uint16_t pass)
{
    isched_place_t place = {0, 0, 0, 0, 0};
    isched_walk_t walk;
    isched_atom_t atom = first;
    walk.begin = 0;
    walk.end = 0;
    walk.run = 0;
    isched_cycles(0, &walk.cycles);
    for (uint16_t index = 0; index < passes; ++index) {
        if (atom >= walk.end) {
            isched_walk_to(&walk, atom);
            place.cycles = (uint16_t)(place.cycles + 1U);
        }
        if (index < pass) {
            place.before = place.cycles;
        } else if (index == pass) {
            place.cycle = place.cycles;
        } else if (place.cycle == place.cycles) {
            place.left = (uint16_t)(place.left + 1U);
        } else {
            /* a later cycle */
        }
        atom = (isched_atom_t)(atom + apart);
    }
    place.left_before = (place.before == place.cycle) ? (uint16_t)(place.left + 1U) : 0U;
    return place;
}

/* What is neither of two regions. */
static uint8_t isched_third(uint8_t one, uint8_t other)
{
    return (uint8_t)(3U - one - other);
}

/* Sums in the tensor's own place: what cycle `cycle` of `cycles` leaves behind. */
static uint8_t isched_target_within(uint8_t regions, uint16_t cycle, uint16_t cycles)
{
    if (cycle == cycles) {
        return 0;
    }
    return (regions == 3U) ? (uint8_t)(1U + ((cycles - 1U - cycle) & 1U)) : (uint8_t)((cycles - cycle) & 1U);
}

static uint8_t isched_region_within(const isched_layer_t *layer, uint16_t cycle, uint16_t cycles, uint16_t left)
{
    const uint8_t target = isched_target_within(layer->regions, cycle, cycles);
    if ((layer->order == ISCHED_KEEPS_SUMS) || ((left & 1U) == 0U)) {
        return target;
    }
    if (layer->regions < 3U) {
        return (uint8_t)(1U - target);
    }
    if (cycle == 1U) {
        return (target == 1U) ? 2U : 1U;
    }
    return isched_third(target, isched_target_within(layer->regions, (uint16_t)(cycle - 1U), cycles));
}

/* Sums beside the tensor, which only the last pass of all writes; `left` counts the passes of the cycle before that. */
static uint8_t isched_region_apart(const isched_layer_t *layer, uint16_t cycle, uint16_t left)
{
    const uint8_t target = (uint8_t)(1U + ((cycle - 1U) & 1U));
    if ((layer->order == ISCHED_KEEPS_SUMS) || ((left & 1U) == 0U)) {
        return target;
    }
    return (cycle == 1U) ? 2U : 3U;
}

static uint8_t isched_region(const isched_layer_t *layer, const isched_place_t *place, uint16_t cycle, uint16_t left,
                             uint8_t is_last)
{
    if (ISCHED_SUMS_APART == 0) {
        return isched_region_within(layer, cycle, place->cycles, left);
    }
    if (is_last != 0U) {
        return 0;
    }
    return isched_region_apart(layer, cycle, (uint16_t)((cycle == place->cycles) ? (left - 1U) : left));
}

isched_regions_t isched_regions(const isched_layer_t *layer, isched_atom_t first, isched_atom_t apart, uint16_t passes,
                                uint16_t pass)
{
    const isched_place_t place = isched_place(first, apart, passes, pass);
    isched_regions_t found = {0, 0};
    found.writes = isched_region(layer, &place, place.cycle, place.left, (uint8_t)(pass + 1U == passes));
    if (pass > 0U) {
        found.reads = isched_region(layer, &place, place.before, place.left_before, 0U);
    }
    return found;
}

#else
/* A schedule of tasks: C wants something in every file. */
typedef int isched_regions_is_not_used_t;
#endif
