"""Tasks whose power cycles need more than they drain: against every way to cut them and to choose thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis import label_closure
from ischedule.analysis.division import require_least
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.labels import Unproven
from ischedule.analysis.power_cycles import InvalidPlan, Violation
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw, begin, recharged
from ischedule.models.demand import Unanswerable
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.plan import Levels, PowerCycles, Status
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.solvers import needs
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import solve
from tests.analysis.test_layout_mutants import Change, mutants, mutated
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import DIGEST, random_chain

LAWS = law_pool(300)
FIXED = tuple(law for law in LAWS if isinstance(law, FixedWakeLaw))
CHOSEN = tuple(law for law in LAWS if isinstance(law, ProgrammableWakeLaw))
MINIMAL = tuple(law for law in CHOSEN if law.search is None)

SEARCHED = tuple(law for law in CHOSEN if law.search is not None)
FEW = tuple(law for law in SEARCHED if law.search is not None and law.search.count <= 16)


def tasks(random: Random, law: CycleLaw, atoms: int = 6) -> Program:
    """Few tasks, some of which leave more than others; now and then all drain so little that levels pile up."""
    chain = random_chain(random, law, random.randint(1, atoms))
    part = random.choice((1, 1, 5, 30))
    less = {
        name: [value // part for value in getattr(chain, name)] for name in ("drain", "resume_drain", "commit_drain")
    }
    chain = replace(chain, **less)  # type: ignore[arg-type]
    most = law.capacity // random.choice((1, 2, 4, 8))
    excess = [random.choice((0, 0, random.randint(0, most))) for _ in range(len(chain))]
    start = random.choice((0, 0, int(chain.resume_drain[0]) + random.randint(0, most)))
    chain = replace(chain, excess=excess, start_need=start)
    if random.random() < 0.4:
        chain = rising(random, chain, law)
    return Program((ExplicitStage("tasks", (chain,), 100),), law, DIGEST)


def rising(random: Random, chain: Chain, law: CycleLaw) -> Chain:
    """More flows in during some tasks than they take, below a ceiling that is often in the way."""
    most = law.capacity
    drain = [int(value) for value in chain.drain]
    for index in range(len(drain)):
        if random.random() < 0.4:
            drain[index] = -random.randint(0, most)
        elif random.random() < 0.4:
            drain[index] = most - random.randint(0, most // 4)
    highest = max(law.capacity, law.first_capacity, law.head.level) + law.upkeep.reserve
    return replace(chain, drain=drain, ceiling=highest + random.choice((0, 1, most // 8, most)))


def runs_from(chain: Chain, start: int, end: int, level: int) -> int | None:
    """What is left where a cycle begins with a level, followed from task to task; None where it breaks off."""
    steps = [(max(int(chain.resume_drain[start]), chain.start_need), int(chain.resume_drain[start]))]
    for index in range(start, end):
        drain, excess = int(chain.drain[index]), int(chain.excess[index]) if len(chain.excess) else 0
        steps.append((max(0, drain) + excess, drain))
    steps.append((int(chain.commit_drain[end - 1]),) * 2)
    for need, drain in steps:
        if level < need:
            return None
        level -= drain
        if drain < 0 and chain.ceiling is not None:
            level = min(level, chain.ceiling)
    return level


def least_start(chain: Chain, start: int, end: int, most: int) -> int | None:
    """The least level, up to some, with which a cycle can begin."""
    low, high = 0, most
    if runs_from(chain, start, end, high) is None:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if runs_from(chain, start, end, middle) is None else (low, middle)
    return low


def brute_force(program: Program) -> int | None:
    """The least latency by trying every way, the level followed from task to task."""
    law, stage = program.law, program.stages[0]
    assert isinstance(stage, ExplicitStage)
    chain, reserve = stage.chain(0), program.law.upkeep.reserve

    def onward(at: int, elapsed: int, level: int) -> list[int]:
        if at == len(chain):
            return [elapsed + recharged(law, level)]
        found: list[int] = []
        for end in range(at + 1, len(chain) + 1):
            if not chain.cut[end - 1] or (law.max_cycles == 1 and (at > 0 or end < len(chain))):
                continue
            need = least_start(chain, at, end, law.capacity if at else law.first_capacity)
            if need is None:
                continue
            active = int(chain.resume_time[at]) + sum(map(int, chain.time[at:end])) + int(chain.commit_time[end - 1])
            for threshold in law.shared(None, need) if at else law.shared(need, None):
                waited, start = begin(law, level, threshold, is_first=at == 0)
                left = runs_from(chain, at, end, start)
                if need + reserve <= start and left is not None:
                    found += onward(end, elapsed + waited + active, law.level_left(left, 0))
        return found

    return min(onward(0, law.head.delay, law.head.level), default=None)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(FIXED + MINIMAL))
def test_the_best_plan_is_found_proven_and_no_better_is(seed: int, law: CycleLaw) -> None:
    program = tasks(Random(seed), law)
    least = brute_force(program)
    found = needs.solve_needs(program, Limit())
    assert isinstance(found.bound, Levels)
    label_closure.require_levels(program, found.bound)
    assert found.latency == least
    if found.plan is None or found.latency is None or found.bound.value is None:
        assert found.bound.value is None
        return
    assert evaluate(program, found.plan).latency == found.latency
    with pytest.raises(Unproven):
        label_closure.require_levels(program, replace(found.bound, value=found.bound.value + 1))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**9), st.sampled_from(SEARCHED))
def test_where_thresholds_are_searched_all_of_the_set_are_tried(seed: int, law: CycleLaw) -> None:
    program = tasks(Random(seed), law, atoms=2)
    found = needs.solve_needs(program, Limit())
    assert found.latency == brute_force(program)
    assert isinstance(found.bound, Levels)
    label_closure.require_levels(program, found.bound)


def test_labels_that_are_moved_prove_nothing() -> None:
    """A label that is later, lower or missing is noticed wherever something rests on it."""
    noticed = 0
    for seed in range(40):
        random = Random(seed)
        program = tasks(random, random.choice(MINIMAL))
        proof = needs.solve_needs(program, Limit()).bound
        assert isinstance(proof, Levels)
        for cut, labels in enumerate(proof.cuts):
            for index, (elapsed, level) in enumerate(labels):
                for worse in ((elapsed + 10**15, level), (elapsed, level - 10**15), None):
                    others = [*labels[:index], *labels[index + 1 :], *([] if worse is None else [worse])]
                    cuts = (*proof.cuts[:cut], tuple(others), *proof.cuts[cut + 1 :])
                    try:
                        label_closure.require_levels(program, replace(proof, cuts=cuts))
                    except Unproven:
                        noticed += 1
                    else:
                        assert cut > 0
                        assert len(labels) > 1
    assert noticed > 100


def test_a_cycle_that_drains_little_enough_may_still_need_too_much() -> None:
    law = next(law for law in MINIMAL if law.capacity > 1000 and law.head.waits)
    chain = random_chain(Random(1), law, 1)
    chain = replace(chain, drain=[law.capacity // 4], resume_drain=[0], commit_drain=[0], excess=[law.capacity])
    program = Program((ExplicitStage("tasks", (chain,), 1000),), law, DIGEST)
    answer = solve(program)
    assert (answer.status, answer.bound) == (Status.UNSCHEDULABLE, Levels(None, ((_start(law),),)))
    threshold = law.shared(None, law.capacity // 4)[0]
    plan = replace(
        solve(replace(program, stages=(ExplicitStage("tasks", (replace(chain, excess=[]),), 1000),))).plan,  # type: ignore[type-var]
        cycles=(PowerCycles(1, 1, threshold.level, threshold.code),),
    )
    with pytest.raises(InvalidPlan) as problem:
        evaluate(program, plan)
    assert problem.value.violation is Violation.CYCLE_TOO_LARGE


def _start(law: CycleLaw) -> tuple[int, int]:
    return law.head.delay, law.head.level


def test_other_solvers_and_goals_say_that_they_do_not_take_needs() -> None:
    program = next(
        program for seed in range(99) if (program := tasks(Random(seed), MINIMAL[seed % len(MINIMAL)])).has_needs
    )
    for solver in ("ilp", "smt"):
        with pytest.raises(Unanswerable, match="need more than they drain"):
            solve(program, solver=solver)
    with pytest.raises(Unanswerable, match="limits on what is spent or on tables"):
        solve(replace(program, table_size=100))


SEARCHING: dict[str, Change] = {
    "a task leaves nothing": (
        "(int(chain.excess[index]) if len(chain.excess) else 0)",
        "0",
    ),
    "beginning needs no more": ("need, rise = max(opening, chain.start_need), 0", "need, rise = opening, 0"),
    "the drain decides": ("Edge(index + 1, whole, spent + commit,", "Edge(index + 1, spent + commit, spent + commit,"),
    "what flows in first is not lost": ("asked + before + rise", "asked + before"),
    "a commit is under no ceiling": ("max(height, commit + spent + rise) > ceiling", "False"),
    "nothing is lost at the ceiling": ("level if edge.top is None else min(level, edge.top)", "level"),
    "later is kept for higher only": ("labels[begin_of - 1].elapsed >= new.elapsed", "True"),
    "what is left is forgotten": ("left = self.law.level_left(counted, edge.drain)", "left = 0"),
    "needs are lost": (
        "left = self.law.level_left(counted, edge.drain)",
        "left = self.law.level_left(counted, edge.need)",
    ),
    "only the lowest label leads on": ("return [*waiting, *self.labels[below:]]", "return self.labels[:1]"),
    "the earliest is there first": ("best = place if ready[place] < ready[best] else best", "best = 0"),
    "the highest is there first": ("best = place if ready[place] < ready[best] else best", "best = place"),
}

CHECKING: dict[str, Change] = {
    "a task leaves nothing": ("Demand.even(drain, excess,", "Demand.even(drain, 0,"),
    "the ceiling is out of reach": ("demand.height <= self.chain.ceiling", "True"),
    "nothing is lost at the ceiling": ("min(begun, self.chain.ceiling - cycle.rise)", "begun"),
    "all starts are alike": (" and chain.ceiling is None", ""),
    "beginning needs no more": ("Demand(max(opening, chain.start_need), opening,", "Demand(opening, opening,"),
    "the start is anywhere": ("if not self.covers[0].covers(head.delay, head.level):", "if False:"),
    "the end is not looked at": ("cost < self.proof.value:", "False:"),
    "later covers": ("self.earliest[place] <= elapsed", "True"),
    "lower covers": ("place = bisect_left(self.levels, level)", "place = 0"),
    "nothing is asked of some cycles": ("if atoms.need > most or", "if atoms.need > most // 8 or"),
    "one label is ready for all": ("self.ready <= self._ready(elapsed, level)", "True"),
}


@cache
def programs() -> list[tuple[Program, int | None]]:
    """Some programs and what their best plans take, some where few thresholds are searched."""
    found = []
    for seed in range(700):
        random = Random(seed)
        is_searched = seed >= 600
        law = random.choice(FEW if is_searched else FIXED + MINIMAL)
        program = tasks(random, law, 3 if is_searched else 6)
        found.append((program, brute_force(program)))
    return found


def finds(module: ModuleType) -> bool:
    """Whether a search finds what the best plans take."""
    try:
        return all(module.solve_needs(program, Limit()).latency == least for program, least in programs())
    except (InvalidPlan, IndexError, ValueError):
        return False


def checks(module: ModuleType) -> bool:
    """Whether a checker takes proofs that hold and no others: of more than the best, and with a label
    worsened that something rests on."""
    for program, _ in programs():
        proof = needs.solve_needs(program, Limit()).bound
        assert isinstance(proof, Levels)
        if not _accepts(module, program, proof):
            return False
        wrong = [] if proof.value is None else [replace(proof, value=proof.value + 1)]
        for cut, labels in enumerate(proof.cuts):
            for index in range(len(labels)):
                wrong += [replace(proof, cuts=cuts) for cuts in _worsened(proof, cut, index)]
        wrong = [one for one in wrong if not _accepts(label_closure, program, one)]
        if any(_accepts(module, program, one) for one in wrong):
            return False
    return True


def _worsened(proof: Levels, cut: int, index: int) -> Iterator[tuple[tuple[tuple[int, int], ...], ...]]:
    """Without a label of a cut, and with one that is later, lower, or later and higher."""
    labels = proof.cuts[cut]
    elapsed, level = labels[index]
    for others in ((), ((elapsed + 1, level),), ((elapsed, level - 1),), ((elapsed + 10**15, level + 10**15),)):
        yield (*proof.cuts[:cut], (*labels[:index], *others, *labels[index + 1 :]), *proof.cuts[cut + 1 :])


def _accepts(module: ModuleType, program: Program, proof: Levels) -> bool:
    try:
        module.require_levels(program, proof)
    except Exception as problem:
        if isinstance(problem, Unproven):
            return False
        raise
    return True


@mutants(SEARCHING)
def test_defects_of_the_search_are_caught(change: Change) -> None:
    with mutated(needs, change) as module:
        assert not finds(module)


@mutants(CHECKING)
def test_defects_of_the_checker_are_caught(change: Change) -> None:
    with mutated(label_closure, change) as module:
        assert not checks(module)


def test_the_right_ones_are_right() -> None:
    assert finds(needs)
    assert checks(label_closure)


def test_a_proof_about_drains_is_none_about_needs() -> None:
    program = next(
        program
        for seed in range(99)
        if (program := tasks(Random(seed), MINIMAL[seed % len(MINIMAL)])).has_needs and solve(program).plan is not None
    )
    stage = program.stages[0]
    assert isinstance(stage, ExplicitStage)
    chain = replace(stage.chain(0), excess=[], start_need=0)
    plain = replace(program, stages=(replace(stage, designs=(chain,)),))
    bound = solve(plain).bound
    assert bound is not None
    require_least(plain, bound)
    with pytest.raises(Unproven, match="need more than they drain"):
        require_least(program, bound)
