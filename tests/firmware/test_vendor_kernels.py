"""A vendor's kernel takes the place of the runtime's, and may work on whole vectors with their padding."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Width
from tests.firmware.layer_driver import library
from tests.firmware.layer_trials import drawn_trial

VENDOR = """\
#include "isched_arithmetic.h"
extern uint32_t vendor_calls;
uint32_t vendor_calls;
void isched_multiply(const isched_tile_t *tile)
{
    const isched_layer_t *layer = tile->layer;
    const uint16_t taps = (uint16_t)(layer->kernel_rows * layer->kernel_columns);
    ++vendor_calls;
    for (uint16_t pixel = 0; pixel < tile->rows * tile->columns; ++pixel) {
        const uint16_t row = pixel / tile->columns;
        const uint16_t column = pixel % tile->columns;
        for (uint16_t output = 0; output < tile->outputs; ++output) {
            isched_exact_t products = 0;
            for (uint16_t tap = 0; tap < taps; ++tap) {
                const uint16_t below = (uint16_t)(tap / layer->kernel_columns * layer->row_dilation);
                const uint16_t beside = (uint16_t)(tap % layer->kernel_columns * layer->column_dilation);
                const size_t down = (size_t)row * tile->row_step + below;
                const size_t across = (size_t)column * tile->column_step + beside;
                const isched_word_t *one = tile->operands + (down * tile->staged_columns + across) * tile->lanes;
                const isched_word_t *other = tile->weights + ((size_t)output * taps + tap) * tile->lanes;
                for (uint16_t lane = 0; lane < tile->lanes; ++lane) {
                    products += ((isched_exact_t)one[lane] - layer->input_zero) * other[lane];
                }
            }
            isched_sum_t *sum = &tile->sums[(size_t)pixel * tile->pitch + output];
#if ISCHED_ARITHMETIC == ISCHED_Q15
            const uint8_t shift = isched_shift((uint16_t)(layer->numbers + tile->output + output));
            const int32_t rounded = isched_shifted(products + (int32_t)(1UL << (shift - 1U)), shift);
            *sum = (isched_sum_t)isched_clipped(*sum + rounded, ISCHED_LEAST, ISCHED_GREATEST);
#else
            *sum = (isched_sum_t)((isched_bits_t)*sum + (isched_bits_t)products);
#endif
        }
    }
}
"""


@pytest.mark.parametrize("width", [Width.INT8, FixedPoint.Q15])
def test_a_function_of_the_same_name_takes_the_place_of_a_kernel(width: AnyWidth, tmp_path: Path) -> None:
    vendor = tmp_path / "vendor.c"
    vendor.write_text(VENDOR)
    options = (str(vendor), "-I.", "-Wno-conversion")
    for network in ("windows", "sums"):
        for seed in range(3):
            drawn_trial(network, width, seed).require_equal(*options)
    assert ctypes.c_uint32.in_dll(library(width, *options), "vendor_calls").value > 100
