/* See host_boot.h. */
#include "host_boot.h"

#include <stddef.h>
#include <stdlib.h>

#define DIRTY 2048U

/* The variables of the firmware, where it was linked so that they lie together. */
extern uint8_t __start_fw_data[] __attribute__((weak));
extern uint8_t __stop_fw_data[] __attribute__((weak));
static uint8_t *variables;
static size_t variables_bytes;

/* Copied by hand: an address sanitizer would see the gaps between them. */
#if defined(__clang__) || defined(__GNUC__)
__attribute__((no_sanitize("address")))
#endif
static void copy(uint8_t *to, const uint8_t *from, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        ((volatile uint8_t *)to)[i] = from[i];
    }
}

void host_boot_keep(void)
{
    if (__start_fw_data != NULL) {
        variables_bytes = (size_t)(__stop_fw_data - __start_fw_data);
        variables = malloc(variables_bytes + 1U);
        if (variables == NULL) {
            exit(3);
        }
        copy(variables, __start_fw_data, variables_bytes);
    }
}

static void scrub_stack(uint8_t byte)
{
    volatile uint8_t dirt[DIRTY];
    for (size_t i = 0; i < DIRTY; i++) {
        dirt[i] = byte;
    }
    (void)dirt[0];
}

void host_boot_variables(uint8_t byte)
{
    if (variables != NULL) {
        copy(__start_fw_data, variables, variables_bytes);
    }
    scrub_stack(byte);
}
