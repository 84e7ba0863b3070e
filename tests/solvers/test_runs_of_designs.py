"""Plans of few runs over several designs of every layer, found and proven, against all designs with all their cuts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import permutations, product
from random import Random

import pytest

from ischedule.analysis import dominance, runs_of_plans, runs_rest
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.labels import Unproven
from ischedule.analysis.runs_of_networks import require_few_runs_of_network
from ischedule.models.plan import Bound, FewRuns
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.storage import TABLES
from ischedule.models.tables import Room
from ischedule.solvers import dominance as solvers_dominance
from ischedule.solvers import few_designs, runs_behind, runs_of_designs
from ischedule.solvers.few_designs import TooManyCycles
from ischedule.solvers.few_runs import MORE_RUNS, cut_into
from ischedule.solvers.limit import Limit
from ischedule.solvers.runs_behind import groups_of
from ischedule.solvers.runs_of_designs import MOST_PARTS, narrowed
from ischedule.solvers.solve import solve
from ischedule.solvers.tiled import UsefulDesigns, solve_tiled
from tests.analysis.test_layout_mutants import Change, mutants, mutated
from tests.solvers.enumeration import Joined, Rule, cut_sets, least_cost_of
from tests.solvers.listed_programs import listed, units_of
from tests.solvers.random_programs import random_tiled
from tests.solvers.test_few_runs import FIXED, OTHERS, SEVERAL_RUNS, best_of_few_runs, runs_of
from tests.solvers.test_graphs import orders

BEYOND = 1 << 60
RUN = 2


def chains(seed: int) -> Program:
    return listed(seed, FIXED)


@cache
def every(seed: int) -> tuple[tuple[int, int], ...]:
    """The units of their tables, and costs of all plans; a run takes two units."""
    program, units = chains(seed), units_of(seed, chains(seed))
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
            best, room, units = least(seed, size), Room(size, RUN, 1), units_of(seed, chains(seed))
            try:
                found = module.FewDesigns(program, units).least_plan(room, BEYOND)  # type: ignore[attr-defined]
                beaten = None if best is None else module.FewDesigns(program, units).least_plan(room, best)  # type: ignore[attr-defined]
                just = found if best is None else module.FewDesigns(program, units).least_plan(room, best + 1)  # type: ignore[attr-defined]
            except (AssertionError, LookupError, TypeError):
                return False
            if any((None if one is None else one[1]) != best for one in (found, just)) or beaten is not None:
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
            best, room, units = least(seed, size), Room(size, RUN, 1), units_of(seed, chains(seed))
            try:
                for value in (BEYOND, best or 0, (best or 0) + 1):
                    expected = value if best is None else min(value, best)
                    if module.Plans(program, units, room, value).least() != expected:  # type: ignore[attr-defined]
                        return False
            except (AssertionError, LookupError, TypeError, ValueError):
                return False
    return True


Label = tuple[int, int, int, int, int]
"""A cycle in progress: its atoms, how many it must come to (0: any), units, drain and cost."""


def labels(seed: int) -> list[Label]:
    random = Random(seed)
    some = {tuple(random.randint(low, 3) for low in (1, 0, 0, 0, 0)) for _ in range(12)}
    return [(atoms, wanted and atoms + wanted, *rest) for atoms, wanted, *rest in sorted(some)]


def is_as_good(one: Label, other: Label) -> bool:
    """Whether whatever follows one can follow the other and comes to no less."""
    return (
        one[0] == other[0] and one[1] in (0, other[1]) and all(a <= b for a, b in zip(one[2:], other[2:], strict=True))
    )


def kept_by_search(module: object, some: list[Label]) -> list[Label]:
    ways = [
        module.Open(atoms, wanted, drain, module.Start(units, cost, None))  # type: ignore[attr-defined]
        for atoms, wanted, units, drain, cost in some
    ]
    kept = module.undominated(ways)  # type: ignore[attr-defined]
    return [(one.atoms, one.wanted, one.start.units, one.drain, one.start.cost) for one in kept]


def kept_by_checker(module: object, some: list[Label]) -> list[Label]:
    kinds: dict[tuple[int, int], list[object]] = {}
    for atoms, wanted, *rest in some:
        kinds.setdefault((atoms, wanted), []).append(module.Way(*rest))  # type: ignore[attr-defined]
    return [(*kind, *way[:3]) for kind, way in module.undominated_ways(kinds)]  # type: ignore[attr-defined]


def keeps_the_best(kept_by: Callable[[object, list[Label]], list[Label]], module: object) -> bool:
    for seed in range(200):
        some = labels(seed)
        kept = kept_by(module, some)
        if not all(any(is_as_good(one, other) for one in kept) for other in some):
            return False
        if any(is_as_good(one, other) for one, other in permutations(kept, 2)):
            return False
    return True


def test_cycles_in_progress_are_left_out_only_for_better_ones() -> None:
    assert keeps_the_best(kept_by_search, few_designs)
    assert keeps_the_best(kept_by_checker, runs_of_plans)


def test_both_searches_find_what_all_plans_say() -> None:
    assert finds(few_designs)
    assert checks(runs_of_plans)
    bound = [seed for seed in range(90) if least(seed, 2) not in (None, least(seed, 30))]
    assert len(bound) > 20


def test_ways_on_are_put_in_order_for_cycles_that_have_drained_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the group that has drained least, all cycles being one group: not all of them lead on from others."""
    monkeypatch.setattr(few_designs, "GROUPS", 1)
    monkeypatch.setattr(runs_of_plans, "GROUPS", 1)
    assert finds(few_designs)
    assert checks(runs_of_plans)


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
    assert best is not None
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
    with pytest.raises(TooManyCycles):
        few_designs.FewDesigns(program, units_of(1, chains(1))).least_plan(Room(9, RUN, 1), BEYOND, 1)
    monkeypatch.setattr(runs_of_plans, "MOST_CYCLES", 0)
    with pytest.raises(Unproven, match="too many"):
        runs_of_plans.Plans(program, units_of(1, chains(1)), Room(9, RUN, 1), BEYOND).least()


