"""A board in motion: time, voltage, where the energy went, and what happened; runtimes make it charge and spend."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil, inf, sqrt

from ischedule.simulation.board import Board
from ischedule.simulation.flow import Flow, Passage
from ischedule.simulation.script import Activity
from ischedule.simulation.supplies import loaded

SAMPLES = 12
"""How many voltages of a passage are kept for a drawing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a simulation gives up: the time (s), and how often the same work may fail one time after the other."""

    time: float = 1e6
    attempts: int = 8


DEFAULT = Limits()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: when, at which terminal voltage, what, and how long it lasted."""

    time: float
    voltage: float
    what: str
    name: str = ""
    lasted: float = 0.0


@dataclass(slots=True)
class Sums:
    """Joules by where they came from and went, since the beginning."""

    harvested: float = 0.0
    delivered: float = 0.0
    heated: float = 0.0
    leaked: float = 0.0
    clamped: float = 0.0
    switched: float = 0.0
    error: float = 0.0

    def add(self, passage: Passage) -> None:
        """What a passage brought and took."""
        self.harvested += passage.harvested
        self.delivered += passage.delivered
        self.heated += passage.heated
        self.leaked += passage.leaked
        self.error += passage.error


@dataclass(slots=True)
class Machine:
    """The state of a run. `delivered` of the sums is what left the terminal: for the load, the converter, sleeping."""

    board: Board
    limits: Limits = DEFAULT
    records: bool = False
    time: float = 0.0
    voltage: float = field(init=False)
    sums: Sums = field(default_factory=Sums)
    is_running: bool = False
    brown_outs: int = 0
    boots: int = 0
    cycles: int = 0
    events: list[Event] = field(default_factory=list)
    samples: list[tuple[float, float]] = field(default_factory=list)
    stored_at_start: float = field(init=False)

    def __post_init__(self) -> None:
        self.voltage = self.board.start
        self.stored_at_start = self.board.capacitor.stored(self.voltage)

    @property
    def imbalance(self) -> float:
        """Joules that the bookkeeping has lost or found: 0 but for rounding and integration."""
        gone = self.sums.delivered + self.sums.heated + self.sums.leaked + self.sums.clamped + self.sums.switched
        grown = self.board.capacitor.stored(self.voltage) - self.stored_at_start
        return self.sums.harvested - gone - grown

    @property
    def terminal(self) -> float:
        """The terminal voltage under nothing but the supply."""
        return self.board.capacitor.terminal(self.voltage, self._supplied()[0])

    @property
    def is_over(self) -> bool:
        """Whether the time that a simulation may take has passed."""
        return self.time >= self.limits.time

    def note(self, what: str, name: str = "", lasted: float = 0.0) -> None:
        """Keep an event, if they are kept."""
        if self.records:
            self.events.append(Event(self.time - lasted, self.terminal, what, name, lasted))

    def charge(self, threshold: float, power: float = 0.0) -> bool:
        """Wait until the terminal is at a voltage, while the board draws a power; False if it never is.

        A board that draws something ends below brown-out as well: it is off then.
        """
        begun = self.time
        low = self.board.brown_out if power else 0.0
        found = self._advance(Flow(power=power), inf, threshold, low)
        self.note("charge", lasted=self.time - begun)
        return found == "high"

    def wait(self, time: float, power: float = 0.0) -> bool:
        """Let a time pass while the board draws a power; False if it browned out."""
        return self._advance(Flow(power=power), time, inf, self.board.brown_out if power else 0.0) != "low"

    def wait_until(self, moment: float, high: float, power: float, low: float | None = None) -> str:
        """Let the time pass to a moment, or until the terminal is at a voltage above ("high") or below ("low", by
        default where the board browns out)."""
        begun = self.time
        found = self._advance(Flow(power=power), moment - self.time, high, self.board.brown_out if low is None else low)
        self.note("charge", lasted=self.time - begun)
        return found

    def burn(self) -> None:
        """Idle until brown-out; a supply that carries that for ever keeps it from ending."""
        begun = self.time
        self._advance(Flow(power=self.board.idle_power or 0.0), inf, inf, self.board.brown_out)
        self.note("burn", lasted=self.time - begun)

    def switch_on(self) -> None:
        """Connect the load: what had no charge takes its share."""
        before = self.board.capacitor.stored(self.voltage)
        self.voltage = self.board.switched_on(self.voltage)
        self.sums.switched += before - self.board.capacitor.stored(self.voltage)

    def spend(self, activity: Activity, what: str, name: str = "") -> bool:
        """Carry out an activity; False if the terminal fell below brown-out before its end."""
        begun = self.time
        self.is_running = True
        paced = activity if self.board.pace == 1 else activity.within(self.board.pace)
        phases = paced.phases[::-1] if self.board.leads else paced.phases
        done = all(self._phase(draw, time) for draw, time in phases)
        self.is_running = False
        self.note(what, name, self.time - begun)
        if not done:
            self.fail()
        return done

    def work_until(self, draw: float, time: float, warning: float, name: str = "") -> tuple[float, bool]:
        """Work until the terminal has fallen to a warning: how long that was, and whether all is done."""
        begun = self.time
        if draw == inf:
            return time, self._at_once(time)
        self.is_running = True
        found = self._advance(self.load(draw), time, inf, warning)
        self.is_running = False
        self.note("work", name, self.time - begun)
        return min(time, self.time - begun), found == ""

    def skip(self, draw: float, time: float, times: int) -> None:
        """The same phase so many times, which is known to fit, without resistance and leakage."""
        if draw == inf:
            self._at_once(time * times)
            return
        self.is_running = True
        flow, _ = self._supplied()
        self._take(self.board.capacitor.run(self.voltage, loaded(flow, self.load(draw).power), time * times), flow)
        self.is_running = False

    def fail(self) -> None:
        """The terminal is below brown-out: the device is off."""
        self.brown_outs += 1
        self.note("brown-out")

    def load(self, draw: float) -> Flow:
        """What a draw of the load is at the terminal."""
        drawn = draw * self.board.consumption
        if self.board.is_regulated:
            return Flow(current=drawn)
        return Flow(power=drawn / self.board.efficiency(draw))

    def _phase(self, draw: float, time: float) -> bool:
        if draw == inf:
            return self._at_once(time)
        return self._advance(self.load(draw), time, inf, self.board.brown_out) == ""

    def _at_once(self, amount: float) -> bool:
        """An amount that is gone before any time has passed, so that no resistance counts."""
        capacitor = self.board.capacitor
        before, amount = capacitor.stored(self.voltage), amount * self.board.consumption
        if self.board.is_regulated:
            voltage = self.voltage - amount / capacitor.capacitance_at(self.voltage)
        else:
            taken = amount / self.board.efficiency(inf)
            voltage = sqrt(max(0.0, self.voltage**2 - 2 * taken / capacitor.capacitance_at(self.voltage)))
        fits = voltage >= self.board.brown_out
        self.voltage = voltage if fits else min(self.voltage, self.board.brown_out)
        self.sums.delivered += before - capacitor.stored(self.voltage)
        return fits

    def _supplied(self) -> tuple[Flow, float]:
        return self.board.supply.at(self.time, self.is_running)

    def _advance(self, load: Flow, time: float, high: float, low: float) -> str:
        """Go on until a level is reached ("high", "low"), the time is over (""), the simulation is ("late"), or nothing
        will change any more ("stalled")."""
        end = self.time + time
        capacitor, board = self.board.capacitor, self.board
        while True:
            if self.is_over:
                return "late"
            flow, until = self._supplied()
            flow, top = self._cold(loaded(flow, load.power, load.current), load)
            stop = min(end, until, self.limits.time)
            clamp = board.clamp
            if capacitor.terminal(self.voltage, flow) >= clamp and capacitor.falls(self.voltage, flow):
                clamp = inf  # on the way down from there
            bound = min(high, clamp, top)
            if end == until == inf and capacitor.run(self.voltage, flow, inf, bound, low).time == inf:
                return "stalled"
            passage = capacitor.run(self.voltage, flow, stop - self.time, bound, low)
            self._take(passage, flow)
            if passage.reached == "low":
                return "low"
            if passage.reached == "high":
                if capacitor.terminal(self.voltage, flow) >= high * (1 - 1e-12):
                    return "high"
                if top < board.clamp and not passage.time:
                    self.voltage += 1e-12 * max(1.0, self.voltage)
                elif board.clamp <= top:
                    self._clamped(flow, stop - self.time)
            if passage.reached == "" or self.time >= stop:
                self.time = stop
                if stop == end:
                    return ""

    def _cold(self, flow: Flow, load: Flow) -> tuple[Flow, float]:
        """The flow while the harvester starts by itself, and the terminal voltage at which that ends."""
        board = self.board
        if board.cold_below and flow.fed > board.cold_power:
            cold = replace(flow, fed=board.cold_power)
            if board.capacitor.terminal(self.voltage, flow) < board.cold_below:
                return cold, board.cold_below
        return flow, inf

    def _take(self, passage: Passage, flow: Flow) -> None:
        if self.records and 0 < passage.time < inf:
            for part in range(SAMPLES):
                at = self.board.capacitor.run(self.voltage, flow, passage.time * part / SAMPLES)
                self.samples.append((self.time + at.time, self.board.capacitor.terminal(at.voltage, flow)))
            self.samples.append((self.time + passage.time, self.board.capacitor.terminal(passage.voltage, flow)))
        self.voltage = passage.voltage
        self.time += passage.time
        self.sums.add(passage)

    def _clamped(self, flow: Flow, time: float) -> None:
        """Stay at the clamp, which takes what comes in beyond what goes out and leaks."""
        capacitor, terminal = self.board.capacitor, self.board.clamp
        leak = capacitor.leak_at(self.voltage)
        into = flow.harvest(terminal) / terminal
        out = flow.power / terminal + flow.current
        self.sums.harvested += into * terminal * time
        self.sums.delivered += out * terminal * time
        self.sums.leaked += leak * self.voltage * time
        self.sums.clamped += (into - out) * terminal * time - leak * self.voltage * time
        self.time += time

    def next_poll(self, since: float) -> float:
        """How long until the device measures again that has slept since a moment."""
        asleep = self.board.sleeping
        if asleep is None:
            return 0.0
        passed = self.time - since
        return max(0.0, ceil(passed / asleep.poll_period - 1e-9) * asleep.poll_period - passed)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: joules, seconds, counts. `why` says what kept it from finishing, "" if nothing did.

    Of what left the terminal (`used`), `repeated` went into work that had to be done again. `lost` is what leaked,
    heated the series resistance, was clamped away, or went when the load was connected.
    """

    finished: bool
    why: str
    latency: float
    cycles: int
    brown_outs: int
    boots: int
    harvested: float
    used: float
    repeated: float
    leaked: float
    heated: float
    clamped: float
    switched: float
    checkpoints: int
    skipped: int
    written: int
    imbalance: float
    error: float
    events: tuple[Event, ...] = ()
    samples: tuple[tuple[float, float], ...] = ()

    @property
    def lost(self) -> float:
        """What did nothing for the inference."""
        return self.repeated + self.leaked + self.heated + self.clamped + self.switched


@dataclass(slots=True)
class Tally:
    """What a runtime counts besides the machine."""

    checkpoints: int = 0
    skipped: int = 0
    written: int = 0
    repeated: float = 0.0

    def outcome(self, machine: Machine, why: str = "") -> Outcome:
        """The run as it stands."""
        sums = machine.sums
        return Outcome(
            not why,
            why,
            machine.time,
            machine.cycles,
            machine.brown_outs,
            machine.boots,
            sums.harvested,
            sums.delivered,
            self.repeated,
            sums.leaked,
            sums.heated,
            sums.clamped,
            sums.switched,
            self.checkpoints,
            self.skipped,
            self.written,
            machine.imbalance,
            sums.error,
            tuple(machine.events),
            tuple(machine.samples),
        )
