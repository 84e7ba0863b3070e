"""Plans of few runs of equal power cycles against every way to cut, and tables that fit by them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby, pairwise, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis import runs_search
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.labels import Unproven
from ischedule.analysis.layout_check import bytes_of_tables, require_fit
from ischedule.analysis.runs_search import least_with_few_runs, require_few_runs
from ischedule.memory import packed_memory
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.goal import Criterion, Goal
from ischedule.models.plan import FewRuns, Plan, Status
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.storage import TABLES
from ischedule.models.tables import longest_cycle, most_runs, table_bytes
from ischedule.models.waiting import CycleLaw
from ischedule.solvers import few_runs
from ischedule.solvers.few_runs import MORE_RUNS, NO_FEWER, UNCHECKED, by_atoms_alone, recuts
from ischedule.solvers.lift import power_cycles
from ischedule.solvers.limit import Limit
from ischedule.solvers.other_designs import with_other_designs
from ischedule.solvers.solve import solve
from ischedule.solvers.thresholds import best_thresholds
from tests.analysis.test_layout_mutants import Change, mutants, mutated
from tests.solvers.enumeration import Joined, Rule, cut_sets, designs_of, least_cost_of
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import DIGEST, random_chain, random_tiled
from tests.solvers.stored_programs import stored_program

FIXED = tuple(law for law in law_pool(300) if isinstance(law, FixedWakeLaw))
OTHERS = tuple(law for law in law_pool(300) if not isinstance(law, FixedWakeLaw))


def tasks(random: Random, law: CycleLaw, most: int = 9) -> Program:
    """One chain of a few tasks."""
    chain = random_chain(random, law, random.randint(1, most))
    return Program((ExplicitStage("tasks", (chain,), 1000),), law, DIGEST)


def runs_of(ends: tuple[int, ...]) -> int:
    """How many runs of equally many atoms there are."""
    return len(list(groupby(end - start for start, end in pairwise((0, *ends)))))


def every_cost(program: Program) -> Iterator[tuple[int, int]]:
    """The runs and the cost of every way to cut one chain, under fixed wake."""
    stage, rule = program.stages[0], Rule(program.law)
    assert isinstance(stage, ExplicitStage)
    sequence = Joined([stage.chain(0)])
    for ends in cut_sets(sequence):
        cost = least_cost_of(sequence, ends, rule)
        if cost is not None:
            yield runs_of(ends), cost


def least(program: Program, runs: int) -> int | None:
    return min((cost for some, cost in every_cost(program) if some <= runs), default=None)


def sized(program: Program, runs: int) -> Program:
    """With tables of so many runs and not quite one more."""
    return replace(program, table_size=TABLES.run * (runs + 1) - 1)


@given(st.integers(0, 10**9))
@settings(max_examples=150)
def test_tasks_are_cut_into_few_runs_at_least_cost(seed: int) -> None:
    random = Random(seed)
    program = tasks(random, random.choice(FIXED))
    for runs in range(1, 5):
        small = sized(program, runs)
        assert most_runs(small) == runs
        answer, best = solve(small), least(program, runs)
        if best is None:
            assert answer.status is Status.UNSCHEDULABLE
            assert answer.plan is None
            if answer.bottleneck is None:
                assert answer.bound == FewRuns(None)
                require_few_runs(small, FewRuns(None))
            continue
        assert answer.plan is not None
        assert len(answer.plan.cycles) <= runs
        assert evaluate(small, answer.plan).latency == answer.latency == best + program.law.offset
        assert answer.bound is not None
        assert answer.bound.value == best
        assert require_fit(small, answer.plan, {}) is None
        assert table_bytes(small, answer.plan) == bytes_of_tables(small, answer.plan, ())
        assert least_with_few_runs(small) == best
        require_few_runs(small, FewRuns(best))
        with pytest.raises(Unproven):
            require_few_runs(small, FewRuns(best + 1))
        with pytest.raises(Unproven):
            require_few_runs(small, FewRuns(None))


def test_plans_of_thresholds_are_the_cheapest_of_their_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """By sums of prices, with the threshold that each cycle's price belongs to, against every way to cut."""
    seen = 0
    monkeypatch.setattr(few_runs, "FEW", 0)
    plain = [law for law in law_pool(300) if not (law.keeps_level or law.leaves_level) and law.max_cycles is None]
    for seed in range(150):
        random = Random(seed)
        law = random.choice(plain)
        program = tasks(random, law, 7)
        answer = solve(program)
        if answer.plan is None:
            continue
        stage = program.stages[0]
        assert isinstance(stage, ExplicitStage)
        sequence, rule = Joined([stage.chain(0)]), Rule(law)
        known: dict[int, int] = {}
        for ends in cut_sets(sequence):
            cost = least_cost_of(sequence, ends, rule)
            if cost is not None:
                drains = [sequence.cycle("drain", start, end) for start, end in pairwise((0, *ends))]
                atoms = [end - start for start, end in pairwise((0, *ends))]
                number = len(power_cycles(atoms, best_thresholds(law, drains)[0]))
                known[number] = min(cost, known.get(number, cost))
        for found in recuts(program, answer.plan, len(answer.plan.cycles)):
            number = len(found.plan.cycles)
            assert found.latency - law.offset == min(cost for runs, cost in known.items() if runs <= number)
            seen += number > 1
    assert seen > 40


