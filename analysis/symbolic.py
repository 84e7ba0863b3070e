"""Proof that a plan is safe for every behaviour within the bounds of its case: inductive invariants, by z3.

A plan on a device is a transition system. It waits in cycle k at any level, begins when its threshold is reached, and
carries out one activity after another; each takes anything up to its demand, and anything may be harvested meanwhile.
At any moment power may fail, for whatever reason: the device then waits in cycle k again. After the last activity
cycle k is published, and the device waits in cycle k + 1. Capacitance, thresholds and floor lie anywhere in their
intervals. Levels are real numbers; what is published, and which atom is next, are integers.

The invariant of cycle k: what is published are the atoms before it; the next atom is the one after those run since;
and while it runs, what is stored above the floor is at least what the activities left take at most. It is shown to hold
when the cycle begins, to be kept by every activity, and to lead to the invariant of cycle k + 1; each as formulas whose
negation has no model. A model of one is a behaviour that breaks the plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import accumulate
from typing import Any

from ischedule.analysis.behaviour import (
    Moment,
    PlannedCycle,
    above_floor,
    atoms_of,
    floor_power,
    per_farad,
    planned_cycles,
    simulate,
)
from ischedule.models.case import Case
from ischedule.models.cycle_law import Threshold
from ischedule.models.demand import Coordinate
from ischedule.models.loaded import loaded
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.models.quantities import Rounding
from ischedule.models.supply import ConstantCurrent, ConstantPower, ResistiveSource
from ischedule.models.wake import Mechanism, Policy, StartKind
from ischedule.models.workload import explicit_tasks

MOST_ACTIVITIES = 20_000
"""Of all power cycles together: a plan with more is not proven."""


class Obligation(Enum):
    """What is shown of each power cycle."""

    WAKE = "it begins with enough for all of its activities"
    RUN = "no activity finds too little, whatever those before it took and was harvested"
    FAILURE = "after a failure at any activity it is run again, from what was published"
    PUBLISH = "it ends where a checkpoint may stand, and publishes its atoms once"
    CHARGE = "the supply charges the buffer at every level below the threshold"
    LATENCY = "without failures it is published no later than claimed"


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A behaviour that breaks an obligation: capacitance (fF), voltage at the start of the cycle (nV), and its run."""

    obligation: Obligation
    sentence: str
    capacitance: Fraction | None = None
    voltage: Fraction | None = None
    moments: tuple[Moment, ...] = ()


@dataclass(frozen=True, slots=True)
class CycleProof:
    """What was shown of a power cycle, and what breaks it, if anything does."""

    cycle: PlannedCycle
    shown: tuple[Obligation, ...]
    broken: Counterexample | None


@dataclass(frozen=True, slots=True)
class Proof:
    """The proofs of all power cycles in order; ``broken`` is what breaks the plan as a whole.

    ``latency`` is the proven bound in picoseconds, None where something is broken.
    """

    cycles: tuple[CycleProof, ...]
    broken: Counterexample | None
    latency: int | None

    @property
    def holds(self) -> bool:
        """Whether the plan is safe."""
        return self.broken is None and all(one.broken is None for one in self.cycles)


class TooManyActivities(ValueError):
    """A plan that is longer than what is proven."""


class RealCapacitor(ValueError):
    """A buffer of which the formulas that are proven do not tell everything."""


def prove(case: Case, program: Program, plan: Plan) -> Proof:
    """The proof, or what breaks it.

    Raises `InvalidPlan` for designs that are none, `TooManyActivities`, `RealCapacitor`.
    """
    if not (case.buffer.is_ideal and loaded(case).path.is_ideal) or program.law.charging.buffer != case.buffer:
        raise RealCapacitor("series resistance, leakage, a converter or a load are not part of what is proven")
    tasks = explicit_tasks(case)
    cycles = list(planned_cycles(program, plan, [] if tasks is None else list(map(tasks.name, range(len(tasks))))))
    if sum(len(one.activities) for one in cycles) > MOST_ACTIVITIES:
        raise TooManyActivities(f"more than {MOST_ACTIVITIES} activities")
    system = _System(case, program)
    proofs = tuple(map(system.proof, cycles))
    atoms = atoms_of(program, plan)
    broken = None
    if not cycles or cycles[-1].end != atoms or sum(one.repeat for one in plan.cycles) != len(cycles):
        sentence = f"the power cycles publish {cycles[-1].end if cycles else 0} of {atoms} atoms"
        broken = Counterexample(Obligation.PUBLISH, sentence)
    if broken is not None or any(one.broken is not None for one in proofs):
        return Proof(proofs, broken, None)
    return Proof(*system.latencies(proofs))


