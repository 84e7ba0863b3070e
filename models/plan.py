"""A plan, its certificate and its verdict.

A plan says in which order the stages run and which design each uses, how many atoms of the concatenated chain each
power cycle runs, and the threshold each cycle waits for. Everything else about it follows from the case and can be
recomputed.

The certificate of a bound B says why no plan costs less than B: at each boundary between stages the cheapest closed
state and a finite set of open labels, such that every way along every step ends dominated, or costs at least B
whatever follows. Costs are picoseconds without the law's constant ``offset``; a label is (drained so far by the cycle
in progress, cost so far).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from ischedule.models.goal import Criterion
from ischedule.models.program import Design
from ischedule.models.restriction import Restriction

Label = tuple[int, int]
AheadLabel = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class PowerCycles:
    """A run of equal power cycles: how many, how many atoms each, the threshold level and its code in hardware."""

    repeat: int
    atoms: int
    level: int
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One design per stage, and the power cycles that run their atoms in order.

    ``stages`` are the program's stages in the order in which they run; without them, as they are listed.
    """

    designs: tuple[Design, ...]
    cycles: tuple[PowerCycles, ...]
    stages: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.stages:
            object.__setattr__(self, "stages", tuple(range(len(self.designs))))


@dataclass(frozen=True, slots=True)
class Boundary:
    """What is reachable at a boundary: the least cost of standing there closed, and labels, those of cycle 1 apart.

    ``kept`` are closed states (cost, elapsed) behind a first cycle that has kept a level, ``ahead`` labels (drain,
    cost, elapsed) of second cycles that began in such a state; where levels are followed, behind any cycle.
    """

    closed: int | None
    first: tuple[Label, ...]
    later: tuple[Label, ...]
    kept: tuple[Label, ...] = ()
    ahead: tuple[AheadLabel, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """Proof of what all that lies between two boundaries costs at least if its first and last cycles cost the rate.

    Every plan passes both; ``boundaries`` are those between them.
    """

    source: int
    target: int
    value: int
    boundaries: tuple[Boundary, ...]

    def moved(self, by: int) -> Segment:
        """The same among boundaries that are counted from this one."""
        return replace(self, source=self.source - by, target=self.target - by)


@dataclass(frozen=True, slots=True)
class Bound:
    """Proof that every plan costs at least ``value``; ``boundaries`` are all of the program's but the first and last.

    ``rate`` (numerator, denominator; picoseconds per unit of drain) is under the cost of a cycle beyond its atoms
    everywhere, and so is each of ``lines``: (constant, numerator over the rate's denominator). ``floors`` says for each
    stage what every design of it costs at least at that rate, times the denominator, when its first and last cycles
    waste nothing. `follows_levels` says that the states at the boundaries are those behind every level that any cycle
    leaves: the proof is then by these, and not by the sum of prices alone. ``segments`` raise what the floors come to;
    each may rest on those before it.
    """

    value: int
    rate: tuple[int, int]
    boundaries: tuple[Boundary, ...]
    lines: tuple[tuple[int, int], ...] = ()
    floors: tuple[int, ...] = ()
    follows_levels: bool = False
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Weighed:
    """Proof of what plans spend that keep the limits of a goal, by a mix of criteria with weights over a scale.

    ``bound`` is about the program whose times are this mix: no plan comes to less. So a plan that keeps all limits
    spends at least what is left of the bound when the weighted limits are taken off; where the mix has no more than the
    limits themselves, and they come to less than the bound, there is none.

    ``is_exact`` says that there is no plan better than ``spent``, which is what one spends of the criteria in the
    goal's order (latency without the law's offset), or without it no plan at all: the labels of the bound are then
    those of all plans that can be as good, so that what these are made of can be searched in full.
    """

    weights: tuple[tuple[Criterion, int], ...]
    scale: int
    bound: Bound
    spent: tuple[int, ...] | None = None
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Bottleneck:
    """Proof that no plan exists: the stage that cannot be passed."""

    stage: int
    diagnosis: str


@dataclass(frozen=True, slots=True)
class Overload:
    """Proof that some plans do not fit non-volatile memory: a power cycle along these steps holds more than there is.

    ``steps`` follow one another, by their places among the program's. Of the stages with ``sums`` two regions are
    counted, one of others.
    """

    steps: tuple[int, ...]
    sums: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What is proven of the plans that a restriction leaves: of the program that it makes none is better, or there is
    none; or all but those of further parts hold too much. None where no way to the end is left."""

    restriction: Restriction
    proof: Overload | Bound | Weighed | Bottleneck | None


@dataclass(frozen=True, slots=True)
class Division:
    """Proof about all plans that fit non-volatile memory, by parts; the first is about all plans.

    A part with an overload rests on those with one more restriction each. Two steps are run in one cycle where the
    boundary between them is not closed, more where none of those inside is broken; a plan that does so, takes the steps
    and stores the sums does not fit.
    """

    parts: tuple[Part, ...]

    @property
    def value(self) -> int | None:
        """What every plan costs at least that fits, None if there is none."""
        return min((part.proof.value for part in self.parts if isinstance(part.proof, Bound)), default=None)


@dataclass(frozen=True, slots=True)
class FewRuns:
    """Proof about all plans whose tables are small enough.

    None of them costs less than ``value``; without one there is none. The checker goes through all of them itself: of
    one chain of atoms, or of those designs of a network through which a plan can cost less, which the labels of a
    ``bound`` on all plans tell.
    """

    value: int | None
    bound: Bound | None = None


@dataclass(frozen=True, slots=True)
class Levels:
    """Proof about all plans of one chain whose cycles need more than they drain.

    For each cut but the last, by how many atoms are done, labels (time passed, level left) such that every way to the
    cut is no earlier and leaves no more than one of them. No plan costs less than ``value``; without one there is none.
    """

    value: int | None
    cuts: tuple[tuple[Label, ...], ...]


@dataclass(frozen=True, slots=True)
class Repeated:
    """Proof about all plans of a chain of tasks that tolerate failures of power.

    None costs less than ``value``, with its dearest power cycle as often again as may fail. The checker goes through
    all of them itself.
    """

    value: int


@dataclass(frozen=True, slots=True)
class UnderCurve:
    """Proof about all plans under a supply curve: none takes less than ``value`` (ps); without one no plan ever ends.

    With a proof of what plans drain at least (``energy``) it follows from that. Without, the checker goes through all
    plans of a chain of atoms itself.
    """

    value: int | None
    energy: Bound | Division | None = None


Least = Bound | Division | FewRuns | Levels | Repeated | UnderCurve
"""Proof of what plans cost at least."""


class Status(Enum):
    """What is known about the question."""

    SCHEDULABLE = "schedulable"
    UNSCHEDULABLE = "unschedulable"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a solver returns: the best plan found and its worst-case latency, a proven bound, or why there is no plan.

    ``latency`` and ``bound.value + offset`` are equal when the plan is optimal; a division without a value says that no
    plan fits memory. Of a plan with a goal, latency is the sum of prices that goals are about: the certified rule's can
    be more where a cycle leaves more than the next one asks for. ``note`` says where the answer comes from if that is
    not plain, ``is_undecided`` that a limit was reached before other plans were known to be no better.
    """

    status: Status
    plan: Plan | None
    latency: int | None
    bound: Least | None
    bottleneck: Bottleneck | None
    proofs: tuple[Weighed | Division, ...] = ()
    """About plans with a goal: the strongest first."""
    note: str | None = None
    is_undecided: bool = False
