"""`ischedule simulate`: run a plan, or a runtime without one, on simulated boards."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ischedule.cli.output import Progress, table, write_whole
from ischedule.cli.shipped import case_source
from ischedule.models.errors import MISSING, InputError

if TYPE_CHECKING:
    from ischedule.models.case import Case
    from ischedule.models.plan import Plan
    from ischedule.models.plan_file import PlanFile
    from ischedule.models.program import Program
    from ischedule.models.skippable import Skippable
    from ischedule.simulation.machine import Outcome
    from ischedule.simulation.supplies import Supply

POLICIES = ("planned", "planned-skipping", "opportunistic", "one-shot", "just-in-time", "urgent")
MAX_RUNS = 1_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """A case, a plan file, and what to simulate."""
    parser.add_argument("case", metavar="CASE", help="a case file, the name of a shipped case, or - for standard input")
    parser.add_argument("plan", metavar="PLAN", nargs="?", help="a plan file (default: the case is solved first)")
    parser.add_argument("--policy", choices=POLICIES, default="planned", help="what the runtime does")
    parser.add_argument(
        "--trace", metavar="CSV", help="harvested power: columns time_s and power_W, repeated at its end"
    )
    parser.add_argument("--runs", metavar="N", type=int, default=100, help="how many boards (default: 100)")
    parser.add_argument("--seed", metavar="S", type=int, default=0, help="of everything that is drawn (default: 0)")
    parser.add_argument("--plot", metavar="FILE", help="draw the first run's voltage over time (.png or .svg)")
    parser.add_argument("--perfetto", metavar="FILE", help="write the first run's events as a Chrome trace")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Simulate and report; 1 where a run did not finish or a plan browned out."""
    for name, low, high in (("runs", 1, MAX_RUNS), ("seed", 0, 2**63)):
        value = getattr(arguments, name)
        if not low <= value <= high:
            remedy = f"write an integer from {low} to {high}"
            raise InputError("command line", f"--{name}", value, "is out of range", remedy)
    if arguments.plot is not None:
        from ischedule.cli.simulate_plot import require_drawing

        require_drawing(arguments.plot)
    source = case_source(arguments.case)

    from ischedule.models.case import load_case
    from ischedule.models.trace import read_trace
    from ischedule.simulated import require_planned
    from ischedule.simulation.supplies import Trace

    case = load_case(source)
    require_planned(case)
    supply = None if arguments.trace is None else Trace.of(read_trace(arguments.trace))
    with Progress() as progress:
        file, program, plan, certified = _planned(case, arguments.plan, progress)
        outcomes = _outcomes(case, program, plan, file.skippable, arguments, supply, progress)
    _write_files(outcomes[0], case, arguments)
    from ischedule.cli.simulate_report import CERTIFIED, simulation_text, simulation_value

    note = _taken(case, program, plan, file) if arguments.policy == "planned-skipping" else None
    if arguments.json:
        from ischedule.cli.as_json import dumped

        sys.stdout.write(dumped(simulation_value(case, arguments.policy, outcomes, certified, note)))
    else:
        sys.stdout.write(simulation_text(case, arguments.policy, outcomes, certified, table, note))
    planned = arguments.policy in CERTIFIED
    return int(any(not one.finished or (planned and one.brown_outs) for one in outcomes))


def _planned(case: "Case", name: str | None, progress: Progress) -> "tuple[PlanFile, Program, Plan, int | None]":
    """The plan file, its program, a plan that the checker accepts, and its certified latency."""
    from ischedule import api
    from ischedule.models.plan_file import read_plan_file
    from ischedule.models.program import Program

    if name is None:
        result = api.solve(case, progress=progress)
        file, program, latency = result.plan_file, result.program, result.latency
    else:
        file = read_plan_file(name)
        checked, program = api.check(case, file), api.program_or_reason(case)
        latency = checked.latency
        if not checked.accepted:
            raise InputError("command line", "PLAN", name, "is rejected by the checker", "`ischedule check` says why")
    if file is None or file.plan is None or not isinstance(program, Program):
        remedy = "`ischedule explain` says what would help"
        raise InputError(case.source, "$", MISSING, "the case has no plan to simulate", remedy)
    return file, program, file.plan, latency


def _taken(case: "Case", program: "Program", plan: "Plan", file: "PlanFile") -> str | None:
    """That all commits are taken though they need not be, and why."""
    from ischedule.skipping import why_nothing

    why = why_nothing(case, program, plan, file.skippable)
    return None if why is None else f"the plan lists no commit as skippable: {why}"


def _outcomes(
    case: "Case",
    program: "Program",
    plan: "Plan",
    skippable: "Sequence[Skippable]",
    arguments: argparse.Namespace,
    supply: "Supply | None",
    progress: Progress,
) -> "list[Outcome]":
    """Every run; the first is on a board at the bad end of all tolerances."""
    import numpy as np

    from ischedule.simulated import first_boot, planned_script, reactive_script, release_of
    from ischedule.simulation import reactive
    from ischedule.simulation.boards import SUPPLIES, board_of
    from ischedule.simulation.planned import run_planned

    planned = arguments.policy.startswith("planned")
    script = planned_script(case, program, plan, skippable) if planned else None
    other = None if planned else reactive_script(case, plan)
    if other is not None and arguments.policy == "one-shot":
        other = reactive.without_commits(other)
    runs = {"just-in-time": reactive.run_just_in_time, "urgent": reactive.run_urgent}
    found = []
    generators = np.random.SeedSequence(arguments.seed).spawn(arguments.runs)
    for number, seed in enumerate(generators):
        progress(f"run {number + 1} of {arguments.runs}")
        rng = None if number == 0 else np.random.default_rng(seed)
        kind = "low" if number == 0 else SUPPLIES[number % len(SUPPLIES)]
        board = board_of(case, rng, kind, supply)
        records = number == 0 and (arguments.plot is not None or arguments.perfetto is not None)
        if script is not None:
            skips = arguments.policy == "planned-skipping"
            found.append(
                run_planned(
                    script, board, boot=first_boot(case), release=release_of(case), skips=skips, records=records
                )
            )
        elif other is not None:
            found.append(runs.get(arguments.policy, reactive.run_opportunistic)(other, board, records=records))
    return found


def _write_files(outcome: "Outcome", case: "Case", arguments: argparse.Namespace) -> None:
    if arguments.perfetto is not None:
        from ischedule.cli.simulate_report import chrome_trace

        write_whole(Path(arguments.perfetto), chrome_trace(outcome, case.name))
    if arguments.plot is not None:
        from ischedule.cli.simulate_plot import drawn

        write_whole(Path(arguments.plot), drawn(outcome, case, Path(arguments.plot).suffix[1:]))