class _System:
    """The transition system of one case."""

    def __init__(self, case: Case, program: Program) -> None:
        import z3

        self.z3, self.case, self.program, self.law = z3, case, program, program.law
        self.buffer = case.buffer
        self.charged = case.start.kind in (StartKind.CHARGED, StartKind.PERIODIC)

    def proof(self, cycle: PlannedCycle) -> CycleProof:
        """All obligations of a cycle but the latency, up to the first that is broken."""
        obligations: list[tuple[Obligation, Callable[[PlannedCycle], Counterexample | None]]] = [
            (Obligation.CHARGE, self.charge),
            (Obligation.WAKE, self.wake),
            (Obligation.RUN, self.run),
            (Obligation.FAILURE, self.failure),
            (Obligation.PUBLISH, self.publish),
        ]
        shown: list[Obligation] = []
        for obligation, broken_by in obligations:
            broken = broken_by(cycle)
            if broken is not None:
                return CycleProof(cycle, tuple(shown), broken)
            shown.append(obligation)
        return CycleProof(cycle, tuple(shown), None)

    def model(self, *formulas: Any) -> Any:
        """A model of some formulas, None if there is none."""
        solver = self.z3.Solver()
        solver.add(*formulas)
        answer = solver.check()
        if answer == self.z3.unknown:
            raise ArithmeticError(f"z3 does not decide an obligation: {solver.reason_unknown()}")
        return solver.model() if answer == self.z3.sat else None

    def waits(self, cycle: PlannedCycle) -> bool:
        """Whether a cycle waits for its threshold: the first does not after a charged start."""
        return cycle.number > 1 or self.law.head.waits

    def charge(self, cycle: PlannedCycle) -> Counterexample | None:
        """Between 0 V and the highest voltage of the threshold the weakest supply delivers more than waiting draws."""
        if not self.waits(cycle):
            return None
        z3, supply = self.z3, self.case.supply
        asleep = self.case.wake.mechanism is Mechanism.SENSE and self.case.wake.sleep is not None
        drawn = self.case.wake.sleep.mean_power if asleep and self.case.wake.sleep else 0
        voltage, top = z3.Real("voltage"), self._highest(cycle)
        band = [voltage >= 0, voltage <= top]
        lowest = self.buffer.brown_out.hi
        if isinstance(supply, ResistiveSource):
            source, resistance, current = z3.Reals("source resistance current")
            # fW / nV = 1e9 fA;  uohm fA = 1e-12 nV
            band += [source >= supply.voltage.lo, resistance > 0, resistance <= supply.resistance.hi]
            band += [current >= 0, current * lowest <= drawn * 10**9 + (lowest - 1 if drawn else 0)]
            stalls = source - voltage <= resistance * current / 10**12
        elif isinstance(supply, ConstantCurrent):
            current, load = z3.Reals("current load")
            band += [current >= supply.current.lo, load >= 0]
            band.append(load * lowest <= drawn * 10**9 + (lowest - 1 if drawn else 0))
            stalls = current <= load
            if supply.up_to is not None:
                stalls = z3.Or(stalls, voltage > supply.up_to)
        elif isinstance(supply, ConstantPower):
            power, load = z3.Reals("power load")
            most = drawn
            if self.buffer.coordinate is Coordinate.CHARGE and drawn:
                most = -(-drawn * self.buffer.turn_on.hi // lowest)
            band += [power >= supply.power.lo, load >= 0, load <= most]
            stalls = power <= load
        else:
            raise TypeError("under a supply curve nothing is proven symbolically")
        model = self.model(*band, stalls)
        if model is None:
            return None
        at = _fraction(model.eval(voltage, model_completion=True))
        return Counterexample(Obligation.CHARGE, "the supply does not charge the buffer at this voltage", None, at)

    def _highest(self, cycle: PlannedCycle) -> int:
        """The highest voltage that a threshold can turn out to be."""
        if self.case.wake.policy is Policy.FIXED:
            return self.buffer.turn_on.hi
        if cycle.run.code is not None and self.case.wake.step is not None:
            return cycle.run.code * self.case.wake.step
        return self.buffer.voltage_of(cycle.run.level, Rounding.DOWN)

    def wake(self, cycle: PlannedCycle) -> Counterexample | None:
        """What is stored when the cycle begins, over all capacitances and voltages, is what its activities take."""
        found = self._too_little(cycle, lambda *variables: self._begins(cycle, *variables))
        return None if found is None else self._shown(Obligation.WAKE, cycle, *found)

    def _too_little(
        self, cycle: PlannedCycle, begins: Callable[[Any, Any, Any], list[Any]]
    ) -> tuple[Fraction, Fraction] | None:
        """Capacitance and voltage at which a cycle may begin with less than it takes, None if there are none."""
        z3, buffer = self.z3, self.buffer
        capacitance, voltage, stored = z3.Reals("capacitance voltage stored")
        power = voltage * voltage if buffer.coordinate is Coordinate.ENERGY else voltage
        parts = [capacitance >= buffer.capacitance.lo, capacitance <= buffer.capacitance.hi, voltage >= 0]
        parts.append(stored == self._real(per_farad(buffer)) * capacitance * (power - self._real(floor_power(buffer))))
        model = self.model(*parts, *begins(voltage, stored, capacitance), stored < cycle.need)
        if model is None:
            return None
        values = [_fraction(model.eval(one, model_completion=True)) for one in (capacitance, voltage)]
        return values[0], values[1]

    def _shown(
        self, obligation: Obligation, cycle: PlannedCycle, capacitance: Fraction, voltage: Fraction
    ) -> Counterexample:
        """The run of a cycle that begins with too little, every activity at its demand."""
        consumed = [one.amount for one in cycle.activities]
        moments = tuple(simulate(self.buffer, cycle, capacitance, voltage, consumed))
        sentence = f"there is too little for {moments[-1].activity.name}"
        return Counterexample(obligation, sentence, capacitance, voltage, moments)

    def _begins(self, cycle: PlannedCycle, voltage: Any, stored: Any, capacitance: Any) -> list[Any]:
        """When the cycle begins: its threshold is reached; and of the first, what the start of an inference is."""
        wake, buffer, head = self.case.wake, self.buffer, self.law.head
        if not self.waits(cycle):
            return [voltage >= buffer.turn_on.lo]
        found: list[Any] = []
        is_turn_on = wake.policy is Policy.FIXED and cycle.run.level == buffer.capacity
        if is_turn_on:
            found.append(voltage >= buffer.turn_on.lo)
        elif cycle.run.code is not None and wake.step is not None:
            found.append(voltage >= cycle.run.code * wake.step)
        else:
            found.append(stored >= cycle.run.level)
        if cycle.number == 1 and wake.policy is Policy.PROGRAMMABLE and head.level > 0 and wake.power_on is not None:
            least = above_floor(buffer, Fraction(1), Fraction(wake.power_on))
            found.append(stored >= self._real(least) * capacitance - self.case.boot.amount)
        return found

    def _real(self, value: Fraction) -> Any:
        return self.z3.Q(value.numerator, value.denominator)

    def run(self, cycle: PlannedCycle) -> Counterexample | None:
        """Every activity keeps the invariant: what is stored suffices for those left, and the next atom follows."""
        z3 = self.z3
        following, next_following = z3.Ints("following next_following")
        ran = list(accumulate((one.atoms for one in cycle.activities), initial=cycle.start))
        stored, taken, harvested, clamp, after = z3.Reals("stored taken harvested clamp after")
        left = list(accumulate((one.amount for one in reversed(cycle.activities)), initial=0))[::-1]
        highest = Fraction(self.buffer.clamp if self.buffer.clamp is not None else self.buffer.turn_on.hi)
        full = max(above_floor(self.buffer, Fraction(self.buffer.capacitance.lo), highest), Fraction(cycle.need))
        behaviour = [taken >= 0, harvested >= 0, clamp >= self._real(full)]
        rest = stored - taken + harvested
        behaviour.append(after == z3.If(rest > clamp, clamp, rest))
        breaks = [
            z3.And(
                *(stored >= left[i], taken <= activity.amount),
                *(following == ran[i], next_following == following + activity.atoms),
                z3.Or(stored - taken < 0, after < left[i + 1], next_following != ran[i + 1]),
            )
            for i, activity in enumerate(cycle.activities)
        ]
        model = self.model(*behaviour, z3.Or(*breaks))
        if model is None:
            return None
        return Counterexample(Obligation.RUN, "an activity finds too little")

    def failure(self, cycle: PlannedCycle) -> Counterexample | None:
        """Wherever power fails, what is published are the atoms before the cycle, and the next atom is its first.

        A cycle that fails is begun again at its threshold, and in the end at turn-on, which must hold enough for it.
        """
        z3 = self.z3
        published, following, done, after, after_following = z3.Ints("published following done after after_following")
        count = cycle.end - cycle.start
        invariant = [published == cycle.start, following == published + done, done >= 0, done <= count]
        fails = [after == published, after_following == after]
        waiting = z3.And(after == cycle.start, after_following == cycle.start)
        model = self.model(*invariant, *fails, z3.Not(waiting))
        if model is not None:
            return Counterexample(Obligation.FAILURE, "a failure loses published atoms")
        again = self._too_little(cycle, lambda voltage, *_: [voltage >= self.buffer.turn_on.lo])
        return None if again is None else self._shown(Obligation.FAILURE, cycle, *again)

    def publish(self, cycle: PlannedCycle) -> Counterexample | None:
        """After the last activity all atoms of the cycle have run, each once, and a checkpoint may stand there."""
        z3 = self.z3
        published, following, done, after = z3.Ints("published following done after")
        invariant = [published == cycle.start, following == published + done, done == cycle.end - cycle.start]
        commits = [after == following]
        allowed = z3.BoolVal(cycle.has_cut)
        model = self.model(*invariant, *commits, z3.Not(z3.And(allowed, after == cycle.end, after > published)))
        if model is None:
            return None
        sentence = f"no checkpoint may stand after {cycle.activities[-2].name}"
        return Counterexample(Obligation.PUBLISH, sentence)

    def latencies(self, proofs: tuple[CycleProof, ...]) -> tuple[tuple[CycleProof, ...], Counterexample | None, int]:
        """The latest end of every cycle, shown from the one before it; and the proven latency of the plan.

        Charging takes no longer from a higher level, which is what `charging` specifies; nothing else is known of it.
        """
        law, found = self.law, []
        level, time = law.head.level, law.head.delay
        for proof in proofs:
            cycle = proof.cycle
            threshold = law.threshold_at(cycle.run.level, cycle.run.code)
            end, left = self._latest(cycle, threshold, level, time)
            broken = self._later(cycle, threshold, (level, time), (left, end))
            found.append(CycleProof(cycle, (*proof.shown, *(() if broken else (Obligation.LATENCY,))), broken))
            level, time = left, end
        if law.recharge_target is not None:
            time += law.upkeep.pause + law.charging.charge_time(level, law.recharge_target) + law.upkeep.latency
        return tuple(found), None, time

    def _latest(self, cycle: PlannedCycle, threshold: Threshold, level: int, time: int) -> tuple[int, int]:
        """When a cycle ends at the latest, and the least that it leaves."""
        law, active, drain = self.law, sum(one.time for one in cycle.activities), cycle.need - self.law.upkeep.reserve
        if not self.waits(cycle):
            return time + active, law.level_left(level, drain)
        wait = law.charging.charge_time(level, threshold.high) + law.upkeep.latency
        pause = law.upkeep.pause if cycle.number > 1 else 0
        return time + pause + wait + active, law.level_left(max(level, threshold.level), drain)

    def _later(
        self, cycle: PlannedCycle, threshold: Threshold, before: tuple[int, int], claimed: tuple[int, int]
    ) -> Counterexample | None:
        """A behaviour that has begun no later and at no lower level, and ends later or lower, if there is one."""
        z3, law = self.z3, self.law
        level, time, wait, begun, taken, active, left, end = z3.Reals("level time wait begun taken active left end")
        least, latest = before
        pause = law.upkeep.pause if cycle.number > 1 else 0
        longest = sum(one.time for one in cycle.activities)
        behaviour = [level >= least, time <= latest, taken >= 0, taken <= cycle.need, active >= 0, active <= longest]
        if self.waits(cycle):
            charging = law.charging.charge_time(least, threshold.high)
            behaviour += [wait >= 0, z3.Implies(level >= least, wait <= pause + charging + law.upkeep.latency)]
            behaviour.append(begun >= z3.If(level > threshold.level, level, z3.RealVal(threshold.level)))
        else:
            behaviour += [wait == 0, begun >= level]
        is_burnt = self.case.wake.mechanism is Mechanism.BURN
        bottom = self.buffer.level_of(self.buffer.brown_out.lo, Rounding.DOWN)
        behaviour.append(left >= bottom if is_burnt else left >= begun - taken)
        behaviour.append(end <= time + wait + active)
        model = self.model(*behaviour, z3.Or(end > claimed[1], left < claimed[0]))
        return None if model is None else Counterexample(Obligation.LATENCY, "a cycle ends later or lower than claimed")


def _fraction(value: Any) -> Fraction:
    """A number of a model; an algebraic one to 30 digits."""
    if hasattr(value, "as_fraction"):
        return Fraction(value.as_fraction())
    return Fraction(value.approx(30).as_fraction())
