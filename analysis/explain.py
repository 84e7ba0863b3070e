"""Why a case has no plan and what would help; or how much room its plan has, and what its latency depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from ischedule.analysis.closed_forms import Sensitive
from ischedule.analysis.evaluate import Evaluation
from ischedule.analysis.kept_plan import kept_plan
from ischedule.analysis.label_closure import cycle_demand
from ischedule.analysis.levers import SENSITIVE, Lever
from ischedule.analysis.power_cycles import chains_of, run_stages
from ischedule.analysis.remedies import Remedies, Remedy, Solve
from ischedule.analysis.shortage import Shortage, amount_of
from ischedule.models.case import Case
from ischedule.models.conflict import Conflict
from ischedule.models.diagnosis import Unschedulable
from ischedule.models.errors import InputError
from ischedule.models.plan import Plan
from ischedule.models.program import Program
from ischedule.models.quantities import MEMORY, TIME, Dimension
from ischedule.models.tables import table_bytes


@dataclass(frozen=True, slots=True)
class Margin:
    """How much of something a plan uses, of how much there is, in internal units of the measure."""

    name: str
    used: int
    available: int
    measure: Dimension

    @property
    def spare(self) -> int:
        """What is left."""
        return self.available - self.used


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What latency gains when a quantity grows by 0.1 % (ps).

    `kept` is the closed form's slope with the plan kept as it is, None where no closed form is known; `anew` is the
    difference to the best plan of the changed case, None where that has no plan.
    """

    lever: Lever
    now: int
    kept: int | None
    anew: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Of a case without a plan the shortage, the remedies found and the requirements that are in conflict, if known; of
    one with a plan margins and sensitivities.
    """

    shortage: Shortage | None
    remedies: tuple[Remedy, ...] = ()
    margins: tuple[Margin, ...] = ()
    sensitivities: tuple[Sensitivity, ...] = ()
    conflict: Conflict | None = None


STEP = Fraction(1001, 1000)
"""By what a quantity is changed for the difference."""

Announce = Callable[[str], None]


def explain_shortage(
    case: Case, shortage: Shortage, latency: int | None, solve: Solve, certify: Solve, announce: Announce
) -> Explanation:
    """What would help a case without a plan, or whose best plan (of this latency) is late.

    Searches solve with `solve`; what they find is confirmed with `certify`, which has the checker's word.
    """
    found = Remedies(case, solve, certify, announce).found(shortage.diagnosis, latency, shortage.demanded)
    return Explanation(shortage, remedies=tuple(found))


def explain_plan(
    case: Case,
    program: Program,
    plan: Plan,
    evaluation: Evaluation,
    solve: Solve,
    announce: Announce,
    *,
    packed: int | None = None,
) -> Explanation:
    """How much room a plan has, and what its latency depends on; its buffers and tables take so much when packed."""
    sensitivities = tuple(_sensitivities(case, program, plan, evaluation, solve, announce))
    return Explanation(
        None, margins=tuple(margins(case, program, plan, evaluation, packed)), sensitivities=sensitivities
    )


def margins(
    case: Case, program: Program, plan: Plan, evaluation: Evaluation, packed: int | None = None
) -> Iterator[Margin]:
    """Energy, time and memory: what the plan uses of what there is."""
    capacity, amount = max(program.law.capacity, program.law.first_capacity), amount_of(case)
    yield Margin("fullest power cycle", evaluation.largest_need, capacity, amount)
    yield Margin("dearest atom in a cycle of its own", dearest_cycle(program, plan), capacity, amount)
    if case.requirements.deadline is not None:
        yield Margin("deadline", evaluation.latency, case.requirements.deadline, TIME)
    if case.requirements.amount is not None:
        yield Margin(f"{amount.name} budget", evaluation.drain, case.requirements.amount, amount)
    if case.requirements.written is not None:
        yield Margin("write budget", evaluation.written, case.requirements.written, MEMORY)
    if case.requirements.table_size is not None:
        yield Margin("tables", table_bytes(program, plan), case.requirements.table_size, MEMORY)
    if case.start.period is not None:
        yield Margin("period", evaluation.latency, case.start.period, TIME)
    volatile = [chain.volatile for chain in chains_of(program, plan)]
    if max(volatile):
        largest = run_stages(program, plan)[volatile.index(max(volatile))]
        yield Margin("volatile memory", max(volatile), largest.volatile, MEMORY)
    if program.storage is not None and packed is not None:
        yield Margin("non-volatile memory", packed, program.storage.available, MEMORY)


def dearest_cycle(program: Program, plan: Plan) -> int:
    """What the dearest atom of a plan's designs needs in a power cycle of its own, where cuts allow one.

    Atoms without a cut between them count as one; between two cuts nothing shorter can be run.
    """
    most = 0
    for chain in chains_of(program, plan):
        start: int | None = None
        drained = 0
        for index, (drain, cut) in enumerate(zip(chain.drain, chain.cut, strict=True)):
            start = index if start is None else start
            drained += int(drain)
            if cut:
                most = max(most, int(chain.resume_drain[start]) + drained + int(chain.commit_drain[index]))
                if chain.has_needs:
                    coordinate = program.law.charging.buffer.coordinate
                    most = max(most, cycle_demand(chain, start, index + 1, coordinate).need)
                start, drained = None, 0
    return most


def _sensitivities(
    case: Case, program: Program, plan: Plan, evaluation: Evaluation, solve: Solve, announce: Announce
) -> Iterator[Sensitivity]:
    slopes = kept_plan(case, program, plan)
    for lever in SENSITIVE:
        now = lever.value(case)
        if now is None or now == 0:
            continue
        announce(f"solving with 0.1 % more {lever.name}")
        changed = lever.changed(case, round(now * STEP))
        anew = None if changed is None else _latency(solve, changed)
        kept = None if slopes is None else round(slope_of(slopes, lever) * 1e12 / 1000)
        yield Sensitivity(lever, now, kept, None if anew is None else anew - evaluation.latency)


def _latency(solve: Solve, case: Case) -> int | None:
    try:
        return solve(case).latency
    except (InputError, Unschedulable):
        return None


SLOPES = {
    "capacitance": "capacitance",
    "turn-on voltage": "turn_on",
    "brown-out voltage": "brown_out",
    "supply power": "power",
    "supply current": "current",
    "source voltage": "voltage",
    "source resistance": "resistance",
}
"""Which slope of a closed form belongs to which quantity."""


def slope_of(slopes: Sensitive, lever: Lever) -> float:
    """Seconds for a change of the quantity by all of it."""
    return float(getattr(slopes, SLOPES[lever.name]))
