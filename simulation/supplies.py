"""Supplies as they really are in one run: what they feed at a moment, and until when that stays so."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from math import inf
from typing import Protocol

import numpy as np

from ischedule.models.trace import Trace as Recording
from ischedule.simulation.flow import Flow


class Supply(Protocol):
    """What feeds the terminal: for each moment (s) the flow, and the moment at which it changes (inf: never)."""

    def at(self, time: float, running: bool = False) -> tuple[Flow, float]:
        """The flow from a moment on, and until when; an adversary looks at whether the device runs."""
        ...


@dataclass(frozen=True)
class Steady:
    """The same for ever: a power, or a source behind a resistance."""

    flow: Flow

    def at(self, time: float, running: bool = False) -> tuple[Flow, float]:
        return self.flow, inf


@dataclass(frozen=True)
class Opposed:
    """An adversary that brings the most while the device waits, which lifts its terminal, the least while it runs."""

    waiting: Flow
    running: Flow

    def at(self, time: float, running: bool = False) -> tuple[Flow, float]:
        return (self.running if running else self.waiting), inf


@dataclass(frozen=True)
class Trace:
    """Powers (W), each from its moment (s, the first is 0) on; after `end` it begins again, or nothing comes."""

    times: tuple[float, ...]
    powers: tuple[float, ...]
    end: float
    loops: bool = True

    def __post_init__(self) -> None:
        if not self.times or self.times[0] != 0 or len(self.times) != len(self.powers):
            raise ValueError("a trace has a power for each of its moments, the first of which is 0")
        moments = (*self.times, self.end)
        if any(one >= other for one, other in pairwise(moments)) or min(self.powers) < 0:
            raise ValueError("the moments of a trace rise to its end, and its powers are not negative")

    @classmethod
    def of(cls, recorded: Recording, loops: bool = True) -> Trace:
        """A recorded trace, from its first row on."""
        moments = [at * 1e-12 for at in accumulate(recorded.lengths, initial=0)]
        return cls(tuple(moments[:-1]), tuple(power * 1e-15 for power in recorded.powers), moments[-1], loops)

    def at(self, time: float, running: bool = False) -> tuple[Flow, float]:
        turns = int(time // self.end)
        if turns and not self.loops:
            return Flow(), inf
        begun = turns * self.end
        place = bisect_right(self.times, time - begun) - 1
        until = begun + (self.times[place + 1] if place + 1 < len(self.times) else self.end)
        if until <= time:  # rounding: the next piece has begun
            place, until = (place + 1) % len(self.times), until + 1e-12 * max(1.0, time)
        return Flow(fed=self.powers[place]), until


@dataclass
class Switching:
    """An adversary within an interval: it switches between flows at random moments, a mean time (s) apart.

    What it has once said of a moment stays so, whoever asks, and in whichever order.
    """

    flows: Sequence[Flow]
    mean: float
    seed: int
    _ends: list[float] = field(default_factory=list)
    _chosen: list[int] = field(default_factory=list)
    _random: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)

    def at(self, time: float, running: bool = False) -> tuple[Flow, float]:
        while not self._ends or self._ends[-1] <= time:
            begun = self._ends[-1] if self._ends else 0.0
            lengths = self._random.exponential(self.mean, 64) + 1e-9 * self.mean
            self._ends.extend((begun + np.cumsum(lengths)).tolist())
            self._chosen.extend(self._random.integers(0, len(self.flows), 64).tolist())
        place = bisect_right(self._ends, time)
        return self.flows[self._chosen[place]], self._ends[place]


def loaded(flow: Flow, power: float = 0.0, current: float = 0.0) -> Flow:
    """A supply's flow with what the board draws."""
    return replace(flow, power=flow.power + power, current=flow.current + current)
