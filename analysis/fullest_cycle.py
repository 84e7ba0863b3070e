"""The power cycle that stands in the way most: what it takes is the least capacity with which a chain has a plan.

Of all ways to cut a chain into power cycles one has the least fullest cycle. No capacity below that admits a plan, and
that capacity does. So the answer is the drain of some power cycle, and lies between what the dearest piece between two
cuts takes with the least ends anywhere and what it takes with its own: few power cycles drain that much.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw


@dataclass(frozen=True, slots=True)
class PowerCycle:
    """Atoms from `start` up to `end`, and by how much they exceed a capacity of nothing (the first has `head` more)."""

    start: int
    end: int
    excess: int


def fullest_cycle(chain: Chain, law: CycleLaw) -> PowerCycle:
    """The fullest power cycle of the way to cut a chain whose fullest cycle is least."""
    head = law.first_capacity - law.capacity
    if law.max_cycles is not None:
        return _cycle(chain, 0, len(chain), head)
    pieces = list(_pieces(chain))
    low = max(sum(map(int, chain.drain[start:end])) for start, end in pieces)
    low += min(map(int, chain.resume_drain)) + min(map(int, chain.commit_drain)) - max(0, head)
    high = max(_cycle(chain, start, end, head).excess for start, end in pieces)
    found = {cycle.excess: cycle for cycle in _between(chain, head, low, high)}
    excesses = sorted(found)
    first, last = 0, len(excesses) - 1
    while first < last:
        middle = (first + last) // 2
        if passes(chain, excesses[middle], head):
            last = middle
        else:
            first = middle + 1
    return found[excesses[last]]


def _cycle(chain: Chain, start: int, end: int, head: int) -> PowerCycle:
    drain = sum(map(int, chain.drain[start:end]))
    drain += int(chain.resume_drain[start]) + int(chain.commit_drain[end - 1])
    return PowerCycle(start, end, drain - (0 if start else head))


def _pieces(chain: Chain) -> Iterator[tuple[int, int]]:
    """What lies between one cut and the next."""
    start = 0
    for index, cut in enumerate(chain.cut):
        if cut:
            yield start, index + 1
            start = index + 1


def _between(chain: Chain, head: int, low: int, high: int) -> Iterator[PowerCycle]:
    """All power cycles whose excess lies in a range."""
    starts = [0, *(index + 1 for index, cut in enumerate(chain.cut[:-1]) if cut)]
    before = list(accumulate(map(int, chain.drain), initial=0))
    least, most = min(map(int, chain.commit_drain)), max(map(int, chain.commit_drain))
    for start in starts:
        begun = int(chain.resume_drain[start]) - (0 if start else head) - before[start]
        first = bisect_left(before, low - most - begun, start + 1)
        for end in range(first, bisect_right(before, high - least - begun, start + 1)):
            excess = begun + before[end] + int(chain.commit_drain[end - 1])
            if chain.cut[end - 1] and low <= excess <= high:
                yield PowerCycle(start, end, excess)


def passes(chain: Chain, capacity: int, head: int) -> bool:
    """Whether a chain can be cut into power cycles that each drain at most the capacity, the first `head` more.

    `least` is the least that a cycle in progress has drained, relative to all atoms so far.
    """
    drained, closed = 0, False
    least = int(chain.resume_drain[0]) - head
    for drain, resume, commit, cut in zip(chain.drain, chain.resume_drain, chain.commit_drain, chain.cut, strict=True):
        if closed:
            least = min(least, int(resume) - drained)
        drained += int(drain)
        closed = bool(cut) and least + drained + int(commit) <= capacity
    return closed