def test_designs_are_left_out_only_for_ones_that_are_as_good() -> None:
    left = 0
    for seed in range(60):
        for stage, units in zip(chains(seed).stages, units_of(seed, chains(seed)), strict=True):
            assert isinstance(stage, ExplicitStage)
            kept = [int(index) for group in groups_of(stage, units) for index in group.designs]
            assert sorted(kept) == sorted(kept_by_the_checker(stage, units))
            left += len(stage.designs) - len(kept)
            for index in set(range(len(stage.designs))) - set(kept):
                assert any(_is_as_good(stage, units, one, index) for one in kept)
            assert not any(_is_as_good(stage, units, one, other) for one, other in permutations(kept, 2))
    assert left >= 3


def test_designs_with_other_cuts_are_kept() -> None:
    chain = next(one for seed in range(99) for one in chains(seed).stages[0].designs if len(one) == 3)  # type: ignore[union-attr]
    dearer = [value + 1 for value in map(int, chain.time)]
    stage = ExplicitStage(
        "s", (replace(chain, cut=[False] * 2 + [True]), replace(chain, cut=[True] * 3, time=dearer)), 9**9
    )
    assert sorted(dominance.undominated(stage.designs, [0, 0])) == [0, 1]
    assert sorted(int(one) for group in groups_of(stage, [0, 0]) for one in group.designs) == [0, 1]


@pytest.mark.parametrize("part", ["stored", "commit_stored"])
def test_designs_that_store_less_are_kept(part: str) -> None:
    slow = replace(chains(0).stages[0].designs[0], stored=(), commit_stored=())  # type: ignore[union-attr]
    slow = replace(slow, stored=[3] * len(slow), commit_stored=[3] * len(slow))
    quick = replace(slow, time=[value - 1 for value in map(int, slow.time)], **{part: [4] * len(slow)})
    worse = replace(slow, **{part: [4] * len(slow)})
    for module in (dominance, solvers_dominance):
        assert module.undominated([slow, quick]) == [0, 1]
        assert module.undominated([worse, slow]) == [1]


def kept_by_the_checker(stage: ExplicitStage, units: list[int]) -> list[int]:
    fitting = [index for index in range(len(stage.designs)) if stage.fits(index)]
    chains = [stage.designs[index] for index in fitting]
    return [fitting[place] for place in dominance.undominated(chains, [units[index] for index in fitting])]


def _is_as_good(stage: ExplicitStage, units: list[int], one: int, other: int) -> bool:
    better, worse = stage.designs[one], stage.designs[other]
    pairs = zip(better.columns()[:6], worse.columns()[:6], strict=True)
    return (
        list(better.cut) == list(worse.cut)
        and units[one] <= units[other]
        and all(int(a) <= int(b) for column, mine in pairs for a, b in zip(column, mine, strict=True))
    )


