"""The command `ischedule`: which commands there are, and what every one of them does about errors and exit codes.

A command is one line in `COMMANDS` and a module of this package with two functions, `configure(parser)` and
`run(arguments) -> int`. Only the module of the command asked for is imported; it imports what is heavy where needed.
"""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence

from ischedule import __version__

COMMANDS = {
    "solve": "find the plan of least worst-case latency, or prove that there is none",
    "check": "let the independent checker judge a plan file",
    "compare": "set the plan beside what the policies of the literature would do",
    "explain": "say why there is no plan and what would help, or how much room a plan has",
    "supply": "take a lower supply curve from a recorded trace",
    "emit": "write an accepted plan as C tables, with the runtime that carries it out",
    "verify-firmware": "build a plan's firmware and let power fail in it, on this computer or in an emulator",
    "numbers": "list the arrays of numbers that a network has, or write a file of them to start from",
    "simulate": "run a plan, or a runtime without one, on simulated boards",
    "cases": "list the shipped cases, or copy one",
    "devices": "list the built-in devices, or show one",
    "schema": "print the JSON Schema of a case file",
}

EXIT_CODES = """\
exit codes:
  0  the claim holds (schedulable, certificate accepted)
  1  it is refuted (unschedulable, certificate rejected)
  2  the input or the call is wrong
  3  undecided within the limits given"""

WRONG_INPUT = 2
INTERRUPTED = 128 + 2
READER_GONE = 128 + 13
"""What shells report of a program that SIGINT or SIGPIPE has ended."""


def build_parser(chosen: str | None) -> argparse.ArgumentParser:
    """The parser with every command named, and the arguments of the chosen one."""
    parser = argparse.ArgumentParser(
        prog="ischedule",
        description="Certified schedules for neural networks on batteryless, intermittently powered microcontrollers.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"ischedule {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=f"{summary.capitalize()}.", allow_abbrev=False)
        if name == chosen:
            module = importlib.import_module(f"ischedule.cli.{name.replace('-', '_')}")
            module.configure(command)
            command.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str]) -> int:
    """Carry out one call and give its exit code; wrong usage raises SystemExit, as argparse does."""
    chosen = next((argument for argument in argv if not argument.startswith("-")), None)
    arguments = build_parser(chosen).parse_args(argv)

    from ischedule.models.errors import InputError

    try:
        return int(arguments.run(arguments))
    except InputError as error:
        sys.stderr.write(f"ischedule: {error}\n")
        return WRONG_INPUT


def entry() -> None:
    """The console script: `main` on the process's own arguments, with the exit codes that shells expect of signals.

    Where a stream is closed the process ends at once, so that what still waits to be written stays unwritten, silently.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        try:
            code = main(sys.argv[1:])
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stderr.write("\nischedule: interrupted\n")
        os._exit(INTERRUPTED)
    except BrokenPipeError:
        os._exit(READER_GONE)
    except OSError as error:
        sys.stderr.write(f"ischedule: {error.filename or 'standard output'}: {error.strerror or error}\n")
        os._exit(WRONG_INPUT)
    sys.exit(code)
