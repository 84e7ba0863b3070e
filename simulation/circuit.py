"""The physics of one board: a capacitor with series resistance and leakage, what feeds it and what loads it.

Everything is in SI floats. v is the voltage inside the capacitor, u that of its terminal, i the current into it:

    C dv/dt = i - leak(v),    u = v + R i,    i = P/u - p/u + (Vs - u)/Rs + J - I

for a feed of power P, a source Vs behind Rs or a current J, and a load of power p or current I. Between two events
nothing of that changes, so that v moves one way and u with it: both reach a level at one moment at most. Closed forms
are used where they exist: a net power without leakage, and everything linear in v. Elsewhere a Runge-Kutta step is
halved until two halves agree with the whole; the differences are summed up and reported with the result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, expm1, inf, isinf, log, sqrt

from ischedule.simulation.flow import Flow, Passage, joined

TOLERANCE = 1e-11
"""By how much a Runge-Kutta step and its two halves may differ, relative to the voltage or its square."""

MAX_STEPS = 200_000


@dataclass(frozen=True, slots=True)
class Capacitor:
    """Capacitance (F; or a curve of points in V and F, straight in between), series resistance and leakage."""

    capacitance: float
    resistance: float = 0.0
    leak_current: float = 0.0
    leak_conductance: float = 0.0
    curve: tuple[tuple[float, float], ...] = ()

    @property
    def leaks(self) -> bool:
        """Whether any charge is lost inside."""
        return self.leak_current > 0 or self.leak_conductance > 0

    def capacitance_at(self, voltage: float) -> float:
        """The capacitance at a voltage inside."""
        if not self.curve:
            return self.capacitance
        for (low, one), (high, other) in pairwise(self.curve):
            if voltage < high:
                return one + (other - one) * (voltage - low) / (high - low)
        return self.curve[-1][1]

    def stored(self, voltage: float) -> float:
        """The joules inside at a voltage."""
        if not self.curve:
            return self.capacitance * voltage * voltage / 2
        total = 0.0
        for (low, one), (high, other) in pairwise((*self.curve, (inf, self.curve[-1][1]))):
            top = min(voltage, high)
            if top <= low:
                break
            slope = 0.0 if isinf(high) else (other - one) / (high - low)
            total += (one - slope * low) * (top**2 - low**2) / 2 + slope * (top**3 - low**3) / 3
        return total

    def leak_at(self, voltage: float) -> float:
        """The current lost at a voltage inside."""
        return self.leak_current + self.leak_conductance * voltage if voltage > 0 else 0.0

    def terminal(self, voltage: float, flow: Flow) -> float:
        """The terminal voltage, 0 where the capacitor cannot carry the load at any."""
        whole = 1 + self.resistance * flow.conductance
        straight = voltage + self.resistance * flow.offset
        square = straight * straight + 4 * whole * self.resistance * flow.net
        if square < 0:
            return 0.0
        return max(0.0, (straight + sqrt(square)) / (2 * whole))

    def inside(self, terminal: float, flow: Flow) -> float:
        """The voltage inside at which the terminal has this one."""
        return terminal - self.resistance * flow.into(terminal) if self.resistance else terminal

    def collapse(self, flow: Flow) -> float:
        """The terminal voltage below which the load cannot be carried: any less inside, and there is none."""
        if flow.net >= 0:
            return 0.0
        return sqrt(-flow.net * self.resistance / (1 + self.resistance * flow.conductance))

    def run(self, voltage: float, flow: Flow, time: float, high: float = inf, low: float = 0.0) -> Passage:
        """Let the flow go on for a time, or until the terminal has risen to one voltage or fallen to another."""
        sourced = flow.source_resistance != inf
        if sourced and self.terminal(voltage, flow.unsourced()) >= flow.source:
            return self._above_source(voltage, flow, time, high, low)
        if not sourced or (flow.net <= 0 and flow.fed_current <= flow.current):
            return self._run(voltage, flow, time, high, low)
        # a power or a current can lift the terminal above the source
        first = self._run(voltage, flow, time, min(high, flow.source), low)
        if first.reached != "high" or high <= flow.source:
            return first
        return joined(first, self._run(first.voltage, flow.unsourced(), time - first.time, high, low))

    def _above_source(self, voltage: float, flow: Flow, time: float, high: float, low: float) -> Passage:
        """The terminal is above the source, which delivers nothing until it has fallen to there."""
        first = self._run(voltage, flow.unsourced(), time, high, max(low, flow.source))
        if first.reached != "low" or low >= flow.source:
            return first
        second = self._run(first.voltage, flow, time - first.time, high, low)
        return joined(first, second)

    def _run(self, voltage: float, flow: Flow, time: float, high: float, low: float) -> Passage:
        terminal = self.terminal(voltage, flow)
        low = max(low, self.collapse(flow))
        if terminal >= high:
            return Passage(voltage, 0.0, "high")
        if terminal < low or (terminal <= low and self._slope(voltage, flow) < 0):
            return Passage(voltage, 0.0, "low")
        if time <= 0:
            return Passage(voltage, 0.0)
        top = inf if isinf(high) else self.inside(high, flow)
        bottom = max(0.0, self.inside(low, flow)) if low > 0 else 0.0
        if voltage == 0 and flow.net <= 0 and flow.offset <= 0:
            return Passage(0.0, time)  # empty, and nothing comes
        if flow.net == 0 and not self.curve:
            return self._linear(voltage, flow, time, top, bottom)
        if flow.fed_current == flow.current == flow.conductance == 0 and not self.leaks and not self.curve:
            return self._powered(voltage, flow, time, high, low)
        return self._stepped(voltage, flow, time, top, bottom)

    def falls(self, voltage: float, flow: Flow) -> bool:
        """Whether the voltage is falling."""
        return self._slope(voltage, flow) < 0

    def _slope(self, voltage: float, flow: Flow) -> float:
        """d(v^2)/dt of a power without series resistance, where it is finite even at 0 V; dv/dt otherwise."""
        capacitance = self.capacitance_at(voltage)
        if self.resistance == 0:
            straight = flow.offset - flow.conductance * voltage - self.leak_at(voltage)
            return 2 * (flow.net + straight * voltage) / capacitance if flow.net else straight / capacitance
        current = (self.terminal(voltage, flow) - voltage) / self.resistance
        return (current - self.leak_at(voltage)) / capacitance

    def _squares(self, flow: Flow) -> bool:
        """Whether steps are taken in v^2."""
        return self.resistance == 0 and flow.net != 0

    def _state(self, voltage: float, flow: Flow) -> float:
        return voltage * voltage if self._squares(flow) else voltage

    def _voltage(self, state: float, flow: Flow) -> float:
        return sqrt(max(0.0, state)) if self._squares(flow) else max(0.0, state)

    def _linear(self, voltage: float, flow: Flow, time: float, top: float, bottom: float) -> Passage:
        """No power on either side: dv/dt = a - b v, and i = i0 - i1 v."""
        whole = 1 + self.resistance * flow.conductance
        i0, i1 = flow.offset / whole, flow.conductance / whole
        a = (i0 - self.leak_current) / self.capacitance
        b = (i1 + self.leak_conductance) / self.capacitance
        slope = a - b * voltage
        if isinf(time) and (slope == 0 or (slope < 0 and voltage <= 0)):
            return Passage(voltage, inf)
        if slope == 0 or (slope < 0 and voltage <= 0):
            return self._linear_sums(voltage, 0.0, 0.0 if slope else b, time, (i0, i1), flow, "")
        goal, name = (top, "high") if slope > 0 else (bottom, "low")
        passed = _time_to(voltage, goal, slope, b)
        if isinf(passed) and isinf(time):
            return Passage(voltage, inf)
        if passed <= time:
            found = self._linear_sums(voltage, slope, b, passed, (i0, i1), flow, name)
            return replace(found, voltage=goal)
        return self._linear_sums(voltage, slope, b, time, (i0, i1), flow, "")

    def _linear_sums(
        self, v0: float, slope: float, b: float, time: float, line: tuple[float, float], flow: Flow, reached: str
    ) -> Passage:
        """The integrals of v and v^2 over the time give every energy: all powers are quadratic in v."""
        # v = v0 + slope g(t), g(t) = (1 - exp(-b t)) / b
        g = -expm1(-b * time) / b if b * time > 1e-9 else time * (1 - b * time / 2)
        if b * time > 1e-3:
            g1 = (time - g) / b
            g2 = (g1 - g * g / 2) / b
        else:
            g1 = time**2 / 2 - b * time**3 / 6 + b**2 * time**4 / 24
            g2 = time**3 / 3 - b * time**4 / 4 + 7 * b**2 * time**5 / 60
        once = v0 * time + slope * g1
        twice = v0 * v0 * time + 2 * v0 * slope * g1 + slope * slope * g2
        i0, i1 = line
        r, s = self.resistance, flow.conductance
        # the terminal is u = u0 + u1 v
        u0, u1 = r * i0, 1 - r * i1
        terminal, squared = u0 * time + u1 * once, u0 * u0 * time + 2 * u0 * u1 * once + u1 * u1 * twice
        heated = r * (i0 * i0 * time - 2 * i0 * i1 * once + i1 * i1 * twice)
        leaked = self.leak_current * once + self.leak_conductance * twice if v0 > 0 or slope > 0 else 0.0
        # a source also heats its own resistance; harvested is what arrives at the terminal
        # powers that cancel each other move nothing, but they are harvested and delivered all the same
        harvested = s * (flow.source * terminal - squared) + (flow.fed * time if flow.fed else 0.0)
        harvested += flow.fed_current * terminal
        delivered = flow.current * terminal + (flow.power * time if flow.power else 0.0)
        return Passage(v0 + slope * g, time, reached, harvested, delivered, heated, leaked)

    def _powered(self, voltage: float, flow: Flow, time: float, high: float, low: float) -> Passage:
        """A net power q: C (u^2/2 + R q ln u) grows by q t."""
        q, r, c = flow.net, self.resistance, self.capacitance
        u0 = self.terminal(voltage, flow)
        goal, name = (high, "high") if q > 0 else (low, "low")
        passed = inf
        if not isinf(goal):
            passed = c / q * ((goal * goal - u0 * u0) / 2 + (r * q * log(goal / u0) if r and goal else 0.0))
        if isinf(passed) and isinf(time):
            return Passage(voltage, inf)
        if passed <= time:
            u1 = goal
        else:
            passed, name = time, ""
            u1 = sqrt(max(0.0, u0 * u0 + 2 * q * time / c)) if r == 0 else _terminal_after(u0, r * q, q * time / c)
        heated = 0.0
        if r:
            heated = c * r * q * (log(u1 / u0) + r * q / 2 * (1 / u0**2 - 1 / u1**2))
        end = u1 - r * q / u1 if r else u1
        return Passage(max(0.0, end), passed, name, flow.fed * passed, flow.power * passed, heated)

    def _rates(self, state: float, flow: Flow) -> tuple[float, float, float, float, float]:
        """d/dt of the state and of what is harvested, delivered, heated and leaked."""
        voltage = self._voltage(state, flow)
        terminal = self.terminal(voltage, flow)
        current = (terminal - voltage) / self.resistance if self.resistance else 0.0
        return (
            self._slope(voltage, flow),
            flow.fed + terminal * ((flow.source - terminal) * flow.conductance + flow.fed_current),
            flow.power + terminal * flow.current,
            self.resistance * current * current,
            voltage * self.leak_at(voltage),
        )

    def _step(self, state: float, flow: Flow, step: float) -> tuple[float, ...]:
        one = self._rates(state, flow)
        two = self._rates(state + step / 2 * one[0], flow)
        three = self._rates(state + step / 2 * two[0], flow)
        four = self._rates(state + step * three[0], flow)
        return tuple(step / 6 * (a + 2 * b + 2 * c + d) for a, b, c, d in zip(one, two, three, four, strict=True))

    def _stepped(self, voltage: float, flow: Flow, time: float, top: float, bottom: float) -> Passage:
        """Runge-Kutta on v^2 or v, with step halving, until the time is over or a level is reached."""
        state, sums, error, passed = self._state(voltage, flow), [0.0] * 4, 0.0, 0.0
        rising, tiny = self._slope(voltage, flow) > 0, 1e-15 * (1.0 if isinf(time) else time)
        goal, name = (top, "high") if rising else (bottom, "low")
        target = self._state(goal, flow)
        step = min(time, abs(state + 1e-3) / (abs(self._slope(voltage, flow)) + 1e-30) / 8)
        for _ in range(MAX_STEPS):
            left = time - passed
            if left <= tiny:
                return self._passage(flow, state, passed, "", sums, error)
            step = min(step, left)
            whole = self._step(state, flow, step)
            first = self._step(state, flow, step / 2)
            second = self._step(state + first[0], flow, step / 2)
            difference = abs(whole[0] - first[0] - second[0])
            if difference > TOLERANCE * (state + 1e-6) and step > tiny:
                step /= 2
                continue
            after = state + first[0] + second[0]
            if (after >= target) if rising else (after <= target):
                if abs(after - target) <= 1e-13 * (target + 1e-9) or step <= tiny:
                    sums = [total + a + b for total, a, b in zip(sums, first[1:], second[1:], strict=True)]
                    return self._passage(flow, target, passed + step, name, sums, error + difference)
                # regula falsi on the length of the step that ends at the level
                step *= min(0.999999, max(1e-6, (target - state) / (after - state)))
                whole_to = self._to_level(state, target, flow, step)
                step, first = whole_to
                sums = [total + a for total, a in zip(sums, first[1:], strict=True)]
                return self._passage(flow, target, passed + step, name, sums, error + difference)
            if abs(after - state) <= 1e-16 * state and isinf(time):
                return self._passage(flow, state, inf, "", sums, error)
            state, passed, error = after, passed + step, error + difference
            sums = [total + a + b for total, a, b in zip(sums, first[1:], second[1:], strict=True)]
            if difference < TOLERANCE * (state + 1e-6) / 64:
                step *= 2
        return self._passage(flow, state, inf if isinf(time) else passed, "", sums, error)

    def _to_level(self, state: float, target: float, flow: Flow, step: float) -> tuple[float, tuple[float, ...]]:
        """The step that ends at a state voltage: Newton on its length."""
        for _ in range(50):
            first = self._step(state, flow, step)
            off = state + first[0] - target
            slope = self._rates(state + first[0], flow)[0]
            if abs(off) <= 1e-14 * (target + 1e-9) or slope == 0:
                break
            step = max(0.0, step - off / slope)
        return step, self._step(state, flow, step)

    def _passage(self, flow: Flow, state: float, time: float, reached: str, sums: list[float], error: float) -> Passage:
        harvested, delivered, heated, leaked = sums
        voltage = self._voltage(state, flow)
        off = self.capacitance_at(voltage) * error * (0.5 if self._squares(flow) else voltage)
        return Passage(voltage, time, reached, harvested, delivered, heated, leaked, off)


def _time_to(voltage: float, goal: float, slope: float, b: float) -> float:
    """When v = voltage + slope (1 - exp(-b t)) / b is at the goal; infinite where it never is."""
    if isinf(goal):
        return inf
    share = (goal - voltage) / slope
    if b == 0:
        return share
    rest = 1 - b * share
    return -log(rest) / b if rest > exp(-700) else inf


def _terminal_after(u0: float, rq: float, grown: float) -> float:
    """u with u^2/2 + rq ln u = u0^2/2 + rq ln u0 + grown, by Newton, from the side on which it cannot leave."""
    bottom = sqrt(-rq) if rq < 0 else 0.0
    wanted = u0 * u0 / 2 + grown
    u = sqrt(2 * wanted) if wanted > 0 else u0
    low, high = (bottom, u0) if grown < 0 else (u0, inf)
    u = min(max(u, low), high)
    for _ in range(100):
        value = u * u / 2 + rq * log(u / u0) - wanted
        if value > 0:
            high = min(high, u)
        else:
            low = max(low, u)
        slope = u + rq / u
        after = u - value / slope if slope else low
        if not low <= after <= high:
            after = (low + high) / 2
        if abs(after - u) <= 1e-15 * u:
            return after
        u = after
    return u
