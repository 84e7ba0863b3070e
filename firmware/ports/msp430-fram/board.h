/* What depends on the circuit around the MCU. board_emulated.S has it for a simulator. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Opens the load switch, or idles until brown-out. Does not return: the next thing that runs is start-up code. */
void board_power_off(void);

/* Returns once the buffer has this level, in the code that schedule.h explains; what it measured. */
uint16_t board_wait_for_level(uint16_t code);

/* For builds that skip commits: sleeps until the level is reached (1), or until less than the reserve is measured (0). */
uint8_t board_wait_or_reserve(uint16_t code, uint16_t reserve);

#endif
