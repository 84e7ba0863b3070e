"""Plans of few runs over several designs of every layer, found and proven, against all designs with all their cuts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product
from random import Random

import pytest

from ischedule.analysis import runs_of_networks
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.labels import Unproven
from ischedule.analysis.runs_of_networks import require_few_runs_of_network
from ischedule.models.plan import Bound
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.storage import TABLES
from ischedule.models.tables import Room
from ischedule.solvers import runs_of_designs
from ischedule.solvers.few_runs import cut_into
from ischedule.solvers.limit import Limit
from ischedule.solvers.runs_of_designs import TooManyCycles, least_plan, undominated
from ischedule.solvers.solve import solve
from ischedule.solvers.tiled import UsefulDesigns
from tests.analysis.test_layout_mutants import Change, mutants, mutated
from tests.solvers.enumeration import Joined, Rule, cut_sets, least_cost_of
from tests.solvers.random_programs import DIGEST, random_chain, random_tiled
from tests.solvers.stored_programs import stored_program
from tests.solvers.test_few_runs import FIXED, OTHERS, SEVERAL_RUNS, best_of_few_runs, runs_of
from tests.solvers.test_graphs import orders

BEYOND = 1 << 100
RUN = 2


def chains(seed: int) -> Program:
    """Some stages with some designs each, one after the other or in several orders."""
    random = Random(seed)
    law = random.choice(FIXED)
    if seed % 3 == 0:
        program = stored_program(random, branches=True)
        return replace(
            program, law=law, stages=tuple(_stage(random, law, index) for index in range(len(program.stages)))
        )
    return Program(tuple(_stage(random, law, index) for index in range(random.randint(1, 3))), law, DIGEST)


def _stage(random: Random, law: object, index: int) -> ExplicitStage:
    some = tuple(random_chain(random, law, random.randint(1, 3)) for _ in range(random.randint(1, 3)))  # type: ignore[arg-type]
    return ExplicitStage(f"s{index}", some, 1000)


def units_of(seed: int) -> list[list[int]]:
    """What each design takes of the tables."""
    random = Random(-seed - 1)
    return [[random.choice((0, 0, 1)) for _ in stage.designs] for stage in chains(seed).stages]  # type: ignore[union-attr]


@cache
def every(seed: int) -> tuple[tuple[int, int], ...]:
    """The units of their tables, and costs of all plans; a run takes two units."""
    program, units = chains(seed), units_of(seed)
    rule, found = Rule(program.law), set()
    for order in orders(program):
        stages = [program.stages[stage] for stage in order]
        for designs in product(*(range(len(stage.designs)) for stage in stages)):  # type: ignore[union-attr]
            sequence = Joined([stage.chain(design) for stage, design in zip(stages, designs, strict=True)])  # type: ignore[arg-type]
            for ends in cut_sets(sequence):
                cost = least_cost_of(sequence, ends, rule)
                if cost is not None:
                    own = sum(units[stage][design] for stage, design in zip(order, designs, strict=True))
                    found.add((RUN * runs_of(ends) + own, cost))
    return tuple(found)


def least(seed: int, room: int) -> int | None:
    return min((cost for some, cost in every(seed) if some <= room), default=None)


def finds(module: object) -> bool:
    """Whether the search finds what all plans say."""
    for seed in range(90):
        program = chains(seed)
        for size in (2, 3, 4, 5, 9):
            best, room, units = least(seed, size), Room(size, RUN, 1), units_of(seed)
            try:
                found = module.least_plan(program, room, units, BEYOND)  # type: ignore[attr-defined]
                beaten = None if best is None else module.least_plan(program, room, units, best)  # type: ignore[attr-defined]
            except (AssertionError, LookupError, TypeError):
                return False
            if (None if found is None else found[1]) != best or beaten is not None:
                return False
            if found is not None:
                own = sum(units[stage][design] for stage, design in zip(found[0].stages, found[0].designs, strict=True))  # type: ignore[index]
                cut = cut_into(program, found[0], (size - own) // RUN)
                if cut is None or cut.latency != found[1] + program.law.offset:
                    return False
                if evaluate(program, cut.plan).latency != cut.latency or RUN * len(cut.plan.cycles) + own > size:
                    return False
    return True


def checks(module: object) -> bool:
    """Whether the checker's least cost is that of all plans, or the value if none is below it."""
    for seed in range(90):
        program = chains(seed)
        for size in (2, 3, 4, 5, 9):
            best, room, units = least(seed, size), Room(size, RUN, 1), units_of(seed)
            try:
                for value in (BEYOND, best or 0, (best or 0) + 1):
                    expected = value if best is None else min(value, best)
                    if module._Places(program, units).least(room, value) != expected:  # type: ignore[attr-defined]
                        return False
            except (AssertionError, LookupError, TypeError, ValueError):
                return False
    return True


def test_both_searches_find_what_all_plans_say() -> None:
    assert finds(runs_of_designs)
    assert checks(runs_of_networks)
    bound = [seed for seed in range(90) if least(seed, 2) not in (None, least(seed, 30))]
    assert len(bound) > 20


