/* Kernels: what is computed on operands that lie in volatile memory.
 *
 * isched_layers.c moves operands and results between the memories, tile by tile in the order of the plan; a kernel works
 * on one staged tile. Every kernel is linked weakly: a function of the same name in the application, or a vendor's
 * library, takes its place. It has to give the same words, bit for bit, for every tile; it may use the padding of the
 * vectors, which holds the zero of the input in operands and 0 in weights.
 *
 * The network has one arithmetic (ISCHED_ARITHMETIC in schedule.h):
 *
 *     ISCHED_INT8    words of 8 bits, exact sums of 32 bits
 *     ISCHED_INT16   words of 16 bits, exact sums of 64 bits
 *     ISCHED_Q15     words of 16 bits, sums too: each tile of input channels adds its exact sum of 32 bits, rounded by
 *                    the shift of the output channel, and what exceeds 16 bits saturates
 */
#ifndef ISCHED_KERNELS_H
#define ISCHED_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "schedule.h"

#define ISCHED_INT8 8
#define ISCHED_INT16 16
#define ISCHED_Q15 15

#ifndef ISCHED_WEAK
#if defined(__GNUC__)
#define ISCHED_WEAK __attribute__((weak))
#else
#define ISCHED_WEAK
#endif
#endif

/* Words lie in memory that also serves for sums. */
#if defined(__GNUC__)
#define ISCHED_MAY_ALIAS __attribute__((may_alias))
#else
#define ISCHED_MAY_ALIAS
#endif

#if ISCHED_ARITHMETIC == ISCHED_INT8
typedef int8_t isched_word_t;
typedef int32_t isched_sum_t;
#define ISCHED_LEAST (-128L)
#define ISCHED_GREATEST 127L
#elif ISCHED_ARITHMETIC == ISCHED_INT16
typedef int16_t ISCHED_MAY_ALIAS isched_word_t;
typedef int64_t isched_sum_t;
#define ISCHED_LEAST (-32768L)
#define ISCHED_GREATEST 32767L
#elif ISCHED_ARITHMETIC == ISCHED_Q15
typedef int16_t isched_word_t;
typedef int16_t isched_sum_t;
#define ISCHED_LEAST (-32768L)
#define ISCHED_GREATEST 32767L
#else
#error "schedule.h says which arithmetic the network has"
#endif

/* Sums as wide as words lie in the tensor that becomes of them, wider ones beside it. */
#define ISCHED_SUMS_APART (ISCHED_ARITHMETIC != ISCHED_Q15)

typedef struct isched_layer isched_layer_t;

/* A tile with its operands staged. Results of pixel p (row by row) begin at sums[p * pitch], or words[p * pitch].
 * Staged pixels are `lanes` words each, `staged_columns` to a row: the window of the result in row r and column c of the
 * tile begins at row r * row_step and column c * column_step of them, its taps are the dilation of the layer apart.
 * Weights are [output][tap row][tap column][lane]; where each channel is worked on by itself [tap row][tap column][lane].
 * A further source, of a sum of tensors, is staged `source_pitch` words behind the one before. */
typedef struct {
    const isched_layer_t *layer;
    uint16_t row;    /* where it begins: result row, */
    uint16_t column; /* result column, */
    uint16_t output; /* result channel of all groups, */
    uint16_t input;  /* input channel of all groups */
    uint16_t rows;
    uint16_t columns;
    uint16_t outputs;
    uint16_t inputs;
    uint16_t lanes; /* inputs, and what a vector's length is padded with */
    uint16_t staged_rows;
    uint16_t staged_columns;
    uint16_t row_step;
    uint16_t column_step;
    uint16_t pitch;
    size_t source_pitch;
    isched_word_t *operands;
    isched_word_t *weights;
    isched_sum_t *sums;
    isched_word_t *words;
} isched_tile_t;

/* What computes a layer. `work` adds to the sums of the tile, or makes words at once where nothing is summed up.
 * `finish` makes words of the sums of one pixel (tile->outputs of them); these lie where the sums lie, so that each word
 * is written when its sum, and all before it, have been read. `join` joins what tiles of a global pooling have come to. */
typedef struct {
    void (*work)(const isched_tile_t *tile);
    void (*finish)(const isched_tile_t *tile, const isched_sum_t *sums, isched_word_t *words);
    void (*join)(isched_sum_t *sums, const isched_sum_t *others, uint16_t count);
    isched_sum_t start; /* what sums without a bias begin with */
} isched_kernel_t;

/* Convolutions and dense layers: sums of products over taps and input channels. */
extern const isched_kernel_t isched_kernel_multiply;
void isched_multiply(const isched_tile_t *tile);

/* Depthwise filters, and normalisations by themselves: sums of products over taps. */
extern const isched_kernel_t isched_kernel_multiply_each;
void isched_multiply_each(const isched_tile_t *tile);

/* Words from sums: scaled, moved by the zero of the output, clipped, and activated. */
void isched_scale(const isched_tile_t *tile, const isched_sum_t *sums, isched_word_t *words);

/* Pooling of windows: taps outside of the input do not count. */
extern const isched_kernel_t isched_kernel_pool_maximum;
extern const isched_kernel_t isched_kernel_pool_mean;
void isched_pool_maximum(const isched_tile_t *tile);
void isched_pool_mean(const isched_tile_t *tile);

/* Pooling of whole maps: rows and columns of the tile are the input's. */
extern const isched_kernel_t isched_kernel_global_maximum;
extern const isched_kernel_t isched_kernel_global_mean;
void isched_global_maximum(const isched_tile_t *tile);
void isched_global_mean(const isched_tile_t *tile);

/* Sums of tensors; tensors copied, padded or activated; shares of exponentials over the channels of a pixel. */
extern const isched_kernel_t isched_kernel_add;
extern const isched_kernel_t isched_kernel_copy;
extern const isched_kernel_t isched_kernel_softmax;
void isched_add(const isched_tile_t *tile);
void isched_copy(const isched_tile_t *tile);
void isched_softmax(const isched_tile_t *tile);

#endif
