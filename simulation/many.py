"""Many runs of a plan side by side, as vectors: for how often a board browns out, millions of power cycles are needed.

The physics is that of `circuit`, written once more for arrays: closed forms for waiting, Runge-Kutta steps of a fixed
number for work. Boards here have one capacitance each, and switch themselves off while they wait, or sleep and measure,
up since before the release. An adversary chooses anew for every power cycle what the supply brings while the board
waits, and while it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import inf

import numpy as np
import numpy.typing as npt

from ischedule.simulation.board import Board
from ischedule.simulation.flow import Flow
from ischedule.simulation.script import Activity, PlannedCycle, PlannedScript

Floats = npt.NDArray[np.float64]

STEPS = 4
"""Runge-Kutta steps in each phase of an activity."""


@dataclass(frozen=True)
class Flows:
    """What feeds each board: power, and a current at 0 V with the conductance by which it falls: that of a source."""

    fed: Floats
    offset: Floats
    conductance: Floats

    @classmethod
    def of(cls, flows: Sequence[Flow]) -> Flows:
        """One flow for each board."""
        rows = [(flow.net, flow.offset, flow.conductance) for flow in flows]
        fed, offset, conductance = np.array(rows, dtype=np.float64).T
        return cls(fed, offset, conductance)


Adversary = Callable[[int], tuple[Flows, Flows]]
"""For the number of a cycle what the supplies bring while boards wait, and while they run."""


@dataclass
class ManyOutcomes:
    """What the runs came to, one entry each: a run ends with its first brown-out, or where its supply falls short.

    `margin` is by how much the terminal stayed above brown-out at least. `error` is the greatest difference (V) between
    the steps taken and steps of half the length, over all boards in the first power cycle.
    """

    latency: Floats
    cycles: npt.NDArray[np.int64]
    browned_out: npt.NDArray[np.bool_]
    stalled: npt.NDArray[np.bool_]
    margin: Floats
    error: float = 0.0

    @property
    def finished(self) -> npt.NDArray[np.bool_]:
        """Which runs came to the end of the plan."""
        return ~(self.browned_out | self.stalled)


@dataclass(frozen=True)
class _Loaded:
    """Flows with what the boards draw: the net power, and a current beside that of the source."""

    net: Floats
    offset: Floats
    conductance: Floats
    current: Floats
    is_sourced: bool


@dataclass
class _Boards:
    """The boards as columns."""

    boards: Sequence[Board]
    capacitance: Floats = field(init=False)
    resistance: Floats = field(init=False)
    leak: Floats = field(init=False)
    leak_conductance: Floats = field(init=False)
    turn_on: Floats = field(init=False)
    brown_out: Floats = field(init=False)
    misreading: Floats = field(init=False)
    decoupling: Floats = field(init=False)
    redistribution: Floats = field(init=False)
    consumption: Floats = field(init=False)
    clamp: Floats = field(init=False)
    leaks: bool = field(init=False)
    resists: bool = field(init=False)
    sleeps: bool = field(init=False)
    sleep_power: Floats = field(init=False)
    poll_period: Floats = field(init=False)

    def __post_init__(self) -> None:
        for board in self.boards:
            if board.idle_power is not None or board.cold_below or board.capacitor.curve:
                raise ValueError("boards side by side do not burn, have one capacitance, and no supply starts cold")
            if board.pace != 1 or board.leads:
                raise ValueError("boards side by side work evenly, and as long as is stated")
            if (board.sleeping is None) != (self.boards[0].sleeping is None):
                raise ValueError("boards side by side all sleep, or none does")
        parts = [board.capacitor for board in self.boards]
        self.capacitance = np.array([part.capacitance for part in parts])
        self.resistance = np.array([part.resistance for part in parts])
        self.leak = np.array([part.leak_current for part in parts])
        self.leak_conductance = np.array([part.leak_conductance for part in parts])
        for name in ("turn_on", "brown_out", "misreading", "decoupling", "redistribution", "consumption", "clamp"):
            setattr(self, name, np.array([getattr(board, name) for board in self.boards]))
        asleep = [board.sleeping for board in self.boards if board.sleeping is not None]
        self.sleeps = bool(asleep)
        if asleep:
            self.sleep_power = np.array([one.mean_power for one in asleep])
            self.poll_period = np.array([one.poll_period for one in asleep])
        self.leaks = bool(self.leak.any() or self.leak_conductance.any())
        self.resists = bool(self.resistance.any())

    def efficiency(self, power: float) -> Floats:
        return np.array([board.efficiency(power) for board in self.boards])


def run_many(
    script: PlannedScript, boards: Sequence[Board], adversary: Adversary, steps: int = STEPS, turns: int = 1
) -> ManyOutcomes:
    """Run a plan on all boards, several times one after the other."""
    return _Many(_Boards(boards), adversary, steps).run(script, turns)


class _Many:
    def __init__(self, columns: _Boards, adversary: Adversary, steps: int) -> None:
        self.columns, self.adversary, self.steps = columns, adversary, steps
        self.voltage = np.array([board.start for board in columns.boards])
        self.time = np.zeros(len(columns.boards))
        self.lowest = np.full(len(columns.boards), inf)
        self.phases: dict[float, tuple[Floats, Floats]] = {}

    def run(self, script: PlannedScript, turns: int) -> ManyOutcomes:
        count = len(self.time)
        done, alive = np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.bool_)
        browned, stalled = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
        latency, margin, error = np.zeros(count), np.full(count, inf), 0.0
        number = 0
        with np.errstate(all="ignore"):
            for run in [run for _ in range(turns) for run in script.runs]:
                for _ in range(run.repeat):
                    waiting, running = self.adversary(number)
                    self.lowest[:] = inf
                    reached = self._wait(run.cycle.threshold, waiting, is_first=number == 0)
                    if number == 0:
                        error = self._difference(run.cycle, running)
                    self._work(run.cycle, running)
                    held = self.lowest >= 0
                    browned |= alive & reached & ~held
                    stalled |= alive & ~reached
                    alive &= reached & held
                    done += alive
                    margin = np.where(alive | browned, np.minimum(margin, self.lowest), margin)
                    latency = np.where(alive, self.time, latency)
                    number += 1
                    if not alive.any():
                        return ManyOutcomes(latency, done, browned, stalled, margin, error)
        return ManyOutcomes(latency, done, browned, stalled, margin, error)

    def _difference(self, cycle: PlannedCycle, running: Flows) -> float:
        """By how much the voltages after a cycle differ from those with twice as many steps."""
        kept = self.voltage, self.time.copy(), self.lowest.copy()
        found = []
        for steps in (self.steps, 2 * self.steps):
            self.steps = steps
            self._work(cycle, running)
            found.append(self.voltage)
            self.voltage, self.time, self.lowest = kept[0], kept[1].copy(), kept[2].copy()
        self.steps //= 2
        return float(np.nanmax(np.abs(found[0] - found[1])))

    def _wait(self, threshold: float | None, flow: Flows, is_first: bool) -> npt.NDArray[np.bool_]:
        columns = self.columns
        if columns.sleeps:
            flow = replace(flow, fed=flow.fed - columns.sleep_power)
        wanted = (columns.turn_on if threshold is None else threshold) + columns.misreading
        there = self._terminal(self.voltage, flow.fed, flow.offset, flow.conductance) >= wanted
        into = flow.fed / wanted + flow.offset - flow.conductance * wanted
        inside = wanted - columns.resistance * into
        passed = self._charging(self.voltage, inside, wanted, flow)
        reached = there | ((passed >= 0) & (passed < inf))
        self.time = self.time + np.where(there, 0.0, passed)
        before = np.where(there, self.voltage, inside)
        if columns.sleeps:
            # it is noticed at the next measurement
            period = columns.poll_period
            more = np.where(there | ~reached, 0.0, np.ceil(passed / period - 1e-9) * period - passed)
            self.voltage = before
            self._phase(0.0, more, flow)
            self.time = self.time + more
            return reached
        share = columns.capacitance / (columns.capacitance + columns.decoupling)
        self.voltage = np.where(there & (not is_first), before, before * share - columns.redistribution)
        return reached

    def _charging(self, start: Floats, end: Floats, wanted: Floats, flow: Flows) -> Floats:
        columns = self.columns
        if not flow.offset.any() and not columns.leaks:
            u0 = self._terminal(start, flow.fed, flow.offset, flow.conductance)
            swell = np.where(columns.resistance > 0, columns.resistance * flow.fed * np.log(wanted / u0), 0.0)
            return np.where(flow.fed > 0, columns.capacitance / flow.fed * ((wanted**2 - u0**2) / 2 + swell), inf)
        if not flow.fed.any():
            whole = 1 + columns.resistance * flow.conductance
            rate = (flow.conductance / whole + columns.leak_conductance) / columns.capacitance
            slope = (flow.offset / whole - columns.leak) / columns.capacitance - rate * start
            share = (end - start) / slope
            bent = np.where(rate > 0, -np.log1p(-rate * share) / rate, share)
            return np.where(slope > 0, bent, inf)
        return self._quadrature(start, end, flow)

    def _quadrature(self, start: Floats, end: Floats, flow: Flows) -> Floats:
        """The integral of C dv / (i - leak), by Gauss and Legendre."""
        total, worst = np.zeros_like(start), np.full_like(start, inf)
        idle = _Loaded(flow.fed, flow.offset, flow.conductance, np.zeros_like(start), bool(flow.conductance.any()))
        nodes, weights = np.polynomial.legendre.leggauss(32)
        for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True):
            voltage = start + (end - start) * (1 + node) / 2
            rate = self._rate(voltage, idle)
            worst = np.minimum(worst, rate)
            total += weight / 2 / rate
        last = self._rate(end, idle)
        return np.where(np.minimum(worst, last) > 0, total * (end - start), inf)

    def _terminal(self, voltage: Floats, net: Floats, offset: Floats, conductance: Floats) -> Floats:
        """The terminal voltage, not a number where there is none."""
        columns = self.columns
        if not columns.resists:
            return voltage
        whole = 1 + columns.resistance * conductance
        straight = voltage + columns.resistance * offset
        return (straight + np.sqrt(straight * straight + 4 * whole * columns.resistance * net)) / (2 * whole)

    def _seen(self, voltage: Floats, flow: _Loaded) -> tuple[Floats, Floats]:
        """The terminal voltage and the current there; a source that it exceeds delivers nothing."""
        terminal = self._terminal(voltage, flow.net, flow.offset - flow.current, flow.conductance)
        source = flow.offset - flow.conductance * terminal
        if flow.is_sourced:
            blocked = source < 0
            if blocked.any():
                bare = self._terminal(voltage, flow.net, -flow.current, np.zeros_like(flow.current))
                terminal, source = np.where(blocked, bare, terminal), np.where(blocked, 0.0, source)
        return terminal, flow.net / terminal + source - flow.current

    def _rate(self, voltage: Floats, flow: _Loaded) -> Floats:
        """dv/dt."""
        columns = self.columns
        _, current = self._seen(voltage, flow)
        if columns.leaks:
            current = current - columns.leak - columns.leak_conductance * voltage
        return current / columns.capacitance

    def _work(self, cycle: PlannedCycle, flow: Flows) -> None:
        for activity in (*(one for _, one in (*cycle.begin, *cycle.work)), cycle.commit.activity):
            self._spend(activity, flow)

    def _spend(self, activity: Activity, flow: Flows) -> None:
        for draw, time in activity.phases:
            if draw == inf:
                self._at_once(time)
            elif draw or self.columns.leaks or flow.fed.any() or flow.offset.any():
                self._phase(draw, time, flow)
            self.time = self.time + (0.0 if draw == inf else time)

    def _at_once(self, amount: float) -> None:
        columns = self.columns
        if columns.boards[0].is_regulated:
            self.voltage = self.voltage - amount * columns.consumption / columns.capacitance
        else:
            taken = amount * columns.consumption / columns.efficiency(inf)
            self.voltage = np.sqrt(self.voltage**2 - 2 * taken / columns.capacitance)
        self._watch(self.voltage)

    def _watch(self, terminal: Floats) -> None:
        """Keep the least distance to brown-out; no terminal voltage at all is far below."""
        above = terminal - self.columns.brown_out
        self.lowest = np.minimum(self.lowest, np.where(np.isnan(above), -inf, above))

    def _load(self, draw: float) -> tuple[Floats, Floats]:
        if draw not in self.phases:
            count, drawn = len(self.time), draw * self.columns.consumption
            if self.columns.boards[0].is_regulated:
                self.phases[draw] = np.zeros(count), drawn
            else:
                self.phases[draw] = drawn / self.columns.efficiency(draw), np.zeros(count)
        return self.phases[draw]

    def _phase(self, draw: float, time: float | Floats, flow: Flows) -> None:
        power, current = self._load(draw)
        now = _Loaded(flow.fed - power, flow.offset, flow.conductance, current, bool(flow.conductance.any()))
        self._watch(self._seen(self.voltage, now)[0])
        voltage, step = self.voltage, time / self.steps
        if self.columns.resists:
            for _ in range(self.steps):
                one = self._rate(voltage, now)
                two = self._rate(voltage + step / 2 * one, now)
                three = self._rate(voltage + step / 2 * two, now)
                four = self._rate(voltage + step * three, now)
                voltage = self._clamped(voltage + step / 6 * (one + 2 * two + 2 * three + four), now)
        else:
            voltage = self._ideal_phase(voltage, step, now)
        self.voltage = self._clamped(voltage, now)
        self._watch(self._seen(voltage, now)[0])

    def _clamped(self, voltage: Floats, now: _Loaded) -> Floats:
        """No terminal is above its clamp."""
        if np.isinf(self.columns.clamp).all():
            return voltage
        return voltage - np.maximum(0.0, np.nan_to_num(self._seen(voltage, now)[0] - self.columns.clamp))

    def _ideal_phase(self, voltage: Floats, step: float | Floats, now: _Loaded) -> Floats:
        """Without resistance the squared voltage is the better variable: a power makes it a straight line."""
        squared = voltage * voltage

        def rate(state: Floats) -> Floats:
            inside = np.sqrt(state)
            return 2 * inside * self._rate(inside, now)

        for _ in range(self.steps):
            one = rate(squared)
            two = rate(squared + step / 2 * one)
            three = rate(squared + step / 2 * two)
            squared = squared + step / 6 * (one + 2 * two + 2 * three + rate(squared + step * three))
            squared = self._clamped(np.sqrt(squared), now) ** 2
        return np.sqrt(squared)


def constant(waiting: Sequence[Flow], running: Sequence[Flow]) -> Adversary:
    """The same in every power cycle."""
    flows = Flows.of(waiting), Flows.of(running)
    return lambda _: flows


def random_adversary(least: Flow, most: Flow, count: int, rng: np.random.Generator) -> Adversary:
    """In each power cycle, while waiting and while running: the least, the most, anything between, in equal parts.

    While a device runs nothing is promised, so that the least is nothing there.
    """

    def drawn(weak: Flow) -> Flows:
        share = np.clip(rng.uniform(-1, 2, count), 0, 1)
        ends = ((one.net, one.offset, one.conductance) for one in (weak, most))
        low, high = ends
        return Flows(*(one + share * (other - one) for one, other in zip(low, high, strict=True)))

    return lambda _: (drawn(least), drawn(Flow()))
