"""What the work of a case takes of its buffer: stated figures behind converter and series resistance, as demands.

Every activity leaves a level: that of the least voltage inside the capacitor at which it may run (`power_path`). As
every power cycle ends with a commit, all of them leave what a commit does; the buffer's floor is raised to it, and for
all that leaves no more a demand is one number again. An activity that leaves more has an `excess` over it. It matters
only where the cycle goes on to drain less than that: the need of a cycle is the greatest of

    what it drains,    and for each activity    what it has drained when that ends, and the activity's excess.

What is guaranteed to flow in while the device runs is drained less (`while_running`). Of a task it may be more than it
takes: the level rises then, and what rises above the buffer's ceiling is lost.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.case import Case
from ischedule.models.cost import Effort
from ischedule.models.demand import LIMIT, Coordinate
from ischedule.models.device import Device
from ischedule.models.draw import Draw
from ischedule.models.errors import MISSING, InputError
from ischedule.models.power_path import PowerPath, Uncovered
from ischedule.models.quantities import POWER, TIME, VOLTAGE, Interval, Rounding, round_to_integer, show
from ischedule.models.supply import ConstantCurrent, CurveSupply, ResistiveSource
from ischedule.models.tasks import TaskColumns
from ischedule.models.wake import Policy
from ischedule.models.workload import explicit_tasks


@dataclass(frozen=True)
class LoadedTasks:
    """What tasks, commits and resumes take of the buffer, and the excess of each task; empty where none has any.

    A task may take less than nothing, where more flows in.
    """

    amount: array[int]
    commit_amount: array[int]
    resume_amount: array[int]
    excess: array[int]

    @property
    def rises(self) -> bool:
        """Whether more flows in during some task than it takes."""
        return min(self.amount) < 0

    def columns(self, tasks: TaskColumns) -> TaskColumns:
        """The tasks with these amounts, nothing where more flows in than is taken."""
        amount = array("q", (max(0, amount) for amount in self.amount))
        found = replace(tasks, amount=amount, commit_amount=self.commit_amount, resume_amount=self.resume_amount)
        return replace(found, draws=(), drawing=array("q"))


@dataclass(frozen=True)
class Loaded:
    """A case's buffer, seen from inside, and what booting or waking takes of it.

    ``start_excess`` is the excess of what every power cycle begins with, ``boot_left`` the level that booting must
    leave, which can lie below the floor.
    """

    case: Case
    path: PowerPath
    buffer: EnergyBuffer
    boot: Effort
    restart: Effort
    start_excess: int
    boot_left: int

    def device(self, device: Device) -> Device:
        """The device with what its primitives take of the buffer."""
        return self.path.device(device, self.case.load)

    def effort(self, effort: Effort) -> Effort:
        """What an activity takes of the buffer."""
        return self.path.effort(effort, effort.draw or self.case.load)

    def excess(self, draw: Draw) -> int:
        """What an activity leaves above what every commit does."""
        return max(0, self.buffer.level_of(self.path.least_voltage(draw), Rounding.UP) + self.buffer.swing)

    def tasks(self, tasks: TaskColumns) -> LoadedTasks:
        """What tasks and the cuts behind them take of the buffer."""
        if self.path.is_ideal and not tasks.draws:
            return LoadedTasks(tasks.amount, tasks.commit_amount, tasks.resume_amount, array("q"))
        load = self.case.load
        draws = (load, *tasks.draws)
        which = tasks.drawing or array("q", bytes(8 * len(tasks)))
        amounts = array("q", map(self._net, tasks.amount, tasks.time, map(draws.__getitem__, which)))
        commits, resumes = (self._ends(tasks, end) for end in ("commit", "resume"))
        excess = list(map(self.excess, draws))
        columns = array("q", map(excess.__getitem__, which)) if any(excess) else array("q")
        return LoadedTasks(amounts, commits, resumes, columns)

    def _ends(self, tasks: TaskColumns, end: str) -> array[int]:
        """What commits or resumes take; nothing where there is no cut."""
        amounts, times = getattr(tasks, f"{end}_amount"), getattr(tasks, f"{end}_time")
        taken = (
            max(0, self._net(amount, time, self.case.load)) if cut else 0
            for amount, time, cut in zip(amounts, times, tasks.is_cut, strict=True)
        )
        return array("q", taken)

    def _net(self, amount: int, time: int, draw: Draw) -> int:
        taken = self.path.net(amount, time, draw)
        if taken <= -LIMIT:
            problem = "makes more than 2**62 internal units flow into the buffer during one task"
            raise InputError(self.case.source, "$.while_running.power", MISSING, problem, "state a shorter task")
        if taken < 0:
            # levels count the least capacitance: what flows in lifts the greatest one less
            return -floor(-taken / _largest_ratio(self.case.buffer))
        if taken >= LIMIT:
            problem = "makes work take more than 2**62 internal units of the buffer"
            raise InputError(self.case.source, "$.converter", MISSING, problem, "state a higher efficiency")
        return taken


def loaded(case: Case) -> Loaded:
    """The case's buffer with what loads it. Raises `InputError` where an activity does not say what it draws."""
    path = _path(case)
    tasks = explicit_tasks(case)
    draws = [case.load, *(one for one in (case.boot.draw,) if one), *(tasks.draws if tasks else ())]
    for draw in draws:
        _require_known(case, path, draw)
    lowest = path.least_voltage(case.load) if not path.is_ideal or case.load.least_voltage else 0
    if tasks is None and case.boot.draw is not None:
        # cycles of networks are told apart by one number: every one leaves what booting does
        lowest = max(lowest, path.least_voltage(case.boot.draw))
    buffer = replace(case.buffer, load_floor=lowest)
    buffer = replace(buffer, reading=replace(buffer.reading, over_read=_over_read(case, buffer)))
    buffer = _swinging(case, buffer, path)
    boot_draw = case.boot.draw or case.load
    found = Loaded(case, path, buffer, case.boot, case.restart, 0, 0)
    return replace(
        found,
        boot=found.effort(case.boot),
        restart=found.effort(case.restart),
        start_excess=found.excess(case.restart.draw or case.load),
        boot_left=max(buffer.bare_floor, buffer.level_of(path.least_voltage(boot_draw), Rounding.UP)) + buffer.swing,
    )


