"""Networks in few runs that each wait for a code of the hardware: against all designs, cuts, runs and codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise, product
from random import Random

import pytest

from ischedule.analysis import runs_of_thresholds
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.labels import Unproven
from ischedule.analysis.runs_of_networks import require_few_runs_of_network
from ischedule.models.cycle_law import CycleLaw, Threshold, begin, recharged
from ischedule.models.plan import Bound, FewRuns
from ischedule.models.program import Program
from ischedule.models.programmable_wake import ProgrammableWakeLaw
from ischedule.models.rounding import slack_of_plans
from ischedule.models.storage import TABLES
from ischedule.models.tables import Room, has_shared_codes
from ischedule.solvers import few_thresholds
from ischedule.solvers.limit import Limit
from ischedule.solvers.runs_of_designs import MOST_PARTS, narrowed
from ischedule.solvers.tiled import UsefulDesigns, solve_tiled
from tests.analysis.test_layout_mutants import Change, mutants, mutated
from tests.solvers.enumeration import Joined, cut_sets, designs_of
from tests.solvers.listed_programs import listed, units_of
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_tiled
from tests.solvers.test_graphs import orders
from tests.solvers.test_shared_thresholds import divided

BEYOND = 1 << 60
RUN = 2
SIZES = (2, 3, 4, 5, 9)


def codes_of(law: CycleLaw) -> list[Threshold]:
    """Every threshold that the hardware has."""
    assert isinstance(law, ProgrammableWakeLaw)
    return law.codes_from(law.thresholds.least(0))


LAWS = tuple(law for law in law_pool(300) if has_shared_codes(law) and len(codes_of(law)) < 40)


def least_wait(law: CycleLaw, drains: Sequence[int], division: Sequence[tuple[int, int]]) -> int:
    """The least that cycles wait which drain so much and share thresholds like this, by every code."""
    states = {(law.head.delay, law.head.level)}
    for start, end in division:
        found: set[tuple[int, int]] = set()
        needs = [law.upkeep.reserve + drain for drain in drains[start:end]]
        if start == 0 and needs[0] <= law.head.level:
            # the level at hand suffices
            needs[0] = 0
        for threshold in (one for one in codes_of(law) if one.level >= max(needs)):
            for time, level in states:
                for cycle in range(start, end):
                    waited, begun = begin(law, level, threshold, is_first=cycle == 0)
                    time, level = time + waited, law.level_left(begun, drains[cycle])
                found.add((time, level))
        states = {one for one in found if not any(_is_better(other, one) for other in found)}
    return min(time + recharged(law, level) for time, level in states)


def _is_better(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one != other and one[0] <= other[0] and one[1] >= other[1]


def every_cost(law: CycleLaw, sequence: Joined, most: int) -> Iterator[tuple[int, int]]:
    """The runs and the least cost of every way to cut a chain and to divide its cycles into runs."""
    for ends in cut_sets(sequence):
        cycles = list(pairwise((0, *ends)))
        drains = [sequence.cycle("drain", *cycle) for cycle in cycles]
        room = [law.first_capacity] + [law.capacity] * (len(cycles) - 1)
        if any(drain > one for drain, one in zip(drains, room, strict=True)):
            continue
        active = sum(sequence.cycle("time", *cycle) for cycle in cycles)
        for division in divided([end - start for start, end in cycles], most):
            yield len(division), least_wait(law, drains, division) + active - law.offset


@cache
def every(seed: int) -> tuple[tuple[int, int], ...]:
    """The units of their tables, and costs of all plans; a run takes two units."""
    program, found = listed(seed, LAWS), set()
    units = units_of(seed, program)
    for order in orders(program):
        stages = [program.stages[stage] for stage in order]
        for designs in product(*(range(len(stage.designs)) for stage in stages)):  # type: ignore[union-attr]
            sequence = Joined([stage.chain(design) for stage, design in zip(stages, designs, strict=True)])  # type: ignore[arg-type]
            own = sum(units[stage][design] for stage, design in zip(order, designs, strict=True))
            for runs, cost in every_cost(program.law, sequence, max(SIZES) // RUN):
                found.add((RUN * runs + own, cost))
    return tuple(found)


def least(seed: int, room: int) -> int | None:
    return min((cost for some, cost in every(seed) if some <= room), default=None)


SEEDS = range(60)


def finds(module: object) -> bool:
    """Whether the search finds what all plans say."""
    for seed in SEEDS:
        program = listed(seed, LAWS)
        for size in SIZES:
            best, room, units = least(seed, size), Room(size, RUN, 1), units_of(seed, program)
            try:
                few = module.FewThresholds(program, units)  # type: ignore[attr-defined]
                found = few.least_plan(room, BEYOND)
                beaten = None if best is None else few.least_plan(room, best)
                just = found if best is None else few.least_plan(room, best + 1)
            except (AssertionError, LookupError, TypeError, ValueError):
                return False
            if any((None if one is None else one[1]) != best for one in (found, just)) or beaten is not None:
                return False
    return True


def checks(module: object) -> bool:
    """Whether the checker's least cost is that of all plans, or the value if none is below it."""
    for seed in SEEDS:
        program = listed(seed, LAWS)
        for size in SIZES:
            best, room, units = least(seed, size), Room(size, RUN, 1), units_of(seed, program)
            try:
                for value in (BEYOND, best or 0, (best or 0) + 1):
                    expected = value if best is None else min(value, best)
                    if module.Thresholds(program, units, room, value).least() != expected:  # type: ignore[attr-defined]
                        return False
            except (AssertionError, LookupError, TypeError, ValueError):
                return False
    return True