def test_a_network_is_cut_again_where_only_its_tables_are_too_large() -> None:
    """By its memory or by the size of its tables: the plan fits, and no more is claimed than is proven."""
    fitted = equal = 0
    for seed in range(90):
        random = Random(seed)
        program = stored_program(random, branches=random.random() < 0.5)
        storage = program.storage
        assert storage is not None
        roomy = replace(program, storage=replace(storage, available=10**6, tables=replace(storage.tables, run=2)))
        free = solve(roomy)
        if free.plan is None or len(free.plan.cycles) < 2:
            continue
        packed = packed_memory(roomy, free.plan)
        assert packed is not None
        assert roomy.storage is not None
        tight = replace(roomy, storage=replace(roomy.storage, available=packed.size - 1))
        small = replace(roomy, table_size=table_bytes(roomy, free.plan) - 1)
        for changed in (tight, small):
            answer = solve(changed)
            if answer.plan is None:
                continue
            memory = packed_memory(changed, answer.plan)
            assert memory is not None
            assert require_fit(changed, answer.plan, memory.addresses) is not None
            assert evaluate(changed, answer.plan).latency == answer.latency
            assert answer.latency is not None
            assert answer.bound is not None
            assert answer.bound.value is not None
            assert answer.bound.value + program.law.offset <= answer.latency
            fitted += 1
            equal += answer.bound.value + program.law.offset == answer.latency
    assert fitted > 20
    assert equal


def solved(count: int) -> Iterator[tuple[Program, Plan]]:
    """Tasks whose thresholds are chosen, with their best plans."""
    for random in map(Random, range(count)):
        program = tasks(random, random.choice(OTHERS))
        plan = solve(program).plan
        if plan is not None:
            yield program, plan


