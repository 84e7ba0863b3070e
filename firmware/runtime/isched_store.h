/* Progress in non-volatile memory: one published record, replaced by another all at once. */
#ifndef ISCHED_STORE_H
#define ISCHED_STORE_H

#include <stdint.h>

#include "isched_port.h"

/* Steps 0 to ISCHED_CYCLES: so many power cycles are complete. */
#define ISCHED_STEP_IDLE ((isched_step_t)(ISCHED_CYCLES + 1UL))

/* Reads the published record: its step. A record that is not of this plan or does not verify means that nothing is known:
 * ISCHED_STEP_IDLE, which is published, so that the firmware that the record is of does not go on with it. Never an older
 * one. What follows goes by what was read. */
isched_step_t isched_store_load(void);

/* Publishes a step: the record is complete and read back before it counts. 0 if memory does not keep it. */
uint8_t isched_store_publish(isched_step_t step);

/* The boots since the record was published, or the times that what follows it was begun. */
uint8_t isched_store_boots(void);

/* Counts one more. */
void isched_store_boot(void);

#endif