@pytest.mark.parametrize("seed", SEVERAL_RUNS)
def test_networks_are_proven_and_one_unit_more_is_not(seed: int) -> None:
    random = Random(seed)
    law = random.choice([law for law in FIXED if law.max_cycles is None])
    program = random_tiled(random, law, stages=1 + seed % 2, most=12)
    free = solve(program)
    assert isinstance(free.bound, Bound)
    assert free.plan is not None
    runs = len(free.plan.cycles) - 1
    small = replace(program, table_size=TABLES.run * runs)
    best = best_of_few_runs(program, runs)
    pool = UsefulDesigns(program, Limit())
    proof = pool.bound(free.bound.value, best + 1)
    require_few_runs_of_network(small, best, pool.bound(free.bound.value, best))
    with pytest.raises(Unproven):
        require_few_runs_of_network(small, best + 1, proof)
    with pytest.raises(Unproven):
        require_few_runs_of_network(replace(small, table_size=None), best, proof)
    with pytest.raises(Unproven):
        require_few_runs_of_network(replace(small, law=OTHERS[0]), best, proof)


def test_too_many_cycles_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    program = chains(1)
    monkeypatch.setattr(runs_of_designs, "MOST_CYCLES", 1)
    with pytest.raises(TooManyCycles):
        least_plan(program, Room(9, RUN, 1), units_of(1), BEYOND)
    monkeypatch.setattr(runs_of_networks, "MOST_CYCLES", 0)
    with pytest.raises(Unproven, match="too many"):
        runs_of_networks._Places(program, units_of(1)).least(Room(9, RUN, 1), BEYOND)


def test_designs_are_left_out_only_for_ones_that_are_as_good() -> None:
    left = 0
    for seed in range(60):
        for stage, units in zip(chains(seed).stages, units_of(seed), strict=True):
            assert isinstance(stage, ExplicitStage)
            kept = undominated(stage, units)
            for index, chain in enumerate(stage.designs):
                if index in kept:
                    continue
                left += 1
                values = [list(map(int, column)) for column in chain.columns()[:6]]
                assert any(
                    list(stage.designs[one].cut) == list(chain.cut)
                    and units[one] <= units[index]
                    and all(
                        int(a) <= b
                        for column, mine in zip(stage.designs[one].columns()[:6], values, strict=True)
                        for a, b in zip(column, mine, strict=True)
                    )
                    for one in kept
                )
    assert left >= 0


SEARCHING = {
    "addresses are free": ("number + cycle.units + room", "number + room"),
    "addresses are paid twice": ("units += 0 if done else", "units +="),
    "one run more": ("if key[1] > room.units or", "if key[1] > room.units + 1 or"),
    "runs do not go on": ("room.run * (cycle.atoms != atoms)", "room.run"),
    "as much is less": ("cost + behind[cycle.end] >= below", "cost + behind[cycle.end] > below"),
    "resuming is free": ("opening = int(chain.resume_drain[done]), int(chain.resume_time[done])", "opening = 0, 0"),
    "atoms of other designs do not count": ("atoms + end - done, took", "end - done, took"),
    "ways that lead nowhere count": ("if one.end in behind]", "]"),
    "cycles end with designs": (
        "                if is_last:\n                    for",
        "                if False:\n                    for",
    ),
    "the first is like others": ("(True, False): Position.FIRST", "(True, False): Position.LAST"),
}
CHECKING = {
    "addresses are free": (
        "found = [BEYOND] * units + [cost + one for one in tail[: room.units + 1 - units]]",
        "found = [cost + one for one in tail]",
    ),
    "addresses are paid twice": ("units += 0 if begin else", "units +="),
    "one run more": ("begun[room.units - room.run])", "begun[room.units])"),
    "runs need not be counted": ("begun = [BEYOND] * room.run + begun[: room.units + 1 - room.run]", "pass"),
    "runs do not go on": ("begun if same is None else list(map(min, same, begun))", "begun"),
    "the last way counts": ("found if known is None else list(map(min, known, found))", "found"),
    "atoms of other designs do not count": ("yield start, atoms + done - begin", "yield start, done - begin"),
    "committing is free": (
        "closing = int(last.commit_drain[done - 1]), int(last.commit_time[done - 1])",
        "closing = 0, 0",
    ),
    "cycles begin with designs": ("                if begin == 0:\n", "                if False:\n"),
    "resuming takes no time": ("active + int(chain.resume_time[begin]) + cost", "active + cost"),
    "too much is left out": ("spent[begin] + cost + min(tail) >= value", "spent[begin] + cost + max(tail) >= value"),
}


@mutants(SEARCHING)
def test_defects_of_the_search_are_caught(change: Change) -> None:
    with mutated(runs_of_designs, change) as module:
        assert not finds(module)


@mutants(CHECKING)
def test_defects_of_the_checker_are_caught(change: Change) -> None:
    with mutated(runs_of_networks, change) as module:
        assert not checks(module)
