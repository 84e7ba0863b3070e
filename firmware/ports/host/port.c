/* Two memories in arrays behind a write gate. See host_gate.h. */
#include "host_gate.h"
#include "isched_port.h"

#ifndef ISCHED_TRACE_WRITE
#define ISCHED_TRACE_WRITE(memory, address, bytes)
#endif

#define UNIT_MAX 64U
#define PENDING_MAX 4096U

#if ISCHED_DATA_UNIT > UNIT_MAX || ISCHED_OTHER_UNIT > UNIT_MAX
#error "units of at most 64 bytes"
#endif

typedef struct {
    uint32_t address;
    uint8_t bytes[UNIT_MAX];
} host_unit_t;

host_gate_t host_gate;

static uint8_t data_memory[HOST_DATA_BYTES];
static uint8_t other_memory[HOST_OTHER_BYTES];
static uint8_t other_written[HOST_OTHER_BYTES];

static host_unit_t pending[2][PENDING_MAX];
static uint32_t pending_count[2];

static uint8_t *memory_of(uint8_t memory)
{
    return memory == 0U ? data_memory : other_memory;
}

static uint32_t bytes_of(uint8_t memory)
{
    return memory == 0U ? HOST_DATA_BYTES : HOST_OTHER_BYTES;
}

static uint32_t unit_of(uint8_t memory)
{
    return memory == 0U ? ISCHED_DATA_UNIT : ISCHED_OTHER_UNIT;
}

uint8_t *host_gate_memory(uint8_t memory, uint32_t *bytes)
{
    *bytes = bytes_of(memory);
    return memory_of(memory);
}

void host_gate_new(uint8_t byte)
{
    for (uint32_t i = 0U; i < HOST_DATA_BYTES; i++) {
        data_memory[i] = byte;
    }
    for (uint32_t i = 0U; i < HOST_OTHER_BYTES; i++) {
        other_memory[i] = ISCHED_OTHER_APPENDS ? 0xffU : byte;
        other_written[i] = 0U;
    }
}

void host_gate_boot(void)
{
    pending_count[0] = 0U;
    pending_count[1] = 0U;
}

void host_barrier(void)
{
}

static uint32_t noise(uint32_t *seed)
{
    *seed = (uint32_t)(*seed * 1664525U + 1013904223U);
    return *seed >> 16;
}

/* A unit that has arrived whole. */
static void deliver(uint8_t memory, const host_unit_t *unit)
{
    uint32_t size = unit_of(memory);
    if (memory == 1U) {
        other_written[unit->address] = 1U;
    }
    for (uint32_t i = 0U; i < size; i++) {
        memory_of(memory)[unit->address + i] = unit->bytes[i];
    }
}

/* After a failure, a unit of flash that reads as erased can be written. */
static void note_written(uint32_t address)
{
    other_written[address] = 0U;
    for (uint32_t i = 0U; i < unit_of(1U); i++) {
        if (other_memory[address + i] != 0xffU) {
            other_written[address] = 1U;
        }
    }
}

void host_gate_restored(void)
{
    host_gate_boot();
    for (uint32_t i = 0U; ISCHED_OTHER_UNIT != 0U && i < HOST_OTHER_BYTES; i += unit_of(1U)) {
        note_written(i);
    }
}

/* What a unit reads as when power failed while it was written. */
static void tear(uint8_t memory, const host_unit_t *unit)
{
    uint32_t size = unit_of(memory);
    uint32_t seed = host_gate.arrives + (uint32_t)host_gate.fail_at;
    host_torn_t torn = host_gate.torn;
    if (torn > HOST_TORN_NEW && (memory == 0U ? ISCHED_DATA_TORN : ISCHED_OTHER_TORN) == ISCHED_TORN_WHOLE) {
        torn = (noise(&seed) & 1U) != 0U ? HOST_TORN_NEW : HOST_TORN_OLD;
    }
    for (uint32_t i = 0U; i < size; i++) {
        uint8_t *byte = &memory_of(memory)[unit->address + i];
        switch (torn) {
        case HOST_TORN_OLD: break;
        case HOST_TORN_NEW: *byte = unit->bytes[i]; break;
        case HOST_TORN_ZEROS: *byte = 0U; break;
        case HOST_TORN_ONES: *byte = 0xffU; break;
        case HOST_TORN_MIXED: *byte = (uint8_t)((*byte & 0xf0U) | (unit->bytes[i] & 0x0fU)); break;
        default: *byte = (uint8_t)noise(&seed); break;
        }
    }
    if (memory == 1U) {
        note_written(unit->address);
    }
}

/* What was under way when power failed: some of it has arrived, and the first that has not is torn. */
static void settle(uint8_t memory)
{
    uint32_t seed = host_gate.arrives * 2654435761U + memory;
    uint32_t arrive = host_gate.arrives % (pending_count[memory] + 1U);
    uint8_t torn = 0U;
    for (uint32_t i = 0U; i < pending_count[memory]; i++) {
        uint8_t whole = (uint8_t)(host_gate.bus == HOST_BUS_ANY_ORDER ? (noise(&seed) & 1U) : (i < arrive ? 1U : 0U));
        if (whole != 0U) {
            deliver(memory, &pending[memory][i]);
        } else if (torn == 0U) {
            tear(memory, &pending[memory][i]);
            torn = 1U;
        }
    }
    pending_count[memory] = 0U;
}

