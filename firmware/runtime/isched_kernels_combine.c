/* Layers that make words of words at once: sums of tensors, copies, shares of exponentials. */
#include "schedule.h"

#ifdef ISCHED_ARITHMETIC

#include "isched_arithmetic.h"

const isched_kernel_t isched_kernel_add = {isched_add, NULL, NULL, 0};
const isched_kernel_t isched_kernel_copy = {isched_copy, NULL, NULL, 0};
const isched_kernel_t isched_kernel_softmax = {isched_softmax, NULL, NULL, 0};

/* The staged pixel of a result: these layers look at one each. */
static const isched_word_t *isched_pixel(const isched_tile_t *tile, uint16_t row, uint16_t column)
{
    return tile->operands + ((size_t)row * tile->staged_columns + column) * tile->lanes;
}

/* One word of all sources, scaled. */
static isched_word_t isched_added(const isched_tile_t *tile, const isched_word_t *operand, uint16_t channel)
{
    const isched_layer_t *layer = tile->layer;
    int32_t sum = 0;
    for (uint8_t source = 0; source < layer->sources; ++source) {
        sum += (int32_t)operand[source * tile->source_pitch] - layer->input_zero;
    }
    sum = isched_scaled(sum, isched_multiplier(channel), isched_shift(channel));
    return isched_word(layer, sum + layer->zero);
}

ISCHED_WEAK void isched_add(const isched_tile_t *tile)
{
    const uint16_t channel = (uint16_t)(tile->layer->numbers + tile->output);
    isched_word_t *words = tile->words;
    for (uint16_t row = 0; row < tile->rows; ++row) {
        for (uint16_t column = 0; column < tile->columns; ++column) {
            const isched_word_t *pixel = isched_pixel(tile, row, column);
            for (uint16_t lane = 0; lane < tile->inputs; ++lane) {
                words[lane] = isched_added(tile, pixel + lane, (uint16_t)(channel + lane));
            }
            words += tile->pitch;
        }
    }
}

ISCHED_WEAK void isched_copy(const isched_tile_t *tile)
{
    isched_word_t *words = tile->words;
    for (uint16_t row = 0; row < tile->rows; ++row) {
        for (uint16_t column = 0; column < tile->columns; ++column) {
            const isched_word_t *pixel = isched_pixel(tile, row, column);
            for (uint16_t lane = 0; lane < tile->inputs; ++lane) {
                words[lane] = isched_word(tile->layer, pixel[lane]);
            }
            words += tile->pitch;
        }
    }
}

/* Shares of the whole range of words; with words of 16 bits and wide counts they take more than 32 bits. */
#if ISCHED_ARITHMETIC == ISCHED_INT16
typedef uint64_t isched_share_t;
#else
typedef uint32_t isched_share_t;
#endif
#define ISCHED_RANGE ((isched_share_t)(ISCHED_GREATEST - ISCHED_LEAST))

static isched_share_t isched_counted(const isched_tile_t *tile, isched_word_t word)
{
    return tile->layer->shares[(size_t)(word - ISCHED_LEAST)];
}

ISCHED_WEAK void isched_softmax(const isched_tile_t *tile)
{
    isched_word_t *words = tile->words;
    for (uint16_t row = 0; row < tile->rows; ++row) {
        for (uint16_t column = 0; column < tile->columns; ++column) {
            const isched_word_t *pixel = isched_pixel(tile, row, column);
            isched_share_t whole = 0;
            for (uint16_t lane = 0; lane < tile->inputs; ++lane) {
                whole += isched_counted(tile, pixel[lane]);
            }
            for (uint16_t lane = 0; lane < tile->inputs; ++lane) {
                const isched_share_t twice = 2U * isched_counted(tile, pixel[lane]) * ISCHED_RANGE + whole;
                const isched_share_t share = twice / (2U * whole);
                words[lane] = isched_word(tile->layer, (int32_t)share + (int32_t)ISCHED_LEAST);
            }
            words += tile->pitch;
        }
    }
}

#else
/* A schedule of tasks: C wants something in every file. */
typedef int isched_kernels_combine_is_not_used_t;
#endif
