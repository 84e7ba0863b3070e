"""`ischedule emit`: an accepted plan as C tables, with the runtime that carries it out."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ischedule.cli.build_files import FOLDERS, PrintFolder, depfile
from ischedule.cli.output import Progress, write_whole
from ischedule.cli.shipped import case_source
from ischedule.cli.solve import EXIT_CODES, rendered, write_plan
from ischedule.models.errors import InputError

if TYPE_CHECKING:
    from ischedule.emitting import Emitted
    from ischedule.firmware.emission import Emission
    from ischedule.models.case import Case

REFUSED = 1
TARGETS = ("generic", "msp430", "cortex-m", "host")


def configure(parser: argparse.ArgumentParser) -> None:
    """A case, a plan file for it, and where the C goes."""
    parser.add_argument("case", metavar="CASE", help="a case file, the name of a shipped case, or - for standard input")
    parser.add_argument(
        "plan",
        metavar="PLAN",
        nargs="?",
        help="the plan file, or - for standard input (default: the case is solved first)",
    )
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="the folder that the files go to")
    parser.add_argument(
        "--target", choices=TARGETS, default="generic", help="write this target's port, too, where there is none yet"
    )
    parser.add_argument("--table-only", action="store_true", help="write the tables without the runtime")
    parser.add_argument(
        "--weights", action="store_true", help="write a network's weights, too: the case's own, or drawn"
    )
    parser.add_argument(
        "--seed", type=seed_number, metavar="N", help="draw weights that the case does not have (default: 0)"
    )
    parser.add_argument("--integrity", action="store_true", help="seal a network's tensors with CRCs")
    parser.add_argument(
        "--depfile", metavar="FILE", help="write which files the sources are made from, as a rule for make or Ninja"
    )
    parser.add_argument(
        "--folder",
        choices=FOLDERS,
        action=PrintFolder,
        help="print where these files of the package are, and do no more",
    )
    parser.add_argument("--json", action="store_true", help="print what was written as JSON")


def seed_number(text: str) -> int:
    """A number to draw weights by."""
    if not text.isdecimal() or int(text) >= 1 << 63:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed; write a number of at least 0, for example 7")
    return int(text)


def refuse_seed(case: "Case", seed: int | None) -> None:
    """Raise `InputError` for a seed where there is nothing to draw."""
    if seed is not None and case.numbers is not None:
        problem = f"draws numbers, and the case has its own in {case.numbers.source}"
        raise InputError("command line", "--seed", seed, problem, "leave it out")


def run(arguments: argparse.Namespace) -> int:
    """Check the plan, write the files and say what they take."""
    if arguments.case == arguments.plan == "-":
        remedy = "name a file for one of the two"
        raise InputError("command line", "PLAN", "-", "standard input is the case already", remedy)
    folder = Path(arguments.output)
    if folder.exists() and not folder.is_dir():
        raise InputError("command line", "--output", arguments.output, "is not a folder", "name a folder")
    source = case_source(arguments.case)

    from ischedule.api import solve
    from ischedule.emitting import emitted
    from ischedule.models.case import load_case
    from ischedule.models.plan import Status
    from ischedule.models.plan_file import read_plan_file
    from ischedule.models.strict_json import files_read

    with files_read() as watched:
        case = load_case(source)
        file = None if arguments.plan is None else read_plan_file(arguments.plan)
    refuse_seed(case, arguments.seed)
    with Progress() as progress:
        if file is None:
            solved = solve(case, progress=progress)
            if solved.status is not Status.SCHEDULABLE or solved.plan_file is None:
                sys.stdout.write(rendered(solved, None, False, arguments.case))
                return EXIT_CODES[solved.status.value]
            write_plan(solved, folder)
            file = solved.plan_file
        seed = (arguments.seed or 0) if arguments.weights else None
        result = emitted(case, file, progress, seed, integrity=arguments.integrity)
    if result.emission is None:
        sys.stdout.write(f"{case.name}: not emitted\n{result.refusal}\n")
        return REFUSED
    files = write_files(result.emission, folder, arguments)
    if arguments.depfile is not None:
        write_whole(Path(arguments.depfile), depfile(folder / "schedule.c", watched))
    if arguments.json:
        from ischedule.cli.as_json import dumped

        sys.stdout.write(dumped(emitted_value(result, files)))
    else:
        sys.stdout.write(emitted_report(result, files, arguments.output))
    return 0


def write_files(emission: "Emission", folder: Path, arguments: argparse.Namespace) -> list[str]:
    """Write what is asked for, and name it."""
    from ischedule.emitting import port_files, runtime_files

    files = dict(emission.files)
    if not arguments.table_only:
        files |= runtime_files(emission)
        if arguments.target != "generic":
            files |= port_files(arguments.target, folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write_whole(folder / name, text)
    return sorted(files)


def emitted_value(result: "Emitted", files: list[str]) -> dict[str, Any]:
    """What was written, for scripts."""
    emission = result.emission
    assert emission is not None
    return {
        "case": result.case.name,
        "plan_id": f"{emission.plan_id:08x}",
        "power_cycles": emission.power_cycles,
        "files": files,
        "bytes": {
            "power_cycles": emission.cycles.table_bytes,
            "skippable_commits": emission.cycles.skip_bytes,
            "designs": emission.work.table_bytes,
            "tables": emission.table_bytes,
            "assumed_for_tables": emission.assumed_bytes,
            "seals": emission.seal_bytes,
            "descriptors": emission.work.descriptor_bytes,
            "weights": emission.work.weight_bytes,
        },
    }


def emitted_report(result: "Emitted", files: list[str], folder: str) -> str:
    """What was written, for people."""
    from ischedule.cli.figures import number, plural

    emission = result.emission
    assert emission is not None
    lines = [f"{result.case.name}: {plural(len(files), 'file')} in {folder}", ", ".join(files), ""]
    each = emission.cycles.table_bytes / emission.power_cycles
    rows = [
        (
            "tables of the plan",
            emission.table_bytes,
            f"its check of memory has counted {number(emission.assumed_bytes)} B",
        ),
        ("  power cycles", emission.cycles.table_bytes, f"{each:.2f} B for each of {number(emission.power_cycles)}"),
        ("  designs, addresses", emission.work.table_bytes, ""),
        ("  skippable commits", emission.cycles.skip_bytes, "only in builds that skip them"),
        ("seals", emission.seal_bytes, "which buffers are sealed, and when"),
        ("layers", emission.work.descriptor_bytes, "shapes and kernels: the same in every plan"),
        ("weights", emission.work.weight_bytes, "with biases, scalings and activations"),
    ]
    kept = [row for row in rows if row[1] or row[0].startswith("tables")]
    width = max(len(number(row[1])) for row in kept)
    lines += [f"{name:<20}  {number(size):>{width}} B  {note}".rstrip() for name, size, note in kept]
    note = protocol_note(result.case)
    return "\n".join([*lines, *([] if note is None else ["", note])]) + "\n"


def protocol_note(case: "Case") -> str | None:
    """What the plan has not counted of what the runtime does to publish progress."""
    from ischedule.models.device import Device
    from ischedule.models.prices import ends_of
    from ischedule.models.protocol import Protocol
    from ischedule.models.quantities import ENERGY, TIME, show

    if not isinstance(case.device, Device) or case.network is None or case.protocol is Protocol.RUNTIME:
        return None
    counted, done = (ends_of(case.device, case.boot, protocol) for protocol in (Protocol.RECORD, Protocol.RUNTIME))
    energy, time = (
        max(0, done.resume[part] + done.commit[part] - counted.resume[part] - counted.commit[part]) for part in (0, 1)
    )
    if energy == time == 0:
        return None
    return (
        "note: the case counts one transfer of a record to publish progress; the runtime takes up to\n"
        f"{show(energy, ENERGY)} and {show(time, TIME)} more in each power cycle. The plan of a case with\n"
        '"options": {"protocol": "runtime"} counts them.'
    )