void isched_port_nv_complete(uint8_t memory)
{
    for (uint32_t i = 0U; i < pending_count[memory]; i++) {
        deliver(memory, &pending[memory][i]);
    }
    pending_count[memory] = 0U;
}

/* One step of the gate: 1 where power fails. */
static uint8_t fails(void)
{
    host_gate.steps++;
    return host_gate.steps == host_gate.fail_at ? 1U : 0U;
}

/* The bytes of a unit as they will read once all that is under way has arrived. */
static void newest(uint8_t memory, host_unit_t *unit)
{
    uint32_t size = unit_of(memory);
    const uint8_t *from = &memory_of(memory)[unit->address];
    for (uint32_t p = pending_count[memory]; p > 0U; p--) {
        if (pending[memory][p - 1U].address == unit->address) {
            from = pending[memory][p - 1U].bytes;
            break;
        }
    }
    for (uint32_t i = 0U; i < size; i++) {
        unit->bytes[i] = from[i];
    }
}

static void check_range(uint8_t memory, uint32_t address, uint32_t bytes)
{
    if (memory > 1U || unit_of(memory) == 0U || address > bytes_of(memory) || bytes > bytes_of(memory) - address) {
        host_fault("an access outside of the memory");
    }
}

static void store(uint8_t memory, const host_unit_t *unit)
{
    if (memory == 1U && ISCHED_OTHER_APPENDS) {
        uint8_t twice = other_written[unit->address];
        for (uint32_t i = 0U; i < pending_count[1]; i++) {
            twice = (uint8_t)(twice | (pending[1][i].address == unit->address ? 1U : 0U));
        }
        if (twice != 0U) {
            host_fault("a unit of flash is written twice without an erasure");
        }
    }
    if (host_gate.bus == HOST_BUS_DIRECT) {
        if (fails() != 0U) {
            tear(memory, unit);
            host_power_fails(0U);
        }
        deliver(memory, unit);
        return;
    }
    if (pending_count[memory] == PENDING_MAX) {
        isched_port_nv_complete(memory);
    }
    pending[memory][pending_count[memory]++] = *unit;
    if (fails() != 0U) {
        settle(0U);
        settle(1U);
        host_power_fails(0U);
    }
}

void isched_port_nv_write(uint8_t memory, isched_address_t address, const void *from, uint16_t bytes)
{
    const uint8_t *source = from;
    uint32_t at = address;
    uint32_t end = at + bytes;
    check_range(memory, at, bytes);
    const uint32_t constants = ISCHED_CONSTANTS_BYTES;
    if (memory == 0U && bytes != 0U && at < constants) {
        host_fault("a write to the constants");
    }
    ISCHED_TRACE_WRITE(memory, address, bytes);
    while (at < end) {
        host_unit_t unit;
        unit.address = at - at % unit_of(memory);
        newest(memory, &unit);
        while (at < end && at < unit.address + unit_of(memory)) {
            unit.bytes[at - unit.address] = *source++;
            at++;
        }
        store(memory, &unit);
    }
}

void isched_port_nv_read(uint8_t memory, isched_address_t address, void *to, uint16_t bytes)
{
    uint8_t *target = to;
    uint32_t at = address;
    uint32_t end = at + bytes;
    check_range(memory, at, bytes);
    while (at < end) {
        host_unit_t unit;
        unit.address = at - at % unit_of(memory);
        newest(memory, &unit);
        while (at < end && at < unit.address + unit_of(memory)) {
            *target++ = unit.bytes[at - unit.address];
            at++;
        }
    }
}

void isched_port_nv_erase(uint8_t memory, isched_address_t address)
{
    uint8_t failed = fails();
    uint32_t seed = host_gate.arrives + (uint32_t)host_gate.fail_at;
    check_range(memory, address, ISCHED_META_SECTOR);
    isched_port_nv_complete(memory);
    for (uint32_t i = 0U; i < ISCHED_META_SECTOR; i++) {
        uint8_t *byte = &memory_of(memory)[address + i];
        if (failed == 0U || host_gate.torn == HOST_TORN_NEW || host_gate.torn == HOST_TORN_ONES) {
            *byte = 0xffU;
        } else if (host_gate.torn != HOST_TORN_OLD) {
            *byte = (uint8_t)(*byte | noise(&seed));
        }
    }
    for (uint32_t i = 0U; memory == 1U && i < ISCHED_META_SECTOR; i += unit_of(1U)) {
        note_written(address + i);
    }
    if (failed != 0U) {
        settle((uint8_t)(1U - memory));
        host_power_fails(0U);
    }
}

uint16_t isched_port_wait_for_level(uint16_t code)
{
    return (uint16_t)(code + HOST_SURPLUS);
}

void isched_port_end_of_cycle(void)
{
#if ISCHED_WAKE != ISCHED_WAKE_SENSE
    settle(0U);
    settle(1U);
    host_power_fails(1U);
#endif
}

void isched_port_stuck(isched_step_t cycle)
{
    (void)cycle;
}

#if ISCHED_SKIPS
uint8_t isched_port_wait_or_reserve(uint16_t code, uint16_t reserve)
{
    static uint32_t sleeps;
    (void)code;
    (void)reserve;
    sleeps++;
    return (uint8_t)((HOST_FADES != 0U && sleeps % HOST_FADES == 0U) ? 0U : 1U);
}
#endif
