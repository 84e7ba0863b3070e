/* The circuit around the MCU in QEMU: a capacitor that is full whenever it is asked for.
 *
 * Power that is switched off leaves RAM as garbage and comes back at once. Text goes to the first UART; a run ends by
 * semihosting, or where -DBOARD_REPEATS is given by a store to the last word of the memory behind 0x21000000, which the
 * plugin takes as a sign to begin another run: see power.c. */
#include <stdint.h>

#include "board.h"
#include "board_emulated.h"

#define UART_DATA (*(volatile uint32_t *)0x40004000UL)
#define UART_STATE (*(volatile uint32_t *)0x40004004UL)
#define UART_CONTROL (*(volatile uint32_t *)0x40004008UL)
#define UART_DIVIDER (*(volatile uint32_t *)0x40004010UL)
#define SIGN (*(volatile uint32_t *)0x21fffffcUL)

#define SIGN_BOOT 1U
#define SIGN_END 2U

extern uint32_t __ram_start[];
extern uint32_t __stack_top[];

/* Without a stack: that is overwritten too. */
__attribute__((naked, noreturn)) static void spoil_and_start(void)
{
    __asm__ volatile("ldr r0, =__ram_start\n"
                     "ldr r1, =__stack_top\n"
                     "ldr r2, =0xa55a5aa5\n"
                     "1: str r2, [r0], #4\n"
                     "cmp r0, r1\n"
                     "blo 1b\n"
                     "ldr r3, =__stack_top\n"
                     "mov sp, r3\n"
                     "mov r4, r2\n mov r5, r2\n mov r6, r2\n mov r7, r2\n mov r8, r2\n mov r9, r2\n mov r10, r2\n"
                     "b start\n"
                     ".ltorg\n");
}

void board_power_off(void)
{
    SIGN = SIGN_BOOT;
    spoil_and_start();
}

uint16_t board_wait_for_level(uint16_t code)
{
    return code;
}

uint8_t board_wait_or_reserve(uint16_t code, uint16_t reserve)
{
    (void)code;
    (void)reserve;
    return 1U;
}

void board_put(char character)
{
    UART_DIVIDER = 16U;
    UART_CONTROL = 1U;
    while ((UART_STATE & 1U) != 0U) {
    }
    UART_DATA = (uint8_t)character;
}

void board_end(void)
{
#ifdef BOARD_REPEATS
    SIGN = SIGN_END;
    spoil_and_start();
#else
    __asm__ volatile("mov r0, #0x18\n"
                     "ldr r1, =0x20026\n"
                     "bkpt 0xab\n" ::
                         : "r0", "r1", "memory");
    for (;;) {
    }
#endif
}
