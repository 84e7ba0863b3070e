"""A plan executed on real numbers: every layer tile by tile, every power cycle from what was published before it.

The steps are those of `models.nest`, which the kernels price. Volatile memory is garbage whenever a power cycle begins,
so a cycle that starts inside a row has what it fetches again and nothing else; power may fail before any command, and
the cycle is run again, with those before it whose publish was skipped. The output equals a direct evaluation of the
network, and what was counted equals what the plan is charged for: the tests of this module are what keeps the cost
model honest.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, repeat

import numpy as np

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Width, Words
from ischedule.analysis.block_run import BlockRun, Member
from ischedule.analysis.kernel_run import KernelRun
from ischedule.analysis.layer_numbers import LayerNumbers, random_tensor
from ischedule.analysis.memories import Holds, Region
from ischedule.analysis.network_zeros import drawn_numbers
from ischedule.analysis.numbers_file import read_numbers
from ischedule.models.block import Block
from ischedule.models.build import program_of, sum_width
from ischedule.models.case import Case
from ischedule.models.device import Device
from ischedule.models.errors import InputError
from ischedule.models.layer import Sides
from ischedule.models.lowering import Lowered
from ischedule.models.nest import AtomSteps, Step, Work, atoms_of, work_of
from ischedule.models.plan import Plan
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Extent, Tiling


class PowerFailure(Exception):
    """Power failed: the cycle in progress is lost."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A layer to run: the loop nest that computes it, its design, its numbers, and the padding of its input.

    ``reads`` and ``writes`` are tensors by number (0: the input), by default what the layer before writes and one of
    its own. ``reads_as`` is the shape under which it sees its inputs, ``channels`` where its results lie among those of
    the tensor, and how many that has. ``then`` are the later kernels of a block: numbers, padding, and the tensors that
    each reads besides what the one before it keeps. Stored sums are ``apart`` from results unless tensors have room for
    them.
    """

    extent: Extent
    tiling: Tiling
    numbers: LayerNumbers
    padding: Sides = (0, 0, 0, 0)
    reads: tuple[int, ...] = ()
    writes: int | None = None
    reads_as: tuple[int, int, int] | None = None
    channels: tuple[int, int] | None = None
    then: tuple[tuple[LayerNumbers, Sides, tuple[int, ...]], ...] = ()
    apart: bool = True


@dataclass(frozen=True, slots=True)
class CycleRun:
    """A power cycle that was published: how often it began, and the work of its last attempt, layer by layer."""

    attempts: int
    work: tuple[tuple[int, Work], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Execution:
    """What running a plan gave and took.

    ``commands`` counts the places where power may fail: transfers, and steps without any, also those of attempts that
    failed. ``operands`` and ``sums`` are the most words and sums that each layer held in volatile memory.
    """

    output: Words
    cycles: tuple[CycleRun, ...]
    commands: int
    operands: tuple[int, ...]
    sums: tuple[int, ...]
    width: AnyWidth

    def volatile_elements(self, layer: int) -> int:
        """Elements of volatile memory that a layer needs, a sum counted as one."""
        return self.operands[layer] + self.sums[layer]

    def volatile_bytes(self, layer: int) -> int:
        """Bytes of volatile memory that a layer needs, with sums as wide as they are here."""
        width = self.width
        return self.operands[layer] * width.word.itemsize + self.sums[layer] * width.sum.itemsize

    @property
    def work(self) -> Work:
        """All published work."""
        return sum((work for cycle in self.cycles for _, work in cycle.work), Work())


class Executor:
    """Layers placed one after the other, cut into power cycles, and the non-volatile memory that they share."""

    def __init__(
        self, layers: Sequence[Placed], ends: Sequence[int], words: Words, multiple: int = 1, seed: int = 0
    ) -> None:
        """``ends`` are the numbers of atoms, counted over all layers, after which power cycles end."""
        self._random = np.random.default_rng(seed)
        self._atoms = [list(atoms_of(layer.extent, layer.tiling)) for layer in layers]
        self._firsts = [0, *accumulate(map(len, self._atoms))]
        if not ends or ends[-1] != self._firsts[-1] or list(ends) != sorted(set(ends)) or ends[0] < 1:
            raise ValueError(f"power cycles end after 1 to {self._firsts[-1]} atoms, ascending, not after {list(ends)}")
        self._ends = list(ends)
        self.runs: list[KernelRun | BlockRun] = []
        self._tensors = {0: Region.of(words, self._random)}
        for index, layer in enumerate(layers):
            sources = [self._tensors[tensor] for tensor in layer.reads or (index,)]
            writes, into = index + 1 if layer.writes is None else layer.writes, self._part(layer)
            run = self._run_of(layer, sources, multiple, into)
            self.runs.append(run)
            self._tensors.setdefault(writes, run.results.region)
        self._multiple = multiple
        self._commands = 0
        self._failures: list[int] = []

    def _run_of(
        self, layer: Placed, sources: Sequence[Region], multiple: int, into: Region | None
    ) -> KernelRun | BlockRun:
        extent, tiling, numbers, padding = layer.extent, layer.tiling, layer.numbers, layer.padding
        if not isinstance(extent, Block):
            run = (extent, tiling, numbers, sources, multiple, self._random, padding, layer.reads_as, into, layer.apart)
            return KernelRun(*run)
        members = [Member(numbers, padding, sources)]
        for later, sides, reads in layer.then:
            members.append(Member(later, sides, [self._tensors[tensor] for tensor in reads]))
        return BlockRun(extent, tiling, members, multiple, self._random, into)

    def _part(self, layer: Placed) -> Region | None:
        """Where the results of a layer end that fill some channels of a tensor."""
        if layer.channels is None or layer.writes is None:
            return None
        extent, (start, whole) = layer.extent, layer.channels
        if layer.writes not in self._tensors:
            shape = (extent.rows, extent.columns, whole)
            width = layer.numbers.width
            self._tensors[layer.writes] = Region(shape, width.word if layer.apart else width.sum, self._random)
        return self._tensors[layer.writes].channels(start, start + extent.groups * extent.results)

    def run(self, failures: Iterable[int] = (), skipped: Collection[int] = ()) -> Execution:
        """Run to the end; power fails before each command with one of these numbers, counted over all attempts.

        The publishes after the power cycles with the numbers ``skipped``, from 1, are left out.
        """
        self._failures = sorted(set(failures), reverse=True)
        cycles: list[CycleRun] = []
        joined: list[tuple[int, int]] = []
        for number, span in enumerate(zip([0, *self._ends], self._ends, strict=False), 1):
            joined.append(span)
            if number not in skipped or number == len(self._ends):
                cycles += self._published(joined)
                joined = []
        region = self.runs[-1].results.region
        output = region.read(_everything(region), Holds.RESULT).astype(self.runs[-1].numbers.width.word)
        operands = tuple(run.operand_elements for run in self.runs)
        sums, width = tuple(run.sum_elements for run in self.runs), self.runs[-1].numbers.width
        return Execution(output, tuple(cycles), self._commands, operands, sums, width)

    def _published(self, cycles: Sequence[tuple[int, int]]) -> list[CycleRun]:
        """Attempts at power cycles, only the last of which is published, until it is."""
        attempts = [0] * len(cycles)
        involved = self.runs[self._layer(cycles[0][0]) : self._layer(cycles[-1][1] - 1) + 1]
        while True:
            try:
                work = self._attempts(cycles, involved, attempts)
                break
            except PowerFailure:
                for run in involved:
                    run.results.lose()
        for run in involved:
            run.results.publish()
        return [CycleRun(number, tuple(done)) for number, done in zip(attempts, work, strict=True)]

    def _attempts(
        self, cycles: Sequence[tuple[int, int]], involved: Sequence[KernelRun | BlockRun], attempts: list[int]
    ) -> list[list[tuple[int, Work]]]:
        """Power cycles one after the other, each of which begins with garbage in volatile memory."""
        work = []
        for place, (start, end) in enumerate(cycles):
            if place:
                for run in involved:
                    run.results.keep()
            attempts[place] += 1
            work.append(self._attempt(start, end))
            self._pass(1)
        return work

    def _layer(self, atom: int) -> int:
        return bisect_right(self._firsts, atom) - 1

    def _attempt(self, start: int, end: int) -> list[tuple[int, Work]]:
        """Everything of a power cycle but its publish."""
        for run in self.runs:
            run.poison()
        self._pass(1)
        return [(layer, self._layer_in_cycle(layer, start, end)) for layer in self._layers(start, end)]

    def _layers(self, start: int, end: int) -> Iterable[int]:
        return range(self._layer(start), self._layer(end - 1) + 1)

    def _layer_in_cycle(self, layer: int, start: int, end: int) -> Work:
        first = max(start - self._firsts[layer], 0)
        atoms = self._atoms[layer][first : end - self._firsts[layer]]
        run = self.runs[layer]
        run.results.plan(atoms)
        work = Work()
        for step in _steps(atoms):
            work += self._step(run, step)
        return work

    def _step(self, run: KernelRun | BlockRun, step: Step) -> Work:
        commands = max(1, work_of(run.extent, step, self._multiple).commands)
        if self._failures and self._failures[-1] < self._commands + commands:
            run.perform(step, self._failures[-1] - self._commands)
        self._pass(commands)
        return run.perform(step)

    def _pass(self, commands: int) -> None:
        """Count commands; raise if power fails before one of them."""
        if self._failures and self._failures[-1] < self._commands + commands:
            self._commands = self._failures.pop()
            raise PowerFailure
        self._commands += commands


def _steps(atoms: Sequence[AtomSteps]) -> Iterator[Step]:
    """What a power cycle does that runs these atoms of a layer."""
    yield from atoms[0].again
    for atom in atoms:
        yield from atom.steps


def _everything(region: Region) -> tuple[range, range, range]:
    rows, columns, channels = region.values.shape
    return range(rows), range(columns), range(channels)


def width_of(case: Case) -> Width:
    """The words of a network's device; raises `InputError` for tasks, and for words of neither 8 nor 16 bits."""
    if not isinstance(case.device, Device) or case.network is None:
        problem = "is opaque work: there is nothing to execute"
        raise InputError(case.source, "$.tasks", case.name, problem, "describe a network")
    if case.device.word_bytes not in {width.value for width in Width}:
        problem = "are words that cannot be executed"
        remedy = "use words of 8 or 16 bits"
        raise InputError(case.source, "$.device.word", f"{case.device.word_bytes} B", problem, remedy)
    width = case.network.width
    return Width(width or case.device.word_bytes)


