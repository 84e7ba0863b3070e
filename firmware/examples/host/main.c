/* Recognises an activity on a computer that plays a device: power ends with each power cycle of the plan, and comes back.
 * `activity 57` has it fail at the 57th store into non-volatile memory besides; the scores are the same. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_gate.h"
#include "isched.h"
#include "isched_port.h"

static jmp_buf reset;
static unsigned boots;

void host_power_fails(uint8_t planned)
{
    longjmp(reset, (planned != 0U) ? 1 : 2);
}

void host_fault(const char *what)
{
    (void)fprintf(stderr, "%s\n", what);
    exit(EXIT_FAILURE);
}

/* Samples of a sensor would be read here. */
static void write_input(void)
{
    for (uint16_t place = 0U; place < ISCHED_INPUT_BYTES; ++place) {
        const uint8_t sample = (uint8_t)(place * 37U);
        isched_port_nv_write(0U, ISCHED_INPUT_ADDRESS + place, &sample, 1U);
    }
    isched_port_nv_complete(0U);
}

static void use_output(void)
{
    int8_t scores[ISCHED_OUTPUT_BYTES];
    isched_port_nv_read(0U, ISCHED_OUTPUT_ADDRESS, scores, ISCHED_OUTPUT_BYTES);
    (void)printf("scores");
    for (uint16_t class = 0U; class < ISCHED_OUTPUT_BYTES; ++class) {
        (void)printf(" %d", scores[class]);
    }
    (void)printf(" after %u boots\n", boots);
}

int main(int count, char **words)
{
    host_gate_new(0xffU);
    host_gate.fail_at = (count > 1) ? strtoul(words[1], NULL, 10) : 0UL;
    (void)setjmp(reset); /* a boot comes here */
    boots++;
    host_gate_boot();
    for (;;) {
        switch (isched_run()) {
        case ISCHED_IDLE: write_input(); (void)isched_begin(); break;
        case ISCHED_DONE: use_output(); (void)isched_release(); return EXIT_SUCCESS;
        default: return EXIT_FAILURE;
        }
    }
}
