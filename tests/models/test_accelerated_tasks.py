"""What power cycles of a network on an accelerator of layers take, against a device that is followed step by step."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import pytest

from ischedule.analysis.evaluate import evaluate
from ischedule.models.accelerated import accelerated
from ischedule.models.accelerator import LayerAccelerator, Loading
from ischedule.models.build import program_of
from ischedule.models.case import Case, case_hash
from ischedule.models.cost import Cost
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.errors import InputError
from ischedule.models.loaded import loaded
from ischedule.models.network import Network
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import ExplicitStage
from ischedule.models.tasks import TaskColumns
from ischedule.models.urgent import urgent_work
from ischedule.models.workload import explicit_tasks, works
from ischedule.solvers.solve import solve
from tests.models.accelerator_examples import CHAIN, RESIDUAL, board, chain, network

NOTHING = Cost(0, 0)
ROUNDING = 14
"""A unit for every atom, commit and resume of a cycle."""


def network_of(case: Case) -> Network:
    assert case.network is not None
    return case.network


def tasks_of(case: Case) -> TaskColumns:
    tasks = explicit_tasks(case)
    assert tasks is not None
    return tasks


def on(loading: Loading, case: Case) -> tuple[Case, LayerAccelerator]:
    device = replace(board(), loading=loading)
    return replace(case, device=device), device


class Board:
    """A device followed through one power cycle: what it has configured, loaded, fetched and spent."""

    def __init__(self, case: Case, device: LayerAccelerator) -> None:
        self.built = accelerated(network_of(case), device, case.streaming)
        self.device = device
        self.spent = NOTHING
        self.held: set[int] = set()
        self.loaded: set[int] = set()

    def size(self, tensor: int, *, is_result: bool = False) -> int:
        return self.built.tensors[tensor].elements * (4 if is_result else 1)

    def configure(self) -> None:
        self.spent += self.device.configure + self.device.cycle

    def load(self, layers: range) -> None:
        for index in layers:
            layer = self.built.layers[index]
            if index not in self.loaded and layer.weights:
                self.spent += self.device.weights.of(layer.weights + layer.biases)
            self.loaded.add(index)

    def fetch(self, tensor: int) -> None:
        if tensor not in self.held:
            price = self.device.restore if tensor else self.device.input
            self.spent += price.of(self.size(tensor))
        self.held.add(tensor)

    def run(self, index: int) -> None:
        layer = self.built.layers[index]
        assert index in self.loaded or not layer.weights
        assert self.held.issuperset(layer.reads)
        self.spent += self.device.start + self.device.cycle.times(layer.cycles(self.built.streams(index)))
        self.held.add(layer.writes)


def cycle_of(case: Case, device: LayerAccelerator, start: int, end: int, *, retained: bool = False) -> Cost:
    """What a power cycle takes that runs the layers from `start` until before `end` and moves just what it must."""
    board = Board(case, device)
    layers, count = board.built.layers, len(board.built.layers)
    makers = {0: -1} | {layer.writes: index for index, layer in enumerate(layers)}
    readers: dict[int, int] = {tensor: index for index, layer in enumerate(layers) for tensor in layer.reads}
    if start:
        board.spent += device.restore.of(device.record_bytes)
    if retained and start:
        board.held = {tensor for tensor, maker in makers.items() if maker < start}
        board.loaded = set(range(count)) if device.loading is Loading.NETWORK else set()
    if device.loading is not Loading.LAYER:
        board.configure()
        board.load(range(start, count if device.loading is Loading.NETWORK else end))
    for index in range(start, end):
        if device.loading is Loading.LAYER:
            if index == start or board.built.groups[index] != board.built.groups[index - 1]:
                board.configure()
            board.load(range(index, index + 1))
        for tensor in layers[index].reads:
            board.fetch(tensor)
        board.run(index)
    for tensor, maker in makers.items():
        is_result = tensor not in readers
        if start <= maker < end and (is_result or readers[tensor] >= end):
            price = device.result if end == count else device.save
            board.spent += price.of(board.size(tensor, is_result=is_result and layers[maker].wide))
    board.spent += device.save.of(device.record_bytes)
    return board.spent


def planned(tasks: TaskColumns, start: int, end: int) -> tuple[int, int]:
    """Amount and time of the same power cycle by the tasks, without booting."""
    amount = sum(tasks.amount[start:end]) + tasks.commit_amount[end - 1]
    time = sum(tasks.time[start:end]) + tasks.commit_time[end - 1]
    if start:
        amount, time = amount + tasks.resume_amount[start - 1], time + tasks.resume_time[start - 1]
    return amount, time


@pytest.mark.parametrize("loading", Loading)
@pytest.mark.parametrize("groups", [(), (("one", "two"),), (("two", "three", "dense"),)])
def test_a_chain_costs_exactly_what_the_device_does(loading: Loading, groups: tuple[tuple[str, ...], ...]) -> None:
    case, device = on(loading, replace(chain(), streaming=groups))
    tasks = tasks_of(case)
    cuts = [0, *(index + 1 for index in range(len(tasks)) if tasks.is_cut[index])]
    assert len(cuts) == 5 - sum(len(group) - 1 for group in groups)
    for start, end in combinations(cuts, 2):
        exact = cycle_of(case, device, start, end).rounded_up()
        amount, time = planned(tasks, start, end)
        assert 0 <= amount - exact.amount <= ROUNDING
        assert 0 <= time - exact.time <= ROUNDING


@pytest.mark.parametrize("loading", Loading)
def test_branches_cost_what_the_device_does_or_more(loading: Loading) -> None:
    case, device = on(loading, network(RESIDUAL))
    tasks = tasks_of(case)
    more = 0
    for start, end in combinations(range(len(tasks) + 1), 2):
        exact = cycle_of(case, device, start, end).rounded_up()
        amount, time = planned(tasks, start, end)
        assert amount >= exact.amount
        assert time >= exact.time
        more += amount > exact.amount + ROUNDING
    assert 0 < more < 15
    assert planned(tasks, 0, 5)[0] - cycle_of(case, device, 0, 5).rounded_up().amount <= ROUNDING


def test_what_is_live_at_each_cut() -> None:
    a = b = 8 * 256
    assert [work.saved for work in works(network(RESIDUAL))] == [a, a + b, a + b, 3 * 256, 3 * 256]


SLEEP: dict[str, Any] = {
    "policy": "fixed",
    "mechanism": "sense",
    "sleep": {
        "power": "0.387 mW",
        "poll_energy": "1 uJ",
        "poll_period": "100 ms",
        "wake": {"energy": "1 uJ", "time": "42 us"},
        "retained": True,
    },
}


@pytest.mark.parametrize("loading", Loading)
def test_who_sleeps_with_the_memories_kept_only_configures_again(loading: Loading) -> None:
    case, device = on(loading, chain(wake=SLEEP))
    tasks = tasks_of(case)
    for start, end in combinations(range(len(tasks) + 1), 2):
        exact = cycle_of(case, device, start, end, retained=True).rounded_up()
        amount, time = planned(tasks, start, end)
        assert 0 <= amount - exact.amount <= ROUNDING
        assert 0 <= time - exact.time <= ROUNDING


def test_too_little_power_keeps_no_memories() -> None:
    asleep = {**SLEEP, "sleep": {**SLEEP["sleep"], "power": "0.386 mW"}}
    with pytest.raises(InputError, match="is less than the 387 uW with which the device keeps") as caught:
        explicit_tasks(chain(wake=asleep))
    assert caught.value.path == "$.wake.sleep.power"
    lost = chain(wake={**asleep, "sleep": {**asleep["sleep"], "retained": False}})
    assert tasks_of(lost) == tasks_of(chain())


def test_volatile_memory_is_what_lies_in_all_memories() -> None:
    tasks = tasks_of(chain())
    pixels = 16 * 16
    assert list(tasks.volatile) == [
        pixels * 64 + pixels * 128,
        pixels * 128 + 64 * 64,
        64 * 64 + 36 * 64,
        36 * 64 + 64 * 4,
    ]
    streaming = tasks_of(replace(chain(), streaming=(("one", "two"),)))
    rows = 2 * (1 + 1)
    assert list(streaming.volatile)[:2] == [pixels * 64 + rows * 16 * 128 + 64 * 64] * 2
    held = [work.volatile // (pixels * 64) for work in works(network(RESIDUAL))]
    assert held == [2, 3, 4, 4, 3]


def test_a_network_that_its_memory_does_not_hold() -> None:
    found = program_of(chain(requirements={"volatile_memory": "48 KiB"}))
    assert isinstance(found.stages[0], ExplicitStage)
    assert found.stages[0].fits(0)
    short = program_of(chain(requirements={"volatile_memory": "49151 B"}))
    assert isinstance(short.stages[0], ExplicitStage)
    assert not short.stages[0].fits(0)


def test_no_cut_stands_where_two_copies_do_not_fit() -> None:
    inputs, saved = 3 * 256, [70 * 256, 20 * 64, 8 * 36, 40]
    assert [work.saved for work in works(chain())] == saved
    for index in (0, 1, 2):
        room = inputs + 2 * (saved[index] + 16)
        for missing, is_cut in ((0, True), (1, False)):
            case = chain(requirements={"nonvolatile_memory": f"{room - missing} B"})
            assert works(case)[index].is_cut is is_cut
    least = inputs + 2 * (40 + 16)
    assert program_of(chain(requirements={"nonvolatile_memory": f"{least} B"}))
    with pytest.raises(Unschedulable) as caught:
        program_of(chain(requirements={"nonvolatile_memory": f"{least - 1} B"}))
    assert (caught.value.diagnosis, caught.value.demanded) == (Diagnosis.NONVOLATILE_MEMORY, least)


def test_every_plan_of_a_network_adds_up() -> None:
    case = chain()
    program, answer = program_of(case), solve(program_of(case))
    assert answer.plan is not None
    level = answer.plan.cycles[0].level
    boot = case.boot.amount
    for count in range(4):
        for cuts in combinations((1, 2, 3), count):
            ends = [0, *cuts, 4]
            runs = tuple(PowerCycles(1, end - start, level) for start, end in pairwise(ends))
            found = evaluate(program, Plan((0,), runs))
            exact = sum(boot + planned(tasks_of(case), start, end)[0] for start, end in pairwise(ends))
            assert found.drain == exact


def test_streaming_belongs_to_the_hash_only_where_it_is_stated() -> None:
    assert case_hash(chain()) == case_hash(chain(options={"streaming": []}))
    assert case_hash(chain()) != case_hash(chain(options={"streaming": [["one", "two"]]}))
    assert case_hash(chain()) != case_hash(chain(device="max78000-transfers-only"))


def test_the_parts_of_urgent_work_are_those_of_the_tasks() -> None:
    case = chain()
    parts, tasks = urgent_work(case), tasks_of(case)
    assert parts is not None
    for index, layer in enumerate(parts.layers):
        configure = parts.configure.amount if index == 0 else 0
        whole = configure + layer.weights.amount + layer.input.amount + layer.run.amount
        assert 0 <= whole - tasks.amount[index] <= 3
        assert layer.save.amount == tasks.commit_amount[index]
        assert layer.name == tasks.name(index)
    resume = tasks.resume_amount[0] - parts.configure.amount - parts.layers[0].restore.amount
    record = board().restore.of(16).rounded_up().amount
    assert 0 <= record - resume <= 1
    assert parts.kept is not None
    assert parts.kept.power == 387 * 10**9
    assert parts.lost is not None
    assert parts.lost.power == 172 * 10**9
    assert urgent_work(chain(device="msp430fr5994-lea-2021")) is None
    every, _ = on(Loading.NETWORK, case)
    of_network = urgent_work(every)
    assert of_network is not None
    assert [one.weights for one in of_network.layers] == [one.weights for one in parts.layers]


def test_series_resistance_takes_what_the_board_draws_at_most() -> None:
    resistive = {**CHAIN["buffer"], "series_resistance": "10 ohm"}
    ideal, real = chain(), chain(buffer=resistive)
    assert ideal.load.range is not None
    assert (ideal.load.range.lo, ideal.load.range.hi) == board().powers()
    assert loaded(real).buffer.load_floor > 0
    assert sum(loaded(real).tasks(tasks_of(real)).amount) > sum(tasks_of(ideal).amount)
    wider = chain(buffer=resistive, load={"power": ["10 mW", "100 mW"]})
    assert loaded(wider).buffer.load_floor > loaded(real).buffer.load_floor
    with pytest.raises(InputError, match="does not cover what the device draws"):
        chain(load={"power": ["10 mW", "69 mW"]})


def test_nothing_is_kept_where_failures_are_allowed_for() -> None:
    kept, failing = chain(wake=SLEEP), chain(wake=SLEEP, requirements={"failures": 1})
    assert tasks_of(failing) == tasks_of(chain()) != tasks_of(kept)
