/* A device that has no input for a long time asks the runtime again and again. The answer: the stores and erasures of the
 * first call, and those of all others. */
#include <stdio.h>
#include <stdlib.h>

#include "host_gate.h"
#include "isched.h"

void host_power_fails(uint8_t planned)
{
    (void)planned;
    exit(3);
}

void host_fault(const char *what)
{
    puts(what);
    exit(4);
}

int main(void)
{
    unsigned long long first;
    host_gate_new(0x5aU);
    if (isched_run() != ISCHED_IDLE) {
        return 1;
    }
    first = host_gate.steps;
    for (unsigned i = 0U; i < 100U; i++) {
        if (isched_run() != ISCHED_IDLE) {
            return 1;
        }
    }
    printf("%llu %llu\n", first, (unsigned long long)host_gate.steps - first);
    return 0;
}
