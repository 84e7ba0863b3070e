/* Pooling, of windows and of whole maps. */
#include "schedule.h"

#ifdef ISCHED_ARITHMETIC

#include "isched_arithmetic.h"

static void isched_unchanged(const isched_tile_t *tile, const isched_sum_t *sums, isched_word_t *words);
static void isched_finish_mean(const isched_tile_t *tile, const isched_sum_t *sums, isched_word_t *words);
static void isched_join_maxima(isched_sum_t *sums, const isched_sum_t *others, uint16_t count);
static void isched_join_sums(isched_sum_t *sums, const isched_sum_t *others, uint16_t count);

const isched_kernel_t isched_kernel_pool_maximum = {isched_pool_maximum, NULL, NULL, 0};
const isched_kernel_t isched_kernel_pool_mean = {isched_pool_mean, NULL, NULL, 0};
const isched_kernel_t isched_kernel_global_maximum = {isched_global_maximum, isched_unchanged, isched_join_maxima,
                                                      (isched_sum_t)ISCHED_LEAST};
const isched_kernel_t isched_kernel_global_mean = {isched_global_mean, isched_finish_mean, isched_join_sums, 0};

/* What one channel comes to under a window: taps in the input, their sum, the greatest word. */
typedef struct {
    int32_t count;
    int32_t sum;
    isched_word_t greatest;
} isched_pooled_t;

/* Whether a position of the padded input lies in the input. */
static uint8_t isched_inside(uint16_t position, uint16_t padding, uint16_t size)
{
    return ((position >= padding) && ((uint16_t)(position - padding) < size)) ? 1U : 0U;
}

static isched_pooled_t isched_pooled(const isched_tile_t *tile, uint16_t row, uint16_t column, uint16_t lane)
{
    const isched_layer_t *layer = tile->layer;
    const size_t corner = (size_t)row * tile->row_step * tile->staged_columns + (size_t)column * tile->column_step;
    const uint16_t top = (uint16_t)((tile->row + row) * layer->row_stride);
    const uint16_t left = (uint16_t)((tile->column + column) * layer->column_stride);
    isched_pooled_t found = {0, 0, (isched_word_t)ISCHED_LEAST};
    for (uint16_t down = 0; down < layer->kernel_rows; ++down) {
        if (isched_inside((uint16_t)(top + down * layer->row_dilation), layer->top, layer->in_rows) == 0U) {
            continue;
        }
        for (uint16_t across = 0; across < layer->kernel_columns; ++across) {
            const uint16_t place = (uint16_t)(left + across * layer->column_dilation);
            if (isched_inside(place, layer->left, layer->in_columns) == 0U) {
                continue;
            }
            const size_t pixel = corner + (size_t)down * layer->row_dilation * tile->staged_columns +
                                 (size_t)across * layer->column_dilation;
            const isched_word_t word = tile->operands[pixel * tile->lanes + lane];
            found.count += 1;
            found.sum += word;
            if (word > found.greatest) {
                found.greatest = word;
            }
        }
    }
    return found;
}

ISCHED_WEAK void isched_pool_maximum(const isched_tile_t *tile)
{
    isched_word_t *words = tile->words;
    for (uint16_t row = 0; row < tile->rows; ++row) {
        for (uint16_t column = 0; column < tile->columns; ++column) {
            for (uint16_t lane = 0; lane < tile->inputs; ++lane) {
                words[lane] = isched_word(tile->layer, isched_pooled(tile, row, column, lane).greatest);
            }
            words += tile->pitch;
        }
    }
}

ISCHED_WEAK void isched_pool_mean(const isched_tile_t *tile)
{
    isched_word_t *words = tile->words;
    for (uint16_t row = 0; row < tile->rows; ++row) {
        for (uint16_t column = 0; column < tile->columns; ++column) {
            for (uint16_t lane = 0; lane < tile->inputs; ++lane) {
                const isched_pooled_t found = isched_pooled(tile, row, column, lane);
                words[lane] = isched_word(tile->layer, isched_mean(found.sum, found.count));
            }
            words += tile->pitch;
        }
    }
}

ISCHED_WEAK void isched_global_maximum(const isched_tile_t *tile)
{
    const size_t pixels = (size_t)tile->rows * tile->columns;
    for (uint16_t lane = 0; lane < tile->outputs; ++lane) {
        for (size_t pixel = 0; pixel < pixels; ++pixel) {
            const isched_word_t word = tile->operands[pixel * tile->lanes + lane];
            tile->sums[lane] = (word > tile->sums[lane]) ? word : tile->sums[lane];
        }
    }
}

/* Sums that are words take what each tile adds to the mean, rounded. */
ISCHED_WEAK void isched_global_mean(const isched_tile_t *tile)
{
    const size_t pixels = (size_t)tile->rows * tile->columns;
    for (uint16_t lane = 0; lane < tile->outputs; ++lane) {
        int32_t sum = 0;
        for (size_t pixel = 0; pixel < pixels; ++pixel) {
            sum += tile->operands[pixel * tile->lanes + lane];
        }
#if ISCHED_ARITHMETIC == ISCHED_Q15
        sum = isched_mean(sum, (int32_t)tile->layer->rows * tile->layer->columns);
        tile->sums[lane] = (isched_sum_t)isched_clipped(tile->sums[lane] + sum, ISCHED_LEAST, ISCHED_GREATEST);
#else
        tile->sums[lane] = (isched_sum_t)((isched_bits_t)tile->sums[lane] + (isched_bits_t)sum);
#endif
    }
}

static void isched_unchanged(const isched_tile_t *tile, const isched_sum_t *sums, isched_word_t *words)
{
    for (uint16_t lane = 0; lane < tile->outputs; ++lane) {
        words[lane] = isched_word(tile->layer, (int32_t)sums[lane]);
    }
}

static void isched_finish_mean(const isched_tile_t *tile, const isched_sum_t *sums, isched_word_t *words)
{
#if ISCHED_ARITHMETIC == ISCHED_Q15
    isched_unchanged(tile, sums, words);
#else
    const int32_t area = (int32_t)tile->layer->rows * tile->layer->columns;
    for (uint16_t lane = 0; lane < tile->outputs; ++lane) {
        words[lane] = isched_word(tile->layer, isched_mean((int32_t)sums[lane], area));
    }
#endif
}

static void isched_join_maxima(isched_sum_t *sums, const isched_sum_t *others, uint16_t count)
{
    for (uint16_t lane = 0; lane < count; ++lane) {
        sums[lane] = (others[lane] > sums[lane]) ? others[lane] : sums[lane];
    }
}

static void isched_join_sums(isched_sum_t *sums, const isched_sum_t *others, uint16_t count)
{
    for (uint16_t lane = 0; lane < count; ++lane) {
#if ISCHED_ARITHMETIC == ISCHED_Q15
        sums[lane] = (isched_sum_t)isched_clipped((int32_t)sums[lane] + others[lane], ISCHED_LEAST, ISCHED_GREATEST);
#else
        sums[lane] = (isched_sum_t)((isched_bits_t)sums[lane] + (isched_bits_t)others[lane]);
#endif
    }
}

#else
/* A schedule of tasks: C wants something in every file. */
typedef int isched_kernels_pool_is_not_used_t;
#endif