@pytest.mark.parametrize("seed", SEVERAL_RUNS)
def test_widening_ends_with_the_best_plan_of_all(seed: int) -> None:
    """Whether a plan with tables as small is known before or not; a network's, against all its designs and cuts."""
    random = Random(seed)
    law = random.choice([law for law in FIXED if law.max_cycles is None])
    program = random_tiled(random, law, stages=1 + seed % 2, most=12)
    free = solve_tiled(program, Limit())
    assert free.plan is not None
    assert isinstance(free.bound, Bound)
    for runs in range(1, len(free.plan.cycles)):
        small, best = replace(program, table_size=TABLES.run * runs), best_of_few_runs(program, runs)
        found = narrowed(
            small, replace(free, plan=None, latency=None, cost=None, is_undecided=True), lambda *_: True, Limit()
        )
        assert isinstance(found.bound, FewRuns)
        if best is None or best >= MOST_PARTS * free.bound.value:
            assert found.plan is None
            continue
        assert found.cost == found.bound.value == best
        assert found.plan is not None
        assert not found.is_undecided
        assert evaluate(small, found.plan).latency == found.latency == best + program.law.offset
        assert len(found.plan.cycles) <= runs
        assert found.bound.bound is not None
        require_few_runs_of_network(small, best, found.bound.bound)
        known = replace(free, plan=found.plan, latency=found.latency, cost=None, note=MORE_RUNS)
        again = narrowed(small, known, lambda *_: True, Limit())
        assert (again.plan, again.bound, again.note) == (found.plan, found.bound, None)


def test_where_time_is_up_the_plan_that_is_known_is_kept() -> None:
    random = Random(SEVERAL_RUNS[0])
    law = random.choice([law for law in FIXED if law.max_cycles is None])
    program = random_tiled(random, law, stages=1 + SEVERAL_RUNS[0] % 2, most=12)
    free = solve_tiled(program, Limit())
    small, known = replace(program, table_size=TABLES.run), replace(free, note=MORE_RUNS)
    assert narrowed(small, known, lambda *_: True, Limit(0.0)) == known


def test_where_designs_are_too_many_all_plans_are_known_to_cost_more(monkeypatch: pytest.MonkeyPatch) -> None:
    raised = 0
    for seed in SEVERAL_RUNS:
        random = Random(seed)
        law = random.choice([law for law in FIXED if law.max_cycles is None])
        program = random_tiled(random, law, stages=1 + seed % 2, most=12)
        free = solve_tiled(program, Limit())
        assert free.plan is not None
        assert isinstance(free.bound, Bound)
        small, best = replace(program, table_size=TABLES.run), best_of_few_runs(program, 1)
        for most in (10, 30, 60, 100):
            monkeypatch.setattr(runs_of_designs, "MOST_ATOMS", most)
            found = narrowed(small, replace(free, plan=None, latency=None, cost=None), lambda *_: True, Limit())
            assert found.bound is not None
            assert found.bound.value is not None
            if isinstance(found.bound, FewRuns):
                assert found.bound.bound is not None
                require_few_runs_of_network(small, found.bound.value, found.bound.bound)
                raised += free.bound.value < found.bound.value and (best is None or found.bound.value < best)
            assert best is None or found.bound.value <= best
            assert best is None or found.cost is None or found.cost >= best
    assert raised


