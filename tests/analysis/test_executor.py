"""Layers run tile by tile, under any cuts and failures, give what they are by definition and take what is charged."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis.arithmetic import Width
from ischedule.analysis.memories import Box, Holds, Region, Words, part_of
from ischedule.models.kernels import Ends, Prices, chain, volatile_bytes
from ischedule.models.nest import Act, atoms_of, work_of
from ischedule.models.tiling import most_writes
from tests.analysis.layer_strategies import LAYER_KINDS, Trial, cut_sets, trials
from tests.models.kernel_strategies import cycle_ends, prices


@pytest.mark.parametrize("width", Width)
@pytest.mark.parametrize("kind", LAYER_KINDS)
def test_every_kind_of_layer_equals_its_direct_evaluation_bit_by_bit(kind: str, width: Width) -> None:
    @given(trials(kind, width), st.data())
    def check(trial: Trial, data: st.DataObject) -> None:
        output = trial.executor(data.draw(cut_sets(trial.atoms))).run().output
        assert output.dtype == width.word
        np.testing.assert_array_equal(output, trial.expected().reshape(output.shape))

    check()


@given(trials(), prices(), cycle_ends(), st.data())
def test_power_cycles_take_what_the_kernels_charge(trial: Trial, cost: Prices, ends: Ends, data: st.DataObject) -> None:
    cuts = data.draw(cut_sets(trial.atoms))
    execution = trial.executor(cuts).run()
    extent, tiling = trial.layer.extent, trial.layer.tiling
    atoms = chain(extent, tiling, _with(cost, trial), ends)
    for (start, end), cycle in zip(pairwise([0, *cuts]), execution.cycles, strict=True):
        ((_, work),) = cycle.work
        energy, time = work.price(cost, tiling.order)
        assert energy == sum(atoms.drain[start:end]) + atoms.resume_drain[start] - ends.resume[0]
        assert time == sum(atoms.time[start:end]) + atoms.resume_time[start] - ends.resume[1]
        assert cycle.attempts == 1


def _with(cost: Prices, trial: Trial) -> Prices:
    """The prices of a device with the trial's vector operations and words."""
    like = trial.prices
    return replace(cost, multiple=like.multiple, word_bytes=like.word_bytes, sum_words=like.sum_words)


@given(trials())
def test_what_is_counted_is_the_work_of_the_steps(trial: Trial) -> None:
    """Counts come from the blocks that moved, the nest's from extents."""
    execution = trial.executor([trial.atoms]).run()
    steps = [step for atom in atoms_of(trial.layer.extent, trial.layer.tiling) for step in atom.steps]
    expected = [work_of(trial.layer.extent, step, trial.multiple) for step in steps]
    assert execution.work == sum(expected[1:], expected[0])
    normalised = trial.shape.out_elements if trial.shape.kind == "batch_norm" else 0
    assert execution.work.macs == trial.shape.macs + normalised
    assert execution.commands == sum(max(1, work.commands) for work in expected) + 2


@given(trials(), prices())
def test_volatile_memory_is_as_large_as_the_kernels_say(trial: Trial, cost: Prices) -> None:
    execution = trial.executor([trial.atoms]).run()
    extent, tiling = trial.layer.extent, trial.layer.tiling
    assert execution.volatile_bytes(0) == volatile_bytes(extent, tiling, _with(cost, trial))
    alike = replace(cost, multiple=trial.multiple, word_bytes=1, sum_words=1)
    assert execution.volatile_elements(0) == volatile_bytes(extent, tiling, alike)


@settings(max_examples=60)
@given(trials(most_atoms=12), st.data())
def test_a_power_failure_before_any_command_changes_nothing(trial: Trial, data: st.DataObject) -> None:
    cuts = data.draw(cut_sets(trial.atoms))
    whole = trial.executor(cuts).run()
    for command in range(whole.commands):
        execution = trial.executor(cuts).run([command])
        np.testing.assert_array_equal(execution.output, whole.output)
        assert sum(cycle.attempts for cycle in execution.cycles) == len(cuts) + 1
        assert execution.work == whole.work


@given(trials(), st.data())
def test_any_power_failures_change_nothing(trial: Trial, data: st.DataObject) -> None:
    cuts = data.draw(cut_sets(trial.atoms))
    failures = data.draw(st.sets(st.integers(0, 300), max_size=20))
    execution = trial.executor(cuts).run(failures)
    np.testing.assert_array_equal(execution.output, trial.expected().reshape(execution.output.shape))
    attempts = sum(cycle.attempts for cycle in execution.cycles)
    assert attempts == len(cuts) + sum(command < execution.commands for command in failures)


def test_every_act_is_performed_by_some_layer() -> None:
    """The strategies reach every step there is but those between the kernels of a block."""
    seen: set[Act] = set()

    @settings(max_examples=600)
    @given(trials())
    def collect(trial: Trial) -> None:
        seen.update(s.act for atom in atoms_of(trial.layer.extent, trial.layer.tiling) for s in atom.steps)

    collect()
    assert seen == set(Act) - {Act.TAKE, Act.KEEP}


class Counted:
    """How often each place in memory is written while layers run on numbers."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.times: Counter[int] = Counter()
        self.alive: list[np.ndarray] = []
        original = Region.write

        def write(region: Region, box: Box, values: Words, kind: Holds) -> None:
            part = region.values[part_of(box)]
            self.alive.append(region.values)
            begin = part.__array_interface__["data"][0]
            axes = (np.arange(size) * stride for size, stride in zip(part.shape, part.strides, strict=True))
            places = sum(np.meshgrid(*axes, indexing="ij"))
            self.times.update((begin + np.ravel(places)).tolist())
            original(region, box, values, kind)

        patch.setattr(Region, "write", write)


@settings(max_examples=150)
@given(trials(), st.data())
def test_no_place_is_written_more_often_than_the_model_of_wear_says(trial: Trial, data: st.DataObject) -> None:
    """This runtime takes another region at every pass, one of three or the results' own, so that it comes close."""
    executor = trial.executor(data.draw(cut_sets(trial.atoms)))
    with pytest.MonkeyPatch.context() as patch:
        counted = Counted(patch)
        executor.run()
    most = most_writes(trial.layer.extent, trial.layer.tiling)
    assert -(-most // 4) <= max(counted.times.values()) <= most
