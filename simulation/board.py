"""One concrete board in one run: every quantity that a case knows within an interval has a value here."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from ischedule.simulation.circuit import Capacitor
from ischedule.simulation.supplies import Supply


@dataclass(frozen=True, slots=True)
class Sleeping:
    """What a device draws while it waits (W, at the terminal), how often it measures (s), what a measurement takes."""

    power: float
    poll_energy: float
    poll_period: float

    @property
    def mean_power(self) -> float:
        """Sleeping and measuring."""
        return self.power + self.poll_energy / self.poll_period


@dataclass(frozen=True, slots=True)
class Board:
    """Capacitor, supply, supervisor and power path.

    The supervisor sees the terminal. It switches on where that has reached the threshold and `misreading` (this run's
    error, of either sign) more, and off below `brown_out`. When the load is switched on, `decoupling` (F, uncharged)
    takes its share of the charge, and `redistribution` volts go where the load does not reach them. Behind a regulator
    activities take coulombs, else joules of which the converter loses its part: ``efficiencies`` are rows of the least
    and the most load power (W) and the efficiency there; the first row that holds a power counts.

    ``idle_power`` (W) is what a device burns that cannot switch itself off, None for one that can; ``sleeping`` is one
    that stays on. ``power_on`` is the voltage at which a device comes up that then waits for thresholds of its own.
    Below ``cold_below`` at the terminal the supply brings at most ``cold_power``. ``start`` is the voltage at release.
    ``consumption`` is the share that work takes of what it is stated to, ``pace`` the share of its stated
    time; where it is uneven it takes the most first if it ``leads``, else last.
    """

    capacitor: Capacitor
    supply: Supply
    turn_on: float
    brown_out: float
    start: float = 0.0
    clamp: float = inf
    misreading: float = 0.0
    decoupling: float = 0.0
    redistribution: float = 0.0
    is_regulated: bool = False
    efficiencies: tuple[tuple[float, float, float], ...] = ()
    idle_power: float | None = None
    sleeping: Sleeping | None = None
    power_on: float | None = None
    cold_below: float = 0.0
    cold_power: float = 0.0
    consumption: float = 1.0
    pace: float = 1.0
    leads: bool = False

    def efficiency(self, power: float) -> float:
        """The converter's at a load."""
        if not self.efficiencies:
            return 1.0
        return next((share for low, high, share in self.efficiencies if low <= power <= high), self.efficiencies[-1][2])

    def wanted(self, threshold: float | None) -> float:
        """The terminal voltage at which the supervisor takes a threshold for reached; its own where None is given."""
        return (self.turn_on if threshold is None else threshold) + self.misreading

    def switched_on(self, voltage: float) -> float:
        """The voltage inside once the load is connected."""
        capacitance = self.capacitor.capacitance_at(voltage)
        return max(0.0, voltage * capacitance / (capacitance + self.decoupling) - self.redistribution)
