/* Lines of text for whoever watches a board. */
#include "isched_port.h"
#include "isched_trace.h"

#define CHUNK 16U

static void put_hex(uint32_t number, uint8_t digits)
{
    while (digits != 0U) {
        digits--;
        uint8_t digit = (uint8_t)((number >> (4U * digits)) & 15U);
        board_put((char)(digit < 10U ? '0' + digit : 'a' + (digit - 10)));
    }
}

static void put_start(char kind)
{
    board_put('\n');
    board_put('~');
    board_put(kind);
}

static void put_end(void)
{
    board_put(';');
    board_put('\n');
}

static void put_number(uint32_t number)
{
    board_put(' ');
    put_hex(number, number > 0xffffUL ? 8U : 4U);
}

void isched_trace(char kind, uint8_t count, uint32_t first, uint32_t second, uint32_t third)
{
    put_start(kind);
    if (count > 0U) {
        put_number(first);
    }
    if (count > 1U) {
        put_number(second);
    }
    if (count > 2U) {
        put_number(third);
    }
    put_end();
}

void isched_trace_bytes(char kind, uint8_t memory, uint32_t address, uint32_t bytes)
{
    uint8_t chunk[CHUNK];
    put_start(kind);
    board_put(' ');
    while (bytes != 0U) {
        uint16_t count = (uint16_t)(bytes < CHUNK ? bytes : CHUNK);
        isched_port_nv_read(memory, (isched_address_t)address, chunk, count);
        for (uint16_t i = 0U; i < count; i++) {
            put_hex(chunk[i], 2U);
        }
        address += count;
        bytes -= count;
    }
    put_end();
}
