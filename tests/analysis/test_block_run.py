"""Blocks on numbers: patch by patch they give what their layers give one by one, wherever power cycles end or fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ischedule.analysis import kernel_run
from ischedule.analysis.arithmetic import Width
from ischedule.analysis.kernel_run import KernelRun
from ischedule.analysis.memories import MemoryFault
from ischedule.models import block, block_nest, block_prices
from ischedule.models.kernels import volatile_bytes
from ischedule.models.nest import Act, Step, Work, atoms_of, work_of
from tests.analysis.block_trials import BlockTrial, block_trials
from tests.analysis.layer_strategies import cut_sets

Patch = Callable[[pytest.MonkeyPatch], None]


def total(trial: BlockTrial, start: int, end: int) -> Work:
    """What the nest says a power cycle does."""
    atoms = list(atoms_of(trial.block, trial.tiling))[start:end]
    steps = [*atoms[0].again, *(step for atom in atoms for step in atom.steps)]
    return sum((work_of(trial.block, step, trial.multiple) for step in steps), Work())


def judge(trial: BlockTrial, ends: list[int], failures: set[int]) -> None:
    """Everything that is compared: results, work by cycle, memory."""
    execution = trial.executor(ends).run(failures)
    np.testing.assert_array_equal(execution.output, trial.expected())
    for (start, end), cycle in zip(pairwise([0, *ends]), execution.cycles, strict=True):
        ((_, work),) = cycle.work
        assert work == total(trial, start, end)
    assert execution.volatile_bytes(0) == volatile_bytes(trial.block, trial.tiling, trial.prices)


@pytest.mark.parametrize("width", Width)
def test_a_block_gives_the_results_of_its_layers(width: Width) -> None:
    @settings(max_examples=120, suppress_health_check=list(HealthCheck))
    @given(block_trials(width), st.data())
    def check(trial: BlockTrial, data: st.DataObject) -> None:
        judge(trial, data.draw(cut_sets(trial.atoms)), data.draw(st.sets(st.integers(0, 200), max_size=8)))

    check()


@given(block_trials())
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_power_may_fail_at_every_cut(trial: BlockTrial) -> None:
    """Every patch in a cycle of its own, and each of these cycles fails once at its start and once before its end."""
    ends = list(range(1, trial.atoms + 1))
    plain = trial.executor(ends).run()
    bounds, commands = [], 0
    for cycle in plain.cycles:
        ((_, work),) = cycle.work
        bounds += [commands + 1, commands + max(1, work.commands)]
        commands += work.commands + 2
    again = trial.executor(ends).run(set(bounds[:40]))
    np.testing.assert_array_equal(again.output, trial.expected())
    assert max(cycle.attempts for cycle in again.cycles) > 1


def search() -> None:
    """The judgement of many blocks, designs, cuts and failures; raises what the first bad one raises."""

    @settings(
        max_examples=300,
        database=None,
        phases=[Phase.generate],
        derandomize=True,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(block_trials(), st.data())
    def judged(trial: BlockTrial, data: st.DataObject) -> None:
        judge(trial, data.draw(cut_sets(trial.atoms)), data.draw(st.sets(st.integers(0, 100), max_size=5)))

    judged()


def with_halo_left_out(patch: pytest.MonkeyPatch) -> None:
    """Inner kernels compute only what no patch before has computed."""
    real = block.patches

    def disjoint(axis: block.Axis, tile: int) -> tuple[tuple[range, ...], ...]:
        done = [0] * len(axis.reaches)
        found = []
        for spans in real(axis, tile):
            part = [range(max(span.start, stop), max(span.stop, stop)) for span, stop in zip(spans, done, strict=True)]
            done = [span.stop for span in spans]
            found.append((*part[:-1], spans[-1]))
        return tuple(found)

    patch.setattr(block_nest, "patches", disjoint)


def with_overlapping_patches(patch: pytest.MonkeyPatch) -> None:
    """The last patch of an axis reaches back by one."""
    real = block.patches

    def wider(axis: block.Axis, tile: int) -> tuple[tuple[range, ...], ...]:
        *others, last = real(axis, tile)
        if not others:
            return (last,)
        return (*others, (*last[:-1], range(last[-1].start - 1, last[-1].stop)))

    patch.setattr(block_nest, "patches", wider)


def with_less_room_between_kernels(patch: pytest.MonkeyPatch) -> None:
    """Volatile memory is counted for what later kernels compute, and not for the padding that they read."""
    real = block_prices.held

    def narrow(axis: block.Axis, tile: int) -> tuple[int, ...]:
        first, *_, last = real(axis, tile)
        most = [max(column) for column in zip(*block.lengths(axis, tile), strict=True)]
        return (first, *most[1:-1], last)

    patch.setattr(block_prices, "held", narrow)


def without_padding_of_inner_maps(patch: pytest.MonkeyPatch) -> None:
    """Later kernels read what the one before has kept as if it had no padding."""
    real = KernelRun._take

    def shifted(run: KernelRun, step: Step) -> Work:
        run._padding = (0, 0, 0, 0)
        return real(run, step)

    patch.setattr(kernel_run.KernelRun, "_take", shifted)


def without_weights_after_a_start(patch: pytest.MonkeyPatch) -> None:
    """A cycle that begins inside a row fetches nothing again."""
    real = block_nest.block_atoms

    def forgetful(*arguments: object) -> object:
        return (replace(atom, again=()) for atom in real(*arguments))  # type: ignore[arg-type]

    patch.setattr(block_nest, "block_atoms", forgetful)


def with_inner_results_unfinished(patch: pytest.MonkeyPatch) -> None:
    """What a later kernel reads has not passed through the activation."""
    real = KernelRun._keep

    def raw(run: KernelRun, step: Step) -> Work:
        numbers = run.numbers
        run.numbers = replace(numbers, activation=None)
        try:
            return real(run, step)
        finally:
            run.numbers = numbers

    patch.setattr(kernel_run.KernelRun, "_keep", raw)


def with_sums_begun_anew(patch: pytest.MonkeyPatch) -> None:
    """With every tile of input channels the sums of a patch begin again."""

    def work(nest: block_nest._Nest, patch: block_nest.Patch, outputs: range, inputs: range) -> Iterator[Step]:
        if nest.mixing <= nest.last:
            yield from nest._begin(patch, nest.mixing, outputs, inputs)
            yield nest._step(Act.MULTIPLY, nest.mixing, patch, outputs, inputs)

    patch.setattr(block_nest._Nest, "work", work)


def with_weights_of_the_first_tile_only(patch: pytest.MonkeyPatch) -> None:
    """What makes later middle channels has the weights of the first ones."""
    real = block_nest._Nest.opening

    def opening(nest: block_nest._Nest, patch: block_nest.Patch, inputs: range, *, weights: bool) -> Iterator[Step]:
        is_fetched = weights and (nest.widening is None or inputs.start == 0)
        return real(nest, patch, inputs, weights=is_fetched)

    patch.setattr(block_nest._Nest, "opening", opening)


def with_what_is_added_not_fetched(patch: pytest.MonkeyPatch) -> None:
    """A sum behind the first kernel finds its other source nowhere."""
    real = block_nest.block_atoms

    def poorer(*arguments: Any) -> Any:
        for atom in real(*arguments):
            steps = (step for step in atom.steps if not (step.part and step.act is Act.FETCH_INPUTS))
            yield replace(atom, steps=tuple(steps))

    patch.setattr(block_nest, "block_atoms", poorer)


def with_room_for_a_tile_of_what_is_fetched(patch: pytest.MonkeyPatch) -> None:
    """The first of two kernels that add up over channels is said to read a tile, and it reads all channels."""
    real = block_prices.memory_line

    def narrow(*arguments: Any) -> tuple[int, ...]:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(block.Block, "widening", None)
            return real(*arguments)

    patch.setattr(block_prices, "memory_line", narrow)


def with_middle_channels_left_out(patch: pytest.MonkeyPatch) -> None:
    """The last tile of the middle is not added."""
    real = block_nest.spans

    def fewer(extent: int, tile: int) -> list[range]:
        found = real(extent, tile)
        return found[:-1] or found

    patch.setattr(block_nest, "spans", fewer)


MUTANTS: list[Patch] = [
    with_sums_begun_anew,
    with_weights_of_the_first_tile_only,
    with_what_is_added_not_fetched,
    with_room_for_a_tile_of_what_is_fetched,
    with_middle_channels_left_out,
    with_halo_left_out,
    with_overlapping_patches,
    with_less_room_between_kernels,
    without_padding_of_inner_maps,
    without_weights_after_a_start,
    with_inner_results_unfinished,
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_mutant_is_noticed(mutant: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant(monkeypatch)
    with pytest.raises((AssertionError, MemoryFault, ValueError, IndexError)):
        search()
