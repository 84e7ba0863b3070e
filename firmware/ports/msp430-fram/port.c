/* MSP430FR59xx. Non-volatile memory is an array in FRAM that start-up code leaves alone. */
#include "isched_port.h"

#include "board.h"

#ifndef ISCHED_TRACE_WRITE
#define ISCHED_TRACE_WRITE(memory, address, bytes)
#endif

/* Weights have the first addresses of a plan, and a place of their own: they are constants of the program. */
#ifdef ISCHED_PROGRESS_ADDRESS
#define NV_FIRST (ISCHED_PROGRESS_ADDRESS / 2U * 2U)
#else
#define NV_FIRST 0U
#endif
#define NV_BYTES (ISCHED_META_ADDRESS - NV_FIRST)

/* Aligned, so that words of them are words of FRAM. Where they lie depends on no plan and on no code (the linker
 * script): other firmware has to find the progress of this one, and to put its own in its place. */
__attribute__((section(".nv.progress"), aligned(2))) uint8_t isched_progress[MSP430_META_BYTES];
__attribute__((section(".nv"), aligned(2))) uint8_t isched_nv[NV_BYTES];

/* The addresses of one memory: there is no other. */
static volatile uint8_t *place_of(uint8_t memory, isched_address_t address)
{
    (void)memory;
    return (address >= ISCHED_META_ADDRESS) ? &isched_progress[address - ISCHED_META_ADDRESS] : &isched_nv[address - NV_FIRST];
}

void isched_port_nv_read(uint8_t memory, isched_address_t address, void *to, uint16_t bytes)
{
    const volatile uint8_t *from = place_of(memory, address);
    uint8_t *target = to;
    for (uint16_t i = 0U; i < bytes; i++) {
        target[i] = from[i];
    }
}

/* A unit that is written as a whole is one store. */
void isched_port_nv_write(uint8_t memory, isched_address_t address, const void *from, uint16_t bytes)
{
    const uint8_t *source = from;
    uint16_t i = 0U;
    ISCHED_TRACE_WRITE(memory, address, bytes);
    while (i < bytes) {
        isched_address_t at = (isched_address_t)(address + i);
        if ((at & 1U) == 0U && bytes - i >= 2U) {
            uint16_t word = (uint16_t)(source[i] | ((uint16_t)source[i + 1U] << 8));
            *(volatile uint16_t *)(volatile void *)place_of(memory, at) = word;
            i = (uint16_t)(i + 2U);
        } else {
            *place_of(memory, at) = source[i];
            i++;
        }
    }
}

/* The core waits for FRAM: a store that has been executed is in place. */
void isched_port_nv_complete(uint8_t memory)
{
    (void)memory;
    ISCHED_BARRIER();
}

uint16_t isched_port_wait_for_level(uint16_t code)
{
    return board_wait_for_level(code);
}

void isched_port_end_of_cycle(void)
{
#if ISCHED_WAKE != ISCHED_WAKE_SENSE
    board_power_off();
#endif
}

/* Where a board has a light or a radio, this is the place to use it; the power cycle is tried again. */
void isched_port_stuck(isched_step_t cycle)
{
    (void)cycle;
}

#if ISCHED_SKIPS
uint8_t isched_port_wait_or_reserve(uint16_t code, uint16_t reserve)
{
    return board_wait_or_reserve(code, reserve);
}
#endif
