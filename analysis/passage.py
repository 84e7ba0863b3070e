"""Every way through a stage at once: from what holds at the boundary before it to all that can hold at the one after.

At a boundary a plan so far either stands closed (its last cycle has ended there) or is inside a cycle, the first or a
later one. Inside a stage one number for each place suffices: the least cost of standing closed there, from which a
cycle can begin; the cycles that entered the stage open are carried along. All costs are without the law's offset.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import repeat

from ischedule.analysis.level_walk import Below, follow_levels, last_cost
from ischedule.analysis.progress import Tell, told, unheard
from ischedule.analysis.second_cycle import Second, second_last_cost
from ischedule.analysis.waiting_floor import BEYOND, WaitingFloor
from ischedule.models.chain import Chain
from ischedule.models.plan import Boundary, Label


@dataclass(frozen=True, slots=True)
class Passage:
    """What a boundary and one design lead to: at the boundary after it, or, after the last stage, the cost of all.

    ``after`` holds the least cost of standing closed there and every open state, ``finished`` the least cost of plans
    that end there.
    """

    after: Boundary
    finished: int | None


def opening(chain: Chain) -> Boundary:
    """Where every plan begins: with its first cycle open before the first atom of a design."""
    return Boundary(None, ((int(chain.resume_drain[0]), int(chain.resume_time[0])),), ())


def go_through(
    chain: Chain,
    floor: WaitingFloor,
    before: Boundary | None,
    below: Below | None = None,
    tell: Tell = unheard,
    *,
    is_broken: bool = False,
) -> Passage:
    """All that follows from a boundary (None: from the start of the program) through one design, to its end.

    With ``below`` the level that each cycle leaves is followed, in plans that may end there. Where the way through is
    broken no cycle is open behind it that came from before.
    """
    entry = opening(chain) if before is None else before
    drain, time = sum(map(int, chain.drain)), sum(map(int, chain.time))
    law = floor.law
    first = tuple((d + drain, c + time) for d, c in entry.first if d + drain <= law.first_capacity)
    later = [(d + drain, c + time) for d, c in entry.later if d + drain <= law.capacity]
    if is_broken:
        first, later = (), []
    if not floor.splits:
        after = Boundary(None, first, tuple(later))
        return Passage(after, _finish(chain, floor, after))
    if below is not None:
        after = follow_levels(chain, law, entry, below.through(time), tell, is_broken=is_broken)
        return Passage(after, _finish(chain, floor, after, follows=True))
    found = _Walk(chain, floor, drain).run(entry, tell, is_broken)
    later += [(d, c + time) for d, c in found.later]
    after = replace(found, first=first, later=tuple(later))
    return Passage(after, _finish(chain, floor, after))


def _finish(chain: Chain, floor: WaitingFloor, after: Boundary, follows: bool = False) -> int | None:
    """The least cost of a plan whose last cycle ends after the last atom, given everything that is open there."""
    law = floor.law
    drain, time = int(chain.commit_drain[-1]), int(chain.commit_time[-1])
    costs = [c + time + law.only(d + drain) for d, c in after.first if d + drain <= law.first_capacity]
    if floor.splits:
        costs += [c + time + law.last(d + drain) for d, c in after.later if d + drain <= law.capacity]
    last = last_cost if follows else second_last_cost
    costs += [time + last(law, d + drain, c, elapsed) for d, c, elapsed in after.ahead if d + drain <= law.capacity]
    return min(costs, default=None)


class _Walk:
    """The walk over the atoms of one design that finds the least cost of standing closed after each."""

    def __init__(self, chain: Chain, floor: WaitingFloor, drain: int) -> None:
        self.chain = chain
        self.floor = floor
        self.drain = drain

    def run(self, entry: Boundary, tell: Tell, is_broken: bool) -> Boundary:
        """The closed states at the end, the second cycles that are open there, and the later ones that began inside.

        The costs of the latter are without the time of the atoms.

        An open state is kept as its drain less that of the atoms before its cycle, its cost less their time, so that
        what it comes to after any atom is a sum of two numbers. One that costs more than a newer one with less drain,
        by no more than the rise of the waiting price between the two, is not needed for closing (it is for staying
        open).
        """
        chain, floor, capacity = self.chain, self.floor, self.floor.capacity
        shift, table, mid, least_rise = floor.shift, floor.table, floor.mid, floor.least_rise
        states = deque(self._entering(entry))
        opened: list[Label] = []
        closed = BEYOND if entry.closed is None else entry.closed
        drained = elapsed = 0
        late = capacity - self.drain
        second = Second(floor.law, entry)
        columns = zip(*(map(int, column) for column in chain.columns()), self._closing_first(entry), strict=False)
        rows = told(columns, len(chain), tell)
        for drain, time, resume_drain, resume_time, commit_drain, commit_time, cut, (best, kept) in rows:
            second.begin(resume_drain - drained, resume_time - elapsed)
            if closed < BEYOND and resume_drain + drain <= capacity:
                rest, cost = resume_drain - drained, closed + resume_time - elapsed
                if rest <= late:
                    opened.append((rest + self.drain, cost))
                while states and (gap := states[-1][2] - rest) >= 0:
                    if cost - states[-1][0] > max(0, least_rise * ((gap >> shift) - 2)):
                        break
                    states.pop()
                states.append((cost, rest >> shift, rest))
            drained += drain
            elapsed += time
            while states and states[0][2] + drained > capacity:
                states.popleft()
            second.fit(drained)
            if not cut:
                closed = BEYOND
                continue
            best = min(best, second.ended(drained + commit_drain))
            if commit_drain + drain <= capacity:
                reach = drained + commit_drain
                bucket = (reach >> shift) + 1
                for cost, start, rest in states:
                    if cost + table[start + bucket] < best and rest + reach <= capacity:
                        best = min(best, cost + mid(rest + reach))
            closed = best + elapsed + commit_time if best < BEYOND else BEYOND
            second.stand(kept, best, elapsed + commit_time)
        return Boundary(
            None if closed == BEYOND else closed, (), tuple(opened), *second.after(drained, elapsed, is_broken)
        )

    def _entering(self, entry: Boundary) -> list[tuple[int, int, int]]:
        """The later cycles that are open at the entry, those with the greatest drain first."""
        shift, capacity = self.floor.shift, self.floor.capacity
        return [(c, d >> shift, d) for d, c in sorted(entry.later, reverse=True) if d <= capacity]

    def _closing_first(self, entry: Boundary) -> Iterator[tuple[int, tuple[Label, ...]]]:
        """For each atom the least cost of ending the first cycle there, without the time of atoms and commit.

        Ends that keep a level come apart: cost, and the time that has passed.
        """
        law, chain = self.floor.law, self.chain
        drained = 0
        for drain, commit in zip(map(int, chain.drain), map(int, chain.commit_drain), strict=True):
            drained += drain
            if all(d + drained > law.first_capacity for d, _ in entry.first):
                break
            reach = drained + commit
            ends = [(c + law.first(d + reach), d + reach) for d, c in entry.first if d + reach <= law.first_capacity]
            kept = tuple((c, c + law.kept(d)) for c, d in ends if law.keeps_level and law.kept(d) > 0)
            yield min((c for c, d in ends if not law.keeps_level or law.kept(d) <= 0), default=BEYOND), kept
        yield from repeat((BEYOND, ()))
