"""Tasks whose thresholds are chosen, in few runs that share one: against every way to cut them and to choose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis import runs_by_threshold, runs_search
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.labels import Unproven
from ischedule.analysis.runs_search import least_with_few_runs, require_few_runs
from ischedule.analysis.shortage import table_shortage
from ischedule.models.cycle_law import CycleLaw, Threshold, replay
from ischedule.models.plan import FewRuns, Status
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.models.storage import TABLES
from ischedule.models.tables import longest_cycle, possible_runs, table_work
from ischedule.solvers import few_runs, shared_thresholds
from ischedule.solvers.few_runs import MORE_RUNS
from ischedule.solvers.limit import Limit
from ischedule.solvers.shared_thresholds import SharedThresholds
from ischedule.solvers.solve import solve
from tests.analysis.test_layout_mutants import Change, mutants, mutated
from tests.solvers.enumeration import Joined, cut_sets
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import DIGEST, random_chain
from tests.solvers.test_few_runs import FIXED, sized, tasks

OTHERS = tuple(law for law in law_pool(300) if isinstance(law, ProgrammableWakeLaw))
SEARCHED = tuple(law for law in OTHERS if law.search is not None)
MINIMAL = tuple(law for law in OTHERS if law.search is None)
TRIED = 300
"""Choices of thresholds of one way to cut."""


def divided(atoms: Sequence[int], runs: int, begun: int = 0) -> Iterator[list[tuple[int, int]]]:
    """All ways to divide cycles of so many atoms into at most so many runs of equally many."""
    if begun == len(atoms):
        yield []
    for end in range(begun + 1, len(atoms) + 1 if runs else 0):
        if len(set(atoms[begun:end])) == 1:
            yield from ([(begun, end), *rest] for rest in divided(atoms, runs - 1, end))


def every_way(program: Program) -> Iterator[tuple[list[int], list[int], int]]:
    """The cycles of every way to cut one chain: what each drains, its atoms, and how long all are active."""
    stage, law = program.stages[0], program.law
    assert isinstance(stage, ExplicitStage)
    sequence = Joined([stage.chain(0)])
    for ends in cut_sets(sequence):
        cycles = list(pairwise((0, *ends)))
        drains = [sequence.cycle("drain", *cycle) for cycle in cycles]
        room = [law.first_capacity] + [law.capacity] * (len(cycles) - 1)
        if all(drain <= most for drain, most in zip(drains, room, strict=True)):
            active = sum(sequence.cycle("time", *cycle) for cycle in cycles)
            yield drains, [end - start for start, end in cycles], active


def shared(law: CycleLaw, drains: Sequence[int], begun: int, end: int) -> tuple[Threshold, ...]:
    """What a run of such cycles may wait for."""
    return law.shared(None if begun else drains[0], max(drains[max(begun, 1) : end], default=None))


def suffices(law: CycleLaw, drains: Sequence[int], begun: int, end: int, threshold: Threshold) -> bool:
    """Whether a threshold does for all of these cycles, the first of all perhaps by the level at hand."""
    needs = [law.upkeep.reserve + drain for drain in drains[begun:end]]
    return all(
        need <= threshold.level or (begun == number == 0 and need <= law.head.level)
        for number, need in enumerate(needs)
    )


@given(st.integers(0, 10**9), st.sampled_from(OTHERS))
def test_what_runs_may_wait_for_suffices_and_the_least_is_the_lowest(seed: int, law: CycleLaw) -> None:
    random = Random(seed)
    capacities = [law.first_capacity, *[law.capacity] * 2]
    drains = [random.choice((0, most // 3, random.randint(0, most), most)) for most in capacities]
    begun = random.randint(0, 1)
    end = random.randint(begun + 1, 3)
    found = shared(law, drains, begun, end)
    assert all(suffices(law, drains, begun, end, one) for one in found)
    least_one = min(found, key=lambda one: one.level)
    assert isinstance(law, ProgrammableWakeLaw)
    below = least_one.level - 1 if least_one.code is None else least_one.code - 1
    if below >= law.thresholds.least_name(0):
        assert not suffices(law, drains, begun, end, law.thresholds.at(below))


def least(program: Program, runs: int) -> int | None:
    """The least latency of all ways to cut, to divide into runs, and to choose thresholds."""
    found, law = [], program.law
    for drains, atoms, active in every_way(program):
        for division in divided(atoms, runs):
            options = [shared(law, drains, *run) for run in division]
            lengths = [end - begun for begun, end in division]
            for chosen in product(*options):
                thresholds = [one for one, length in zip(chosen, lengths, strict=True) for _ in range(length)]
                found.append(replay(law, drains, thresholds).waiting + active)
    return min(found, default=None)


@given(st.integers(0, 10**9), st.sampled_from(MINIMAL))
@settings(max_examples=150)
def test_tasks_are_cut_into_few_runs_whatever_they_wait_for(seed: int, law: CycleLaw) -> None:
    program = tasks(Random(seed), law, 7)
    free = solve(program)
    for runs in (1, 2, 3):
        small, best = sized(program, runs), least(program, runs)
        answer = solve(small)
        cost = None if best is None else best - law.offset
        assert least_with_few_runs(small) == cost
        if best is None:
            assert (answer.status, answer.plan) == (Status.UNSCHEDULABLE, None)
            if answer.bottleneck is None:
                require_few_runs(small, FewRuns(None))
            continue
        assert answer.plan is not None
        assert len(answer.plan.cycles) <= runs
        assert evaluate(small, answer.plan).latency == answer.latency
        if answer.plan == free.plan:
            continue
        assert (answer.latency, answer.bound) == (best, FewRuns(cost))
        require_few_runs(small, FewRuns(cost))
        assert cost is not None
        with pytest.raises(Unproven):
            require_few_runs(small, FewRuns(cost + 1))
        with pytest.raises(Unproven):
            require_few_runs(small, FewRuns(None))


def test_where_a_set_of_thresholds_is_searched_all_of_it_is_tried() -> None:
    seen = 0
    for seed in range(60):
        random = Random(seed)
        law = random.choice(SEARCHED)
        program, runs = tasks(random, law, 3), random.randint(1, 2)
        if len(law.shared(None, 0)) ** runs < TRIED or runs == 1:
            best = least(program, runs)
            cost = None if best is None else best - law.offset
            assert least_with_few_runs(sized(program, runs)) == cost
            found = SharedThresholds(law, program.stages[0].chain(0), runs, Limit()).best(None)  # type: ignore[arg-type]
            assert (None if found is None else found[1]) == best
            seen += best is not None
    assert seen > 15


def test_no_other_thresholds_take_less() -> None:
    """Where the least sufficient ones are the best: of all that suffice for every cycle, up to rounding."""
    laws = [
        law for law in MINIMAL if law.thresholds.step is not None and (law.shared(None, law.capacity)[0].code or 0) < 70
    ]
    seen = dearer = 0
    for seed in range(150):
        random = Random(seed)
        law = random.choice(laws)
        program, runs = tasks(random, law, 5), random.randint(1, 2)
        best, found = least(program, runs), []
        top = law.shared(None, law.capacity)[0]
        every = [law.thresholds.at(name) for name in range(law.thresholds.least_name(0), (top.code or 0) + 1)]
        for drains, atoms, active in every_way(program):
            for division in divided(atoms, runs):
                lowest = [shared(law, drains, *run)[0].level for run in division]
                for chosen in product(*([one for one in every if one.level >= low] for low in lowest)):
                    lengths = [end - begun for begun, end in division]
                    thresholds = [one for one, length in zip(chosen, lengths, strict=True) for _ in range(length)]
                    found.append(replay(law, drains, thresholds).waiting + active)
        if best is None:
            assert not found
            continue
        # a unit of level, and twice a rounding, for each cycle
        unit = law.charging.elapsed_up(top.high) - law.charging.elapsed_down(top.high - 1)
        assert min(found) >= best - len(program.stages[0].chain(0)) * (unit + 2 * _grid(law))  # type: ignore[arg-type]
        seen, dearer = seen + 1, dearer + (max(found) > best)
    assert seen > 60
    assert dearer > 30


def _grid(law: CycleLaw) -> int:
    """How much is rounded at most."""
    step = getattr(law.charging, "time_per_step", 0)
    return -(-step.numerator // step.denominator) + 1 if step else 1


def test_a_run_that_is_entered_above_its_threshold_does_not_wait() -> None:
    """Where it matters: the sum of prices would count what is left as time gained."""
    below = 0
    for seed in range(400):
        random = Random(seed)
        law = random.choice(MINIMAL)
        program = tasks(random, law, 7)
        found = SharedThresholds(law, program.stages[0].chain(0), 3, Limit()).best(None)  # type: ignore[arg-type]
        if found is None:
            continue
        stage, start, levels = program.stages[0], 0, [law.head.level]
        assert isinstance(stage, ExplicitStage)
        sequence = Joined([stage.chain(0)])
        for run in found[0]:
            for _ in range(run.cycles):
                below += bool(start) and levels[-1] > run.threshold.high
                drain = sequence.cycle("drain", start, start + run.atoms)
                levels.append(law.level_left(max(levels[-1], run.threshold.level), drain))
                start += run.atoms
    assert below > 5


def test_fixed_wake_is_decided_the_same_by_cycles_and_by_runs() -> None:
    for seed in range(100):
        random = Random(seed)
        program, runs = tasks(random, random.choice(FIXED)), random.randint(1, 4)
        found = SharedThresholds(program.law, program.stages[0].chain(0), runs, Limit()).best(None)  # type: ignore[arg-type]
        cost = None if found is None else found[1] - program.law.offset
        assert cost == least_with_few_runs(sized(program, runs))


def test_nothing_is_found_below_the_best() -> None:
    for seed in range(60):
        random = Random(seed)
        program = tasks(random, random.choice(MINIMAL))
        search = SharedThresholds(program.law, program.stages[0].chain(0), 3, Limit())  # type: ignore[arg-type]
        found = search.best(None)
        if found is not None:
            assert search.best(found[1]) is None
            assert search.best(found[1] + 1) == found


@given(st.integers(0, 40), st.integers(1, 40))
def test_runs_are_counted(atoms: int, longest: int) -> None:
    found = [
        (start, length, cycles)
        for start in range(atoms)
        for length in range(1, longest + 1)
        for cycles in range(1, atoms + 1)
        if start + length * cycles <= atoms
    ]
    assert possible_runs(atoms, longest) == len(found)


def test_too_many_runs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(200):
        random = Random(seed)
        program = tasks(random, random.choice(MINIMAL))
        free, small = solve(program), sized(program, 2)
        decided = solve(small)
        if free.plan is None or len(free.plan.cycles) < 3 or not isinstance(decided.bound, FewRuns):
            continue
        chain = program.stages[0].chain(0)  # type: ignore[arg-type]
        assert table_work(chain, program.law, 2) == 2 * possible_runs(len(chain), longest_cycle(chain, program.law))
        with monkeypatch.context() as patch:
            patch.setattr(few_runs, "PROVABLE", 0)
            answer = solve(small)
            assert answer.note == MORE_RUNS or answer.is_undecided
            assert not isinstance(answer.bound, FewRuns)
            patch.setattr(runs_by_threshold, "MOST_STATES", 0)
            with pytest.raises(Unproven, match="too many"):
                require_few_runs(small, FewRuns(0))
        return
    raise AssertionError("no program has few runs")


def test_a_shortage_counts_the_runs_that_are_needed_as_far_as_they_can_be_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    more = 0
    for seed in range(100):
        random = Random(seed)
        program = tasks(random, random.choice(MINIMAL))
        small, needed = sized(program, 1), next((runs for runs in range(1, 10) if least(program, runs)), None)
        if needed is not None and needed > 1:
            assert table_shortage(small).demanded == needed * TABLES.run
            more += needed > 2
            with monkeypatch.context() as patch:
                patch.setattr(runs_by_threshold, "MOST_STATES", 0)
                assert table_shortage(small).demanded == 2 * TABLES.run
    assert more


# Deliberate defects

CHECKING = {
    "runs need not be counted": ("for _ in range(allowed):", "for _ in range(allowed + 1):"),
    "the level left is no matter": ("if not kept or level > kept[-1][1]:", "if not kept:"),
    "every run waits": ("if waits and level <= run.threshold.level:", "if waits:"),
    "a run waits once": ("return self._followed(state, cycles[1:], threshold)", "return state"),
    "thresholds suffice for the first alone": ("cycle.drain > (wanted[kind] or 0)", "False"),
    "commits drain nothing": (" + int(chain.commit_drain[end - 1])", ""),
    "cuts are everywhere": ("if not chain.cut[end - 1] or (", "if ("),
    "the end is not recharged": ("time + recharged(self.law, level) for", "time for"),
    "cycles are one atom longer": ("self._cycle(end - atoms, end)", "self._cycle(max(0, end - atoms - 1), end)"),
    "cycles beyond a run are followed": ("run.cycles[: run.length]", "run.cycles"),
}
SEARCHING = {
    "the level left is no matter": ("if not kept or state.level > kept[-1].level:", "if not kept:"),
    "fewer runs are always better": ("others[place - 1].level >= state.level", "True"),
    "what follows is too much": ("+ self.behind[end] < known", "+ 2 * self.behind[end] < known"),
    "a level is worth nothing": (
        "time - self.law.charging.elapsed_up(level) + self.behind[end]",
        "time + self.behind[end]",
    ),
    "thresholds stay": ("if (first, later) != wanted:", "if not tried:"),
    "the first cycle is like others": ("if end == atoms:", "if False:"),
    "the first of a run is the first of all": ("is_first=begun == number == 0", "is_first=number == 0"),
    "the end is not recharged": ("one.time + recharged(self.law, one.level)", "one.time"),
    "cuts are everywhere": ("if not self.cut[start] or not self.cut[end]:", "if False:"),
    "resuming takes no time": ("self.resume[start][1] + self.took[end]", "self.took[end]"),
}


LEVELS = (356, 918, 1180, 3595, 4597, 4724, 5684)
"""Programs in which it matters what level is left, also by ways that take longer."""


def programs() -> Iterator[tuple[Program, int, int | None, int | None]]:
    """Programs, runs, the least latency, and a bit more than that."""
    for seed in (*range(120), *LEVELS):
        random = Random(seed)
        law = random.choice(MINIMAL)
        chain = random_chain(random, law, random.randint(2, 8))
        program, runs = Program((ExplicitStage("tasks", (chain,), 1000),), law, DIGEST), random.randint(1, 4)
        best = least(program, runs)
        yield (
            program,
            runs,
            best,
            None if best is None or seed % 3 == 0 else best + 1 + random.choice((0, best // 1000)),
        )


CASES = list(programs())


def checks(module: object) -> bool:
    """Whether the least cost is what all ways to cut say."""
    for program, runs, best, _ in CASES:
        chain = program.stages[0].chain(0)  # type: ignore[arg-type]
        try:
            found = module.least_by_thresholds(chain, program.law, runs)  # type: ignore[attr-defined]
        except ValueError:
            return False
        if found != (None if best is None else best - program.law.offset):
            return False
    return True


def finds(module: object) -> bool:
    """Whether the runs found take the least of all ways to cut."""
    for program, runs, best, below in CASES:
        chain, law = program.stages[0].chain(0), program.law  # type: ignore[arg-type]
        try:
            found = module.SharedThresholds(law, chain, runs, Limit()).best(below)  # type: ignore[attr-defined]
        except (ValueError, IndexError):
            return False
        if (None if found is None else found[1]) != best:
            return False
        if found is not None and len(found[0]) > runs:
            return False
    return True


@mutants(CHECKING)
def test_defects_of_the_checker_are_caught(change: Change) -> None:
    with mutated(runs_by_threshold, change) as module:
        assert not checks(module)


@mutants(SEARCHING)
def test_defects_of_the_search_are_caught(change: Change) -> None:
    with mutated(shared_thresholds, change) as module:
        assert not finds(module)


def test_the_right_ones_are_right() -> None:
    assert checks(runs_by_threshold)
    assert finds(shared_thresholds)


def test_runs_without_a_limit_are_not_counted() -> None:
    program = tasks(Random(3), MINIMAL[0])
    with pytest.raises(Unproven):
        runs_search.require_few_runs(replace(program, table_size=None), FewRuns(0))
