"""`ischedule cases`: what is shipped, and a copy of one to start from."""

import argparse
import json
import sys
from pathlib import Path

from ischedule.cli.output import table, write_whole
from ischedule.cli.shipped import ShippedCase, shipped_case, shipped_cases
from ischedule.models.errors import InputError


def configure(parser: argparse.ArgumentParser) -> None:
    """Without arguments the cases are listed."""
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--copy", metavar="NAME", help="write the case file of this name, and the files it refers to")
    action.add_argument("--json", action="store_true", help="list the cases as JSON")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="where the copy goes (default: NAME.json here; -: print it)"
    )
    parser.set_defaults(refuse=parser.error)


def run(arguments: argparse.Namespace) -> int:
    """List the cases, or copy one."""
    if arguments.copy is not None:
        copy(shipped_case(arguments.copy), arguments.output)
    elif arguments.output is not None:
        arguments.refuse("-o says where a copy goes: name the case with --copy")
    elif arguments.json:
        listed = [{"name": case.name, "description": case.description} for case in shipped_cases()]
        sys.stdout.write(json.dumps(listed, indent=2) + "\n")
    else:
        rows = [(case.name, case.summary) for case in shipped_cases()]
        sys.stdout.write(table(("case", "what it is"), rows))
    return 0


def copy(case: ShippedCase, output: str | None) -> None:
    """Write the case and its companions to the folder of the output; no file that exists is touched."""
    if output == "-":
        sys.stdout.write(case.path.read_text("utf-8"))
        return
    target = Path(output) if output is not None else Path(case.path.name)
    copies = {companion: target.with_name(companion.name) for companion in case.companions} | {case.path: target}
    for path in copies.values():
        if path.exists():
            raise InputError(
                "command line", "-o", str(path), "the file exists already", "name another one with -o FILE"
            )
    for source, path in copies.items():
        write_whole(path, source.read_bytes())
        sys.stdout.write(f"{path}\n")
