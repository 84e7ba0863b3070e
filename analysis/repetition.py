"""What plans of a chain of tasks take at least, with the failures that they tolerate: the checker goes through all.

A plan takes the sum of what its power cycles cost, and its dearest cycle as often again as power may fail. So of the
ways to a cut those are kept than which no other is as cheap with as cheap a dearest cycle; what follows is the same
for all of them.
"""

from __future__ import annotations

from itertools import accumulate

from ischedule.analysis.designs import fitting_chains
from ischedule.analysis.label_closure import cycles_from
from ischedule.analysis.labels import Unproven
from ischedule.analysis.progress import Tell, unheard
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import Position
from ischedule.models.failures import least_repeated
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.plan import Repeated
from ischedule.models.program import ExplicitStage, Program

MOST_WAYS = 2_000_000
"""How many cycles are put behind ways before the check gives up."""

Way = tuple[int, int]
"""What a way to a cut costs, and its dearest cycle once more."""


def require_repeated(program: Program, proof: Repeated, tell: Tell = unheard) -> None:
    """Raise `Unproven` if some plan may cost less than the value."""
    stage = program.stages[0]
    if len(program.stages) != 1 or not isinstance(stage, ExplicitStage) or not program.failures:
        raise Unproven("the plans that are gone through with their failures are those of tasks that tolerate some")
    if program.law.keeps_level or program.law.leaves_level:
        raise Unproven("a plan whose cycles leave a level for the next one can take less than the sum of their prices")
    for _, chain in fitting_chains(stage):
        if chain.ceiling is not None or (chain.has_needs and not isinstance(program.law, FixedWakeLaw)):
            raise Unproven("what these power cycles cost depends on the levels that they leave")
        least = _Ways(program, chain).least(tell)
        if least is not None and least < proof.value:
            raise Unproven(
                f"a plan may cost {least} with its failures, the claim is that none costs below {proof.value}"
            )


class _Ways:
    """The ways to each cut of one chain."""

    def __init__(self, program: Program, chain: Chain) -> None:
        self.program, self.law, self.chain = program, program.law, chain
        self.gone = 0

    def least(self, tell: Tell) -> int | None:
        """What the best plan costs at least; None if there is none."""
        atoms = len(self.chain)
        ways: list[list[Way]] = [[] for _ in range(atoms + 1)]
        ways[0] = [(0, 0)]
        for place in range(1 if self.law.max_cycles is not None else atoms):
            tell(f"going through plans with their failures: atom {place + 1} of {atoms}")
            here = _cheapest(ways[place])
            if not here:
                continue
            for end, need, drain, active in self._cycles(place):
                price, again = self.law.price(_position(place, end, atoms), drain), self._again(need, active)
                ways[end] += [(cost + price + active, max(dearest, again)) for cost, dearest in here]
                self._count(len(here))
        return min((cost + self.program.failures * dearest for cost, dearest in ways[atoms]), default=None)

    def _cycles(self, place: int) -> list[tuple[int, int, int, int]]:
        """The cycles that begin with an atom: where each ends, what it needs and drains, how long it runs.

        A first cycle that needs more than any threshold guarantees cannot be run again.
        """
        law, chain = self.law, self.chain
        most, found = law.capacity, []
        for end, atoms, whole in cycles_from(chain, place, law.charging.buffer.coordinate):
            if atoms.need > most:
                break
            if chain.cut[end - 1] and whole.need <= most and (law.max_cycles is None or end == len(chain)):
                found.append((end, whole.need, whole.drain, whole.time))
        return found

    def _again(self, need: int, active: int) -> int:
        return least_repeated(self.law, need, active, self.program.reboot)

    def _count(self, more: int) -> None:
        self.gone += more
        if self.gone > MOST_WAYS:
            raise Unproven("there are too many plans to go through with their failures")


def _position(place: int, end: int, atoms: int) -> Position:
    if place == 0:
        return Position.ONLY if end == atoms else Position.FIRST
    return Position.LAST if end == atoms else Position.MID


def _cheapest(ways: list[Way]) -> list[Way]:
    """Those than which no other is as cheap in both."""
    ordered = sorted(ways)
    least = accumulate((dearest for _, dearest in ordered), min)
    kept, before = [], None
    for way, lowest in zip(ordered, least, strict=True):
        if before is None or way[1] < before:
            kept.append(way)
        before = lowest
    return kept