def test_plans_in_as_many_runs_share_thresholds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the ways to share them are few, plans of fewer runs are found, and none of them takes longer."""
    fewer = 0
    for program, plan in solved(120):
        shared = list(recuts(program, plan, len(plan.cycles)))
        with monkeypatch.context() as patch:
            patch.setattr(few_runs, "FEW", 0)
            alone = list(recuts(program, plan, len(plan.cycles)))
        runs = [len(one.plan.cycles) for one in shared]
        assert runs == sorted(set(runs), reverse=True)
        for one in shared:
            assert evaluate(program, one.plan).latency == one.latency
        for one in alone:
            assert any(
                len(other.plan.cycles) <= len(one.plan.cycles) and other.latency <= one.latency for other in shared
            )
        fewer += bool(alone) and runs[-1] < min(len(one.plan.cycles) for one in alone)
    assert fewer > 10


def test_cuts_by_atoms_alone_are_found_wherever_there_are_any() -> None:
    found = 0
    for program, plan in solved(120):
        for runs in (1, 2):
            one, best = by_atoms_alone(program, plan, runs), least_with_few_runs(program, runs)
            assert (one is None) == (best is None)
            if one is not None and best is not None:
                assert len(one.plan.cycles) <= runs
                assert evaluate(program, one.plan).latency == one.latency >= best + program.law.offset
                found += 1
    assert found > 40


def test_that_no_plan_has_tables_as_small_is_known_whatever_counts() -> None:
    shown = 0
    for seed in range(60):
        random = Random(seed)
        small = sized(tasks(random, random.choice((*FIXED, *OTHERS))), 1)
        if isinstance(solve(small).bound, FewRuns) and solve(small).plan is None:
            for goal in (Goal((Criterion.ENERGY,)), Goal((Criterion.LATENCY, Criterion.ENERGY))):
                answer = solve(replace(small, goal=goal))
                assert (answer.status, answer.bound) == (Status.UNSCHEDULABLE, FewRuns(None))
                shown += 1
    assert shown > 6


SEVERAL_RUNS = (27, 81, 96, 147, 186, 209, 219, 233, 280, 333, 342, 453, 484, 485, 499)
"""Small networks whose best plans have several runs."""


def test_other_designs_take_less_and_never_less_than_the_best_of_all() -> None:
    """Against all designs of small networks with all their cuts."""
    better = best = 0
    laws = [law for law in FIXED if law.max_cycles is None]
    for seed in SEVERAL_RUNS:
        random = Random(seed)
        program = random_tiled(random, random.choice(laws), stages=1 + seed % 2, most=12)
        answer = solve(program)
        assert answer.plan is not None
        assert answer.bound is not None
        assert answer.bound.value is not None
        start = next(recuts(program, answer.plan, len(answer.plan.cycles) - 1))
        found = [start, *with_other_designs(program, start, answer.bound.value, Limit())]
        latencies = [one.latency for one in found]
        assert latencies == sorted(set(latencies), reverse=True)
        for one in found:
            assert len(one.plan.cycles) <= len(start.plan.cycles)
            assert evaluate(program, one.plan).latency == one.latency
        least_cost = best_of_few_runs(program, len(start.plan.cycles))
        assert least_cost is not None
        least_of_all = least_cost + program.law.offset
        assert least_of_all <= latencies[-1]
        better += len(found) > 1
        best += least_of_all == latencies[-1]
    assert better > 2
    assert best > 4


def best_of_few_runs(program: Program, runs: int) -> int | None:
    """The least cost over all designs and all cuts with at most so many runs, None if there are none."""
    rule = Rule(program.law)
    found = []
    for designs in product(*designs_of(program)):
        chains = [stage.chain(design) for stage, design in zip(program.stages, designs, strict=True)]  # type: ignore[arg-type]
        sequence = Joined(chains)
        for ends in cut_sets(sequence):
            if runs_of(ends) <= runs:
                found.append(least_cost_of(sequence, ends, rule))
    return min((cost for cost in found if cost is not None), default=None)


def test_nothing_is_claimed_to_be_best_where_there_are_other_designs() -> None:
    random = Random(5)
    law = next(law for law in FIXED if law.max_cycles is None)
    chains = tuple(random_chain(random, law, 6) for _ in range(2))
    program = Program((ExplicitStage("tasks", chains, 1000),), law, DIGEST)
    for runs in (1, 2):
        answer = solve(sized(program, runs))
        assert not isinstance(answer.bound, FewRuns)


def test_too_many_states_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    laws = [law for law in FIXED if law.max_cycles is None]
    every = (tasks(random, random.choice(laws)) for random in map(Random, range(99)))
    program = next(one for one in every if least(one, 1) not in (None, least(one, 9)))
    small, free = sized(program, 1), solve(program)
    assert free.plan is not None
    assert isinstance(solve(small).bound, FewRuns)
    monkeypatch.setattr(few_runs, "PROVABLE", 0)
    answer = solve(small)
    assert (answer.note, answer.bound) == (UNCHECKED, free.bound)
    assert answer.latency == (least(program, 1) or 0) + program.law.offset
    monkeypatch.setattr(runs_search, "MOST_STATES", 0)
    with pytest.raises(Unproven, match="too many"):
        require_few_runs(small, FewRuns(0))
    monkeypatch.setattr(few_runs, "MOST_STATES", 1)
    assert list(recuts(program, free.plan, 3)) == []
    answer = solve(small)
    assert (answer.status, answer.note, answer.plan) == (Status.UNDECIDED, NO_FEWER, None)


def test_proofs_are_about_one_chain() -> None:
    random = Random(1)
    program = sized(tasks(random, FIXED[0]), 2)
    require_few_runs(program, FewRuns(0))
    for other in (
        replace(program, table_size=None),
        Program((*program.stages, *program.stages), program.law, DIGEST, table_size=50),
    ):
        with pytest.raises(Unproven):
            require_few_runs(other, FewRuns(0))


@given(st.integers(0, 10**9))
def test_no_cycle_is_longer(seed: int) -> None:
    random = Random(seed)
    program = tasks(random, random.choice(law_pool(300)))
    stage = program.stages[0]
    assert isinstance(stage, ExplicitStage)
    chain, capacity = stage.chain(0), max(program.law.capacity, program.law.first_capacity)
    drains = list(map(int, chain.drain))
    fitting = [
        end - start
        for start in range(len(chain))
        for end in range(start + 1, len(chain) + 1)
        if sum(drains[start:end]) <= capacity
    ]
    assert longest_cycle(chain, program.law) == max(fitting, default=0)


def test_tasks_with_a_goal_keep_small_tables_or_are_undecided() -> None:
    """The plan of least energy is cut again; where that leads to none, none is known not to exist."""
    notes = set()
    for seed in range(60):
        random = Random(seed)
        program = replace(sized(tasks(random, random.choice(FIXED)), 1), goal=Goal((Criterion.ENERGY,)))
        answer = solve(program)
        notes.add(answer.note)
        if answer.plan is not None:
            assert len(answer.plan.cycles) == 1
            assert evaluate(program, answer.plan).latency == answer.latency
        else:
            assert answer.status is Status.UNSCHEDULABLE or answer.note == NO_FEWER
    assert notes == {None, MORE_RUNS}


# Deliberate defects

CHECKING = {
    "one run more is allowed": ("return begun[0][self.allowed - 1]", "return begun[0][self.allowed - 1 + 1]"),
    "runs need not be counted": ("other = [BEYOND, *begun[end][:-1]]", "other = begun[end]"),
    "runs do not go on": ("return other if same is None else list(map(min, same, other))", "return other"),
    "all cycles are alike": ("same = continued[end].get(atoms)", "same = begun[end]"),
    "commits drain nothing": (" + int(chain.commit_drain[end - 1])", ""),
    "cuts are everywhere": ("if start and not self.chain.cut[start - 1]:", "if False:"),
    "the last cycle waits as others do": ("(False, True): Position.LAST", "(False, True): Position.MID"),
    "resuming takes no time": ("+ opening_time +", "+"),
}


def checks(module: object) -> bool:
    """Whether what is found is what all ways to cut say."""
    for seed in range(120):
        random = Random(seed)
        program = tasks(random, random.choice(FIXED))
        for runs in (1, 2, 3):
            try:
                found = module.least_with_few_runs(sized(program, runs))  # type: ignore[attr-defined]
            except IndexError:
                return False
            if found != least(program, runs):
                return False
    return True


@mutants(CHECKING)
def test_defects_of_the_checker_are_caught(change: Change) -> None:
    with mutated(runs_search, change) as module:
        assert not checks(module)


SEARCHING = {
    "runs do not go on": ("self.goes_on[end, atoms] = same <= other", "self.goes_on[end, atoms] = False"),
    "all thresholds are one": ("same = np.where(is_same[:, None], same, UNREACHABLE)", "pass"),
    "cuts are everywhere": ("may = self.begins[start] & self.begins[end]", "may = np.ones(len(end), dtype=bool)"),
    "runs need not be counted": ("best[start, :-1]]", "best[start, 1:]]"),
    "the first is like others": ("Position.FIRST: is_first & ~is_last", "Position.FIRST: is_first & is_last"),
}


def finds(module: object) -> bool:
    """Whether the best cuts are found of chains, by thresholds that each cycle's price belongs to."""
    module.FEW = 0  # type: ignore[attr-defined]
    for seed in range(150):
        random = Random(seed)
        law = random.choice(FIXED if seed % 2 else [law for law in OTHERS if not (law.keeps_level or law.leaves_level)])
        program = tasks(random, law)
        answer = solve(program)
        if answer.plan is None or law.max_cycles is not None:
            continue
        try:
            found = list(module.recuts(program, answer.plan, len(answer.plan.cycles)))  # type: ignore[attr-defined]
            if not found or any(evaluate(program, one.plan).latency != one.latency for one in found):
                return False
        except Exception:
            return False
        plans: list[Plan] = [one.plan for one in found]
        runs = [len(plan.cycles) for plan in plans]
        if found[0].latency != answer.latency or runs != sorted(set(runs), reverse=True):
            return False
        if seed % 2 and any(
            one.latency - law.offset != least(program, len(plan.cycles)) for one, plan in zip(found, plans, strict=True)
        ):
            return False
    return True


@mutants(SEARCHING)
def test_defects_of_the_search_are_caught(change: Change) -> None:
    with mutated(few_runs, change) as module:
        assert not finds(module)


def test_the_right_ones_are_right() -> None:
    assert checks(runs_search)
    with mutated(few_runs, ("FEW = 100_000", "FEW = 0")) as module:
        assert finds(module)