def arithmetic_of(case: Case) -> AnyWidth:
    """How a device computes that keeps sums as wide as the case plans for: exactly, or in words.

    Raises `InputError` for sums that are neither.
    """
    width, sums = width_of(case), sum_width(case)
    if sums == width.sum.itemsize:
        return width
    if sums == FixedPoint.Q15.value == width.value:
        return FixedPoint.Q15
    problem = f"are sums of products of {8 * width.value} bits that cannot be executed"
    remedy = f'write "int{8 * width.sum.itemsize}"' + (', or "int16"' if width is Width.INT16 else "")
    raise InputError(case.source, "$.network.sums", f"int{8 * sums}", problem, remedy)


def placed(case: Case, plan: Plan, numbers: Sequence[LayerNumbers]) -> list[Placed]:
    """The kernels of a network in the order of a plan, with its designs; numbers are those of the kernels as listed."""
    network, program = case.lowered(), program_of(case)
    starts, wholes = _channels(network)
    layers = []
    for index, design in zip(plan.stages, plan.designs, strict=True):
        stage, run_kernels = program.stages[index], program.kernels_of(index)
        kernel, final = network.kernels[run_kernels[0]], network.kernels[run_kernels[-1]]
        assert isinstance(stage, TiledStage), "a network's stages are tiled"
        if not isinstance(design, Tiling):
            raise ValueError(f"stage {stage.name} has no design {design}")
        shape, whole = kernel.shape, wholes[final.writes]
        seen = (shape.in_height, shape.in_width, shape.in_channels)
        layers.append(
            Placed(
                stage.forms[design.form],
                design,
                numbers[run_kernels[0]],
                shape.padding,
                kernel.reads,
                final.writes,
                (1, 1, shape.in_elements) if design.form else seen,
                None if whole == final.shape.out_channels else (starts[run_kernels[-1]], whole),
                tuple(
                    (numbers[place], network.kernels[place].shape.padding, network.fetched(run_kernels, place))
                    for place in run_kernels[1:]
                ),
                stage.prices.sum_words > 1,
            )
        )
    return layers


