/* Runs one inference to its end, however often power fails, and says what came out. */
#include "verify_main.h"

#include "isched.h"
#include "isched_port.h"
#include "isched_trace.h"

#define CHUNK 64U

static void place_input(void)
{
    uint32_t place = 0U;
    while (place < ISCHED_INPUT_BYTES) {
        uint32_t left = ISCHED_INPUT_BYTES - place;
        uint16_t count = (uint16_t)(left < CHUNK ? left : CHUNK);
        isched_port_nv_write(0U, (isched_address_t)(ISCHED_INPUT_ADDRESS + place), &verify_input[place], count);
        place += count;
    }
    isched_port_nv_complete(0U);
}

void verify_main(void)
{
    isched_trace('B', 0U, 0UL, 0UL, 0UL);
    for (;;) {
        isched_status_t status = isched_run();
        if (status == ISCHED_IDLE) {
            isched_trace('I', 0U, 0UL, 0UL, 0UL);
            place_input();
            (void)isched_begin();
        } else if (status == ISCHED_DONE) {
            isched_trace_bytes('O', 0U, ISCHED_OUTPUT_ADDRESS, ISCHED_OUTPUT_BYTES);
            isched_trace('E', 0U, 0UL, 0UL, 0UL);
            board_end();
        } else {
            isched_trace('F', 0U, 0UL, 0UL, 0UL);
            board_end();
        }
    }
}