def test_both_searches_find_what_all_plans_say() -> None:
    assert finds(few_thresholds)
    assert checks(runs_of_thresholds)
    bound = [seed for seed in SEEDS if least(seed, 2) not in (None, least(seed, 9))]
    assert len(bound) > 15


NETWORKS = (8, 19, 22, 28, 34, 37, 51, 54, 57, 59, 62, 67, 68, 70, 72, 76, 96, 99, 122, 128, 130, 149, 179)
"""Small networks whose best plans have several cycles."""


def network(seed: int) -> Program:
    random = Random(seed)
    law = random.choice(LAWS)
    return random_tiled(random, law, stages=1 + seed % 2, most=8)


def best_of(program: Program, runs: int) -> int | None:
    """The least cost over all designs, cuts, runs and codes."""
    found = []
    for designs in product(*designs_of(program)):
        chains = [stage.chain(design) for stage, design in zip(program.stages, designs, strict=True)]  # type: ignore[arg-type]
        found += [cost for _, cost in every_cost(program.law, Joined(chains), runs)]
    return min(found, default=None)


def test_networks_are_decided_and_one_unit_more_is_not_proven() -> None:
    dearer = 0
    for seed in NETWORKS:
        program = network(seed)
        free = solve_tiled(program, Limit())
        assert free.plan is not None
        assert isinstance(free.bound, Bound)
        for runs in range(1, min(3, len(free.plan.cycles))):
            small, best = replace(program, table_size=TABLES.run * runs), best_of(program, runs)
            found = narrowed(
                small, replace(free, plan=None, latency=None, cost=None, is_undecided=True), lambda *_: True, Limit()
            )
            assert isinstance(found.bound, FewRuns)
            if best is None or best >= MOST_PARTS * free.bound.value:
                assert found.plan is None
                continue
            assert found.plan is not None
            assert found.cost == found.bound.value == best
            assert found.latency == best + program.law.offset == evaluate(small, found.plan).latency
            assert len(found.plan.cycles) <= runs
            assert found.bound.bound is not None
            require_few_runs_of_network(small, best, found.bound.bound)
            pool = UsefulDesigns(program, Limit())
            proof = pool.bound(free.bound.value, best + 1 + slack_of_plans(program, best + 1))
            with pytest.raises(Unproven):
                require_few_runs_of_network(small, best + 1, proof)
            dearer += best > free.bound.value
    assert dearer > 8


