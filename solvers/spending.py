"""What a plan spends of every criterion, by the sum of prices, and programs that trade criteria off by weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, chain, pairwise, repeat
from math import lcm

from ischedule.models.chain import Chain
from ischedule.models.criteria import counted
from ischedule.models.criteria_array import weighed_array
from ischedule.models.cycle_law import positions
from ischedule.models.goal import Criterion
from ischedule.models.plan import Plan
from ischedule.models.program import Program

Spent = dict[Criterion, int]

FINE = 1 << 20
"""The scale of weighted sums without latency, so that rounding weights down loses little."""


@dataclass(frozen=True)
class Mix:
    """Criteria with integer weights over a common scale."""

    weights: Mapping[Criterion, int]
    scale: int

    @staticmethod
    def of(shares: Mapping[Criterion, Fraction]) -> Mix:
        """Criteria in these proportions: latency counts one to one where it counts."""
        most = Fraction(1)
        if Criterion.LATENCY in shares:
            most = 1 / shares[Criterion.LATENCY]
        elif set(shares) != {Criterion.ENERGY}:
            most = FINE / max(shares.values())
        fractions = {one: _short(share * most) for one, share in shares.items() if share}
        scale = lcm(*(fraction.denominator for fraction in fractions.values()))
        return Mix({one: int(fraction * scale) for one, fraction in fractions.items()}, scale)

    def program(self, program: Program) -> Program:
        """The program whose cost is at most the weighted sum over the scale, whatever the plan."""
        return weighed_array(program, self.weights, self.scale)

    def total(self, spent: Spent) -> int:
        """The weighted sum, times the scale."""
        return sum(weight * spent[one] for one, weight in self.weights.items())


def _short(share: Fraction) -> Fraction:
    """A fraction of few digits near another one, or that itself if it is whole."""
    if share.denominator == 1:
        return share
    power = 20 - share.numerator.bit_length() + share.denominator.bit_length()
    power = max(0, power)
    return Fraction(max(1, round(share * (1 << power))), 1 << power)


def spent_by(program: Program, plan: Plan) -> Spent:
    """What a plan spends; its latency is the sum of prices, without the law's offset."""
    chains: dict[Criterion, list[Chain]] = {}
    for one in Criterion:
        chains[one] = _chains(program if one is Criterion.LATENCY else counted(program, one), plan)
    ends = [0, *accumulate(chain.from_iterable(repeat(run.atoms, run.repeat) for run in plan.cycles))]
    found = {one: _amount(some, ends) for one, some in chains.items()}
    drains = _drains(chains[Criterion.LATENCY], ends)
    law = program.law
    found[Criterion.LATENCY] += sum(
        law.price(position, drain) for position, drain in zip(positions(len(drains)), drains, strict=True)
    )
    return found


def _chains(program: Program, plan: Plan) -> list[Chain]:
    stages = (program.stages[index] for index in plan.stages)
    return [stage.chain(design) for stage, design in zip(stages, plan.designs, strict=True)]  # type: ignore[arg-type]


def _amount(chains: Sequence[Chain], ends: Sequence[int]) -> int:
    resume = [int(value) for one in chains for value in one.resume_time]
    commit = [int(value) for one in chains for value in one.commit_time]
    atoms = sum(int(value) for one in chains for value in one.time)
    return atoms + sum(resume[start] + commit[end - 1] for start, end in pairwise(ends))


def _drains(chains: Sequence[Chain], ends: Sequence[int]) -> list[int]:
    resume = [int(value) for one in chains for value in one.resume_drain]
    commit = [int(value) for one in chains for value in one.commit_drain]
    before = list(accumulate((int(value) for one in chains for value in one.drain), initial=0))
    return [resume[start] + before[end] - before[start] + commit[end - 1] for start, end in pairwise(ends)]
