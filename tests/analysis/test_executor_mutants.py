"""Seeded bugs of an execution: each is noticed by what the tests of the executor compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ischedule.analysis import executor, kernel_run
from ischedule.analysis.arithmetic import Scaling, Width, Words
from ischedule.analysis.kernel_run import KernelRun
from ischedule.analysis.memories import Box, Buffer, MemoryFault, Region
from ischedule.analysis.stored_results import Results, box_of
from ischedule.models import nest
from ischedule.models.kernels import volatile_bytes
from ischedule.models.nest import AtomSteps, Step, Work, atoms_of, work_of
from tests.analysis.layer_strategies import Trial, cut_sets, trials

Patch = Callable[[pytest.MonkeyPatch], None]


def total(trial: Trial, start: int, end: int) -> Work:
    """What the nest says a power cycle does."""
    atoms = list(atoms_of(trial.layer.extent, trial.layer.tiling))[start:end]
    steps = [*atoms[0].again, *(step for atom in atoms for step in atom.steps)]
    return sum((work_of(trial.layer.extent, step, trial.multiple) for step in steps), Work())


def judge(trial: Trial, ends: list[int], failures: set[int]) -> None:
    """Everything that is compared: results, work by cycle, multiply-accumulates, memory."""
    execution = trial.executor(ends).run(failures)
    np.testing.assert_array_equal(execution.output, trial.expected().reshape(execution.output.shape))
    for (start, end), cycle in zip(pairwise([0, *ends]), execution.cycles, strict=True):
        ((_, work),) = cycle.work
        assert work == total(trial, start, end)
    assert execution.volatile_bytes(0) == volatile_bytes(trial.layer.extent, trial.layer.tiling, trial.prices)
    if len(ends) == 1:
        normalised = trial.shape.out_elements if trial.shape.kind == "batch_norm" else 0
        assert execution.work.macs == trial.shape.macs + normalised


def search() -> None:
    """The judgement of many layers, designs, cuts and failures; raises what the first bad one raises."""

    @settings(max_examples=1000, database=None, phases=[Phase.generate], derandomize=True, deadline=None)
    @given(trials(), st.data())
    def judged(trial: Trial, data: st.DataObject) -> None:
        judge(trial, data.draw(cut_sets(trial.atoms)), data.draw(st.sets(st.integers(0, 100), max_size=5)))

    judged()


def without_halo(patch: pytest.MonkeyPatch) -> None:
    """Inputs are fetched for output pixels only."""
    patch.setattr(kernel_run, "window", lambda outputs, kernel, *more: outputs)


def with_narrow_halo(patch: pytest.MonkeyPatch) -> None:
    """The halo lacks its last row and column."""

    def narrow(outputs: range, kernel: int, *more: int) -> range:
        return range(outputs.start, outputs.stop + max(kernel - 2, 0))

    patch.setattr(kernel_run, "window", narrow)


def with_stale_sums(patch: pytest.MonkeyPatch) -> None:
    """Sums that should be fetched begin anew."""

    def anew(run: KernelRun, step: Step) -> Work:
        run._start_sums(step)
        values = step.tile.pixels * len(step.tile.outputs)
        return Work(read=values, sums_commands=step.tile.pixels)

    patch.setattr(KernelRun, "_fetch_sums", anew)


def with_the_other_sums(patch: pytest.MonkeyPatch) -> None:
    """A pass reads the sums of the region that is published, not those of the pass before it."""
    original = Results.read

    def published(results: Results, box: Box) -> Words:
        kept, results._current = results._current, results._published
        try:
            return original(results, box)
        finally:
            results._current = kept

    patch.setattr(Results, "read", published)


def without_fetching_again(patch: pytest.MonkeyPatch) -> None:
    """A cycle that starts inside a row goes on with what it does not have."""
    patch.setattr(executor, "_steps", lambda atoms: (step for atom in atoms for step in atom.steps))


def with_memory_that_lasts(patch: pytest.MonkeyPatch) -> None:
    """The same, on a device whose volatile memory survives: less work than is charged, or leftovers."""
    without_fetching_again(patch)
    patch.setattr(Buffer, "poison", lambda buffer: None)


def with_whole_last_tiles(patch: pytest.MonkeyPatch) -> None:
    """The last tile of a loop is as large as the others."""
    patch.setattr(nest, "spans", lambda extent, tile: [range(at, at + tile) for at in range(0, extent, tile)])


def without_last_tiles(patch: pytest.MonkeyPatch) -> None:
    """A rest that fills no tile is left out."""

    def whole(extent: int, tile: int) -> list[range]:
        return [range(at, at + tile) for at in range(0, extent - tile + 1, tile)]

    patch.setattr(nest, "spans", whole)


def without_bias(patch: pytest.MonkeyPatch) -> None:
    """Sums begin at zero in the first pass."""
    original = KernelRun._start_sums

    def zero(run: KernelRun, step: Step) -> Work:
        work = original(run, step)
        run._slots[step.slots.start].at(box_of(step.tile))[:] = 0
        return work

    patch.setattr(KernelRun, "_start_sums", zero)


def with_sums_in_place(patch: pytest.MonkeyPatch) -> None:
    """All passes write one region."""
    patch.setattr(Results, "next_region", lambda results, box: 0)


def with_two_regions(patch: pytest.MonkeyPatch) -> None:
    """Passes alternate between two regions and do not spare the published one."""

    def alternate(results: Results, box: Box) -> int:
        if results._one(results._finishes, box):
            return (results._one(results._left, box) - 1) % 2
        return 1 if results._one(results._current, box) != 1 else 0

    patch.setattr(Results, "next_region", alternate)


def without_losing(patch: pytest.MonkeyPatch) -> None:
    """What an attempt wrote before power failed counts."""
    patch.setattr(Results, "lose", Results.publish)


def with_floors(patch: pytest.MonkeyPatch) -> None:
    """Sums are scaled without rounding to the nearest."""

    def floored(scaling: Scaling, sums: Words, channels: slice, width: Width) -> Words:
        scaled = np.right_shift(sums.astype(np.int64) * scaling.multiplier[channels], scaling.shift[channels])
        words: Words = np.clip(scaled + scaling.zero, width.least, width.greatest).astype(width.word)
        return words

    patch.setattr(Scaling, "words", floored)


def with_the_kernel_transposed(patch: pytest.MonkeyPatch) -> None:
    """Weights meet the input upside down."""
    original = KernelRun._fetch_weights

    def flipped(run: KernelRun, step: Step) -> Work:
        work = original(run, step)
        run._kernel.values[:] = run._kernel.values[:, ::-1]
        return work

    patch.setattr(KernelRun, "_fetch_weights", flipped)


def with_a_batch_fetched_tile_by_tile(patch: pytest.MonkeyPatch) -> None:
    """The reused operand is fetched by every atom of a row, not only by the first."""

    def every(atoms: list[AtomSteps]) -> Iterator[Step]:
        for atom in atoms:
            yield from atom.again
            yield from atom.steps

    patch.setattr(executor, "_steps", every)


def with_padding_of_zeros(patch: pytest.MonkeyPatch) -> None:
    """Padding is the word 0, whatever word stands for zero."""
    original = KernelRun._block

    def block(run: KernelRun, source: Region, rows: Sequence[int], columns: Sequence[int], channels: range) -> Words:
        numbers = run.numbers
        run.numbers = replace(numbers, input_zero=0)
        try:
            return original(run, source, rows, columns, channels)
        finally:
            run.numbers = numbers

    patch.setattr(KernelRun, "_block", block)


def with_padding_on_the_other_side(patch: pytest.MonkeyPatch) -> None:
    """The input begins where it would without padding."""
    original = kernel_run.runs_inside
    patch.setattr(kernel_run, "runs_inside", lambda positions, before, size: original(positions, 0, size))


def with_pools_of_padding(patch: pytest.MonkeyPatch) -> None:
    """Pooling looks at the padding as if it were input."""
    patch.setattr(KernelRun, "_inside", lambda run, outputs, axis, tap: np.ones(len(outputs), np.bool_))


def with_weights_of_the_first_group(patch: pytest.MonkeyPatch) -> None:
    """The inputs of a group are counted from the first group's."""
    patch.setattr(KernelRun, "_group", lambda run, tile: 0)


