"""`ischedule check`: the independent checker alone, on a plan file that anyone may have written."""

import argparse
import sys

from ischedule.cli.output import Progress
from ischedule.cli.shipped import case_source
from ischedule.models.errors import InputError

REJECTED = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """A case and a plan file for it."""
    parser.add_argument("case", metavar="CASE", help="a case file, the name of a shipped case, or - for standard input")
    parser.add_argument("plan", metavar="PLAN", help="the plan file, or - for standard input")
    parser.add_argument("--json", action="store_true", help="print the verdict as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Check the plan file and render the verdict."""
    if arguments.case == arguments.plan == "-":
        remedy = "name a file for one of the two"
        raise InputError("command line", "PLAN", "-", "standard input is the case already", remedy)
    source = case_source(arguments.case)

    from ischedule.api import program_or_reason
    from ischedule.cli.check_report import check_report
    from ischedule.models.case import load_case
    from ischedule.models.plan_file import read_plan_file

    case = load_case(source)
    file = read_plan_file(arguments.plan)
    from ischedule.analysis.check import check

    with Progress() as progress:
        verdict = check(case, program_or_reason(case), file, progress)
    if arguments.json:
        from ischedule.cli.as_json import dumped, verdict_value

        sys.stdout.write(dumped(verdict_value(case, verdict)))
    else:
        sys.stdout.write(check_report(case, verdict))
    return 0 if verdict.accepted else REJECTED
