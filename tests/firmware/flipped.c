/* Runs an inference for each line of standard input, `boot address bit`: before that boot a bit of memory has flipped. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_boot.h"
#include "host_gate.h"
#include "isched_trace.h"
#include "verify_main.h"

enum { BOOT = 1, ENDED };

#define MOST_BOOTS 1000UL

static jmp_buf power;

void board_put(char character)
{
    putchar(character);
}

void board_end(void)
{
    longjmp(power, ENDED);
}

void host_power_fails(uint8_t planned)
{
    (void)planned;
    longjmp(power, BOOT);
}

void host_fault(const char *what)
{
    printf("\n~X %s;\n", what);
    longjmp(power, ENDED);
}

static void run(unsigned long flips_at, unsigned long address, unsigned long bit)
{
    static unsigned long boots;
    boots = 0UL;
    if (setjmp(power) == ENDED) {
        return;
    }
    boots++;
    if (boots > MOST_BOOTS) {
        printf("\n~H;\n");
        return;
    }
    if (boots == flips_at) {
        uint32_t bytes;
        uint8_t *memory = host_gate_memory(0U, &bytes);
        memory[address] = (uint8_t)(memory[address] ^ (1U << bit));
    }
    host_gate_boot();
    host_boot_variables((uint8_t)boots);
    verify_main();
}

int main(void)
{
    unsigned long boot;
    unsigned long address;
    unsigned long bit;
    host_boot_keep();
    while (scanf("%lu %lu %lu", &boot, &address, &bit) == 3) {
        host_gate_new(0xa5U);
        run(boot, address, bit);
        printf("\n~Z 0;\n");
    }
    return 0;
}