def without_fetching_a_bias(patch: pytest.MonkeyPatch) -> None:
    """What sums begin with is not read."""
    patch.setattr(KernelRun, "_fetch_bias", lambda run, step: Work())


def without_finishing(patch: pytest.MonkeyPatch) -> None:
    """Results are stored before they pass through their activation."""
    patch.setattr(KernelRun, "_finish", lambda run, step: Work())


def with_one_source(patch: pytest.MonkeyPatch) -> None:
    """An addition leaves out its last source."""
    original = KernelRun._combine

    def fewer(run: KernelRun, step: Step) -> Work:
        inputs = run._inputs
        run._inputs = inputs[:-1] if len(inputs) > 1 else inputs
        try:
            return original(run, step)
        finally:
            run._inputs = inputs

    patch.setattr(KernelRun, "_combine", fewer)


MUTANTS: tuple[Patch, ...] = (
    with_padding_of_zeros,
    with_padding_on_the_other_side,
    with_pools_of_padding,
    with_weights_of_the_first_group,
    without_fetching_a_bias,
    without_finishing,
    with_one_source,
    without_halo,
    with_narrow_halo,
    with_stale_sums,
    with_the_other_sums,
    without_fetching_again,
    with_memory_that_lasts,
    with_whole_last_tiles,
    without_last_tiles,
    without_bias,
    with_sums_in_place,
    with_two_regions,
    without_losing,
    with_floors,
    with_the_kernel_transposed,
    with_a_batch_fetched_tile_by_tile,
)


def test_the_judgement_accepts_the_executor() -> None:
    search()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_seeded_bug_is_noticed(mutant: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)
    with pytest.raises((AssertionError, MemoryFault, ValueError)):
        search()
