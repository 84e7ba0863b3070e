/* Recognises an activity on a computer that plays a device: power ends with each power cycle of the plan, and comes back.
 * `activity 57` has it fail at the 57th store into non-volatile memory besides; the scores are the same.
 *
 * Each boot is a process of its own, so that what was in RAM is lost; memory that is not volatile goes from one to the
 * next in a file. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_gate.h"
#include "isched.h"
#include "isched_port.h"

#define POWER_FAILED 2

static FILE *kept;
static unsigned boots;

static uint8_t is_moved(uint8_t into, void *what, size_t bytes)
{
    const size_t moved = (into != 0U) ? fwrite(what, 1U, bytes, kept) : fread(what, 1U, bytes, kept);
    return (moved == bytes) ? 1U : 0U;
}

/* Into the file, or out of it: both memories, and what the gate has counted. */
static void keep(uint8_t into)
{
    uint32_t bytes[2];
    uint8_t *const first = host_gate_memory(0U, &bytes[0]);
    uint8_t *const second = host_gate_memory(1U, &bytes[1]);
    rewind(kept);
    if (is_moved(into, &host_gate, sizeof host_gate) == 0U || is_moved(into, first, bytes[0]) == 0U ||
        is_moved(into, second, bytes[1]) == 0U) {
        host_fault("the file that memory is kept in fails");
    }
}

void host_power_fails(uint8_t planned)
{
    (void)planned;
    keep(1U);
    _exit(POWER_FAILED);
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

/* What a device does from each boot until its power fails. */
static int boot(void)
{
    for (;;) {
        switch (isched_run()) {
        case ISCHED_IDLE:
            write_input();
            if (isched_begin() == ISCHED_FAULT) {
                return EXIT_FAILURE;
            }
            break;
        case ISCHED_DONE: use_output(); (void)isched_release(); return EXIT_SUCCESS;
        default: return EXIT_FAILURE;
        }
    }
}

int main(int count, char **words)
{
    host_gate_new(0xffU);
    host_gate.fail_at = (count > 1) ? strtoul(words[1], NULL, 10) : 0UL;
    kept = tmpfile();
    if (kept == NULL || setvbuf(kept, NULL, _IONBF, 0U) != 0) {
        host_fault("there is no file to keep memory in");
    }
    for (;;) {
        int status = 0;
        boots++;
        const pid_t device = fork();
        if (device == 0) {
            host_gate_boot();
            exit(boot());
        }
        if (device < 0 || waitpid(device, &status, 0) != device || !WIFEXITED(status)) {
            host_fault("a boot cannot be played");
        }
        if (WEXITSTATUS(status) != POWER_FAILED) {
            return WEXITSTATUS(status);
        }
        keep(0U);
    }
}
