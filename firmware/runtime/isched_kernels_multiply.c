/* Layers with weights: products added to sums, and sums made words. */
#include "schedule.h"

#ifdef ISCHED_ARITHMETIC

#include "isched_arithmetic.h"

const isched_kernel_t isched_kernel_multiply = {isched_multiply, isched_scale, NULL, 0};
const isched_kernel_t isched_kernel_multiply_each = {isched_multiply_each, isched_scale, NULL, 0};

/* A sum that a tile's products join. Sums that are words take them rounded, and saturate. */
static isched_sum_t isched_joined(isched_sum_t sum, isched_exact_t products, uint16_t channel)
{
#if ISCHED_ARITHMETIC == ISCHED_Q15
    const uint8_t shift = isched_shift(channel);
    const int32_t rounded = isched_shifted(products + (int32_t)((uint32_t)1U << (shift - 1U)), shift);
    return (isched_sum_t)isched_clipped((int32_t)sum + rounded, ISCHED_LEAST, ISCHED_GREATEST);
#else
    (void)channel;
    return (isched_sum_t)((isched_bits_t)sum + (isched_bits_t)products);
#endif
}

/* One staged pixel times the weights of one tap. */
static isched_exact_t isched_dot(const isched_word_t *operands, const isched_word_t *weights, uint16_t count,
                                    isched_word_t zero)
{
    isched_exact_t sum = 0;
    for (uint16_t lane = 0; lane < count; ++lane) {
        sum += ((isched_exact_t)operands[lane] - zero) * weights[lane];
    }
    return sum;
}

static isched_exact_t isched_window(const isched_tile_t *tile, const isched_word_t *corner,
                                       const isched_word_t *weights)
{
    const isched_layer_t *layer = tile->layer;
    isched_exact_t sum = 0;
    for (uint16_t down = 0; down < layer->kernel_rows; ++down) {
        const isched_word_t *pixel = corner + (size_t)down * layer->row_dilation * tile->staged_columns * tile->lanes;
        for (uint16_t across = 0; across < layer->kernel_columns; ++across) {
            sum += isched_dot(pixel, weights, tile->inputs, layer->input_zero);
            pixel += (size_t)layer->column_dilation * tile->lanes;
            weights += tile->lanes;
        }
    }
    return sum;
}

static const isched_word_t *isched_corner(const isched_tile_t *tile, uint16_t row, uint16_t column)
{
    const size_t pixel = (size_t)row * tile->row_step * tile->staged_columns + (size_t)column * tile->column_step;
    return tile->operands + pixel * tile->lanes;
}

ISCHED_WEAK void isched_multiply(const isched_tile_t *tile)
{
    const size_t taps = (size_t)tile->layer->kernel_rows * tile->layer->kernel_columns;
    const uint16_t channel = (uint16_t)(tile->layer->numbers + tile->output);
    isched_sum_t *sums = tile->sums;
    for (uint16_t row = 0; row < tile->rows; ++row) {
        for (uint16_t column = 0; column < tile->columns; ++column) {
            const isched_word_t *corner = isched_corner(tile, row, column);
            for (uint16_t output = 0; output < tile->outputs; ++output) {
                const isched_exact_t products =
                    isched_window(tile, corner, tile->weights + output * taps * tile->lanes);
                sums[output] = isched_joined(sums[output], products, (uint16_t)(channel + output));
            }
            sums += tile->pitch;
        }
    }
}

/* The products of one channel under a window. */
static isched_exact_t isched_channel(const isched_tile_t *tile, const isched_word_t *corner,
                                        const isched_word_t *weights)
{
    const isched_layer_t *layer = tile->layer;
    isched_exact_t sum = 0;
    for (uint16_t down = 0; down < layer->kernel_rows; ++down) {
        const isched_word_t *pixel = corner + (size_t)down * layer->row_dilation * tile->staged_columns * tile->lanes;
        for (uint16_t across = 0; across < layer->kernel_columns; ++across) {
            sum += ((isched_exact_t)*pixel - layer->input_zero) * *weights;
            pixel += (size_t)layer->column_dilation * tile->lanes;
            weights += tile->lanes;
        }
    }
    return sum;
}

ISCHED_WEAK void isched_multiply_each(const isched_tile_t *tile)
{
    const uint16_t channel = (uint16_t)(tile->layer->numbers + tile->output);
    isched_sum_t *sums = tile->sums;
    for (uint16_t row = 0; row < tile->rows; ++row) {
        for (uint16_t column = 0; column < tile->columns; ++column) {
            const isched_word_t *corner = isched_corner(tile, row, column);
            for (uint16_t lane = 0; lane < tile->inputs; ++lane) {
                const isched_exact_t products = isched_channel(tile, corner + lane, tile->weights + lane);
                sums[lane] = isched_joined(sums[lane], products, (uint16_t)(channel + lane));
            }
            sums += tile->pitch;
        }
    }
}

ISCHED_WEAK void isched_scale(const isched_tile_t *tile, const isched_sum_t *sums, isched_word_t *words)
{
    const isched_layer_t *layer = tile->layer;
    for (uint16_t output = 0; output < tile->outputs; ++output) {
#if ISCHED_ARITHMETIC == ISCHED_Q15
        const int32_t value = sums[output];
#else
        const uint16_t channel = (uint16_t)(layer->numbers + tile->output + output);
        const int32_t value = isched_scaled(sums[output], isched_multiplier(channel), isched_shift(channel));
#endif
        words[output] = isched_word(layer, value + layer->zero);
    }
}

#else
/* A schedule of tasks: C wants something in every file. */
typedef int isched_kernels_multiply_is_not_used_t;
#endif
