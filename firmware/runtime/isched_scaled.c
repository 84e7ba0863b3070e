/* Sums scaled: the product of a sum and a multiplier, shifted and rounded, exactly. */
#include "schedule.h"

#ifdef ISCHED_ARITHMETIC

#include "isched_arithmetic.h"

#if ISCHED_ARITHMETIC == ISCHED_Q15

/* Products fit 32 bits: numbers with which they do not are not emitted. */
int32_t isched_scaled(isched_exact_t sum, int32_t multiplier, uint8_t shift)
{
    return isched_shifted(sum * multiplier + (int32_t)((uint32_t)1U << (shift - 1U)), shift);
}

#elif ISCHED_HAS_INT64 || ISCHED_ARITHMETIC == ISCHED_INT16

int32_t isched_scaled(isched_exact_t sum, int32_t multiplier, uint8_t shift)
{
    const uint64_t half = (uint64_t)1U << (shift - 1U);
    const int64_t product = (int64_t)((uint64_t)(int64_t)sum * (uint64_t)(int64_t)multiplier + half);
    const int64_t value = (product < 0) ? ~(~product >> shift) : (product >> shift);
    if (value > ISCHED_SCALED_MOST) {
        return ISCHED_SCALED_MOST;
    }
    return (value < -ISCHED_SCALED_MOST) ? (int32_t)-ISCHED_SCALED_MOST : (int32_t)value;
}

#else

/* A number of 64 bits in two parts; negative ones as their complement. */
typedef struct {
    uint32_t high;
    uint32_t low;
} isched_pair_t;

static isched_pair_t isched_product(uint32_t one, uint32_t other)
{
    const uint32_t low = (one & 0xffffU) * (other & 0xffffU);
    const uint32_t across = (one >> 16) * (other & 0xffffU);
    const uint32_t back = (one & 0xffffU) * (other >> 16);
    const uint32_t middle = (low >> 16) + (across & 0xffffU) + (back & 0xffffU);
    isched_pair_t found;
    found.low = (middle << 16) | (low & 0xffffU);
    found.high = (one >> 16) * (other >> 16) + (across >> 16) + (back >> 16) + (middle >> 16);
    return found;
}

/* Its complement if it is negative, so that all bits shifted out and in are those of a number that is not. */
static int32_t isched_pair_shifted(isched_pair_t pair, uint8_t shift)
{
    const uint32_t sign = ((pair.high >> 31) != 0U) ? 0xffffffffU : 0U;
    uint32_t high = pair.high ^ sign;
    uint32_t low = pair.low ^ sign;
    if (shift < 32U) {
        low = (low >> shift) | (high << (32U - shift));
        high >>= shift;
    } else {
        low = high >> (shift - 32U);
        high = 0U;
    }
    if ((high != 0U) || (low > (uint32_t)ISCHED_SCALED_MOST)) {
        low = (uint32_t)ISCHED_SCALED_MOST;
    }
    return (sign != 0U) ? ~(int32_t)low : (int32_t)low;
}

int32_t isched_scaled(isched_exact_t sum, int32_t multiplier, uint8_t shift)
{
    const uint8_t place = (uint8_t)(shift - 1U);
    isched_pair_t pair = isched_product((sum < 0) ? (0U - (uint32_t)sum) : (uint32_t)sum, (uint32_t)multiplier);
    if (sum < 0) {
        pair.low = 0U - pair.low;
        pair.high = ~pair.high + ((pair.low == 0U) ? 1U : 0U);
    }
    if (place < 32U) {
        const uint32_t half = (uint32_t)1U << place;
        pair.low += half;
        pair.high += (pair.low < half) ? 1U : 0U;
    } else {
        pair.high += (uint32_t)1U << (place - 32U);
    }
    return isched_pair_shifted(pair, shift);
}

#endif

#else
/* A schedule of tasks: C wants something in every file. */
typedef int isched_scaled_is_not_used_t;
#endif
