/* What a board has to provide. isched_config.h is the board's own and says what its memories are like:
 *
 *     ISCHED_ADDRESS_T       type of an address in non-volatile memory: uint16_t, uint32_t
 *     ISCHED_DATA_UNIT       bytes of memory 0 that a power failure cannot tear apart; it is overwritten in place
 *     ISCHED_OTHER_UNIT      the same of memory 1, where the board has a second memory; 0 where it has none
 *     ISCHED_DATA_TORN       what the unit that was being written reads as: ISCHED_TORN_WHOLE (old or new), or
 *     ISCHED_OTHER_TORN      ISCHED_TORN_ANY (anything, but the same until it is written or erased again)
 *     ISCHED_OTHER_APPENDS   1 if a unit of memory 1 can be written once after each erasure (flash), else 0
 *     ISCHED_META_ADDRESS    where progress is kept, in the memory with the larger unit (ISCHED_META_MEMORY)
 *     ISCHED_META_SECTOR     bytes of each of the two sectors of a log there, and of one erasure
 *     ISCHED_PATIENCE        after so many boots of one cycle the runtime waits for the highest level (default 3)
 *     ISCHED_STUCK           after so many it calls isched_port_stuck() (default 6, at most 7)
 */
#ifndef ISCHED_PORT_H
#define ISCHED_PORT_H

#include <stdint.h>

#define ISCHED_TORN_WHOLE 0
#define ISCHED_TORN_ANY 1

#include "isched_config.h"
#include "schedule.h"

typedef ISCHED_ADDRESS_T isched_address_t;

#define ISCHED_DATA_MEMORY 0U
#if ISCHED_OTHER_UNIT > ISCHED_DATA_UNIT
#define ISCHED_META_MEMORY 1U
#define ISCHED_META_UNIT ISCHED_OTHER_UNIT
#define ISCHED_META_TORN ISCHED_OTHER_TORN
#define ISCHED_META_APPENDS ISCHED_OTHER_APPENDS
#else
#define ISCHED_META_MEMORY 0U
#define ISCHED_META_UNIT ISCHED_DATA_UNIT
#define ISCHED_META_TORN ISCHED_DATA_TORN
#define ISCHED_META_APPENDS 0
#endif

/* A cell that is overwritten in place needs units that are old or new; everything else keeps a log. */
#if ISCHED_META_APPENDS || ISCHED_META_TORN == ISCHED_TORN_ANY
#define ISCHED_META_IS_LOG 1
#else
#define ISCHED_META_IS_LOG 0
#endif

#ifndef ISCHED_PATIENCE
#define ISCHED_PATIENCE 3U
#endif
#ifndef ISCHED_STUCK
#define ISCHED_STUCK 6U
#endif

/* What isched_config.h states cannot be otherwise: each of these is an array of -1 elements where it is. */
typedef char isched_boots_are_counted_up_to_7[(ISCHED_STUCK <= 7U && ISCHED_PATIENCE <= 7U) ? 1 : -1];
typedef char isched_progress_begins_with_a_unit[((ISCHED_META_ADDRESS) % (ISCHED_META_UNIT) == 0U) ? 1 : -1];
#ifdef ISCHED_ALIGNMENT
/* A torn unit takes with it what lies beside what was written. */
typedef char isched_data_is_written_in_whole_units
    [(ISCHED_DATA_TORN == ISCHED_TORN_WHOLE || ISCHED_DATA_UNIT <= ISCHED_ALIGNMENT) ? 1 : -1];
#endif
#ifdef ISCHED_NV_BYTES
typedef char isched_addresses_reach_all_buffers
    [((ISCHED_NV_BYTES) - 1UL <= (isched_address_t)~(isched_address_t)0) ? 1 : -1];
#endif

/* Progress of so many bytes stands behind the buffers, or below them among the constants. Tasks keep it where they like. */
#if defined(ISCHED_NV_BYTES) && defined(ISCHED_CONSTANTS_BYTES)
#define ISCHED_IS_APART(bytes)                                                             \
    (ISCHED_META_MEMORY != 0U || (uint32_t)(ISCHED_META_ADDRESS) >= (uint32_t)(ISCHED_NV_BYTES) || \
     (uint32_t)(ISCHED_META_ADDRESS) + (uint32_t)(bytes) <= (uint32_t)(ISCHED_CONSTANTS_BYTES))
#else
#define ISCHED_IS_APART(bytes) ((bytes) != 0U)
#endif

/* Whether addresses reach so many bytes of progress. */
#define ISCHED_IS_REACHED(bytes) \
    ((uint64_t)(ISCHED_META_ADDRESS) + (uint64_t)(bytes) - 1U <= (uint64_t)(isched_address_t)~(isched_address_t)0)

/* Reads and writes bytes of a memory; units of it are written in ascending order. A write may return before it is
 * complete: what is written is safe once isched_port_nv_complete() has returned (DMA ended, chip select released). But
 * the bytes at `from` are the caller's again at once (copy what a DMA takes later), and a read sees all writes before. */
void isched_port_nv_read(uint8_t memory, isched_address_t address, void *to, uint16_t bytes);
void isched_port_nv_write(uint8_t memory, isched_address_t address, const void *from, uint16_t bytes);
void isched_port_nv_complete(uint8_t memory);

/* Sets all bytes of a sector of a log to 0xff. Cut short, it leaves bytes that are as they were or have more bits set, and
 * at most one unit that reads as anything. What it takes is in no plan: where a boot may lack that, this waits for a level. */
void isched_port_nv_erase(uint8_t memory, isched_address_t address);

/* Returns once the buffer has this level, in the hardware's own code (schedule.h says what it stands for), and what it
 * measured. Under a fixed threshold the supervisor has seen to it before the device booted. */
uint16_t isched_port_wait_for_level(uint16_t code);

/* Ends a power cycle by the mechanism of the case (ISCHED_WAKE). ISCHED_WAKE_LATCH: opens the load switch.
 * ISCHED_WAKE_BURN: idles until brown-out. ISCHED_WAKE_SENSE: returns, and wait_for_level() sleeps and measures. */
void isched_port_end_of_cycle(void);

/* A cycle has been begun ISCHED_STUCK times and never completed: report it. It is tried again when this returns. */
void isched_port_stuck(isched_step_t cycle);

#if ISCHED_SKIPS
/* Sleeps until the level is reached (returns 1), or until less than the reserve is measured (returns 0). */
uint8_t isched_port_wait_or_reserve(uint16_t code, uint16_t reserve);
#endif

/* For tests and tracing: what is run, as it is run. */
#ifndef ISCHED_TRACE_CYCLE
#define ISCHED_TRACE_CYCLE(cycle, level) ((void)(cycle), (void)(level))
#endif
#ifndef ISCHED_TRACE_ATOM
#define ISCHED_TRACE_ATOM(atom) ((void)(atom))
#endif

/* Neither the compiler nor the bus moves an access to memory past this. */
#ifndef ISCHED_BARRIER
#if defined(__GNUC__) && defined(__ARM_ARCH)
#define ISCHED_BARRIER() __asm__ volatile("dmb" ::: "memory")
#elif defined(__GNUC__)
#define ISCHED_BARRIER() __asm__ volatile("" ::: "memory")
#else
#error "isched_config.h has to define ISCHED_BARRIER()"
#endif
#endif

#endif
