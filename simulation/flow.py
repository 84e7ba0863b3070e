"""What flows at the terminal of a capacitor for a while, and what a passage from one event to the next came to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf


@dataclass(frozen=True, slots=True)
class Flow:
    """What feeds and loads the terminal for a while: powers (W), a source (V, ohm), currents fed and drawn (A).

    A source whose voltage the terminal exceeds delivers nothing: a diode keeps it from drawing.
    """

    fed: float = 0.0
    source: float = 0.0
    source_resistance: float = inf
    power: float = 0.0
    current: float = 0.0
    fed_current: float = 0.0

    @property
    def net(self) -> float:
        """Power that comes in, less what goes out."""
        return self.fed - self.power

    @property
    def conductance(self) -> float:
        """That of the source."""
        return 1 / self.source_resistance

    @property
    def offset(self) -> float:
        """The current at a terminal of 0 V, without the powers."""
        return self.source * self.conductance + self.fed_current - self.current

    def into(self, terminal: float) -> float:
        """The current into the capacitor at a terminal voltage above 0."""
        return (self.net / terminal if self.net else 0.0) + self.offset - self.conductance * terminal

    def harvest(self, terminal: float) -> float:
        """The power (W) that arrives at a terminal voltage; a source that it exceeds delivers nothing."""
        return self.fed + terminal * (max(0.0, self.source - terminal) * self.conductance + self.fed_current)

    def unsourced(self) -> Flow:
        """The same while the source delivers nothing."""
        return replace(self, source=0.0, source_resistance=inf)


@dataclass(frozen=True, slots=True)
class Passage:
    """What has happened between two events: the voltage inside at its end, the time, and joules by where they went.

    `reached` says which of the levels asked for ended it: "high", "low", or "" where the time was over. `error` bounds
    what the integration is off, in joules stored.
    """

    voltage: float
    time: float
    reached: str = ""
    harvested: float = 0.0
    delivered: float = 0.0
    heated: float = 0.0
    leaked: float = 0.0
    error: float = 0.0


def joined(first: Passage, second: Passage) -> Passage:
    """Both, one after the other."""
    return Passage(
        second.voltage,
        first.time + second.time,
        second.reached,
        first.harvested + second.harvested,
        first.delivered + second.delivered,
        first.heated + second.heated,
        first.leaked + second.leaked,
        first.error + second.error,
    )