def _path(case: Case) -> PowerPath:
    buffer = case.buffer
    band = Interval(buffer.brown_out.hi, buffer.highest_voltage)
    return PowerPath(buffer.coordinate, band, buffer.resistance.hi, buffer.leakage, case.converter, case.while_running)


def _largest_ratio(buffer: EnergyBuffer) -> Fraction:
    """How many times the least capacitance the greatest one is, at most."""
    if buffer.curve is not None:
        return buffer.curve.largest_ratio(0, buffer.highest_voltage)
    return Fraction(buffer.capacitance.hi, buffer.capacitance.lo)


def _swinging(case: Case, buffer: EnergyBuffer, path: PowerPath) -> EnergyBuffer:
    """The buffer with the part of its band left out by which its level can swing while power flows in.

    What flows in is kept up to the clamp, or turn-on where there is none; a source gives less power the higher the
    level, and is asked for it up to turn-on only. Both are seen at the terminal: inside it is less by what charging
    lifts that.
    """
    if case.while_running is None:
        return buffer
    is_source = isinstance(case.supply, ResistiveSource | ConstantCurrent)
    kept = buffer.turn_on.lo if buffer.clamp is None or is_source else buffer.clamp
    lowest = buffer.voltage_of(path.swing, Rounding.UP) if path.swing else buffer.load_floor
    kept_up_to = max(0, kept - buffer.reading.over_read)
    found = replace(buffer, load_floor=lowest, swing=path.swing, kept_up_to=kept_up_to)
    if found.swing and found.ceiling <= 0:
        problem = "lets the level swing by more than half the band between what work leaves and what is kept"
        uneven = show(case.while_running.uneven, TIME)
        raise InputError(case.source, "$.while_running.uneven", uneven, problem, "state a shorter time")
    return found


def _require_known(case: Case, path: PowerPath, draw: Draw) -> None:
    """Refuse an activity of which it is not known what it needs."""
    why = path.asks()
    word, example = ("power", '["1 mW", "20 mW"]') if path.coordinate is Coordinate.ENERGY else ("current", '"8 mA"')
    if why is not None and draw.range is None:
        remedy = f'add "load": {{"{word}": {example}}} with the least and the most that is drawn'
        raise InputError(case.source, f"$.load.{word}", MISSING, f"is required: {why}", remedy)
    try:
        path.efficiency(draw)
    except Uncovered as gap:
        place = f"{show(gap.power, POWER)} and {show(gap.voltage, VOLTAGE)}"
        remedy = "add an operating point there, or state a narrower load"
        raise InputError(case.source, "$.converter.efficiency", MISSING, f"says nothing of {place}", remedy) from None


def _over_read(case: Case, buffer: EnergyBuffer) -> int:
    """By how much charging current lifts the terminal (nanovolt) where a threshold is read."""
    if case.wake.policy is Policy.PROGRAMMABLE:
        return over_read_at_floor(case, buffer)
    return _over_read_at(case, buffer, buffer.turn_on.lo)


def over_read_at_floor(case: Case, buffer: EnergyBuffer) -> int:
    """By how much charging current lifts the terminal (nanovolt) where any level above the floor is read."""
    return _over_read_at(case, buffer, max(1, buffer.voltage_of(0, Rounding.DOWN)))


def _over_read_at(case: Case, buffer: EnergyBuffer, read: int) -> int:
    if buffer.resistance.hi == 0 or isinstance(case.supply, CurveSupply):
        return 0
    current = case.supply.current_at(read)
    # uohm fA = 1e-21 V = 1e-12 nV
    return round_to_integer(buffer.resistance.hi * current / 10**12, Rounding.UP)
