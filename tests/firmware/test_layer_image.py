"""What the runtime's layers do not carry out is refused, and numbers that are not a layer's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Scaling, Width
from ischedule.analysis.layer_numbers import LayerNumbers
from ischedule.firmware.layer_image import image_of
from ischedule.firmware.number_image import numbers_of
from ischedule.models.block import Block
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.errors import InputError
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Order, Tiling
from tests.firmware.layer_trials import case_of, drawn_trial
from tests.house.tree import ROOT


def test_a_plan_that_runs_a_block_is_refused() -> None:
    case = load_case(str(ROOT / "cases" / "activity-msp430-blocks.json"))
    program = program_of(case)
    blocks = [
        place
        for place, stage in enumerate(program.stages)
        if isinstance(stage, TiledStage) and isinstance(stage.forms[0], Block)
    ]
    plan = Plan((Tiling(0, Order.WEIGHT, 1, 1, 1, 1, 1),), (PowerCycles(1, 1, 0),), (blocks[0],))
    with pytest.raises(InputError, match='leave out "fuse"'):
        image_of(case, program, plan, {})


def test_more_than_16_bits_count_is_refused() -> None:
    case = case_of("maximum", Width.INT8)
    program = program_of(case)
    trial = drawn_trial("maximum", Width.INT8, 0)
    assert case.network is not None
    first = replace(case.network.layers[0], padding=(65_000, 600, 0, 0), stride=(40_000, 1))
    rest = tuple(replace(layer, kernel=(1, 1), stride=(1, 1)) for layer in case.network.layers[1:2])
    tall = replace(case, network=replace(case.network, layers=(first, *rest, *case.network.layers[2:])))
    with pytest.raises(InputError, match="rows with their padding"):
        image_of(tall, program, trial.plan, trial.addresses)


def changed(field: str, value: object) -> Callable[[LayerNumbers], LayerNumbers]:
    return lambda numbers: replace(numbers, **{field: value})  # type: ignore[arg-type]


WRONG: dict[str, tuple[str, AnyWidth, int, Callable[[LayerNumbers], LayerNumbers]]] = {
    "numbers of .* are": ("maximum", Width.INT8, 1, lambda _: LayerNumbers(Width.INT16)),
    "has .* weights": ("sums", Width.INT8, 0, changed("weights", np.ones((8, 1, 1, 1), np.int8))),
    "reads no bias": ("sums", Width.INT8, 1, changed("bias", np.zeros(7, np.int32))),
    "is a average_pool": ("maximum", Width.INT8, 1, changed("takes_maximum", True)),
    "has a scaling": ("branches", Width.INT8, 2, changed("scaling", Scaling.of(Fraction(1, 2), 3, Width.INT8))),
    "leave 32 bits": ("branches", FixedPoint.Q15, 2, changed("scaling", Scaling.of(Fraction(4, 5), 4, Width.INT16))),
    "more than 32 bits hold": ("windows", Width.INT8, -1, changed("exponentials", np.full(256, 1 << 24, np.int64))),
    "says what each word": ("windows", Width.INT8, -1, changed("exponentials", None)),
}


@pytest.mark.parametrize("match", WRONG)
def test_numbers_that_are_not_the_layer_s_are_refused(match: str) -> None:
    network, width, place, change = WRONG[match]
    trial = drawn_trial(network, width, 0)
    numbers = list(trial.numbers)
    numbers_of(trial.image, numbers)
    numbers[place] = change(numbers[place])
    with pytest.raises(ValueError, match=match):
        numbers_of(trial.image, numbers)


def test_equal_tables_are_kept_once_and_clipping_takes_none() -> None:
    trial = drawn_trial("windows", Width.INT8, 0)
    held = numbers_of(trial.image, trial.numbers)
    assert len(held.activations) == 1
    assert len(held.shares) == 1
    assert sum(layer.activation > 0 for layer in held.layers) == 1
    assert sum(layer.least == 0 for layer in held.layers) >= 2
