"""What a pass over a program leaves behind, and what a search makes of it."""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.models.cycle_law import CycleLaw
from ischedule.models.plan import Boundary, Least, Plan, Weighed
from ischedule.solvers.frontier import Crossing, Finish, Index, Reached
from ischedule.solvers.graph_pass import Numbering
from ischedule.solvers.sweep import UNREACHABLE, Exits, Kind


@dataclass(frozen=True)
class Pass:
    """All steps crossed: what is reachable at each boundary, which designs matter on each step, the cheapest finish.

    Labels and crossings name designs by their ``numbering``, ``useful`` as their stages do.
    """

    reached: list[Reached]
    useful: list[Index]
    crossings: list[list[Crossing]]
    numbering: Numbering
    finish: Finish | None

    @property
    def cost(self) -> float:
        """The cost of the best plan found."""
        return float(self.finish.cost) if self.finish else float(UNREACHABLE)


@dataclass(frozen=True)
class Outcome:
    """The best plan found, its cost (without the law's offset), and the proof of a bound on every plan's cost.

    ``latency`` is what the plan takes by the certified rule.
    """

    plan: Plan | None
    latency: int | None
    cost: int | None
    bound: Least | None
    designs: int
    """How many designs there were to choose from."""
    stuck: int | None = None
    """A stage that no design passes."""
    note: str | None = None
    """What has to be said about where the answer comes from, or why less is claimed than could be."""
    is_undecided: bool = False
    """Whether a limit was reached before anything was known about other plans."""

    weighed: Weighed | None = None
    """The proof about plans with a goal, where that is what is asked for."""

    def is_attained(self, law: CycleLaw) -> bool:
        """Whether the plan takes no more than its cost says."""
        return self.latency is None or self.cost is None or self.latency <= self.cost + law.offset


def boundary_of(reached: Reached) -> Boundary:
    """The certificate's form of what is reachable at a boundary."""

    def labels(exits: Exits) -> tuple[tuple[int, int], ...]:
        return tuple(zip(exits.drain.tolist(), exits.cost.tolist(), strict=True))

    closed = int(reached.closed)
    kept, ahead = reached[Kind.KEPT], reached[Kind.AHEAD]
    return Boundary(
        closed if closed < UNREACHABLE else None,
        labels(reached[Kind.FIRST]),
        labels(reached[Kind.LATER]),
        tuple(zip(kept.cost.tolist(), kept.passed.tolist(), strict=True)),
        tuple(zip(ahead.drain.tolist(), ahead.cost.tolist(), ahead.passed.tolist(), strict=True)),
    )
