"""`ischedule supply`: a lower supply curve from a recorded trace."""

import argparse
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ischedule.cli.output import write_whole

if TYPE_CHECKING:
    from ischedule.models.errors import InputError
    from ischedule.models.quantities import Interval
    from ischedule.models.supply_curve import SupplyCurve
    from ischedule.models.trace import Trace
    from ischedule.models.trace_windows import Minima

POINTS = 32
SECOND = 10**12
WINDOWS = (("1 s", 1), ("10 s", 10), ("1 min", 60), ("10 min", 600), ("1 h", 3600), ("6 h", 21600), ("24 h", 86400))


def configure(parser: argparse.ArgumentParser) -> None:
    """A trace, where the curve goes, and how much of it is promised."""
    parser.add_argument("trace", metavar="TRACE", help="a CSV file with the columns time_s and power_W")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the curve into this file, for a case's supply")
    parser.add_argument(
        "--safety", type=part, default=Fraction(1), metavar="PART", help="promise this part of the minima (default: 1)"
    )
    parser.add_argument(
        "--points", type=points, default=POINTS, metavar="N", help=f"points of the curve at most (default: {POINTS})"
    )
    parser.add_argument(
        "--window", type=window, metavar="[SHORTEST:]LONGEST", help="look at windows of these lengths, such as 1s:10min"
    )
    parser.add_argument("--wrap", action="store_true", help="let windows run on from the end into the beginning")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def part(text: str) -> Fraction:
    """A part of what was recorded, above 0 and at most 1."""
    from ischedule.models.errors import InvalidValue
    from ischedule.models.quantities import parse_ratio

    try:
        value = parse_ratio(text)
    except InvalidValue:
        value = Fraction(0)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no part of what was recorded; write for example 0.9 or 90%")
    return value


def window(text: str) -> "Interval":
    """The shortest and the longest window."""
    from ischedule.models.errors import InvalidValue
    from ischedule.models.quantities import TIME, Interval, Rounding, parse, to_integer

    shortest, _, longest = text.rpartition(":")
    try:
        ends = [to_integer(parse(end, TIME), TIME, Rounding.DOWN) for end in (shortest or "0 s", longest)]
    except InvalidValue as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error.problem}; write for example 10min or 1s:10min") from None
    if not ends[0] <= ends[1] or ends[1] == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no range; write the shorter one first, as in 1s:10min")
    return Interval(*ends)


def points(text: str) -> int:
    """A number of points."""
    if not text.isdecimal() or not 4 <= int(text) <= 512:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of points; write 4 to 512")
    return int(text)


def run(arguments: argparse.Namespace) -> int:
    """Read the trace, write the curve, and say what it promises."""
    from ischedule.models.case_curve import dump_curve
    from ischedule.models.trace import read_trace
    from ischedule.models.trace_windows import NoWindow, curve_under, minima

    trace = read_trace(arguments.trace)
    try:
        found = minima(trace, arguments.wrap, arguments.window)
    except NoWindow as error:
        raise no_window(arguments.window, error.step) from None
    curve = curve_under(found, arguments.safety, arguments.points)
    if arguments.output is not None:
        wrapped = ", windows running on into its beginning" if arguments.wrap else ""
        name = Path(arguments.trace).name
        if arguments.window is not None:
            wrapped += f", of {range_of(arguments.window)}"
        text = f"Window minima of {name}{wrapped}, times {float(arguments.safety):g}: evidence about this trace alone."
        write_whole(Path(arguments.output), dump_curve(curve, text))
    values = figures(trace, found, curve, arguments)
    if arguments.json:
        from ischedule.cli.as_json import dumped

        sys.stdout.write(dumped(values))
    else:
        sys.stdout.write(report(values))
    return 0


def no_window(windows: "Interval", step: int) -> "InputError":
    """What is wrong with a range of windows between which no rows end."""
    from ischedule.models.errors import InputError
    from ischedule.models.quantities import TIME, show_exact

    problem = f"has no whole number of rows between its ends, which are {show_exact(step, TIME)} each"
    return InputError("command line", "--window", range_of(windows), problem, "write a longer window")


def range_of(windows: "Interval") -> str:
    """The shortest and the longest window as text."""
    from ischedule.models.quantities import TIME, show_exact

    longest = f"at most {show_exact(windows.hi, TIME)}"
    return longest if windows.lo == 0 else f"at least {show_exact(windows.lo, TIME)} and {longest}"


def figures(trace: "Trace", found: "Minima", curve: "SupplyCurve", arguments: argparse.Namespace) -> dict[str, object]:
    """Everything that is said, in femtowatt, picoseconds and femtojoules."""
    delivered = sum(power * length for power, length in zip(trace.powers, trace.lengths, strict=True))
    guaranteed = [
        {
            "window": window,
            "trace": found.content(seconds * SECOND) // seconds,
            "curve": curve.at_least(seconds * SECOND) // seconds,
        }
        for window, seconds in WINDOWS
        if seconds * SECOND <= min(trace.length, found.points[-1][0])
    ]
    return {
        "trace": arguments.trace,
        "rows": len(trace.powers),
        "length": trace.length,
        "wraps": arguments.wrap,
        "windows": None if arguments.window is None else [arguments.window.lo, arguments.window.hi],
        "safety": float(arguments.safety),
        "mean_power": delivered // trace.length,
        "largest_power": max(trace.powers),
        "blackout": curve.blackout,
        "guaranteed_power": guaranteed,
        "points": [list(point) for point in curve.points],
        "rate": curve.rate,
        "superadditive": curve.is_superadditive,
        "file": arguments.output,
    }


def report(values: dict[str, object]) -> str:
    """The figures as text."""
    from ischedule.cli.figures import facts, time
    from ischedule.cli.output import table
    from ischedule.models.quantities import POWER, Interval, show

    rows, length, guaranteed = values["rows"], values["length"], values["guaranteed_power"]
    points, rate, mean = values["points"], values["rate"], values["mean_power"]
    assert isinstance(guaranteed, list)
    assert isinstance(points, list)
    assert isinstance(length, int)
    assert isinstance(rate, int)
    assert isinstance(mean, int)
    how = "on into its beginning" if values["wraps"] else "inside it"
    if values["windows"] is not None:
        how += f", {range_of(Interval(*cast('list[int]', values['windows'])))}"
    tight = "yes" if values["superadditive"] else "no: what follows from it is safe, and may be too much"
    text = facts(
        [
            ("trace", f"{rows} rows, {time(length)}; windows at all positions {how}"),
            ("mean power", show(mean, POWER)),
            ("largest power", show(int(str(values["largest_power"])), POWER)),
            ("longest blackout", f"{time(int(str(values['blackout'])))} in which the curve promises nothing"),
            ("curve", f"{len(points)} points, {values['safety']:g} of the minima; behind them {show(rate, POWER)}"),
            ("superadditive", tight),
        ]
    )
    lines = [(one["window"], show(one["trace"], POWER), show(one["curve"], POWER)) for one in guaranteed]
    header = ("any window of", "held in the trace", "promised by the curve")
    text += "\n" + table(header, lines, right=header[1:])
    bound = "the trace" if values["windows"] is None else "these"
    text += (
        "\nThe curve is evidence about this one trace: nothing promises that another day, place or device\n"
        f"delivers as much. Windows longer than {bound} are taken for several side by side. Powers are those\n"
        "of the trace: convert them to what reaches the buffer first.\n"
    )
    return text if values["file"] is None else text + f"\ncurve file: {values['file']}\n"
