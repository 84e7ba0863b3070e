/* The runtime: walks the power cycles of an emitted plan, and survives power failure at any instant.
 *
 *     for (;;) {
 *         switch (isched_run()) {
 *         case ISCHED_IDLE: ... write an input to ISCHED_INPUT_ADDRESS ...; (void)isched_begin(); break;
 *         case ISCHED_DONE: ... use the output at ISCHED_OUTPUT_ADDRESS ...; (void)isched_release(); break;
 *         default: ... non-volatile memory does not keep what is written ...
 *         }
 *     }
 *
 * All calls may be cut short by a power failure at any instant and repeated after it. */
#ifndef ISCHED_H
#define ISCHED_H

#include <stdint.h>

#include "schedule.h"

typedef enum {
    ISCHED_IDLE,  /* no inference: the memory of inputs and outputs is the application's */
    ISCHED_DONE,  /* an inference is complete: its output is in place until isched_release() */
    ISCHED_FAULT, /* non-volatile memory did not read back what was written to it, several times in a row */
    ISCHED_BUSY   /* an inference is in progress, where none may be */
} isched_status_t;

/* Goes on with the inference that is in progress until it is complete. With a latch it does not return between power
 * cycles: it ends with the device switched off, and is called again after the next boot. */
isched_status_t isched_run(void);

/* Starts an inference: the input is in place, and frozen from here on. ISCHED_BUSY if one is in progress or complete. */
isched_status_t isched_begin(void);

/* Gives up the inference that is in progress, or the output of a complete one. */
isched_status_t isched_release(void);

/* For a debugger: the power cycle that is running, from 0, how many boots it has seen since the one before it was
 * published, and the threshold that it waited for. */
typedef struct {
    isched_step_t cycle;
    uint16_t level;
    uint8_t boots;
} isched_watch_t;

extern volatile isched_watch_t isched_watch;

#endif
