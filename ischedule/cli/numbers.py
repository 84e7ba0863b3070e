"""`ischedule numbers`: which arrays the numbers of a network are, and a file of them to start from."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ischedule.cli.emit import refuse_seed, seed_number
from ischedule.cli.output import table, write_whole
from ischedule.cli.shipped import case_source
from ischedule.models.errors import InputError

if TYPE_CHECKING:
    from ischedule.models.case import Case
    from ischedule.models.network_numbers import Wanted


def configure(parser: argparse.ArgumentParser) -> None:
    """A case, and where a file of numbers goes."""
    parser.add_argument("case", metavar="CASE", help="a case file, the name of a shipped case, or - for standard input")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the numbers into this .npz file: drawn ones, or the case's own"
    )
    parser.add_argument("--seed", type=seed_number, metavar="N", help="draw the numbers by it (default: 0)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Read the case's numbers, or draw them; write them, and say what they are."""
    source = case_source(arguments.case)

    from ischedule.analysis.executor import arithmetic_of
    from ischedule.analysis.numbers_file import dump_numbers
    from ischedule.emitting import numbers_of
    from ischedule.models.case import load_case
    from ischedule.models.network_numbers import arrays_of

    case = load_case(source)
    refuse_seed(case, arguments.seed)
    width, network = arithmetic_of(case), case.lowered()
    numbers = numbers_of(case, arguments.seed or 0)
    if arguments.output is not None:
        path = Path(arguments.output)
        if path.exists():
            raise InputError("command line", "-o", arguments.output, "the file exists already", "name another one")
        write_whole(path, dump_numbers(network, width, numbers))
    wanted = arrays_of(network, width.word.itemsize, width.sum.itemsize)
    if arguments.json:
        from ischedule.cli.as_json import dumped

        sys.stdout.write(dumped(numbers_value(case, wanted, arguments.output)))
    else:
        sys.stdout.write(numbers_report(case, wanted, arguments.output))
    return 0


def numbers_value(case: "Case", wanted: "dict[str, Wanted]", written: str | None) -> dict[str, Any]:
    """The arrays, for scripts."""
    return {
        "case": case.name,
        "numbers": None if case.numbers is None else case.numbers.source,
        "sha256": None if case.numbers is None else case.numbers.sha256,
        "arrays": [
            {"name": name, "type": one.kind.type, "shape": list(one.kind.shape), "optional": one.optional}
            for name, one in wanted.items()
        ],
        "file": written,
    }


def numbers_report(case: "Case", wanted: "dict[str, Wanted]", written: str | None) -> str:
    """The arrays, for people."""
    rows = [(name, str(one.kind), "optional" if one.optional else "") for name, one in wanted.items()]
    own = "shapes only: numbers are drawn" if case.numbers is None else f"numbers from {case.numbers.source}"
    text = f"{case.name}: {own}\n\n{table(('array', 'what it is', ''), rows)}"
    return text if written is None else f"{text}\nwritten: {written}\n"