SEARCHING = {
    "codes do not matter": ("return atoms, self.units, self.code, self.ahead", "return atoms, self.units, self.ahead"),
    "levels do not matter": ("return atoms, self.units, self.code, self.ahead", "return atoms, self.units, self.code"),
    "every cycle waits": ("left if left >= self.lowest else WAITS", "WAITS"),
    "cycles need no more than the first": ("way.code + (way.code >= least)", "way.code + 1"),
    "runs begin with what suffices": ("range(least, self.top + 1) if", "range(least, least + 1) if"),
    "the first is like others": ("self.law.shared(end.load, None) if end.is_first else ", ""),
    "the first waits": ("is_first=end.is_first", "is_first=False"),
    "one run more": ("if anew.units <= self.room.units and", "if anew.units <= self.room.units + 1 and"),
    "runs go on for nothing": ("way.anew(way.units + self.room.run)", "way.anew(way.units)"),
    "later and less is as good": (" and passed <= time and level >= way.level", ""),
    "the end is not recharged": ("recharged(self.law, left) if end.is_last else", "0 if end.is_last else"),
    "new runs wait as others": ("self.level, NEW, self.ahead)", "self.level, self.code, self.ahead)"),
    "runs of other codes are as good": ("kept[atoms, way.code].adds", "kept[atoms, NEW].adds"),
    "cycles of other codes are as good": ("kept[one.atoms, one.wanted, way.code]", "kept[one.atoms, one.wanted, NEW]"),
    "what is left is worth nothing": ("else -self.worth(left)), left", "else 0), left"),
}
CHECKING = {
    "codes do not matter": ("State(end.atoms, way.units, code, level)", "State(end.atoms, way.units, 0, level)"),
    "every cycle waits": ("level = EMPTY if left < self.lowest else left", "level = EMPTY"),
    "cycles need no more than the first": ("else (max(least, way.code), way.code)", "else (way.code, way.code)"),
    "runs begin with what suffices": ("(least, self.highest) if way.code == ANY", "(least, least) if way.code == ANY"),
    "the first is like others": ("self._code(end.load, is_first=end.is_first)", "self._code(end.load, is_first=False)"),
    "the first waits": (
        "self.law.thresholds.at(code), is_first=end.is_first",
        "self.law.thresholds.at(code), is_first=False",
    ),
    "one run more": (
        "if units + self.room.run <= self.room.units:",
        "if units + self.room.run <= self.room.units + 1:",
    ),
    "runs go on for nothing": ("Way(units + self.room.run, 0, cost, ANY, level)", "Way(units, 0, cost, ANY, level)"),
    "later and less is as good": ("more <= drain and passed <= time and high >= level", "more <= drain"),
    "the end is not recharged": ("recharged(self.law, left) if end.is_last", "0 if end.is_last"),
    "new runs wait as others": ("0, cost, ANY, level)", "0, cost, code, level)"),
    "runs of other codes are as good": ("own = atoms, wanted, code", "own = atoms, wanted, ANY"),
    "what is left is worth nothing": ("else -self._worth(left))", "else 0)"),
    "less is as good": (
        "self.wanted = program.law, slack_of(program.law), value",
        "self.wanted = program.law, slack_of(program.law), value - 1",
    ),
}


@mutants(SEARCHING)
def test_defects_of_the_search_are_caught(change: Change) -> None:
    with mutated(few_thresholds, change) as module:
        assert not finds(module)


@mutants(CHECKING)
def test_defects_of_the_checker_are_caught(change: Change) -> None:
    with mutated(runs_of_thresholds, change) as module:
        assert not checks(module)
