/* Recognises an activity. Each power cycle of the plan is one boot, which begins here with empty variables. */
#include "board_emulated.h"
#include "isched.h"
#include "isched_port.h"

/* Samples of a sensor would be read here. */
static void write_input(void)
{
    for (uint16_t place = 0U; place < ISCHED_INPUT_BYTES; ++place) {
        const uint8_t sample = (uint8_t)(place * 37U);
        isched_port_nv_write(0U, (isched_address_t)(ISCHED_INPUT_ADDRESS + place), &sample, 1U);
    }
    isched_port_nv_complete(0U);
}

/* A radio would send it. */
static void use_output(void)
{
    static const char digits[] = "0123456789abcdef";
    int8_t scores[ISCHED_OUTPUT_BYTES];
    isched_port_nv_read(0U, ISCHED_OUTPUT_ADDRESS, scores, ISCHED_OUTPUT_BYTES);
    for (uint16_t class = 0U; class < ISCHED_OUTPUT_BYTES; ++class) {
        board_put(digits[(uint8_t)scores[class] >> 4]);
        board_put(digits[(uint8_t)scores[class] & 15U]);
    }
    board_put('\n');
}

int main(void)
{
    for (;;) {
        switch (isched_run()) {
        case ISCHED_IDLE:
            write_input();
            if (isched_begin() == ISCHED_FAULT) {
                board_end();
            }
            break;
        case ISCHED_DONE: use_output(); (void)isched_release(); board_end(); break;
        default: board_end(); break; /* memory does not keep what is written to it */
        }
    }
}
