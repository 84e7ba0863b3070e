"""Networks of any layers, under any plan, with numbers of an arithmetic, for what compiled kernels make of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import accumulate, groupby, pairwise
from random import Random

import numpy as np
from hypothesis import strategies as st

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Width, Words
from ischedule.analysis.executor import run
from ischedule.analysis.layer_numbers import LayerNumbers, random_numbers, random_tensor
from ischedule.firmware.layer_image import NetworkImage, image_of
from ischedule.firmware.number_image import NumberImage, numbers_of
from ischedule.models.build import program_of
from ischedule.models.case import Case, load_case
from ischedule.models.device import Device
from ischedule.models.layout import atoms_of_design, layout_of
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import Program, TiledStage
from ischedule.models.storage import Slot
from ischedule.models.tiling import Tiling, innermost
from tests.analysis.test_executor_networks import plans, small_case
from tests.firmware.layer_driver import Driver, Replaced, library, run_in
from tests.models.case_examples import NETWORK
from tests.models.network_strategies import networks

GAP = 8

WIDTHS: dict[AnyWidth, tuple[Width, int | None]] = {
    Width.INT8: (Width.INT8, None),
    Width.INT16: (Width.INT16, 8),
    FixedPoint.Q15: (Width.INT16, None),
}
"""The words of each arithmetic, and the bytes of sums where a network states them."""


NETWORKS: dict[str, dict[str, object]] = {
    "windows": {
        "input": {"channels": 4, "height": 7, "width": 5},
        "fold": False,
        "layers": [
            {
                "name": "strided",
                "kind": "conv2d",
                "out_channels": 6,
                "kernel": [3, 2],
                "stride": [2, 1],
                "padding": [1, 2, 2, 0],
                "bias": True,
                "activation": "relu6",
            },
            {
                "name": "grouped",
                "kind": "conv2d",
                "out_channels": 6,
                "kernel": [2, 2],
                "dilation": 2,
                "groups": 2,
                "padding": "same",
                "activation": "relu",
            },
            {
                "name": "depthwise",
                "kind": "conv2d",
                "out_channels": 6,
                "kernel": [2, 3],
                "groups": 6,
                "padding": "same",
                "bias": True,
            },
            {"name": "around", "kind": "pad", "padding": [1, 0, 2, 1]},
            {"name": "highest", "kind": "max_pool", "kernel": [3, 2], "stride": [1, 2], "padding": [2, 0, 1, 1]},
            {"name": "norm", "kind": "batch_norm", "activation": "relu"},
            {"name": "apart", "kind": "conv2d", "out_channels": 5, "kernel": [1, 1], "stride": [3, 2]},
            {"name": "mean", "kind": "average_pool", "kernel": [2, 2], "stride": 1, "padding": "same"},
            {"name": "curve", "kind": "activation", "activation": "tanh"},
            {"name": "dense", "kind": "dense", "out_channels": 7, "bias": True},
            {"name": "shares", "kind": "softmax"},
        ],
    },
    "sums": {
        "input": {"channels": 9, "height": 4, "width": 3},
        "layers": [
            {"name": "mixed", "kind": "conv2d", "out_channels": 8, "kernel": [2, 2], "padding": "same", "bias": True},
            {"name": "points", "kind": "conv2d", "out_channels": 7, "kernel": [1, 1]},
            {"name": "inner", "kind": "dense", "out_channels": 11, "bias": True, "activation": "relu"},
            {"name": "outer", "kind": "dense", "out_channels": 9},
        ],
    },
    "branches": {
        "input": {"channels": 3, "height": 6, "width": 4},
        "layers": [
            {
                "name": "left",
                "kind": "conv2d",
                "inputs": ["input"],
                "out_channels": 4,
                "kernel": [3, 3],
                "padding": "same",
            },
            {"name": "right", "kind": "conv2d", "inputs": ["input"], "out_channels": 4, "kernel": [1, 1], "bias": True},
            {"name": "sum", "kind": "add", "inputs": ["left", "right", "left"], "activation": "relu"},
            {
                "name": "third",
                "kind": "conv2d",
                "inputs": ["sum"],
                "out_channels": 5,
                "kernel": [2, 1],
                "padding": "same",
            },
            {"name": "joined", "kind": "concat", "inputs": ["sum", "third", "right"]},
            {"name": "least", "kind": "conv2d", "inputs": ["joined"], "out_channels": 6, "kernel": [2, 2]},
            {"name": "pool", "kind": "global_average_pool"},
        ],
    },
    "maximum": {
        "input": {"channels": 5, "height": 7, "width": 6},
        "layers": [
            {"name": "line", "kind": "conv2d", "out_channels": 6, "kernel": [3, 1]},
            {"name": "even", "kind": "average_pool", "kernel": [4, 4], "stride": 1},
            {"name": "pool", "kind": "global_max_pool"},
        ],
    },
}
"""Networks of all kinds of layers, with windows that overlap, touch and lie apart, and padding on all sides."""


@cache
def case_of(name: str, width: AnyWidth) -> Case:
    """One of the networks, in an arithmetic."""
    word, sums = WIDTHS[width]
    base = small_case(word)
    network = load_case(NETWORK | {"network": NETWORKS[name]}).network
    assert network is not None
    return replace(base, network=replace(network, width=word.value, sums=sums))


@cache
def drawn_trial(name: str, width: AnyWidth, seed: int) -> LayerTrial:
    """One of the networks under some plan, with some numbers and input."""
    random, case = Random(f"{name} {width} {seed}"), case_of(name, width)
    assert isinstance(case.device, Device)
    case = replace(case, device=replace(case.device, vector_multiple=random.choice([1, 2, 4])))
    program = program_of(case)
    plan = drawn_plan(program, random, 100)
    return trial_of(case, program, plan, width, np.random.default_rng(seed))


def drawn_plan(program: Program, random: Random, most_atoms: int, most_cycles: int = 40) -> Plan:
    """Any designs with few atoms that fit, and power cycles anywhere."""
    designs, stages = [], []
    place = 0
    while place != program.end:
        step = random.choice([step for step in program.steps if step.source == place])
        stage = program.stages[step.stage]
        assert isinstance(stage, TiledStage)
        stages.append(step.stage)
        designs.append(drawn_design(stage, random, most_atoms))
        place = step.target
    lengths = [len(stage_of(program, s).chain(d)) for s, d in zip(stages, designs, strict=True)]
    atoms = sum(lengths)
    ends = {atoms, *random.sample(range(1, atoms + 1), min(atoms, random.randint(0, most_cycles)))}
    ends |= {end for end in accumulate(lengths) if random.random() < 0.3}
    sizes = [end - start for start, end in pairwise([0, *sorted(ends)])]
    return Plan(tuple(designs), in_runs(tuple(PowerCycles(1, size, 0) for size in sizes)), tuple(stages))


def stage_of(program: Program, place: int) -> TiledStage:
    stage = program.stages[place]
    assert isinstance(stage, TiledStage)
    return stage


def drawn_design(stage: TiledStage, random: Random, most_atoms: int) -> Tiling:
    """Any design with few atoms that fits."""
    while True:
        form = random.randrange(len(stage.forms))
        extent = stage.forms[form]
        tile = [-(-loop // random.choice([1, 1, 2, 3, 5, loop])) for loop in extent.loops]
        tile[3] = max(tile[3], extent.least_inputs)
        design = Tiling(form, random.choice(extent.orders), tile[0], tile[1], tile[2], tile[3], 1)
        design = replace(design, batch=random.randint(1, min(4, innermost(extent, design))))
        if stage.fits(design) and atoms_of_design(extent, design) <= most_atoms:
            return design


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

    @cached_property
    def expected(self) -> Words:
        """What the executor makes of it: the channels that the last layer writes."""
        return run(self.case, self.plan, self.words, self.numbers).output

    def found(self, *options: str, replaced: Replaced = (), failures: int = 2) -> Words:
        """What compiled kernels make of it."""
        held: NumberImage = numbers_of(self.image, self.numbers)
        lib = library(self.image.width, *options, replaced=replaced)
        Driver(lib, self.image, held).prepare(self.plan.cycles)
        last = self.image.layers[-1]
        shape = last.kernel.shape
        pixels = shape.out_height * shape.out_width
        given = (self.addresses[Slot(0)], self.words)
        output = (last.addresses[last.sources], pixels * last.out_channels)
        buffers = layout_of(self.program, self.plan).buffers
        ranges = [(self.addresses[slot], self.addresses[slot] + buffer.size) for slot, buffer in buffers.items()]
        runs, arena = len(self.plan.cycles), self.image.arena
        found = run_in(lib, runs, arena, given, output, failures=failures, buffers=ranges)
        channels = slice(last.first_channel, last.first_channel + shape.out_channels)
        return found.reshape(shape.out_height, shape.out_width, last.out_channels)[:, :, channels]

    def require_equal(self, *options: str) -> None:
        """Both make the same."""
        found = self.found(*options)
        np.testing.assert_array_equal(found, self.expected.reshape(found.shape))


def addresses_of(program: Program, plan: Plan) -> dict[Slot, int]:
    """Every buffer in memory of its own, with as few regions for sums as the plan's power cycles need.

    Between them there are a few bytes that nobody may touch.
    """
    buffers = layout_of(program, plan).buffers
    ends = accumulate((buffer.size + GAP for buffer in buffers.values()), initial=GAP)
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
    return trial_of(case, program, plan, width, np.random.default_rng(draw(st.integers(0, 2**32 - 1))))


def trial_of(case: Case, program: Program, plan: Plan, width: AnyWidth, random: np.random.Generator) -> LayerTrial:
    """A plan with some numbers and input."""
    assert case.network is not None
    zero = 0 if width is FixedPoint.Q15 else int(random.integers(-9, 9))
    numbers = [random_numbers(one.shape, width, random, zero) for one in case.lowered().kernels]
    addresses = addresses_of(program, plan)
    image = image_of(case, program, plan, addresses)
    words = random_tensor(case.network.input, width, random)
    return LayerTrial(case, program, plan, numbers, words, image, addresses)
