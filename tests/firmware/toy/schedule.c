#include "isched_plan.h"
#include "isched_port.h"

void isched_cycles(uint16_t run, isched_cycles_t *cycles)
{
    static const isched_cycles_t runs[ISCHED_RUNS] = {{3U, 1U, 5U}, {2U, 2U, 7U}, {1U, 3U, 9U}};
    *cycles = runs[run];
}

/* Where the bytes before atom number `atom` lie. With TOY_IN_PLACE they are overwritten, which no cycle survives. */
static isched_address_t place_of(isched_atom_t atom)
{
#ifdef TOY_IN_PLACE
    (void)atom;
    return 0U;
#else
    return (isched_address_t)(atom * TOY_BYTES);
#endif
}

void isched_run_atom(isched_atom_t atom, uint8_t resumes)
{
    uint8_t from[TOY_BYTES];
    uint8_t to[TOY_BYTES];
    (void)resumes;
    isched_port_nv_read(ISCHED_DATA_MEMORY, place_of(atom), from, TOY_BYTES);
    for (uint8_t i = 0U; i < TOY_BYTES; i++) {
        to[i] = (uint8_t)(from[i] * 3U + from[(i + 1U) % TOY_BYTES] + atom);
    }
    isched_port_nv_write(ISCHED_DATA_MEMORY, place_of((isched_atom_t)(atom + 1U)), to, TOY_BYTES);
}
