/* Runs firmware on the host port as standard input says, one line per run:
 *
 *     bus byte boots [step torn arrives] ...
 *
 * Memory begins full of `byte`; power fails once for each three numbers (host_gate.h), each step counted from the failure
 * before it; a run of more than `boots` boots is given up (~H). Each run ends with a line `~Z steps;`. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "host_boot.h"
#include "host_gate.h"
#include "isched_trace.h"
#include "verify_main.h"

#define FAILURES_MAX 64U
#define LINE_MAX 4096

enum { BOOT = 1, FAILED, ENDED };

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
    if (planned == 0U) {
        printf("\n~P;\n");
    }
    longjmp(power, planned != 0U ? BOOT : FAILED);
}

void host_fault(const char *what)
{
    printf("\n~X %s;\n", what);
    longjmp(power, ENDED);
}

typedef struct {
    unsigned long long step;
    unsigned torn;
    unsigned arrives;
} failure_t;

static failure_t failures[FAILURES_MAX];
static size_t count;
static size_t done;

static void expect_next_failure(void)
{
    host_gate.steps = 0U;
    host_gate.fail_at = 0U;
    if (done < count) {
        host_gate.fail_at = failures[done].step;
        host_gate.torn = (host_torn_t)failures[done].torn;
        host_gate.arrives = failures[done].arrives;
        done++;
    }
}

static void run(unsigned long boots)
{
    static unsigned long left;
    left = boots;
    done = 0;
    expect_next_failure();
    switch (setjmp(power)) {
    case ENDED: return;
    case FAILED: expect_next_failure(); break;
    default: break;
    }
    if (left-- == 0UL) {
        printf("\n~H;\n");
        return;
    }
    host_gate_boot();
    host_boot_variables((uint8_t)(left * 37U));
    verify_main();
}

int main(void)
{
    static char line[LINE_MAX];
    host_boot_keep();
    while (fgets(line, LINE_MAX, stdin) != NULL) {
        char *at = line;
        host_gate.bus = (host_bus_t)strtoul(at, &at, 10);
        host_gate_new((uint8_t)strtoul(at, &at, 10));
        unsigned long boots = strtoul(at, &at, 10);
        count = 0;
        for (;;) {
            char *next;
            unsigned long long step = strtoull(at, &next, 10);
            if (next == at || count == FAILURES_MAX) {
                break;
            }
            failures[count].step = step;
            failures[count].torn = (unsigned)strtoul(next, &at, 10);
            failures[count].arrives = (unsigned)strtoul(at, &at, 10);
            count++;
        }
        run(boots);
        printf("\n~Z %llx;\n", (unsigned long long)host_gate.steps);
        fflush(stdout);
    }
    return 0;
}
