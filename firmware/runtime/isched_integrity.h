/* CRCs of saved buffers, for memory that may lose what was written: only where schedule.h asks for it. */
#ifndef ISCHED_INTEGRITY_H
#define ISCHED_INTEGRITY_H

#include <stdint.h>

#include "isched_port.h"

#if ISCHED_INTEGRITY
/* Notes the CRCs of buffers that are complete at step `next`, and were not at the step published before it. */
void isched_seal(isched_step_t published, isched_step_t next);

/* Whether every buffer that is complete and still needed at a step is as it was sealed. */
uint8_t isched_is_intact(isched_step_t step);
#endif

#endif
