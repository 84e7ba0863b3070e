"""Networks of any layers, under any plan, with numbers of an arithmetic, for what compiled kernels make of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate, groupby

import numpy as np
from hypothesis import strategies as st

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Width, Words
from ischedule.analysis.executor import run
from ischedule.analysis.layer_numbers import LayerNumbers, random_numbers, random_tensor
from ischedule.firmware.layer_image import NetworkImage, image_of
from ischedule.firmware.number_image import NumberImage, numbers_of
from ischedule.models.build import program_of
from ischedule.models.case import Case
from ischedule.models.device import Device
from ischedule.models.layout import layout_of
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import Program
from ischedule.models.storage import Slot
from tests.analysis.test_executor_networks import plans, small_case
from tests.firmware.layer_driver import Driver, library, run_in
from tests.models.network_strategies import networks

WIDTHS: dict[AnyWidth, tuple[Width, int | None]] = {
    Width.INT8: (Width.INT8, None),
    Width.INT16: (Width.INT16, 8),
    FixedPoint.Q15: (Width.INT16, None),
}
"""The words of each arithmetic, and the bytes of sums where a network states them."""


@dataclass(frozen=True)
class LayerTrial:
    """A network under a plan, numbers and an input."""

    case: Case
    program: Program
    plan: Plan
    numbers: list[LayerNumbers]
    words: Words
    image: NetworkImage
    addresses: dict[Slot, int]

    def expected(self) -> Words:
        """What the executor makes of it: the channels that the last layer writes."""
        return run(self.case, self.plan, self.words, self.numbers).output

    def found(self, *options: str, replaced: tuple[tuple[str, str, str], ...] = (), failures: int = 2) -> Words:
        """What compiled kernels make of it."""
        held: NumberImage = numbers_of(self.image, self.numbers)
        lib = library(self.image.width, *options, replaced=replaced)
        Driver(lib, self.image, held).prepare(self.plan.cycles)
        last = self.image.layers[-1]
        shape = last.kernel.shape
        pixels = shape.out_height * shape.out_width
        given = (self.addresses[Slot(0)], self.words)
        output = (last.addresses[last.sources], pixels * last.out_channels)
        found = run_in(lib, len(self.plan.cycles), self.image.arena, given, output, failures=failures)
        channels = slice(last.first_channel, last.first_channel + shape.out_channels)
        return found.reshape(shape.out_height, shape.out_width, last.out_channels)[:, :, channels]

    def require_equal(self, *options: str) -> None:
        """Both make the same."""
        expected = self.expected()
        np.testing.assert_array_equal(self.found(*options), expected.reshape(self.found(*options).shape))


def addresses_of(program: Program, plan: Plan) -> dict[Slot, int]:
    """Every buffer in memory of its own, with as few regions for sums as the plan's power cycles need."""
    buffers = layout_of(program, plan).buffers
    ends = accumulate((buffer.size for buffer in buffers.values()), initial=0)
    return dict(zip(buffers, ends, strict=False))


def in_runs(cycles: tuple[PowerCycles, ...]) -> tuple[PowerCycles, ...]:
    """Equal power cycles that follow one another as one run."""
    grouped = ((atoms, list(some)) for atoms, some in groupby(cycles, key=lambda one: one.atoms))
    return tuple(PowerCycles(sum(one.repeat for one in some), atoms, 0) for atoms, some in grouped)


@st.composite
def layer_trials(draw: st.DrawFn, width: AnyWidth, most_layers: int = 4, most_extent: int = 5) -> LayerTrial:
    """Any network, order of its layers, designs, power cycles and numbers."""
    word, sums = WIDTHS[width]
    network = replace(draw(networks(most_layers, most_extent)), width=word.value, sums=sums)
    case = small_case(word)
    assert isinstance(case.device, Device)
    device = replace(case.device, vector_multiple=draw(st.sampled_from([1, 2, 4])))
    case = replace(case, network=network, device=device)
    program = program_of(case)
    way, place = [], 0
    while place != program.end:
        step = draw(st.sampled_from([step for step in program.steps if step.source == place]))
        way.append(step.stage)
        place = step.target
    by_stage = draw(plans(program))
    designs = tuple(by_stage.designs[stage] for stage in way)
    plan = replace(by_stage, designs=designs, stages=tuple(way), cycles=in_runs(by_stage.cycles))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    zero = 0 if width is FixedPoint.Q15 else int(random.integers(-9, 9))
    numbers = [random_numbers(one.shape, width, random, zero) for one in case.lowered().kernels]
    addresses = addresses_of(program, plan)
    image = image_of(case, program, plan, addresses)
    return LayerTrial(case, program, plan, numbers, random_tensor(network.input, width, random), image, addresses)
