/* How often a change of metadata is not noticed, in a cell.
 *
 * Prints `HEADS SAME OLDER FLIPS ACCEPTED DRAWN HITS`: of all values that a head can be changed to, so many stand for the
 * record that is there (only boots differ) and so many for the one before it; of a record with up to four bits flipped,
 * or a burst of up to 32, so many were tried and so many verify; of records drawn at random so many have a checksum that
 * agrees in its last 16 bits, which says how it spreads. */
#include <stdio.h>
#include <string.h>

#include "protocol/board.h"
#include "isched_record.h"

#define HEADS ((ISCHED_META_UNIT > 1U) ? 65536UL : 256UL)
#define BITS ((uint32_t)(8U * ISCHED_RECORD_BYTES))
#define BURSTS 500000UL
#define DRAWN 2097152UL
#define OLDER 2U
#define NEWER 3U

void firmware_boots(void);
void board_begins(unsigned cycle, unsigned level) { (void)cycle; (void)level; }
void board_wrong(const char *what) { (void)what; }
void isched_port_stuck(isched_step_t cycle) { (void)cycle; }
void isched_port_end_of_cycle(void) {}
uint16_t isched_port_wait_for_level(uint16_t code) { return code; }

static uint16_t record[ISCHED_RECORD_WORDS];
static unsigned long tried;
static unsigned long accepted;

static uint32_t drawn(void)
{
    static uint64_t seed = 88172645463325252ULL;
    seed ^= seed << 13U;
    seed ^= seed >> 7U;
    seed ^= seed << 17U;
    return (uint32_t)(seed >> 32U);
}

static void count_heads(void)
{
    unsigned long same = 0;
    unsigned long older = 0;
    isched_step_t step;
    uint8_t *head = &board.kept.bytes[0][ISCHED_META_ADDRESS];
    uint16_t here = 0;
    kept_t kept;
    (void)isched_store_load();
    (void)isched_store_publish(OLDER);
    (void)isched_store_publish(NEWER);
    memcpy(&here, head, (HEADS > 256U) ? 2U : 1U);
    kept = board.kept;
    for (uint32_t value = 0; value < HEADS; ++value) {
        const uint16_t changed = (uint16_t)value;
        board.kept = kept;
        memcpy(head, &changed, (HEADS > 256U) ? 2U : 1U);
        step = isched_store_load();
        same += (unsigned long)(step == NEWER && changed != here);
        older += (unsigned long)(step == OLDER);
    }
    printf("%lu %lu %lu ", HEADS - 1U, same, older);
}

static void flip(uint32_t bit)
{
    record[bit / 16U] ^= (uint16_t)(1U << (bit % 16U));
}

static void judge(void)
{
    isched_step_t step;
    uint16_t copy[ISCHED_RECORD_WORDS];
    ++tried;
    memcpy(copy, record, sizeof copy);
    accepted += isched_record_read(copy, 1U, &step);
}

/* Up to `left` more bits, behind the bit `from`. */
static void flip_bits(uint32_t from, uint32_t left)
{
    for (uint32_t bit = from; bit < BITS; ++bit) {
        flip(bit);
        judge();
        if (left > 1U) {
            flip_bits(bit + 1U, left - 1U);
        }
        flip(bit);
    }
}

static void flip_bursts(void)
{
    for (unsigned long number = 0; number < BURSTS; ++number) {
        const uint32_t at = drawn() % (BITS - 31U);
        const uint32_t pattern = drawn() | 1U;
        for (uint32_t bit = 0; bit < 32U; ++bit) {
            if (((pattern >> bit) & 1U) != 0U) {
                flip(at + bit);
            }
        }
        judge();
        for (uint32_t bit = 0; bit < 32U; ++bit) {
            if (((pattern >> bit) & 1U) != 0U) {
                flip(at + bit);
            }
        }
    }
}

static void draw_records(void)
{
    unsigned long hits = 0;
    for (unsigned long number = 0; number < DRAWN; ++number) {
        uint16_t made[ISCHED_RECORD_WORDS];
        for (uint32_t at = 0; at < ISCHED_RECORD_WORDS; ++at) {
            record[at] = (uint16_t)drawn();
        }
        judge();
        memcpy(made, record, sizeof made);
        isched_record_make(made, (isched_step_t)record[2], 1U);
        hits += (unsigned long)(made[3] == record[3]);
    }
    printf("%lu %lu %lu %lu\n", tried, accepted, DRAWN, hits);
}

int main(void)
{
    count_heads();
    isched_record_make(record, NEWER, 1U);
    flip_bits(0U, 4U);
    flip_bursts();
    draw_records();
    return 0;
}
