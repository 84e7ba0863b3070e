/* Firmware that runs one inference and says what came out. */
#ifndef VERIFY_MAIN_H
#define VERIFY_MAIN_H

#include <stdint.h>

/* The input, ISCHED_INPUT_BYTES of it. */
extern const uint8_t verify_input[];

/* Called at each boot, once memory is as C wants it. Does not return. */
void verify_main(void);

#endif
