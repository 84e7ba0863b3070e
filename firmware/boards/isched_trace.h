/* A line of text about each thing that firmware does, for whoever watches it: `~K first second third;`, numbers in hex.
 *
 *     ~B;  boot        ~I;  an inference begins     ~C cycle level;  a power cycle begins     ~A atom;  an atom begins
 *     ~W memory address bytes;  a write             ~O output;  the output, in bytes          ~E;  end     ~F;  fault
 *
 * A line that a power failure has cut short lacks its semicolon. -DISCHED_TRACE=1 has cycles and atoms reported, 2 also
 * writes; without it only boots, the output and the end are. */
#ifndef ISCHED_TRACE_H
#define ISCHED_TRACE_H

#include <stdint.h>

void isched_trace(char kind, uint8_t count, uint32_t first, uint32_t second, uint32_t third);
void isched_trace_bytes(char kind, uint8_t memory, uint32_t address, uint32_t bytes);

/* What an emulated board provides: a character goes to whoever watches. */
void board_put(char character);

/* The run has ended. Does not return. */
void board_end(void);

#if defined(ISCHED_TRACE) && ISCHED_TRACE >= 1
#define ISCHED_TRACE_CYCLE(cycle, level) isched_trace('C', 2U, (uint32_t)(cycle), (uint32_t)(level), 0UL)
#define ISCHED_TRACE_ATOM(atom) isched_trace('A', 1U, (uint32_t)(atom), 0UL, 0UL)
#endif
#if defined(ISCHED_TRACE) && ISCHED_TRACE >= 2
#define ISCHED_TRACE_WRITE(memory, address, bytes) \
    isched_trace('W', 3U, (uint32_t)(memory), (uint32_t)(address), (uint32_t)(bytes))
#endif

#endif
