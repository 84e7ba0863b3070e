/* A port of one's own: non-volatile memory is the file memory.bin, and a power failure is the end of the process. */
#include <stdio.h>
#include <stdlib.h>

#include "isched_port.h"

static FILE *memory(long address)
{
    static FILE *file;
    if (file == NULL) {
        file = fopen("memory.bin", "r+b");
        if (file == NULL) {
            file = fopen("memory.bin", "w+b");
        }
    }
    if ((file == NULL) || (fseek(file, address, SEEK_SET) != 0)) {
        exit(EXIT_FAILURE);
    }
    return file;
}

void isched_port_nv_read(uint8_t number, isched_address_t address, void *to, uint16_t bytes)
{
    uint8_t *bytes_to = to;
    size_t found = fread(to, 1U, bytes, memory(address));
    (void)number;
    for (; found < bytes; ++found) {
        bytes_to[found] = 0xffU; /* never written */
    }
}

void isched_port_nv_write(uint8_t number, isched_address_t address, const void *from, uint16_t bytes)
{
    (void)number;
    if (fwrite(from, 1U, bytes, memory(address)) != bytes) {
        exit(EXIT_FAILURE);
    }
}

void isched_port_nv_complete(uint8_t number)
{
    (void)number;
    (void)fflush(memory(0L));
}

/* A supervisor starts this board at the level of its plan, which is the same for all power cycles. */
uint16_t isched_port_wait_for_level(uint16_t code)
{
    return code;
}

/* The load switch opens. */
void isched_port_end_of_cycle(void)
{
    exit(EXIT_SUCCESS);
}

void isched_port_stuck(isched_step_t cycle)
{
    (void)fprintf(stderr, "power cycle %lu never ends\n", (unsigned long)cycle);
}
