"""What can happen while a plan is carried out, on real voltages: the activities of its cycles, and one run of a cycle.

Nothing here is rounded: capacitance, voltage and amounts are fractions in the units of a case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from ischedule.analysis.power_cycles import chains_of
from ischedule.models.buffer import EnergyBuffer
from ischedule.models.demand import Coordinate
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import Program


@dataclass(frozen=True, slots=True)
class Activity:
    """Part of a power cycle that takes at most so much of the buffer and time; ``atoms`` is 1 if it runs an atom."""

    name: str
    amount: int
    time: int
    atoms: int = 0


@dataclass(frozen=True, slots=True)
class PlannedCycle:
    """A power cycle as a sequence of activities: it runs atoms ``start`` to ``end`` (without it) and then commits."""

    number: int
    start: int
    end: int
    run: PowerCycles
    activities: tuple[Activity, ...]
    has_cut: bool

    @property
    def need(self) -> int:
        """What all activities take at most."""
        return sum(one.amount for one in self.activities)


@dataclass(frozen=True, slots=True)
class Moment:
    """The voltage (nV) at the end of an activity, None once there is not enough for it; what is above the floor."""

    activity: Activity
    voltage: Fraction | None
    above_floor: Fraction


def planned_cycles(program: Program, plan: Plan, atoms: Sequence[str] = ()) -> Iterator[PlannedCycle]:
    """The power cycles of a plan up to its last atom; raises `InvalidPlan` for designs that are none.

    ``atoms`` are the atoms' names, if they have any.
    """
    chains = chains_of(program, plan)
    stages = [program.stages[index].name for index in plan.stages]
    numbered = zip(stages, chains, strict=True)
    names = [f"{name} {atom + 1}" for name, one in numbered for atom in range(len(one))]
    names = list(atoms) or names
    columns = [[int(value) for one in chains for value in one.columns()[part]] for part in range(7)]
    drain, time, resume, resume_time, commit, commit_time, cut = columns
    reserve, start, number = program.law.upkeep.reserve, 0, 0
    for run in plan.cycles:
        for _ in range(run.repeat):
            end, number = min(start + run.atoms, len(names)), number + 1
            if start >= end:
                return
            activities = [Activity("one poll", reserve, 0)] if reserve else []
            activities.append(Activity("booting and resuming", resume[start], resume_time[start]))
            activities += [Activity(names[i], drain[i], time[i], 1) for i in range(start, end)]
            activities.append(Activity("committing", commit[end - 1], commit_time[end - 1]))
            yield PlannedCycle(number, start, end, run, tuple(activities), bool(cut[end - 1]))
            start = end


def atoms_of(program: Program, plan: Plan) -> int:
    """How many atoms a plan has to run."""
    return sum(map(len, chains_of(program, plan)))


def floor_power(buffer: EnergyBuffer) -> Fraction:
    """The floor as amounts are proportional to it: the square of its voltage for energies, the voltage for charges."""
    return buffer.floor_squared if buffer.coordinate is Coordinate.ENERGY else buffer.floor_voltage


def per_farad(buffer: EnergyBuffer) -> Fraction:
    """Amount per femtofarad and power of the voltage (nV)."""
    # fF nV^2 / 2 = 5e-19 fJ;  fF nV = 1e-9 fC
    return Fraction(1, 2 * 10**18) if buffer.coordinate is Coordinate.ENERGY else Fraction(1, 10**9)


def above_floor(buffer: EnergyBuffer, capacitance: Fraction, voltage: Fraction) -> Fraction:
    """What a capacitor at a voltage holds above the floor."""
    power = voltage**2 if buffer.coordinate is Coordinate.ENERGY else voltage
    return per_farad(buffer) * capacitance * (power - floor_power(buffer))


def voltage_at(buffer: EnergyBuffer, capacitance: Fraction, amount: Fraction) -> Fraction:
    """The voltage (nV, to a part in 10^6 of it) of what is above the floor."""
    power = amount / (per_farad(buffer) * capacitance) + floor_power(buffer)
    if buffer.coordinate is Coordinate.CHARGE:
        return power
    scale = 10**6
    return Fraction(isqrt(int(max(Fraction(0), power) * scale**2)), scale)


def simulate(
    buffer: EnergyBuffer,
    cycle: PlannedCycle,
    capacitance: Fraction,
    voltage: Fraction,
    consumed: Sequence[int],
    harvested: Sequence[int] = (),
) -> list[Moment]:
    """One power cycle from a voltage on, activity by activity, until it ends or an activity finds too little.

    ``consumed`` and ``harvested`` say what each activity takes, and what is harvested after it.
    """
    amount = above_floor(buffer, capacitance, voltage)
    found: list[Moment] = []
    for index, activity in enumerate(cycle.activities):
        amount -= consumed[index]
        if amount < 0:
            found.append(Moment(activity, None, amount))
            break
        amount += harvested[index] if index < len(harvested) else 0
        found.append(Moment(activity, voltage_at(buffer, capacitance, amount), amount))
    return found
