"""Defects seeded in the layers and kernels of the runtime: each gives other words, or leaves its memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Width
from tests.firmware.layer_trials import drawn_trial

LAYERS, STAGING, REGIONS = "isched_layers.c", "isched_staging.c", "isched_regions.c"
MULTIPLY, POOL, COMBINE, SCALED = (
    *("isched_kernels_multiply.c", "isched_kernels_pool.c", "isched_kernels_combine.c"),
    "isched_scaled.c",
)


@dataclass(frozen=True)
class Mutant:
    """Texts of a file that are replaced, and where it shows: in a network and an arithmetic."""

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    network: str = "windows"
    width: AnyWidth = Width.INT8


MUTANTS = (
    Mutant("halo dropped", STAGING, (("axis.extra = (uint16_t)(axis.reach - axis.step);", "axis.extra = 0;"),)),
    Mutant(
        "stale sums in order INPUT",
        LAYERS,
        (("if (pass.is_first == 0U) {", "if (pass.is_first > 9U) {"),),
        "sums",
    ),
    Mutant(
        "sums begin anew in order WEIGHT",
        LAYERS,
        (("        if (pass->is_first != 0U) {", "        if (pass->is_first <= 9U) {"),),
        "sums",
        FixedPoint.Q15,
    ),
    Mutant(
        "inputs not fetched again in order INPUT",
        LAYERS,
        (("if ((batch == 0U) || (resumes != 0U)) {", "if ((batch == 0U) || (resumes > 9U)) {"),),
        "sums",
    ),
    Mutant(
        "weights not fetched again in order WEIGHT",
        LAYERS,
        (("(batch == 0U) || (resumes != 0U))) {", "(batch == 0U) || (resumes > 9U))) {"),),
    ),
    Mutant(
        "sums not fetched again in order OUTPUT",
        LAYERS,
        (
            (
                "    } else if (resumes != 0U) {\n        isched_fetch_sums(&tile",
                "    } else if (resumes > 9U) {\n        isched_fetch_sums(&tile",
            ),
        ),
        "sums",
        Width.INT16,
    ),
    Mutant(
        "pooled sums not fetched again",
        LAYERS,
        (
            (
                "resumes != 0U) {\n        isched_fetch_sums(&result",
                "resumes > 9U) {\n        isched_fetch_sums(&result",
            ),
        ),
        "branches",
    ),
    Mutant(
        "tiles of a batch not joined",
        LAYERS,
        (("for (uint16_t slot = 1; slot < tiles", "for (uint16_t slot = 1; slot < tiles && slot > 9U"),),
        "branches",
    ),
    Mutant("bias forgotten", STAGING, (("ISCHED_HAS_BIAS) != 0U", "ISCHED_HAS_BIAS) > 99U"),)),
    Mutant(
        "last tile of rows as large as the others",
        LAYERS,
        (("isched_least((uint16_t)(layer->rows - tile->row), layer->tile_rows)", "layer->tile_rows"),),
    ),
    Mutant(
        "last tile of inputs as large as the others",
        LAYERS,
        (("isched_least((uint16_t)(layer->inputs - first), layer->tile_inputs)", "layer->tile_inputs"),),
        "sums",
    ),
    Mutant(
        "groups read the first one's inputs",
        LAYERS,
        (("(uint32_t)group * layer->inputs + first", "(uint32_t)0U * group + first"),),
    ),
    Mutant(
        "parts of a tensor begin at its first channel",
        STAGING,
        (("? layer->first_channel : 0U", "? 0U : 0U"),),
        "branches",
    ),
    Mutant("slots of a batch overlap operands", STAGING, (("each : (each * layer->batch)", "each : each"),)),
    Mutant(
        "windows that lie apart read as if they touched",
        STAGING,
        (("if (axis->reach < stride) {", "if (axis->reach > stride + 9U) {"),),
    ),
    Mutant(
        "weights of the first outputs",
        STAGING,
        (("(isched_offset_t)(tile->output * taps)", "(isched_offset_t)(0U * taps)"),),
        "sums",
    ),
    Mutant(
        "two regions where sums need three",
        REGIONS,
        (
            (
                "return (regions == 3U) ? (uint8_t)(1U + ((cycles - 1U - cycle) & 1U))",
                "return (regions == 9U) ? (uint8_t)0U",
            ),
            ("if (layer->regions < 3U) {", "if (layer->regions < 4U) {"),
        ),
        "sums",
        FixedPoint.Q15,
    ),
    Mutant(
        "two regions beside the tensor where sums need three",
        REGIONS,
        (("return (cycle == 1U) ? 2U : 3U;", "return (uint8_t)(3U - target);"),),
        "sums",
    ),
    Mutant(
        "a cycle in the middle leaves sums in the tensor",
        REGIONS,
        (("    if (cycle == cycles) {", "    if (cycle <= cycles) {"),),
        "sums",
        FixedPoint.Q15,
    ),
    Mutant(
        "sums wrap around",
        MULTIPLY,
        (
            (
                "(isched_sum_t)isched_clipped((int32_t)sum + rounded, ISCHED_LEAST, ISCHED_GREATEST)",
                "(isched_sum_t)((int32_t)sum + rounded)",
            ),
        ),
        "sums",
        FixedPoint.Q15,
    ),
    Mutant(
        "rounded down",
        SCALED,
        (("const uint64_t half = (uint64_t)1U << (shift - 1U);", "const uint64_t half = (uint64_t)shift & 0U;"),),
    ),
    Mutant("zero of the input added", MULTIPLY, (("operands[lane] - zero", "operands[lane] + zero"),)),
    Mutant(
        "dilation forgotten",
        MULTIPLY,
        (
            (
                "layer->input_zero);\n            pixel += (size_t)layer->column_dilation *",
                "layer->input_zero);\n            pixel += (size_t)1U *",
            ),
        ),
    ),
    Mutant(
        "padding takes part in pooling",
        POOL,
        (("(uint16_t)(position - padding) < size", "(uint16_t)(position - padding) <= size"),),
    ),
    Mutant("one source of a sum", COMBINE, (("source < layer->sources", "source < 1U"),), "branches"),
    Mutant("shares without rounding", COMBINE, (("* ISCHED_RANGE + whole", "* ISCHED_RANGE + 0U * whole"),)),
    Mutant(
        "a maximum that begins at zero",
        POOL,
        (("(isched_sum_t)ISCHED_LEAST", "(isched_sum_t)(ISCHED_LEAST + ISCHED_GREATEST + 99)"),),
        "maximum",
    ),
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_defect_is_noticed(mutant: Mutant) -> None:
    replaced = tuple((mutant.file, old, new) for old, new in mutant.changes)
    for seed in range(12):
        trial = drawn_trial(mutant.network, mutant.width, seed)
        try:
            found = trial.found("-O0", replaced=replaced)
        except AssertionError as fault:
            assert "an access outside" in str(fault)  # noqa: PT017
            return
        if not np.array_equal(found, trial.expected.reshape(found.shape)):
            return
    pytest.fail(f"{mutant.name} is not noticed")