SEARCHING = {
    "addresses are free": ("units = start.units + one.units", "units = start.units"),
    "addresses are free in cycles": (
        "one.atoms + end, one.start.units + column.units",
        "one.atoms + end, one.start.units",
    ),
    "one run more": ("if new <= room.units and", "if new <= room.units + 1 and"),
    "runs do not go on": ("some = [*starts[0], *starts.get(end - begin, ())]", "some = starts[0]"),
    "runs do not go on beyond designs": ("if wanted and wanted <= atoms - begin:", "if wanted:"),
    "runs go on whatever their atoms": ("(one.wanted and atoms != one.wanted) or drain", "drain"),
    "as much is less": ("if start.cost + wait < most:", "if start.cost + wait <= most:"),
    "resuming is free": (
        "drained, took = one.resume[begin] - one.drained[begin], one.resume_time[begin] - one.took[begin]",
        "drained, took = -one.drained[begin], -one.took[begin]",
    ),
    "committing takes no time": ("        active += column.commit_time[end]\n", ""),
    "atoms of other designs do not count": ("atoms, units = one.atoms + end,", "atoms, units = end,"),
    "cycles end with designs": ("                if start.cost < most:\n", "                if False:\n"),
    "cycles end with the second design": (
        "            if cost < self._most_before",
        "            if False and cost < self._most_before",
    ),
    "the first is like others": ("source == begin == 0", "False"),
    "what is drained does not count": ("bisect_right(front, (drain, UNREACHABLE))", "len(front)"),
    "units do not count": ("(one.start.units, one.wanted, one.drain", "(one.wanted, one.drain"),
    "runs are as good as others": ("one.units <= units and one.cost <= cost", "one.cost <= cost"),
}
BEHIND = {
    "cycles end with designs": ("found.append(Ways(whole", "[].append(Ways(whole"),
    "cycles end at boundaries": ("inner.append(Ways(ends.drain[1:-1], ends.cost[1:-1]))", "pass"),
    "cycles do not end at boundaries": ("(final if target == self.program.end else inner)", "inner"),
    "committing takes twice the time": (
        "group.took[ends] + group.commit_time[ends]",
        "group.took[ends] + 2 * group.commit_time[ends]",
    ),
    "the first end is best": ("                if least >= best:\n", "                if best < UNREACHABLE:\n"),
    "what is dear is best": ("cost[1:] < np.minimum", "cost[1:] > np.minimum"),
}
CHECKING = {
    "addresses are free": (
        "State(atoms, units + design.units, code, level)",
        "State(atoms, units, code, level)",
    ),
    "addresses are free in cycles": (
        "units = kind[0] + (end or design.count), way.units + design.units",
        "units = kind[0] + (end or design.count), way.units",
    ),
    "one run more": (
        "if units + self.room.run <= self.room.units and",
        "if units + self.room.run <= self.room.units + 1 and",
    ),
    "runs do not go on": ("ways.get(0, []) + ways.get(end - begin, [])", "ways.get(0, [])"),
    "runs do not go on beyond designs": ("if not atoms or atoms > passed:", "if not atoms:"),
    "runs go on whatever their atoms": ("(atoms != kind[1] if end else atoms >= kind[1])", "False"),
    "the last way counts": ("table[state] = min(cost, table.get(state, BEYOND))", "table[state] = cost"),
    "atoms of other designs do not count": ("kind[0] + (end or design.count)", "(end or design.count)"),
    "committing takes no time": (
        "design.took[end] + design.commit[end][1]\n        if load",
        "design.took[end]\n        if load",
    ),
    "cycles end with designs": ("            self._carry(target, is_first, (passed, atoms), over)", "            pass"),
    "cycles end with the second design": (
        "self._carry(target, is_first, (atoms, kind[1]), [over])",
        "pass",
    ),
    "what is drained does not count": (
        "place = bisect_right(self.drains, drain)\n        return",
        "place = len(self.drains)\n        return",
    ),
    "units do not count": (
        "(way.units, wanted, way.drain, way.cost), atoms",
        "(0, wanted, way.drain, way.cost), atoms",
    ),
    "runs are as good as others": (
        "(*new, *ways.get(atoms, ())) if way.units <= units)",
        "(*new, *ways.get(atoms, ())))",
    ),
    "the first is like others": ("source == begin == 0", "False"),
}
REST = {
    "cycles end with designs": ("best = min(best, active + self.after(target, load, is_first))", "pass"),
    "cycles end at boundaries": (
        "(final if end == design.count and target == self.program.end else inner).append(way)",
        "end < design.count or (final if target == self.program.end else inner).append(way)",
    ),
    "committing takes twice the time": (
        "design.took[begin] + design.commit[end][1]",
        "design.took[begin] + 2 * design.commit[end][1]",
    ),
    "the first of the ends is best": ("            if least >= best:\n", "            if best < BEYOND:\n"),
    "what is dear is best": ("way.cost < found[-1].cost", "way.cost > found[-1].cost"),
    "the second design ends cycles": (
        "found += [Way(first.drain + way.drain, first.cost + way.cost) for way in ways]",
        "pass",
    ),
}


@mutants(SEARCHING)
def test_defects_of_the_search_are_caught(change: Change) -> None:
    with mutated(few_designs, change) as module:
        assert not (finds(module) and keeps_the_best(kept_by_search, module))


@mutants(BEHIND)
def test_defects_of_what_follows_are_caught(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    with mutated(runs_behind, change) as module:
        monkeypatch.setattr(few_designs, "Behind", module.Behind)
        monkeypatch.setattr(few_designs, "groups_of", module.groups_of)
        assert not finds(few_designs)


@mutants(CHECKING)
def test_defects_of_the_checker_are_caught(change: Change) -> None:
    with mutated(runs_of_plans, change) as module:
        assert not (checks(module) and keeps_the_best(kept_by_checker, module))


@mutants(REST)
def test_defects_of_what_is_left_are_caught(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    with mutated(runs_rest, change) as module:
        monkeypatch.setattr(runs_of_plans, "Rest", module.Rest)
        assert not checks(runs_of_plans)
