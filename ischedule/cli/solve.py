"""`ischedule solve`: the plan of least worst-case latency with its certificate, or the proof that there is none."""

import argparse
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ischedule.cli.output import Progress, write_whole
from ischedule.cli.shipped import case_source
from ischedule.models.errors import InputError

if TYPE_CHECKING:
    from ischedule.api import Result

SOLVERS = ("exact", "ilp", "smt")
EXIT_CODES = {"schedulable": 0, "unschedulable": 1, "undecided": 3}


def configure(parser: argparse.ArgumentParser) -> None:
    """A case, where the plan goes, and how long the search may take."""
    parser.add_argument("case", metavar="CASE", help="a case file, the name of a shipped case, or - for standard input")
    parser.add_argument("-o", "--output", metavar="DIR", help="write the plan file NAME.plan.json into this folder")
    parser.add_argument(
        "--addresses", metavar="FILE", help="write where a network's buffers lie in non-volatile memory, as CSV"
    )
    parser.add_argument("--solver", choices=SOLVERS, default="exact", help="how to search (default: exact)")
    parser.add_argument("--layer", metavar="NAME", help="solve this layer of the network by itself")
    parser.add_argument(
        "--time-limit", type=seconds, metavar="S", help="stop the search after so many seconds (default: none)"
    )
    parser.add_argument(
        "--gap",
        type=share,
        default=0.0,
        metavar="PART",
        help="stop this near the bound, as 0.01 or 1%% (ilp)",
    )
    parser.add_argument("--threads", type=threads, metavar="N", help="threads that the solver may use (ilp)")
    parser.add_argument(
        "--pareto",
        type=two_criteria,
        metavar="A,B",
        help="the plans best in one of two of latency, energy, written, cycles for what they spend of the other",
    )
    parser.add_argument("--plot", metavar="FILE", help="draw the front as .svg, .png or .pdf (needs matplotlib)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def seconds(text: str) -> float:
    """A number of seconds from an argument."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds; write for example 60")
    return value


def share(text: str) -> float:
    """A part of something, as a number or in per cent."""
    try:
        value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no part of a bound; write for example 0.01 or 1%")
    return value


def threads(text: str) -> int:
    """A number of threads."""
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of threads; write for example 2")
    return int(text)


CRITERIA = ("latency", "energy", "written", "cycles")


def two_criteria(text: str) -> tuple[str, str]:
    """Two different criteria from an argument."""
    names = text.split(",")
    if len(names) != 2 or names[0] == names[1] or any(name not in CRITERIA for name in names):
        options = ", ".join(CRITERIA)
        raise argparse.ArgumentTypeError(f"{text!r} is not two different ones of {options}; write latency,energy")
    return names[0], names[1]


def run(arguments: argparse.Namespace) -> int:
    """Solve the case and render the result."""
    if arguments.pareto is not None:
        return run_pareto(arguments)
    if arguments.plot is not None:
        raise InputError("command line", "--plot", arguments.plot, "draws a front", "add --pareto latency,energy")
    if arguments.layer is not None and arguments.output is not None:
        problem, remedy = "is a plan for a part of the case, which no case file stands for", "leave out -o or --layer"
        raise InputError("command line", "--layer", arguments.layer, problem, remedy)
    folder = None if arguments.output is None else output_folder(arguments.output)
    source = case_source(arguments.case)

    from ischedule.api import solve
    from ischedule.models.case import layer_of, load_case
    from ischedule.models.workload import explicit_tasks

    with Progress() as progress:
        case = load_case(source)
        if arguments.layer is not None:
            case = layer_of(case, arguments.layer)
        if arguments.addresses is not None and explicit_tasks(case) is not None:
            problem, remedy = "has no content: tasks do not say what they keep", "leave out --addresses"
            raise InputError("command line", "--addresses", arguments.addresses, problem, remedy)
        result = solve(
            case,
            arguments.time_limit,
            progress,
            solver=arguments.solver,
            gap=arguments.gap,
            threads=arguments.threads,
        )
    written = None if folder is None else write_plan(result, folder)
    if arguments.addresses is not None and result.memory is not None:
        write_whole(Path(arguments.addresses), result.memory.csv())
    sys.stdout.write(rendered(result, written, arguments.json, arguments.case))
    return EXIT_CODES[result.status.value]


def run_pareto(arguments: argparse.Namespace) -> int:
    """Find the front of two criteria and render it."""
    from ischedule.cli.pareto_report import pareto_report, pareto_value, plot, require_plot

    for option, value in (("-o", arguments.output), ("--layer", arguments.layer), ("--addresses", arguments.addresses)):
        if value is not None:
            raise InputError("command line", option, value, "stands beside --pareto", "leave out one of them")
    if arguments.solver != "exact":
        raise InputError("command line", "--solver", arguments.solver, "finds no front", "leave it out")
    if arguments.plot is not None:
        require_plot(arguments.plot)
    source = case_source(arguments.case)

    from ischedule.api import pareto

    with Progress() as progress:
        case, found = pareto(source, arguments.pareto, arguments.time_limit, progress)
    if arguments.json:
        from ischedule.cli.as_json import dumped

        sys.stdout.write(dumped(pareto_value(case, found)))
    else:
        sys.stdout.write(pareto_report(case, found))
    if found is not None and arguments.plot is not None:
        plot(case, found, arguments.plot)
    return 0 if found is not None and found.is_whole else EXIT_CODES["undecided"]


def output_folder(argument: str) -> Path:
    """The folder that an option names; it may have to be made."""
    folder = Path(argument)
    if folder.exists() and not folder.is_dir():
        raise InputError("command line", "-o", argument, "is a file, not a folder", "name a folder for the plan file")
    if folder.suffix == ".json" and not folder.exists():
        problem, remedy = "looks like a file", "name a folder: the plan file in it is NAME.plan.json"
        raise InputError("command line", "-o", argument, problem, remedy)
    return folder


def write_plan(result: "Result", folder: Path) -> str | None:
    """Write the plan file and give its name; nothing where the result has none."""
    from ischedule.models.plan_file import dump_plan_file

    if result.plan_file is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{file_name(result.case.name)}.plan.json"
    write_whole(path, dump_plan_file(result.plan_file))
    return str(path)


def file_name(case_name: str) -> str:
    """A case's name as the name of a file: what is neither letter, digit, point, dash nor underscore becomes a dash."""
    return re.sub(r"[^\w.-]+", "-", case_name).strip(".-") or "case"


def rendered(result: "Result", written: str | None, as_json: bool, argument: str) -> str:
    """The result as text or JSON."""
    if as_json:
        from ischedule.cli.as_json import dumped, result_value

        return dumped(result_value(result, written))
    if result.exploration is not None:
        from ischedule.cli.published_report import published_report

        return published_report(result)
    from ischedule.cli.report import report

    text = report(result)
    if written is not None:
        text += f"\nplan file: {written}\n"
    if result.status.value == "unschedulable" and argument != "-":
        text += f"\n`ischedule explain {argument}` looks for changes that would help.\n"
    return text
