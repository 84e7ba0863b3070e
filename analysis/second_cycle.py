"""Second cycles in a walk over a design, where the first one can keep a level above the floor.

Behind a first cycle that keeps a level a plan has a cost, which counts that level as time gained, and the time that has
passed for certain. A second cycle costs at least what both come to; behind it the cost says all again.
"""

from __future__ import annotations

from itertools import chain

from ischedule.analysis.waiting_floor import BEYOND
from ischedule.models.plan import AheadLabel, Boundary, Label
from ischedule.models.waiting import CycleLaw, Position


def second_cost(law: CycleLaw, position: Position, drain: int, cost: int, elapsed: int) -> int:
    """What a second cycle comes to that ends: at least the time that has passed and what it costs without waiting."""
    return max(cost + law.price(position, drain), elapsed + law.unwaited(position, drain))


def second_last_cost(law: CycleLaw, drain: int, cost: int, elapsed: int) -> int:
    """What a plan comes to that ends with a second cycle."""
    return second_cost(law, Position.LAST, drain, cost, elapsed)


class Second:
    """The closed states that keep a level at the place of a walk, and the second cycles in progress.

    The numbers of a cycle in progress are less the sums over the atoms up to where it began.
    """

    def __init__(self, law: CycleLaw, entry: Boundary) -> None:
        self.law = law
        self.kept: list[Label] = list(entry.kept)
        self.entered: list[AheadLabel] = list(entry.ahead)
        self.begun: list[AheadLabel] = []

    @property
    def open(self) -> tuple[list[AheadLabel], list[AheadLabel]]:
        """The cycles in progress: those from before the walk, and those that began in it."""
        return self.entered, self.begun

    def begin(self, drain: int, time: int) -> None:
        """Begin cycles behind all closed states; so much is for resuming, less the sums so far."""
        self.begun += [(drain, cost + time, elapsed + time) for cost, elapsed in self.kept]
        self.kept = []

    def fit(self, drained: int) -> None:
        """Leave out what no cycle can hold after atoms that drain so much."""
        if self.entered or self.begun:
            room = self.law.capacity - drained
            self.entered, self.begun = ([state for state in some if state[0] <= room] for some in self.open)

    def ended(self, reach: int) -> int:
        """The least cost of ending a second cycle after atoms and a commit that drain so much, without their time."""
        law = self.law
        return min(
            (
                second_cost(law, Position.MID, drain + reach, cost, elapsed)
                for drain, cost, elapsed in chain(*self.open)
                if drain + reach <= law.capacity
            ),
            default=BEYOND,
        )

    def stand(self, kept: tuple[Label, ...], closed: int, time: int) -> None:
        """Stand behind first cycles that keep a level; standing closed otherwise is no worse for as much."""
        self.kept = [(cost + time, elapsed + time) for cost, elapsed in kept if cost < closed]

    def after(self, drained: int, time: int, is_broken: bool) -> tuple[tuple[Label, ...], tuple[AheadLabel, ...]]:
        """What is left at the end, after atoms with these sums; none that came from before where this is broken."""
        some = self.begun if is_broken else chain(*self.open)
        ahead = tuple((drain + drained, cost + time, elapsed + time) for drain, cost, elapsed in some)
        return tuple(self.kept), ahead
