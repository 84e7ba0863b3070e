"""Certificates made the plain way: all states at every boundary, of which those are kept that no other one beats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import NEVER, CycleLaw, Position
from ischedule.models.plan import AheadLabel, Bound, Boundary, Label
from ischedule.models.program import ExplicitStage, Program


def pareto(labels: list[Label]) -> tuple[Label, ...]:
    """The labels that no other one beats in both, by drain."""
    kept: list[Label] = []
    for label in sorted(set(labels)):
        if not kept or label[1] < kept[-1][1]:
            kept.append(label)
    return tuple(kept)


@dataclass
class States:
    """All that can hold at a place: standing closed, and cycles in progress with what they have drained and cost.

    Behind a first cycle that keeps a level the time that has passed is a last number.
    """

    closed: list[int]
    first: list[Label]
    later: list[Label]
    kept: list[Label]
    ahead: list[AheadLabel]

    def boundary(self, slip: int) -> Boundary:
        """What no other state beats."""
        later = pareto(self.later)
        ahead = sorted(
            one
            for one in set(self.ahead)
            if not any(d <= one[0] and c <= one[1] for d, c in later)
            and not any(beats(other, one, slip) for other in self.ahead if other != one)
        )
        return Boundary(min(self.closed, default=None), pareto(self.first), later, pareto(self.kept), tuple(ahead))


def beats(one: AheadLabel, other: AheadLabel, slip: int) -> bool:
    """Whether a second cycle is no worse than another whatever follows."""
    spare = slip if one[0] < other[0] else 0
    return one[0] <= other[0] and one[1] <= other[1] and one[2] + spare <= other[2]


def step(law: CycleLaw, chain: Chain, before: Boundary | None, follows: bool = False) -> States:
    """All states after a design, atom by atom, each atom run from every state.

    ``follows`` says that every cycle ends at every threshold in a state that keeps a level.
    """
    now = States([], [(chain.resume_drain[0], chain.resume_time[0])], [], [], [])
    if before is not None:
        closed = [] if before.closed is None else [before.closed]
        now = States(closed, list(before.first), list(before.later), list(before.kept), list(before.ahead))
    for drain, time, resume, resume_time, commit, commit_time, cut in zip(*chain.columns(), strict=True):
        now.later += [(resume, cost + resume_time) for cost in now.closed]
        if follows and resume + drain <= law.capacity:
            # what waits whatever follows no longer needs the time that has passed
            rise = law.rise(resume + drain)
            now.later += [(resume, cost + resume_time) for cost, passed in now.kept if passed - cost <= rise]
            now.kept = [(cost, passed) for cost, passed in now.kept if passed - cost > rise]
        now.ahead += [(resume, cost + resume_time, passed + resume_time) for cost, passed in now.kept]
        now = States(
            [],
            [(d + drain, c + time) for d, c in now.first],
            [(d + drain, c + time) for d, c in now.later],
            [],
            [(d + drain, c + time, e + time) for d, c, e in now.ahead],
        )
        if not cut or law.max_cycles is not None:
            continue
        if follows:
            now.kept = list(pareto(_ended(law, now, commit, commit_time)))
            continue
        for d, c in now.first:
            if d + commit <= law.first_capacity:
                cost, worth = c + commit_time + law.first(d + commit), law.kept(d + commit) if law.keeps_level else 0
                if worth > 0:
                    now.kept.append((cost, cost + worth))
                else:
                    now.closed.append(cost)
        now.closed += [c + commit_time + law.mid(d + commit) for d, c in now.later if d + commit <= law.capacity]
        now.closed += [
            commit_time + max(c + law.mid(d + commit), e + law.unwaited(Position.MID, d + commit))
            for d, c, e in now.ahead
            if d + commit <= law.capacity
        ]
        now.closed = sorted(now.closed)[:1]
        # standing closed without a level is no worse for as much
        now.kept = [label for label in now.kept if label[0] < min(now.closed, default=label[0] + 1)]
    now.first = [label for label in now.first if label[0] <= law.first_capacity]
    now.later = [label for label in now.later if label[0] <= law.capacity]
    now.ahead = [label for label in now.ahead if label[0] <= law.capacity]
    return now


def _ended(law: CycleLaw, now: States, commit: int, time: int) -> list[Label]:
    """Every cycle in progress ended at every threshold."""
    cycles = [(Position.FIRST, d, c, NEVER) for d, c in now.first if d + commit <= law.first_capacity]
    cycles += [(Position.MID, d, c, NEVER) for d, c in now.later if d + commit <= law.capacity]
    cycles += [(Position.MID, d, c, e) for d, c, e in now.ahead if d + commit <= law.capacity]
    found = []
    for position, drain, cost, elapsed in cycles:
        for way in law.ways(position, drain + commit):
            passed = max(cost + way.reach, elapsed + law.upkeep.latency) + time
            found.append((passed - way.left, passed))
    return found


def together(law: CycleLaw, found: Iterable[States]) -> Boundary:
    """What no other state beats after any of several designs."""
    found = list(found)
    names = ("closed", "first", "later", "kept", "ahead")
    return States(*([label for one in found for label in getattr(one, name)] for name in names)).boundary(law.slip)


def boundaries(program: Program, follows: bool = False) -> tuple[Boundary, ...]:
    """What is reachable after each stage but the last."""
    found: list[Boundary] = []
    for stage in program.stages[:-1]:
        assert isinstance(stage, ExplicitStage)
        before = found[-1] if found else None
        fitting = [one for one in stage.designs if one.volatile <= stage.volatile]
        found.append(together(program.law, (step(program.law, one, before, follows) for one in fitting)))
    return tuple(found)


def certificate(program: Program, value: int, follows: bool = False) -> Bound:
    """A certificate of a bound: it proves the bound if the bound holds (for sums of prices, if they are no less)."""
    return Bound(value, (0, 1), boundaries(program, follows), follows_levels=follows)
