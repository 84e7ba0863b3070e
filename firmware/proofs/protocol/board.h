/* A board made of arrays behind a write gate: power fails at a step, and what that leaves behind is chosen. */
#ifndef BOARD_H
#define BOARD_H

#include <setjmp.h>
#include <stdint.h>

#include "isched_port.h"

#define MEMORY_BYTES (64U + 2U * ISCHED_META_SECTOR)

/* What a device keeps. */
typedef struct {
    uint8_t bytes[2][MEMORY_BYTES];
} kept_t;

typedef enum { BUS_DIRECT, BUS_IN_ORDER, BUS_ANY_ORDER } bus_t;

typedef struct {
    kept_t kept;
    bus_t bus;
    uint32_t steps;    /* stores of units, and erasures, since the boot */
    uint32_t fail_at;  /* the step at which power fails; 0: never */
    uint32_t way;      /* of the ways in which it can */
    uint32_t ways;     /* how many there were at that step */
    uint32_t drops;    /* the store of a unit of a record that is lost, although it was completed; 0: none */
    uint32_t loses_erasures; /* these are what is lost, not stores */
    uint32_t stores;   /* of units of records since the boot */
    jmp_buf off;
} board_t;

extern board_t board;

#define POWER_FAILED 1
#define SWITCHED_OFF 2

void board_boots(void);

/* What a test says when something is wrong. Does not return. */
void board_wrong(const char *what);

#endif
