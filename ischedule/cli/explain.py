"""`ischedule explain`: why there is no plan and what would help, or how much room the plan has."""

import argparse
import sys

from ischedule.cli.output import Progress
from ischedule.cli.shipped import case_source
from ischedule.cli.solve import EXIT_CODES, SOLVERS, seconds
from ischedule.models.errors import InputError


def configure(parser: argparse.ArgumentParser) -> None:
    """A case, and how long the searches may take."""
    parser.add_argument("case", metavar="CASE", help="a case file, the name of a shipped case, or - for standard input")
    parser.add_argument(
        "--time-limit", type=seconds, metavar="S", help="stop all searches after so many seconds (default: none)"
    )
    parser.add_argument("--without", metavar="GROUP", help="what a group of constraints costs: volatile-memory, ...")
    parser.add_argument("--solver", choices=SOLVERS, default="exact", help="with --without: how to search")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Explain the case; the exit code is that of solving it."""
    source = case_source(arguments.case)
    if arguments.without is not None:
        return run_without(arguments, source)
    if arguments.solver != "exact":
        remedy = "add --without GROUP, or leave it out"
        raise InputError("command line", "--solver", arguments.solver, "goes with --without only", remedy)

    from ischedule.api import explain
    from ischedule.models.case import load_case

    with Progress() as progress:
        case = load_case(source)
        result, explanation = explain(case, arguments.time_limit, progress)
    if arguments.json:
        from ischedule.cli.as_json import dumped
        from ischedule.cli.explain_report import explanation_value

        sys.stdout.write(dumped(explanation_value(result, explanation)))
    else:
        from ischedule.cli.explain_report import explain_report

        sys.stdout.write(explain_report(result, explanation))
    return EXIT_CODES[result.status.value]


def run_without(arguments: argparse.Namespace, source: str) -> int:
    """Say what a constraint group costs; the exit code is that of solving the case as it is."""
    from ischedule.api import compare_without
    from ischedule.cli.without_report import without_report, without_value

    with Progress() as progress:
        kept, free = compare_without(source, arguments.without, arguments.time_limit, progress, solver=arguments.solver)
    if arguments.json:
        from ischedule.cli.as_json import dumped

        sys.stdout.write(dumped(without_value(arguments.without, kept, free)))
    else:
        sys.stdout.write(without_report(arguments.without, kept, free))
    return EXIT_CODES[kept.status.value]
