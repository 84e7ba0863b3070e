/* A boot on the computer: the firmware's variables are as C wants them, and the stack is not as it was. */
#ifndef HOST_BOOT_H
#define HOST_BOOT_H

#include <stdint.h>

/* Notes what the firmware's variables are before anything runs. */
void host_boot_keep(void);

/* Puts them back, and fills the stack below with `byte`. */
void host_boot_variables(uint8_t byte);

#endif