def _channels(network: Lowered) -> tuple[list[int], dict[int, int]]:
    """Where the channels of each kernel's results begin in the tensor it writes, and how many each tensor has."""
    wholes: dict[int, int] = {}
    starts = []
    for kernel in network.kernels:
        starts.append(kernel.first_channel)
        wholes[kernel.writes] = wholes.get(kernel.writes, 0) + kernel.shape.out_channels
    return starts, wholes


def ends_of_cycles(plan: Plan) -> list[int]:
    """After how many atoms each power cycle of a plan ends."""
    return list(accumulate(chain.from_iterable(repeat(run.atoms, run.repeat) for run in plan.cycles)))


def run(
    case: Case,
    plan: Plan,
    words: Words | None = None,
    numbers: Sequence[LayerNumbers] | None = None,
    failures: Iterable[int] = (),
    seed: int = 0,
    skipped: Collection[int] = (),
) -> Execution:
    """Execute a network under a plan, of which some publishes may be skipped.

    The layers' numbers are by default those that the case names; like the input, they are random where there are none.
    """
    width, random = width_of(case), np.random.default_rng(seed)
    if numbers is None and case.numbers is not None:
        numbers = read_numbers(case, arithmetic_of(case))
    elif numbers is None:
        numbers = drawn_numbers(case.lowered(), width, random)
    if words is None:
        assert case.network is not None, "a case without tasks has a network"
        words = random_tensor(case.network.input, width, random)
    assert isinstance(case.device, Device), "a network that is run in tiles has a device for it"
    layers = placed(case, plan, numbers)
    return Executor(layers, ends_of_cycles(plan), words, case.device.vector_multiple, seed).run(failures, skipped)
