"""Figures as reports show them: percentages, counts, designs and thresholds in words."""

from collections.abc import Sequence
from fractions import Fraction

from ischedule.cli.output import table
from ischedule.models.case import Case
from ischedule.models.cycle_law import Threshold
from ischedule.models.demand import Coordinate
from ischedule.models.program import Design, Stage, TiledStage
from ischedule.models.quantities import CHARGE, ENERGY, TIME, VOLTAGE, Dimension, show
from ischedule.models.tiling import Tiling

WIDTH = 100
"""No report is wider, as long as the names in it are short."""


def percent(part: int | Fraction, whole: int | Fraction) -> str:
    """A share with one decimal, or with more where it would vanish."""
    share = 100 * Fraction(part) / Fraction(whole) if whole else Fraction(0)
    return f"{float(share):.1f} %" if share == 0 or abs(share) >= Fraction(1, 20) else f"{float(share):.1g} %"


def number(value: int) -> str:
    """A count with its thousands apart."""
    return f"{value:,}"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def time(picoseconds: int) -> str:
    """A time with four digits."""
    return show(picoseconds, TIME)


def amount_dimension(case: Case) -> Dimension:
    """What the case's amounts count."""
    return ENERGY if case.coordinate is Coordinate.ENERGY else CHARGE


def threshold(level: Threshold) -> str:
    """A threshold by its voltage, and by its code where the hardware has codes."""
    voltage = show(level.voltage, VOLTAGE, 5)
    return voltage if level.code is None else f"{voltage} (code {level.code})"


def keeps(stage: Stage, design: Design) -> str:
    """The operand that a tiled design keeps in volatile memory along a row."""
    if not isinstance(stage, TiledStage) or not isinstance(design, Tiling):
        return ""
    if stage.forms[design.form].pooling:
        return "sums"
    return {"input": "input", "weight": "weights", "output": "sums"}[design.order.value]


def tile(design: Design) -> str:
    """The tile of a design: rows, columns, output and input channels."""
    if not isinstance(design, Tiling):
        return ""
    flat = " flat" if design.form else ""
    return f"{design.rows} x {design.columns} x {design.outputs} x {design.inputs}{flat}"


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Named facts, one on each line, the facts aligned; long ones are continued below themselves."""
    width = max(len(name) for name, _ in pairs)
    lines = []
    for name, fact in pairs:
        first, *rest = _wrapped(fact, WIDTH - width - 2)
        lines.append(f"{name.ljust(width)}  {first}")
        lines += [f"{' ' * width}  {line}" for line in rest]
    return "\n".join(lines) + "\n"


def bullets(sentences: Sequence[str]) -> str:
    """Sentences as a list."""
    lines = []
    for sentence in sentences:
        first, *rest = _wrapped(sentence, WIDTH - 2)
        lines += [f"- {first}", *(f"  {line}" for line in rest)]
    return "\n".join(lines) + "\n"


def _wrapped(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines


def section(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> str:
    """A titled table."""
    return f"\n{title}\n\n{table(header, rows, right)}"


def shortened(rows: Sequence[Sequence[str]], most: int) -> list[Sequence[str]]:
    """The rows, or the first and last of them around a line that says how many are left out."""
    if len(rows) <= most:
        return list(rows)
    head, tail = most * 2 // 3, most // 3
    gap = [f"... {number(len(rows) - head - tail)} more", *[""] * (len(rows[0]) - 1)]
    return [*rows[:head], gap, *rows[len(rows) - tail :]]
