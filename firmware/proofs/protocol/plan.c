/* See schedule.h. */
#include "isched_plan.h"
#include "isched_port.h"

uint32_t plan_id = 0x5eedc0deUL;

/* Volatile memory, made by the first atom of a power cycle. */
static uint8_t factor;

void isched_cycles(uint16_t run, isched_cycles_t *cycles)
{
    static const isched_cycles_t runs[ISCHED_RUNS] = {{1U, 1U, 10U}, {2U, 2U, 20U}, {1U, 1U, 30U}};
    *cycles = runs[run];
}

typedef struct {
    isched_address_t from;
    isched_address_t also;
    isched_address_t to;
} atom_t;

void isched_run_atom(isched_atom_t atom, uint8_t resumes)
{
    static const atom_t atoms[ISCHED_ATOMS] = {{INPUT, INPUT, SUMS0}, {SUMS0, INPUT, SUMS1},   {SUMS1, INPUT, SUMS2},
                                               {SUMS2, INPUT, SUMS0}, {SUMS0, SUMS0, MIDDLE}, {MIDDLE, MIDDLE, RESULT}};
    uint8_t from[TENSOR_BYTES];
    uint8_t also[TENSOR_BYTES];
    if (resumes != 0U) {
        factor = 3U;
    }
    isched_port_nv_read(ISCHED_DATA_MEMORY, atoms[atom].from, from, TENSOR_BYTES);
    isched_port_nv_read(ISCHED_DATA_MEMORY, atoms[atom].also, also, TENSOR_BYTES);
    for (uint8_t at = 0; at < TENSOR_BYTES; ++at) {
        const unsigned before = from[(at + 1U) % TENSOR_BYTES];
        from[at] = (uint8_t)((uint8_t)(from[at] * factor) ^ (uint8_t)(before + also[at] + 17U * atom + 1U));
    }
    isched_port_nv_write(ISCHED_DATA_MEMORY, atoms[atom].to, from, TENSOR_BYTES);
}

/* Volatile memory after a failure. */
void plan_forget(uint8_t garbage);
void plan_forget(uint8_t garbage)
{
    factor = garbage;
}
