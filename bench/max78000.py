"""Where to cut a network on an accelerator of layers: a worked example, every cut set, and the shipped plans.

Claims, about cifar10-nas with weights, runs and checkpoint transfers only: what running it at once takes, what a
checkpoint after every layer takes, the smallest possible largest step, the cheapest plan with that step, and the
cheapest plans for budgets of 500 and 700 uJ. Each plan is found by solving a shipped case, certified by the checker,
and compared with all 1024 sets of cuts; a capacitor a tenth of a per cent smaller is certified to be
too small.
Run from the repository's root: `python -m bench.max78000`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, combinations, pairwise
from pathlib import Path

from bench.verdict import concluded
from ischedule.analysis.evaluate import evaluate
from ischedule.api import Result, check, solve
from ischedule.models.build import program_of
from ischedule.models.case import Case, load_case
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.plan_file import Certified
from ischedule.models.tasks import TaskColumns
from ischedule.models.workload import explicit_tasks, works

CASES = Path(__file__).parent.parent / "cases"
EXAMPLE = "cifar10-nas-max78000-example-{}uJ"
BAND = (3.3**2 - 1.9**2) / 2
"""Joules in each farad between turn-on and brown-out."""

SHIPPED = ("cifar10-nas-max78000", "kws20-max78000", "mnist-max78000")


@dataclass(frozen=True)
class Steps:
    """A way to cut: after which layers (from 1), energy of each power cycle in uJ."""

    cuts: tuple[int, ...]
    energies: tuple[float, ...]

    @property
    def total(self) -> float:
        return sum(self.energies)

    @property
    def largest(self) -> float:
        return max(self.energies)


@dataclass(frozen=True)
class Line:
    """One scheme: what is claimed of it as the example prints it, and what was found."""

    name: str
    claimed_cuts: tuple[int, ...] | None
    claimed: tuple[str, str | None]
    found: Steps
    is_certified: bool = True

    @property
    def printed(self) -> tuple[str, str | None]:
        """The figures with as many digits as are claimed."""
        total, largest = self.claimed
        return _as(self.found.total, total), None if largest is None else _as(self.found.largest, largest)

    @property
    def holds(self) -> bool:
        return self.is_certified and self.printed == self.claimed and self.claimed_cuts in (None, self.found.cuts)


def _as(value: float, claimed: str) -> str:
    return f"{value:.{len(claimed.partition('.')[2])}f}"


def steps_of(tasks: TaskColumns, cuts: Sequence[int]) -> Steps:
    """What the power cycles of a set of cuts take; booting costs nothing here."""
    ends = [0, *cuts, len(tasks)]
    energies = []
    for start, end in pairwise(ends):
        fetched = tasks.resume_amount[start - 1] if start else 0
        energies.append((fetched + sum(tasks.amount[start:end]) + tasks.commit_amount[end - 1]) / 1e9)
    return Steps(tuple(cuts), tuple(energies))


def every_way(tasks: TaskColumns) -> Iterator[Steps]:
    """All sets of cuts."""
    places = range(1, len(tasks))
    for count in range(len(tasks)):
        for cuts in combinations(places, count):
            yield steps_of(tasks, cuts)


def with_capacitance(name: str, microfarads: float) -> Case:
    """A shipped case with another capacitor."""
    document = json.loads((CASES / f"{name}.json").read_text("utf-8"))
    document["buffer"]["capacitance"] = f"{microfarads:.1f} uF"
    return load_case(document)


def steps_of_result(result: Result) -> Steps:
    """How a solved case is cut, with what the evaluation of the checker says."""
    if result.evaluation is None:
        raise ValueError(f"{result.case.name} has no plan")
    found = steps_of(tasks_of(result.case), cuts_of(result))
    if round(found.total * 1e9) != result.evaluation.drain:
        raise ValueError(f"{found.total} uJ were added up, the checker found {result.evaluation.drain} fJ")
    return found


def cuts_of(result: Result) -> list[int]:
    """After which layers the plan cuts, from 1."""
    cycles = () if result.plan is None else result.plan.cycles
    return list(accumulate(run.atoms for run in cycles for _ in range(run.repeat)))[:-1]


def tasks_of(case: Case) -> TaskColumns:
    """The layers of a case as tasks."""
    tasks = explicit_tasks(case)
    if tasks is None:
        raise ValueError(f"{case.name} is not run layer by layer")
    return tasks


def is_certified(result: Result) -> bool:
    """Whether the plan is certified to be of least energy, by the checker alone too."""
    if result.plan_file is None or result.kind is not Certified.OPTIMAL:
        return False
    return check(result.case, result.plan_file).accepted


@cache
def solved(budget: int) -> Result:
    """A shipped case of the example."""
    return solve(CASES / f"{EXAMPLE.format(budget)}.json")


def every_layer() -> Steps:
    """A checkpoint after every layer, as the analysis adds it up."""
    case = with_capacitance(EXAMPLE.format(700), 250.0)
    program, tasks, plan = program_of(case), tasks_of(case), solve(case).plan
    assert plan is not None, "the whole network fits"
    level = plan.cycles[0].level
    found = steps_of(tasks, range(1, len(tasks)))
    drain = evaluate(program, Plan((0,), (PowerCycles(len(tasks), 1, level),))).drain
    if round(found.total * 1e9) != drain:
        raise ValueError(f"{found.total} uJ were added up, the analysis found {drain} fJ")
    return found


def lines() -> list[Line]:
    """All schemes of the example."""
    whole = solve(with_capacitance(EXAMPLE.format(700), 202.1))
    found = [
        Line("one-shot", (), ("735", "735"), steps_of_result(whole), is_certified(whole)),
        Line("after every layer", tuple(range(1, 11)), ("3402", "750"), every_layer()),
    ]
    for budget, cuts, figures in (
        (361, (4, 8), ("853", "361")),
        (500, (4,), ("839.9", None)),
        (700, (8,), ("748.1", None)),
    ):
        result = solved(budget)
        found.append(
            Line(f"least energy for {budget} uJ", cuts, figures, steps_of_result(result), is_certified(result))
        )
    return found


def failures(found: Sequence[Line]) -> list[str]:
    """The claims that do not hold, those about every set of cuts too."""
    wrong = [
        f"{one.name}: {one.printed} after {one.found.cuts}, claimed are {one.claimed}" for one in found if not one.holds
    ]
    tasks = explicit_tasks(solved(361).case)
    assert tasks is not None, "the case is one of layers"
    ways = list(every_way(tasks))
    least = min(way.largest for way in ways)
    if len(ways) != 1024 or _as(least, "361") != "361":
        wrong.append(f"the smallest largest step of {len(ways)} sets of cuts is {least} uJ")
    for budget, limit in ((361, least), (500, 500.0), (700, 700.0)):
        best = min((way for way in ways if way.largest <= limit), key=lambda way: way.total)
        if best.cuts != steps_of_result(solved(budget)).cuts:
            wrong.append(f"for {budget} uJ the cheapest of all sets of cuts is {best.cuts}")
    refused = solve(with_capacitance(EXAMPLE.format(361), 0.999 * least / BAND))
    if refused.kind is not Certified.INFEASIBLE:
        wrong.append("a largest step below the smallest possible is not certified to be impossible")
    return wrong


def shipped() -> Iterator[str]:
    """The plans for the board with all its costs."""
    yield f"{'case':24}{'latency [s]':>12}{'energy [uJ]':>12}{'largest [uJ]':>13}  cuts after"
    for name in SHIPPED:
        result = solve(CASES / f"{name}.json")
        figures = result.evaluation
        if figures is None:
            raise ValueError(f"{name} has no plan")
        names = [work.name for work in works(result.case)]
        cuts = ", ".join(names[cut - 1] for cut in cuts_of(result)) or "none"
        energies = f"{figures.drain / 1e9:12.1f}{figures.largest_cycle / 1e9:13.1f}"
        yield f"{name:24}{figures.latency / 1e12:12.3f}{energies}  {cuts}"


def main() -> int:
    """Print the example and the shipped plans."""
    found = lines()
    table = [
        f"{'cifar10-nas, transfers only':30}{'total [uJ]':>12}{'largest [uJ]':>14}{'at least [uF]':>15}  cuts after"
    ]
    for one in found:
        least = one.found.largest / BAND
        cuts = ", ".join(map(str, one.found.cuts)) or "none"
        table.append(f"{one.name:30}{one.found.total:12.1f}{one.found.largest:14.1f}{least:15.1f}  {cuts}")
    return concluded([*table, "", *shipped()], failures(found))


if __name__ == "__main__":
    sys.exit(main())
