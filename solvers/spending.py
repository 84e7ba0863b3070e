"""What a plan spends of every criterion, by the sum of prices, and programs that trade criteria off by weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, chain, pairwise, repeat
from math import lcm

from ischedule.models.chain import Chain
from ischedule.models.criteria import with_stores
from ischedule.models.criteria_array import weighed_array
from ischedule.models.cycle_law import positions
from ischedule.models.goal import Criterion
from ischedule.models.plan import Plan
from ischedule.models.program import Design, Program, Stage, TiledStage
from ischedule.models.tiling import Tiling

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

    @property
    def key(self) -> object:
        """What tells it from other mixes."""
        return tuple(sorted((one.value, weight) for one, weight in self.weights.items())), self.scale

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
    chains = [_chain(program.stages[index], design) for index, design in zip(plan.stages, plan.designs, strict=True)]
    ends = list(accumulate(chain.from_iterable(repeat(run.atoms, run.repeat) for run in plan.cycles)))
    drains, law = drains_of(chains, ends), program.law
    active = sum(_values(one.time for one in chains)) + sum(
        resume + commit for resume, commit in _ends(chains, ends, "resume_time", "commit_time")
    )
    prices = zip(positions(len(drains)), drains, strict=True)
    nothing = [[0] * len(one) for one in chains]
    stored = [one.stored if len(one.stored) else none for one, none in zip(chains, nothing, strict=True)]
    saved = [one.commit_stored if len(one.commit_stored) else none for one, none in zip(chains, nothing, strict=True)]
    commits = _values(saved)
    return {
        Criterion.LATENCY: active + sum(law.price(position, drain) for position, drain in prices),
        Criterion.ENERGY: sum(drains),
        Criterion.WRITTEN: sum(_values(stored)) + sum(commits[end - 1] for end in ends),
        Criterion.CYCLES: len(ends),
    }


def drains_of(chains: Sequence[Chain], ends: Sequence[int]) -> list[int]:
    """What each power cycle drains that ends after so many atoms of these chains in a row."""
    before = list(accumulate(_values(one.drain for one in chains), initial=0))
    atoms = (before[end] - before[start] for start, end in pairwise([0, *ends]))
    both = _ends(chains, ends, "resume_drain", "commit_drain")
    return [resume + drain + commit for drain, (resume, commit) in zip(atoms, both, strict=True)]


def _chain(stage: Stage, design: Design) -> Chain:
    if isinstance(stage, TiledStage):
        assert isinstance(design, Tiling)
        return with_stores(stage, design)
    assert isinstance(design, int)
    return stage.chain(design)


def _values(columns: Iterable[Sequence[int]]) -> list[int]:
    """Several columns as one."""
    return [int(value) for column in columns for value in column]


def _ends(chains: Sequence[Chain], ends: Sequence[int], resume: str, commit: str) -> Iterator[tuple[int, int]]:
    """What each power cycle has in one column where it starts, and in another where it ends."""
    opening = _values(getattr(one, resume) for one in chains)
    closing = _values(getattr(one, commit) for one in chains)
    return ((opening[start], closing[end - 1]) for start, end in pairwise([0, *ends]))


def keeps_limits(program: Program, plan: Plan) -> bool:
    """Whether a plan keeps all limits of the program's goal."""
    if not program.goal.limits:
        return True
    spent = spent_by(program, plan)
    return all(spent[criterion] <= most for criterion, most in program.goal.limits.items())
