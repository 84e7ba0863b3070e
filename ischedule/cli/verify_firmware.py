"""`ischedule verify-firmware`: a plan's firmware, built and run on boards while power fails."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ischedule.cli.emit import seed_number
from ischedule.cli.output import Progress
from ischedule.cli.shipped import case_source
from ischedule.models.errors import InputError

if TYPE_CHECKING:
    from ischedule.models.case import Case
    from ischedule.models.plan_file import PlanFile
    from ischedule.verifying import Verified

TARGETS = ("host", "msp430", "cortex-m")
REFUTED = 1


def configure(parser: argparse.ArgumentParser) -> None:
    """A case, a plan file if there is one already, the boards, and how often power fails."""
    parser.add_argument("case", metavar="CASE", help="a case file, the name of a shipped case, or - for standard input")
    parser.add_argument("plan", metavar="PLAN", nargs="?", help="its plan file (default: the case is solved)")
    parser.add_argument(
        "--target", choices=TARGETS, action="append", help="the board; may be given several times (default: host)"
    )
    parser.add_argument(
        "--failures",
        type=runs,
        default=1000,
        metavar="N",
        help="runs with power failures on each board (default: 1000)",
    )
    parser.add_argument(
        "--seed",
        type=seed_number,
        default=0,
        metavar="N",
        help="draw weights that the case does not have, input and failures by it (default: 0)",
    )
    parser.add_argument(
        "--every-store",
        action="store_true",
        help="on the host, let power fail at every single store of the inference as well",
    )
    parser.add_argument("--keep", metavar="DIR", help="keep the sources and what was built in this folder")
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")


def runs(text: str) -> int:
    """A number of runs."""
    if not text.isdecimal() or not 0 <= int(text) <= 10**9:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of runs; write for example 1000")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Verify on each board and say what was found."""
    if arguments.case == arguments.plan == "-":
        remedy = "name a file for one of the two"
        raise InputError("command line", "PLAN", "-", "standard input is the case already", remedy)
    source = case_source(arguments.case)

    from ischedule.models.case import load_case
    from ischedule.verifying import Verified, require_computing, verify

    case = load_case(source)
    require_computing(case)
    found: list[Verified] = []
    with Progress() as progress, _folder(arguments.keep) as folder:
        file = _plan(case, arguments.plan, progress)
        for target in arguments.target or ["host"]:
            one = verify(
                case,
                file,
                target,
                arguments.failures,
                folder / target,
                progress,
                arguments.seed,
                every_store=arguments.every_store and target == "host",
            )
            if not isinstance(one, Verified):
                sys.stdout.write(f"{case.name}: not emitted\n{one.refusal}\n")
                return REFUTED
            found.append(one)
    if arguments.json:
        from ischedule.cli.as_json import dumped

        sys.stdout.write(dumped({"case": case.name, "targets": [verified_value(one) for one in found]}))
    else:
        sys.stdout.write("\n".join(verified_report(case, one) for one in found))
    return 0 if all(one.holds for one in found) else REFUTED


def _plan(case: "Case", source: str | None, progress: Progress) -> "PlanFile":
    from ischedule.api import solve
    from ischedule.models.plan_file import read_plan_file

    if source is not None:
        return read_plan_file(source)
    result = solve(case, None, progress)
    if result.plan_file is None:
        problem, remedy = "has no certified plan", "see `ischedule explain`"
        raise InputError(case.source, "$", result.status.value, problem, remedy)
    return result.plan_file


@contextmanager
def _folder(keep: str | None) -> Iterator[Path]:
    """Where things are built: a folder that is kept, or one that is not."""
    if keep is None:
        with tempfile.TemporaryDirectory() as name:
            yield Path(name)
        return
    folder = Path(keep)
    if folder.exists() and not folder.is_dir():
        raise InputError("command line", "--keep", keep, "is not a folder", "name a folder")
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


def verified_value(one: "Verified") -> dict[str, Any]:
    """What was found on one board, for scripts."""
    return {
        "target": one.target,
        "holds": one.holds,
        "power_cycles": one.cycles,
        "atoms": one.atoms,
        "deviation": one.deviation,
        "output_right": one.right,
        "output_bytes": one.output_bytes,
        "failure_runs": one.runs,
        "wrong": one.wrong,
        "without_a_failure": one.spared,
        "steps": one.steps,
        "unit": one.unit,
        "every_store": None if one.every_store is None else asdict(one.every_store),
    }


def verified_report(case: "Case", one: "Verified") -> str:
    """What was found on one board, for people."""
    from ischedule.cli.figures import number, plural

    order = f"{plural(one.cycles, 'power cycle')} and {plural(one.atoms, 'atom')}; levels and addresses as planned"
    output = f"{number(one.output_bytes)} B, equal to the reference executor's"
    among = f"{plural(one.runs, 'run')} with power failing among {number(one.steps)} {one.unit}"
    lines = [
        f"{case.name}: firmware on {one.target}",
        f"order     {order if one.deviation is None else one.deviation}",
        f"output    {output if one.right else 'differs from that of the reference executor'}",
        f"failures  {among}: {number(one.wrong)} wrong",
    ]
    if one.spared:
        lines.append(f"          in {plural(one.spared, 'run')} power did not fail: they show nothing")
    if one.every_store is not None:
        tried = f"{plural(one.every_store.failures, 'failure')} in {plural(one.every_store.boots, 'boot')}"
        lines.append(f"stores    {tried}, three at every store: {number(one.every_store.wrong)} wrong")
    return "\n".join(lines) + "\n"
