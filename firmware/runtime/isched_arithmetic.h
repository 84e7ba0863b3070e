/* What kernels do with single numbers: shifts and divisions that round as the plan's numbers do, clipping, activations. */
#ifndef ISCHED_ARITHMETIC_H
#define ISCHED_ARITHMETIC_H

#include "isched_layers.h"

/* Compilers for small processors may come without functions for 64 bits. Only sums of 64 bits cannot do without. */
#ifndef ISCHED_HAS_INT64
#if defined(__MSP430__) || defined(MSP430)
#define ISCHED_HAS_INT64 0
#else
#define ISCHED_HAS_INT64 1
#endif
#endif

/* Shifted right, rounded down: of negative numbers C99 leaves it to the compiler. */
static inline int32_t isched_shifted(int32_t value, uint8_t shift)
{
    return (value < 0) ? ~(~value >> shift) : (value >> shift);
}

/* Added up modulo the width of sums: only what no layer has written can exceed it. */
#if ISCHED_ARITHMETIC == ISCHED_INT16
typedef uint64_t isched_bits_t;
#else
typedef uint32_t isched_bits_t;
#endif

/* Divided and rounded to the nearest, halves upward. */
static inline int32_t isched_mean(int32_t sum, int32_t count)
{
    const int32_t value = (int32_t)((uint32_t)sum + ((uint32_t)count / 2U));
    if (count == 0) {
        return 0;
    }
    const int32_t quotient = value / count;
    return ((value % count) < 0) ? (quotient - 1) : quotient;
}

static inline int32_t isched_clipped(int32_t value, int32_t least, int32_t greatest)
{
    return (value < least) ? least : ((value > greatest) ? greatest : value);
}

/* The word of a value: moved by nothing, clipped as the layer says, and activated. */
static inline isched_word_t isched_word(const isched_layer_t *layer, int32_t value)
{
    const int32_t word = isched_clipped(value, layer->least, layer->greatest);
    return (layer->activation == NULL) ? (isched_word_t)word : layer->activation[(size_t)(word - ISCHED_LEAST)];
}

/* What holds products exactly before they join a sum. */
#if ISCHED_ARITHMETIC == ISCHED_INT16
typedef int64_t isched_exact_t;
#else
typedef int32_t isched_exact_t;
#endif

/* (sum * multiplier + 2^(shift - 1)) / 2^shift, rounded down. What exceeds 30 bits comes out as 30 bits. */
#define ISCHED_SCALED_MOST 0x3fffffffL
int32_t isched_scaled(isched_exact_t sum, int32_t multiplier, uint8_t shift);

#endif
