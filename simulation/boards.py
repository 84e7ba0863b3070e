"""Boards of a case: the one place of the simulation that reads it.

Every quantity that the case knows within an interval is drawn at random there; without a generator it is at the bad end
for a power cycle: little capacitance, much resistance and leakage, an early turn-on, a late
brown-out, a lossy converter. Half of the boards take what is stated, the others down to 70 % of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Final

import numpy as np

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.case import Case
from ischedule.models.demand import Coordinate
from ischedule.models.quantities import Interval, Rounding
from ischedule.models.supply import ConstantCurrent, ConstantPower, CurveSupply
from ischedule.models.wake import Policy, StartKind
from ischedule.simulation.board import Board, Sleeping
from ischedule.simulation.circuit import Capacitor
from ischedule.simulation.flow import Flow
from ischedule.simulation.supplies import Opposed, Steady, Supply, Switching, Trace

FEMTO: Final = 1e-15
PICO: Final = 1e-12
NANO: Final = 1e-9
MICRO: Final = 1e-6

SUPPLIES: Final = ("low", "high", "random", "switching", "opposed")
"""What a supply within an interval can do: stay at one end, or anywhere, switch at random, or oppose the device."""


@dataclass(frozen=True)
class _Ends:
    """Draws from intervals: the named end without a generator."""

    random: np.random.Generator | None

    def low(self, interval: Interval) -> float:
        return self._drawn(interval, interval.lo)

    def high(self, interval: Interval) -> float:
        return self._drawn(interval, interval.hi)

    def _drawn(self, interval: Interval, bad: int) -> float:
        return float(bad) if self.random is None else float(self.random.uniform(interval.lo, interval.hi))

    def up_to(self, most: float) -> float:
        """The most without a generator."""
        return most if self.random is None else float(self.random.uniform(0, most))


def board_of(case: Case, rng: np.random.Generator | None, kind: str = "opposed", supply: Supply | None = None) -> Board:
    """A board of a case, with a supply of its interval that behaves as `kind` says, or with one given."""
    ends, buffer = _Ends(rng), case.buffer
    capacitor = _capacitor(buffer, ends)
    turn_on = ends.low(buffer.turn_on) * NANO
    brown_out = ends.high(buffer.brown_out) * NANO
    error = buffer.reading.error * NANO
    misreading = -error if rng is None else float(rng.uniform(-error, error))
    cold = case.supply.cold_start if isinstance(case.supply, ConstantPower) else None
    sleep = case.wake.sleep
    is_fixed = case.wake.policy is Policy.FIXED
    starts = {StartKind.COLD: 0.0, StartKind.CHARGED: turn_on}
    if is_fixed:
        starts[StartKind.PERIODIC] = turn_on
    start = starts.get(case.start.kind, buffer.voltage_of(0, Rounding.DOWN) * NANO)
    power_on = None if case.wake.power_on is None else case.wake.power_on * NANO
    if is_fixed:
        power_on = turn_on if sleep is not None else None
    return Board(
        capacitor,
        supply or supply_of(case, rng, kind),
        turn_on,
        brown_out,
        start,
        inf if buffer.clamp is None else buffer.clamp * NANO,
        misreading,
        ends.up_to(buffer.reading.decoupling * FEMTO),
        ends.up_to(buffer.reading.redistribution * NANO),
        case.coordinate is Coordinate.CHARGE,
        _efficiencies(case, ends),
        None if case.wake.idle_power is None else case.wake.idle_power * FEMTO,
        None if sleep is None else Sleeping(sleep.power * FEMTO, sleep.poll_energy * FEMTO, sleep.poll_period * PICO),
        power_on,
        0.0 if cold is None else cold.below * NANO,
        0.0 if cold is None else cold.power * FEMTO,
        1.0 if rng is None else min(1.0, float(rng.uniform(0.7, 1.3))),
        *_pace(case, rng, kind),
    )


def _pace(case: Case, rng: np.random.Generator | None, kind: str) -> tuple[float, bool]:
    """How long work lasts (the shorter, the less flows in meanwhile), and whether it takes the most first."""
    if case.while_running is None:
        return 1.0, False
    shortest = float(case.while_running.shortest)
    if rng is None:
        return shortest, kind == "opposed"
    return float(rng.uniform(shortest, 1)), bool(rng.integers(2))


def _capacitor(buffer: EnergyBuffer, ends: _Ends) -> Capacitor:
    curve: tuple[tuple[float, float], ...] = ()
    if buffer.curve is not None:
        share = 0.0 if ends.random is None else float(ends.random.uniform())
        curve = tuple(
            (voltage * NANO, (one.lo + share * (one.hi - one.lo)) * FEMTO) for voltage, one in buffer.curve.points
        )
    leak = buffer.leakage
    through = 0.0 if leak.resistance is None else 1 / (leak.resistance * MICRO)
    return Capacitor(
        ends.low(buffer.capacitance) * FEMTO,
        ends.high(buffer.resistance) * MICRO,
        ends.up_to(leak.current * FEMTO),
        ends.up_to(through),
        curve,
    )


def _efficiencies(case: Case, ends: _Ends) -> tuple[tuple[float, float, float], ...]:
    """A row for each power between two edges of operating points: the least that any point says, or a better one."""
    if case.converter is None:
        return ()
    points = case.converter.points
    edges = sorted({edge for point in points for edge in (point.powers.lo, point.powers.hi)})
    rows = []
    for low, high in pairwise(edges):
        held = [point.efficiency for point in points if point.powers.lo <= low and high <= point.powers.hi]
        if held:
            least = float(min(held))
            rows.append((low * FEMTO, high * FEMTO, least + (1 - least - ends.up_to(1 - least))))
    return tuple(rows)


def supply_of(case: Case, rng: np.random.Generator | None, kind: str) -> Supply:
    """A supply within the case's interval; see `SUPPLIES`. Of a curve it is the one that delivers just that."""
    if isinstance(case.supply, CurveSupply):
        return _least_of(case.supply)
    least, most = flows_of(case)
    if kind == "opposed":
        return Opposed(most, Flow(fed=case.while_running.power * FEMTO if case.while_running else 0.0))
    if kind == "switching":
        seed = 0 if rng is None else int(rng.integers(1 << 62))
        return Switching((least, most), 0.05, seed)
    if kind == "random" and rng is not None:
        share = float(rng.uniform())
        return Steady(_between(least, most, share))
    return Steady(most if kind == "high" else least)


