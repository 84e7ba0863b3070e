"""Which kernels run as a block: followed along tensors, and left out where a block could not be run."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ischedule.models.block import Block, block_tilings
from ischedule.models.build import program_of
from ischedule.models.case import Case, case_hash, load_case
from ischedule.models.fusion import MOST, block_form, runs_of
from ischedule.models.kernels import heaviest_cycle
from ischedule.models.layer import Layer, TensorShape
from ischedule.models.lowering import lowered
from ischedule.models.network import Network
from ischedule.models.program import Program, Step, TiledStage
from ischedule.models.tiling import stores_partial_sums
from tests.models.case_examples import NETWORK
from tests.models.network_strategies import networks

IMAGE = TensorShape(4, 8, 8)


def conv(name: str, source: str, **fields: object) -> Layer:
    return Layer(name, "conv2d", (source,), **({"out_channels": 4, "kernel": (3, 3)} | fields))  # type: ignore[arg-type]


def pool(name: str, source: str, kernel: int = 2, **fields: object) -> Layer:
    return Layer(name, "max_pool", (source,), kernel=(kernel, kernel), **fields)  # type: ignore[arg-type]


def names(*layers: Layer, fold: bool = True) -> list[str]:
    """The blocks of a network by the names of their kernels."""
    network = lowered(Network(IMAGE, layers, fold=fold))
    return [" ".join(network.kernels[place].name for place in run) for run in runs_of(network)]


def depthwise(name: str, source: str) -> Layer:
    return conv(name, source, groups=4, padding="same")


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        pytest.param((conv("c", "input"), pool("p", "c")), ["c p"], id="filter-and-pooling"),
        pytest.param((conv("c", "input"), conv("d", "c")), ["c d"], id="two-filters-over-channels"),
        pytest.param((conv("c", "input"), conv("d", "c"), conv("e", "d")), ["c d", "d e"], id="not-three-of-them"),
        pytest.param((depthwise("w", "input"), conv("c", "w", kernel=(1, 1))), ["w c"], id="separable-filter"),
        pytest.param(
            (conv("c", "input", kernel=(1, 1)), depthwise("w", "c"), conv("d", "w", kernel=(1, 1))),
            ["c w", "c w d", "w d"],
            id="inverted-residual",
        ),
        pytest.param(
            (
                conv("c", "input", kernel=(1, 1)),
                depthwise("w", "c"),
                conv("d", "w", kernel=(1, 1)),
                Layer("a", "add", ("d", "input")),
                pool("p", "a"),
            ),
            ["c w", "c w d", "c w d a", "w d", "w d a", "d a", "d a p", "a p"],
            id="inverted-residual-with-its-sum",
        ),
        pytest.param(
            (depthwise("w", "input"), conv("c", "w", kernel=(1, 1)), pool("p", "c"), pool("q", "p")),
            ["w c", "w c p", "c p", "c p q", "p q"],
            id="runs-of-up-to-three",
        ),
        pytest.param((conv("c", "input"), pool("p", "c"), pool("q", "c")), [], id="read-twice"),
        pytest.param((conv("c", "input"), pool("p", "c", 1, stride=(2, 2))), [], id="gaps-between-windows"),
        pytest.param((conv("c", "input"), Layer("g", "global_max_pool", ("c",))), [], id="whole-maps"),
        pytest.param((conv("c", "input"), Layer("s", "softmax", ("c",))), [], id="softmax"),
        pytest.param((conv("c", "input", groups=2), pool("p", "c")), [], id="grouped"),
        pytest.param(
            (conv("c", "input"), Layer("f", "flatten", ("c",)), Layer("d", "dense", ("f",), 3)), [], id="dense"
        ),
        pytest.param(
            (Layer("z", "pad", ("input",), padding=(1, 1, 1, 1)), pool("p", "z")), ["z p"], id="padding-first"
        ),
        pytest.param(
            (pool("p", "input"), Layer("z", "pad", ("p",), padding=(1, 1, 1, 1))), [], id="nothing-but-padding"
        ),
        pytest.param((Layer("a", "add", ("input", "input")), pool("p", "a")), ["a p"], id="sum-first"),
        pytest.param(
            (pool("p", "input"), pool("q", "input"), Layer("a", "add", ("p", "q"))), ["p a", "q a"], id="sum-behind"
        ),
        pytest.param((pool("p", "input"), Layer("a", "add", ("p", "p"))), [], id="sum-with-itself"),
    ],
)
def test_what_may_be_a_block(layers: tuple[Layer, ...], expected: list[str]) -> None:
    assert names(*layers) == expected


def test_activations_that_stand_alone_may_be_parts() -> None:
    layers = (conv("c", "input"), Layer("r", "activation", ("c",), activation="relu"), pool("p", "r"))
    assert names(*layers) == ["c p"]
    assert names(*layers, fold=False) == ["c r", "c r p", "r p"]


def case_of(network: Network, memory: int = 4096) -> Case:
    case = load_case(NETWORK)
    assert case.device is not None
    return replace(case, network=network, device=replace(case.device, volatile_memory=memory))


@given(networks(most_layers=6), st.sampled_from([60, 200, 4096]))
@settings(suppress_health_check=list(HealthCheck))
def test_blocks_stand_beside_the_stages_of_their_kernels(network: Network, memory: int) -> None:
    plain = program_of(case_of(network, memory))
    program = program_of(case_of(replace(network, fuse=True), memory))
    kernels = lowered(network).kernels
    assert program.stages[: len(kernels)] == plain.stages
    assert program.steps[: len(plain.steps)] == plain.steps
    readers = Counter(tensor for kernel in kernels for tensor in kernel.reads)
    for place, stage in enumerate(program.stages[len(kernels) :], len(kernels)):
        assert isinstance(stage, TiledStage)
        run = program.kernels_of(place)
        assert run == stage.kernels
        assert 2 <= len(run) <= MOST + (kernels[run[-1]].shape.kind == "add")
        assert stage.name == " + ".join(kernels[kernel].name for kernel in run)
        for before, after in itertools.pairwise(run):
            assert kernels[before].writes in kernels[after].reads
            assert len(kernels[after].reads) == 1 or kernels[after].shape.kind == "add"
            assert readers[kernels[before].writes] == 1
        (block,) = stage.forms
        assert isinstance(block, Block)
        require_some_design(program, stage, block)
        leading = {(step.source, step.stage): step.target for step in plain.steps}
        mine = [step for step in program.steps if step.stage == place]
        assert mine
        for step in mine:
            at = step.source
            for kernel in run:
                at = leading[at, kernel]
            assert at == step.target
    assert all(program.kernels_of(place) == (place,) for place in range(len(kernels)))


def require_some_design(program: Program, stage: TiledStage, block: Block) -> None:
    """Some design fits memory and a power cycle; none stores sums."""
    capacity = max(program.law.capacity, program.law.first_capacity)
    every = [tiling for tiling in block_tilings(0, block) if stage.fits(tiling)]
    assert any(heaviest_cycle(block, one, stage.prices, stage.ends) <= capacity for one in every)
    assert not any(stores_partial_sums(block, one) for one in every)


def test_a_block_that_does_not_fit_is_left_out() -> None:
    network = Network(IMAGE, (conv("c", "input"), pool("p", "c")), fuse=True)
    kernels = lowered(network)
    block = block_form(kernels, (0, 1))
    assert block is not None
    sizes = {memory: len(program_of(case_of(network, memory)).stages) for memory in (2 * 100, 2 * 80, 2 * 20)}
    assert sizes[200] == 3
    assert sizes[40] == 2


def test_steps_of_a_block_lead_over_several_boundaries() -> None:
    network = Network(IMAGE, (conv("c", "input"), pool("p", "c"), conv("d", "p", kernel=(1, 1))), fuse=True)
    program = program_of(case_of(network))
    assert [stage.name for stage in program.stages] == ["c", "p", "d", "c + p", "c + p + d", "p + d"]
    alone = (Step(0, 0, 1), Step(1, 1, 2), Step(2, 2, 3))
    assert program.steps == (*alone, Step(3, 0, 2), Step(4, 0, 3), Step(5, 1, 3))
    assert not program.is_chain
    assert program.path((3, 2)) is not None
    assert program.path((4,)) is not None
    assert program.path((3, 1, 2)) is None


def test_beside_a_stage_lie_the_least_of_the_others() -> None:
    network = Network(IMAGE, (conv("c", "input"), pool("p", "c"), conv("d", "p", kernel=(1, 1))), fuse=True)
    program = program_of(case_of(network))
    assert program.beside([5, 6, 7, 4, 30, 20]) == [13, 12, 4, 7, 0, 5]


def test_a_block_with_a_sum_waits_for_the_other_branch() -> None:
    """What is added must be there before the block begins, and stays until it ends."""
    layers = (
        conv("c", "input", kernel=(1, 1)),
        conv("s", "input", kernel=(1, 1)),
        Layer("a", "add", ("c", "s")),
    )
    program = program_of(case_of(Network(IMAGE, layers, fuse=True)))
    names = [stage.name for stage in program.stages]
    assert names == ["c", "s", "a", "c + a", "s + a"]
    assert program.path((1, 3)) is not None
    assert program.path((0, 4)) is not None
    assert program.path((3, 1)) is None
    assert program.storage is not None
    tensors = [kernel.writes for kernel in lowered(Network(IMAGE, layers)).kernels]
    assert program.storage.stages[3].reads == (0, tensors[1])
    assert program.storage.stages[4].reads == (0, tensors[0])


def test_it_is_for_a_case_to_ask_for_blocks() -> None:
    document = NETWORK | {"network": NETWORK["network"] | {"fuse": True}}
    asked, plain = load_case(document), load_case(NETWORK)
    assert asked.network is not None
    assert asked.network.fuse
    assert plain.network is not None
    assert not plain.network.fuse
    assert case_hash(asked) != case_hash(plain)
