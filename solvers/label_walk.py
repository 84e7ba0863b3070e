"""A walk through one design with labels of several numbers: what has been spent of each criterion, not of one alone.

At a place a plan so far is closed, or inside a cycle; a label is the drain of that cycle, the sum of prices so far, and
the amounts so far. One dominates another if it is no worse in any of these. Labels from which nothing wanted can follow
are dropped at once: what must follow at least is known exactly for each of the `Hope`s.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from operator import add, mul, sub

from ischedule.models.chain import Chain
from ischedule.solvers.backward import Behind
from ischedule.solvers.sweep import UNREACHABLE

Vector = tuple[int, ...]
"""The sum of prices, then amounts."""


@dataclass(frozen=True, slots=True)
class Trace:
    """How a label came about: where cycles ended, and the steps gone through, the last one first."""

    step: int
    design: int
    cut: int | None
    before: Trace | None


@dataclass(frozen=True, slots=True)
class Label:
    """A cycle in progress with this drain (0 where the last one has ended), and all that has been spent."""

    drain: int
    spent: Vector
    trace: Trace | None


@dataclass(frozen=True)
class Labels:
    """What holds at a boundary: closed states, first and later cycles in progress."""

    closed: tuple[Label, ...] = ()
    first: tuple[Label, ...] = ()
    later: tuple[Label, ...] = ()


@dataclass(frozen=True)
class Hope:
    """All that a wanted plan spends, weighted, is at most ``most``; ``behind`` is what follows."""

    coefficients: Vector
    most: int
    behind: Behind

    def spent(self, vector: Vector) -> int:
        """The sum of what has been spent."""
        return sum(map(int.__mul__, self.coefficients, vector))


@dataclass(frozen=True)
class Columns:
    """A design as a walk needs it: the chain's integers, and the vectors of its atoms and ends."""

    drain: list[int]
    resume_drain: list[int]
    commit_drain: list[int]
    atoms: list[Vector]
    """Running sums, with a leading nothing."""
    resume: list[Vector]
    commit: list[Vector]
    cut: list[bool]

    @staticmethod
    def of(chains: Sequence[Chain]) -> Columns:
        """The chain with its times, and the same chain with the amounts of each criterion in their place."""
        first = chains[0]
        nothing = tuple(0 for _ in chains)
        atoms = zip(*(map(int, chain.time) for chain in chains), strict=True)
        return Columns(
            list(accumulate(map(int, first.drain), initial=0)),
            list(map(int, first.resume_drain)),
            list(map(int, first.commit_drain)),
            list(accumulate(atoms, _plus, initial=nothing)),
            list(zip(*(map(int, chain.resume_time) for chain in chains), strict=True)),
            list(zip(*(map(int, chain.commit_time) for chain in chains), strict=True)),
            list(map(bool, first.cut)),
        )

    def __len__(self) -> int:
        return len(self.cut)


def _plus(first: Vector, second: Vector) -> Vector:
    return tuple(map(add, first, second))


def _minus(first: Vector, second: Vector) -> Vector:
    return tuple(map(sub, first, second))


@dataclass(frozen=True, slots=True)
class _Open:
    """A cycle in progress relative to the running sums: its drain and what was spent when they were 0."""

    before: int
    spent: Vector
    is_first: bool
    trace: Trace | None


@dataclass(frozen=True)
class Prices:
    """What waiting costs by position, and how much a cycle may drain."""

    first: Callable[[int], int]
    mid: Callable[[int], int]
    capacity: int
    first_capacity: int
    splits: bool


def walk(
    place: tuple[int, int],
    columns: Columns,
    entry: Labels,
    prices: Prices,
    hopes: Sequence[Hope],
    *,
    is_broken: bool = False,
) -> Labels:
    """All that follows from what holds before a step through one design of it, of what can still be wanted.

    ``place`` is the step and the design. The closed states are those after the last atom. Where the step ``is_broken``
    no cycle in progress before it is in progress behind it.
    """
    rests = [hope.behind.columns.get(place) for hope in hopes]
    if any(rest is None for rest in rests):
        return Labels()
    step, design = place
    limits = [
        [hope.most - value if value < UNREACHABLE else None for value in rest or ()]
        for hope, rest in zip(hopes, rests, strict=True)
    ]

    coefficients = [hope.coefficients for hope in hopes]
    length = len(columns)
    states = [_Open(-label.drain, label.spent, False, label.trace) for label in entry.later]
    states += [_Open(-label.drain, label.spent, True, label.trace) for label in entry.first]
    before = list(states) if is_broken else []
    closed = list(entry.closed)
    for index in range(length):
        drained, spent = columns.drain[index], columns.atoms[index]
        for label in closed:
            start = _minus(_plus(label.spent, columns.resume[index]), spent)
            states.append(_Open(drained - columns.resume_drain[index], start, False, label.trace))
        closed = []
        reach = columns.drain[index + 1]
        states = [
            one for one in states if reach - one.before <= (prices.first_capacity if one.is_first else prices.capacity)
        ]
        if not states:
            return Labels()
        if not columns.cut[index] or not prices.splits:
            continue
        reach += columns.commit_drain[index]
        done = _plus(columns.atoms[index + 1], columns.commit[index])
        found: list[Label] = []
        mosts = [limit[index + 1] for limit in limits]
        if any(most is None for most in mosts):
            continue
        bounds = list(zip(coefficients, mosts, strict=True))
        for one in states:
            load = reach - one.before
            if load > (prices.first_capacity if one.is_first else prices.capacity):
                continue
            total = tuple(map(add, one.spent, done))
            total = (total[0] + (prices.first if one.is_first else prices.mid)(load), *total[1:])
            if all(sum(map(mul, weights, total)) <= most for weights, most in bounds):
                found.append(Label(0, total, Trace(step, design, index + 1, one.trace)))
        closed = undominated(found)
    from_before = set(map(id, before))
    states = [one for one in states if id(one) not in from_before]
    reach, done = columns.drain[length], columns.atoms[length]
    through = [
        (one.is_first, Label(reach - one.before, _plus(one.spent, done), Trace(step, design, None, one.trace)))
        for one in states
    ]
    return Labels(
        tuple(closed),
        tuple(label for is_first, label in through if is_first),
        tuple(label for is_first, label in through if not is_first),
    )


def undominated(labels: Iterable[Label]) -> list[Label]:
    """The labels than which no other is at least as good in every number; of equals one."""
    ordered = sorted(labels, key=_numbers)
    if ordered and len(ordered[0].spent) == 2:
        return _staircase(ordered)
    kept: list[tuple[Vector, Label]] = []
    for label in ordered:
        numbers = _numbers(label)
        if not any(all(map(int.__le__, other, numbers)) for other, _ in kept):
            kept.append((numbers, label))
    return [label for _, label in kept]


def _staircase(ordered: list[Label]) -> list[Label]:
    """The same of labels of two sums each, which come in order: of those so far the least second sum by the first."""
    kept: list[Label] = []
    firsts: list[int] = []
    seconds: list[int] = []
    for label in ordered:
        first, second = label.spent
        place = bisect_right(firsts, first)
        if place and seconds[place - 1] <= second:
            continue
        kept.append(label)
        end = place
        while end < len(firsts) and seconds[end] >= second:
            end += 1
        if place and firsts[place - 1] == first:
            place -= 1
        firsts[place:end], seconds[place:end] = [first], [second]
    return kept


def _numbers(label: Label) -> Vector:
    return (label.drain, *label.spent)
