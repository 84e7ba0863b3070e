/* The write gate of the host port: power fails at the store of one atomic unit, and what that leaves behind is chosen.
 *
 * Every store of a unit, and every erasure, counts as one step. At step `fail_at` the unit that is being written is left
 * as `torn` says, what a delayed bus has not delivered yet arrives as `arrives` says, and host_power_fails() is called. */
#ifndef HOST_GATE_H
#define HOST_GATE_H

#include <stdint.h>

/* What the unit that was being written reads as. In memory with ISCHED_TORN_WHOLE all but the first two stand for one of
 * these, by chance. */
typedef enum { HOST_TORN_OLD, HOST_TORN_NEW, HOST_TORN_ZEROS, HOST_TORN_ONES, HOST_TORN_MIXED, HOST_TORN_NOISE } host_torn_t;

/* When a store reaches memory: at once; later, in order; later, in any order. isched_port_nv_complete() waits for it. */
typedef enum { HOST_BUS_DIRECT, HOST_BUS_IN_ORDER, HOST_BUS_ANY_ORDER } host_bus_t;

typedef struct {
    uint64_t fail_at;  /* the step at which power fails, from 1; 0: never */
    host_torn_t torn;
    uint32_t arrives;  /* of the stores under way, by memory: the first `arrives` modulo their number + 1 (in order), or
                          those that this seed draws (in any order) */
    host_bus_t bus;
    uint64_t steps;     /* so far since whoever set `fail_at` set this to 0 */
} host_gate_t;

extern host_gate_t host_gate;

/* A boot: nothing is under way. */
void host_gate_boot(void);

/* A device as it leaves the factory: both memories are full of `byte`, the second one is erased if it is flash. */
void host_gate_new(uint8_t byte);

/* Memory as a failure would leave it, for tests that look at it or spoil it. */
uint8_t *host_gate_memory(uint8_t memory, uint32_t *bytes);

/* Follows when memory was put back as it once was. */
void host_gate_restored(void);

/* What the program that uses the port provides. Neither returns. `planned`: the device has switched itself off. */
void host_power_fails(uint8_t planned);
void host_fault(const char *what);

#endif
