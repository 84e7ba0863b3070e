"""`ischedule check`: the independent checker alone, on a plan file that anyone may have written."""

import argparse
import sys
from typing import TYPE_CHECKING

from ischedule.cli.output import Progress
from ischedule.cli.shipped import case_source
from ischedule.models.errors import InputError

if TYPE_CHECKING:
    from ischedule.analysis.symbolic import Proof
    from ischedule.models.case import Case
    from ischedule.models.diagnosis import Unschedulable
    from ischedule.models.plan_file import PlanFile
    from ischedule.models.program import Program

REJECTED = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """A case and a plan file for it."""
    parser.add_argument("case", metavar="CASE", help="a case file, the name of a shipped case, or - for standard input")
    parser.add_argument("plan", metavar="PLAN", help="the plan file, or - for standard input")
    parser.add_argument(
        "--symbolic",
        action="store_true",
        help="prove besides that the plan is safe for every behaviour within the bounds",
    )
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
        program = program_or_reason(case)
        verdict = check(case, program, file, progress)
        proof = proven(case, program, file, progress) if arguments.symbolic else None
    if arguments.json:
        from ischedule.cli.as_json import dumped, verdict_value
        from ischedule.cli.symbolic_report import symbolic_value

        added = {} if proof is None else {"symbolic": symbolic_value(proof)}
        sys.stdout.write(dumped(verdict_value(case, verdict) | added))
    else:
        from ischedule.cli.symbolic_report import symbolic_report

        text = check_report(case, verdict)
        sys.stdout.write(text if proof is None else text + symbolic_report(case, proof))
    return 0 if verdict.accepted and (proof is None or proof.holds) else REJECTED


def proven(case: "Case", program: "Program | Unschedulable", file: "PlanFile", progress: Progress) -> "Proof":
    """The symbolic proof of the file's plan, or what breaks it."""
    from ischedule.analysis.power_cycles import InvalidPlan
    from ischedule.analysis.symbolic import RealCapacitor, TooManyActivities, prove
    from ischedule.models.program import Program

    if file.plan is None or not isinstance(program, Program):
        remedy = "leave out --symbolic"
        raise InputError("command line", "--symbolic", file.claim.status.value, "is a file without a plan", remedy)
    if program.law.curve is not None:
        problem, remedy = "promises windows, and what is proven symbolically is about powers", "leave out --symbolic"
        raise InputError(case.source, "$.supply.kind", "curve", problem, remedy)
    progress("proving the plan for every behaviour")
    try:
        return prove(case, program, file.plan)
    except (InvalidPlan, TooManyActivities, RealCapacitor) as error:
        raise InputError("command line", "--symbolic", str(error), "cannot be proven", "leave it out") from None
