/* What the emulated board has besides: text, and an end. */
#ifndef BOARD_EMULATED_H
#define BOARD_EMULATED_H

/* A character goes to whoever watches. */
void board_put(char character);

/* The run has ended. Does not return. */
void board_end(void);

#endif