def flows_of(case: Case) -> tuple[Flow, Flow]:
    """The least and the most that the case's supply brings."""
    supply = case.supply
    if isinstance(supply, CurveSupply):
        raise ValueError("a curve is no interval of powers")
    if isinstance(supply, ConstantPower):
        most = supply.power.hi * FEMTO
        if supply.most_current is not None:
            most = min(most, max(supply.power.lo * FEMTO, supply.most_current * FEMTO * _read(case)))
        return Flow(fed=supply.power.lo * FEMTO), Flow(fed=most)
    if isinstance(supply, ConstantCurrent):
        return Flow(fed_current=supply.current.lo * FEMTO), Flow(fed_current=supply.current.hi * FEMTO)
    ends: list[Callable[[Interval], int]] = [lambda one: one.lo, lambda one: one.hi]
    weak, strong = (
        Flow(source=pick(supply.voltage) * NANO, source_resistance=other(supply.resistance) * MICRO)
        for pick, other in (ends, ends[::-1])
    )
    return weak, strong


def _least_of(supply: CurveSupply) -> Trace:
    """The supply that has delivered at any moment what the curve promises of a window as long."""
    points = supply.curve.points
    times = [at * PICO for at, _ in points]
    slopes = [(most - least) * FEMTO / ((end - start) * PICO) for (start, least), (end, most) in pairwise(points)]
    return Trace(tuple(times), (*slopes, supply.curve.rate * FEMTO), times[-1] + 1e12)


def _read(case: Case) -> float:
    """The least voltage at which a threshold is read."""
    fixed = case.wake.policy is Policy.FIXED
    return (case.buffer.turn_on.lo if fixed else case.buffer.brown_out.hi) * NANO


def _between(least: Flow, most: Flow, share: float) -> Flow:
    if least.source_resistance == inf:
        current = least.fed_current + share * (most.fed_current - least.fed_current)
        return Flow(fed=least.fed + share * (most.fed - least.fed), fed_current=current)
    return Flow(
        source=least.source + share * (most.source - least.source),
        source_resistance=least.source_resistance + share * (most.source_resistance - least.source_resistance),
    )
