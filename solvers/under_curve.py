"""Solving under a supply curve, where what a plan takes is no sum of what its cycles take.

One chain of atoms is searched in full: the states behind each cut, all that matters of the cycles before it
(`Passed`), of which those are left out than which another is no worse. A network's plans are too many for that. There
two plans are tried, the one that drains least and the one that is quickest at one power for the whole curve, and what
every plan drains at least, proven, gives how long every plan takes at least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple

from ischedule.models.chain import Chain
from ischedule.models.criteria import counted
from ischedule.models.curve_bound import least_response
from ischedule.models.curve_failures import Behind, Failing, again_for, least_wait_again, response_with_failures
from ischedule.models.cycle_law import CycleLaw, Position, Threshold
from ischedule.models.demand import Unanswerable
from ischedule.models.goal import Criterion
from ischedule.models.plan import Answer, Bound, Division, Plan, PowerCycles, Status, UnderCurve
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.response_time import Passed, Work
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.needs import edges_of

NEVER = 1 << 100
"""More than any time or amount."""

MOST_STATES = 8_000
"""How many states a search in full may come to."""

GAP = "under a supply curve the plans of least energy and of least time at one power are compared; others may be better"
TOO_MANY = "the cuts are too many to be searched in full under a supply curve"
STOPPED = "the time limit was reached before all plans had been searched under the supply curve"
SHORT = "no plan is found that the curve promises enough for"

Search = Callable[[Program, Limit, int | None], Answer]


class State(NamedTuple):
    """A state behind a cut, the cycles that lead there last first, and what it takes if it is the end."""

    passed: Behind
    ends: int
    trace: tuple[tuple[int, int], int, Threshold] | None


def solve_under_curve(program: Program, limit: Limit, deadline: int | None, search: Search) -> Answer:
    """The best plan, or the best of a few with a bound on all others."""
    if not program.goal.is_plain or program.table_size is not None:
        raise Unanswerable("takes no limits and no objective but latency under a supply curve")
    chain = only_chain(program)
    if chain is None:
        return _of_few(program, limit, deadline, search, GAP)
    if not chain.has_needs:
        stuck = search(_by_energy(program), Limit(listen=limit.listen), None)
        if stuck.bottleneck is not None:
            return stuck
    try:
        found = _best(chain, program, limit, search)
    except TimeUp:
        found = STOPPED
    if isinstance(found, str) and chain.has_needs:
        return _of_one(program, limit, deadline, search, found)
    if isinstance(found, str):
        # what is tried instead takes no time worth counting for one chain
        return _of_few(program, Limit(listen=limit.listen), deadline, search, found)
    if found is None:
        return Answer(Status.UNSCHEDULABLE, None, None, UnderCurve(None, None), None)
    plan, latency = found
    late = deadline is not None and latency > deadline
    status = Status.UNSCHEDULABLE if late else Status.SCHEDULABLE
    return Answer(status, plan, latency, UnderCurve(latency, None), None)


def only_chain(program: Program) -> Chain | None:
    """The one chain of atoms that a program of tasks is, None for others."""
    stage = program.stages[0]
    if len(program.stages) > 1 or not isinstance(stage, ExplicitStage):
        return None
    fitting = [index for index in range(len(stage.designs)) if stage.fits(index)]
    return stage.chain(fitting[0]) if len(fitting) == 1 else None


class Ahead:
    """What is still to come at least behind each cut: the time that cycles are active, and what must be stored before
    the last of them begins (or until the level at the end is back)."""

    def __init__(self, chain: Chain, law: CycleLaw) -> None:
        count, target = len(chain), law.recharge_target
        self.law, self.active, self.stored = law, [0] * (count + 1), [0] * (count + 1)
        self.last: int | None = None
        self.again = least_wait_again(law)
        reached = [False] * count + [True]
        for place in reversed(range(count)):
            ways = []
            for end, need, drain, active in cycles_from(chain, law, place):
                if end < count and not reached[end]:
                    continue
                rest = self.stored[end] + drain
                if end == count:
                    rest = (
                        drain + target if target is not None else law.threshold(need, _position(place, end, count)).high
                    )
                    if target is None:
                        self.last = active if self.last is None else min(active, self.last)
                ways.append((self.active[end] + active, rest))
            reached[place] = bool(ways)
            self.active[place] = min((active for active, _ in ways), default=NEVER)
            self.stored[place] = min((rest for _, rest in ways), default=NEVER)

    def ends_of(self, behind: Behind, place: int) -> int | None:
        """The same whatever fails; failures that have not come yet can come as the last cycle ends."""
        latest = behind.latest + self.active[place]
        for number, some in enumerate(reversed(behind.states)):
            for state in some:
                ends = self.ends(state, place)
                if ends is None:
                    return None
                latest = max(latest, ends + number * self.again)
        return latest

    def ends(self, passed: Passed, place: int) -> int | None:
        """When a plan that goes on from here ends at the earliest."""
        rule = self.law.curve
        assert rule is not None, "the law has a curve"
        if rule.bottom is not None or place == 0:
            return passed.finish + self.active[place]
        begun = rule.at_least(passed, self.stored[place])
        return (
            None if begun is None else max(passed.finish + self.active[place], begun + rule.latency + (self.last or 0))
        )


def _best(chain: Chain, program: Program, limit: Limit, search: Search) -> tuple[Plan, int] | str | None:
    """The best plan and what it takes; None if the curve promises no plan enough; why the search was not done.

    What cannot end before the best plan known is left out; the first is the best of those that are tried for networks.
    """
    law = program.law
    failing = Failing.of(law, program.failures)
    begin = failing.begin()
    if begin is None:
        return None
    places: list[list[State]] = [[] for _ in range(len(chain) + 1)]
    places[0] = [State(begin, 0, None)]
    count, ahead, known = 0, Ahead(chain, law), _tried(program, Limit(listen=limit.listen), search)
    for place in range(len(chain)):
        limit.check()
        states = places[place] = undominated(places[place])
        if not states:
            continue
        for end, need, drain, active in cycles_from(chain, law, place):
            where = _position(place, end, len(chain))
            threshold = law.threshold(need, where)
            again = again_for(law, threshold, need)
            if again is None and program.failures:
                continue
            work = Work(threshold.high, drain, active)
            for number, state in enumerate(states):
                passed = failing.after(state.passed, work, again or threshold.high, is_first=place == 0)
                if passed is None:
                    continue
                finish = failing.recharged(passed, law.recharge_target if end == len(chain) else None)
                if finish is None:
                    continue
                if known is not None:
                    ends = finish if end == len(chain) else ahead.ends_of(passed, end)
                    if ends is None or ends >= known[0]:
                        continue
                places[end].append(State(passed, finish, ((place, number), end - place, threshold)))
                count += 1
                if count > MOST_STATES:
                    return TOO_MANY
    if not places[-1]:
        return None if known is None else (known[1], known[0])
    best = min(places[-1], key=lambda state: state.ends)
    return _plan(places, best), best.ends


def _position(place: int, end: int, count: int) -> Position:
    if place == 0:
        return Position.ONLY if end == count else Position.FIRST
    return Position.LAST if end == count else Position.MID


def cycles_from(chain: Chain, law: CycleLaw, place: int) -> Iterator[tuple[int, int, int, int]]:
    """The cycles that begin with an atom: where each ends, what it needs and drains, and how long it is active."""
    for edge in edges_of(law, chain, Limit())(place):
        if law.max_cycles != 1 or edge.end - place == len(chain):
            yield edge.end, edge.need, edge.drain, edge.active


def undominated(states: Sequence[State]) -> list[State]:
    """Those than which no other is no worse."""
    kept: list[State] = []
    for state in sorted(states, key=lambda one: (one.passed.ends, one.passed.unfailed.drained)):
        if not any(other.passed.is_no_worse(state.passed) for other in kept):
            kept.append(state)
    return kept


def _plan(places: Sequence[Sequence[State]], best: State) -> Plan:
    runs: list[PowerCycles] = []
    trace = best.trace
    while trace is not None:
        (place, number), atoms, threshold = trace
        runs.append(PowerCycles(1, atoms, threshold.level, threshold.code))
        trace = places[place][number].trace
    joined: list[PowerCycles] = []
    for run in reversed(runs):
        if joined and replace(joined[-1], repeat=1) == run:
            joined[-1] = replace(run, repeat=joined[-1].repeat + 1)
        else:
            joined.append(run)
    return Plan((0,), tuple(joined))


def _tried(program: Program, limit: Limit, search: Search) -> tuple[int, Plan] | None:
    """The better one of the plan that drains least and the one that is quickest at one power, with what it takes."""
    goals = [replace(program, law=at_one_power(program.law))]
    if not program.has_needs:
        # what drains least is not looked for where cycles need more than they drain
        goals.append(_by_energy(program))
    plans = [search(goal, limit, None).plan for goal in goals]
    rated = [(took, plan) for plan in plans if plan and (took := response_of(program, plan)) is not None]
    return min(rated, key=lambda one: one[0], default=None)


def _of_one(program: Program, limit: Limit, deadline: int | None, search: Search, note: str) -> Answer:
    """The plan that is quickest at one power, with no bound on others."""
    found = _tried(program, Limit(listen=limit.listen), search)
    if found is None:
        return Answer(Status.UNDECIDED, None, None, None, None, note=SHORT)
    latency, plan = found
    status = Status.SCHEDULABLE if deadline is None or latency <= deadline else Status.UNDECIDED
    return Answer(status, plan, latency, None, None, note=note)


def _of_few(program: Program, limit: Limit, deadline: int | None, search: Search, note: str) -> Answer:
    """The better one of a few plans, with a bound by what every plan drains."""
    least = search(_by_energy(program), limit, None)
    if least.bottleneck is not None:
        return least
    if isinstance(least.bound, Bound | Division) and least.bound.value is None:
        return replace(least, status=Status.UNSCHEDULABLE, bound=UnderCurve(None, least.bound))
    quick = search(replace(program, law=at_one_power(program.law)), limit, None)
    rated = [(took, plan) for plan in (quick.plan, least.plan) if plan and (took := response_of(program, plan))]
    bound = None
    if isinstance(least.bound, Bound | Division) and least.bound.value is not None:
        value = least_response(program.law, least.bound.value)
        if value is None:
            return Answer(Status.UNSCHEDULABLE, None, None, UnderCurve(None, least.bound), None)
        bound = UnderCurve(value, least.bound)
    if not rated:
        return Answer(Status.UNDECIDED, None, None, bound, None, note=SHORT)
    latency, plan = min(rated, key=lambda one: one[0])
    in_time = deadline is None or latency <= deadline
    status = Status.SCHEDULABLE if in_time else Status.UNDECIDED
    if bound is not None and bound.value is not None and deadline is not None and bound.value > deadline:
        status = Status.UNSCHEDULABLE
    return Answer(status, plan, latency, bound, None, note=note)


def _by_energy(program: Program) -> Program:
    """The program whose plans are compared by what they drain, which failures are no part of."""
    return counted(replace(program, failures=0), Criterion.ENERGY)


def at_one_power(law: CycleLaw) -> CycleLaw:
    """The law whose prices are meant: at one power for the whole curve."""
    found = copy(law)
    found.curve = None
    return found


def response_of(program: Program, plan: Plan) -> int | None:
    """How long a plan takes at most under the curve, None if that has no bound."""
    law = program.law
    assert law.curve is not None, "the law has a curve"
    chains = [
        program.stages[stage].chain(design)  # type: ignore[arg-type]
        for stage, design in zip(plan.stages, plan.designs, strict=True)
    ]
    firsts = [0, *accumulate(map(len, chains))]
    atoms = [(chain, place) for chain in chains for place in range(len(chain))]
    drains, times = ([0, *accumulate(int(getattr(c, name)[i]) for c, i in atoms)] for name in ("drain", "time"))
    assert firsts[-1] == len(atoms)
    works, again, place = [], [], 0
    for run in plan.cycles:
        threshold = law.threshold_at(run.level, run.code)
        for _ in range(run.repeat):
            end = place + run.atoms
            (opening, first), (closing, last) = atoms[place], atoms[end - 1]
            drain = drains[end] - drains[place] + int(opening.resume_drain[first]) + int(closing.commit_drain[last])
            active = times[end] - times[place] + int(opening.resume_time[first]) + int(closing.commit_time[last])
            works.append(Work(threshold.high, drain, active))
            # what a first cycle needs is not known here: at most what the highest threshold guarantees
            again.append(threshold.high if place else max(one.high for one in law.shared(None, law.capacity)))
            place = end
    return response_with_failures(Failing.of(law, program.failures), works, again, law.recharge_target)
