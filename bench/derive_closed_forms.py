"""Derive the closed forms of charging and print them as the Python of `analysis/closed_forms.py`.

    python -m bench.derive_closed_forms > analysis/closed_forms.py

Every form is stated once, in symbols; its slopes are what sympy makes of it. A tolerance scales as a whole: the slope
by the capacitance moves both of its ends by the same share, and so does that by the turn-on voltage.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import sympy as sp

drain, level = sp.symbols("drain level", nonnegative=True)
capacitance, slow = sp.symbols("capacitance slow", positive=True)
turn_on, high, brown_out, margin = sp.symbols("turn_on high brown_out margin", positive=True)
power, voltage, resistance, current, draw = sp.symbols("power voltage resistance current draw", positive=True)

SCALED: dict[str, tuple[sp.Symbol, ...]] = {
    "capacitance": (capacitance, slow),
    "turn_on": (turn_on, high),
    "brown_out": (brown_out,),
    "power": (power,),
    "voltage": (voltage,),
    "resistance": (resistance,),
    "current": (current,),
}
"""What a slope is by, and the symbols that it moves by the same share."""

PARTS = capacitance, slow, turn_on, high, brown_out, margin
SUPPLIES = power, voltage, resistance, current, draw
CIRCUIT = tuple(map(str, (*PARTS, *SUPPLIES)))
LINE = 120


@dataclass(frozen=True)
class Form:
    """A closed form: its name, what it says, the amounts that it takes besides the circuit, and its expression."""

    name: str
    says: str
    amounts: tuple[str, ...]
    expression: sp.Expr


def floor_of(coordinate: str) -> sp.Expr:
    """The voltage above which levels count."""
    if coordinate == "energy":
        return sp.sqrt(turn_on**2 - margin * (turn_on**2 - brown_out**2))
    return turn_on - margin * (turn_on - brown_out)


def raised(coordinate: str, start: sp.Expr, amount: sp.Expr) -> sp.Expr:
    """The voltage after an amount is added to (or, negative, taken from) a capacitor at a voltage."""
    if coordinate == "energy":
        return sp.sqrt(start**2 + 2 * amount / capacitance)
    return start + amount / capacitance


def charge_time(supply: str, coordinate: str, start: sp.Expr, end: sp.Expr) -> sp.Expr:
    """From one voltage to another while the device draws what waiting takes."""
    if supply == "power":
        net = power - draw if coordinate == "energy" else power - draw * high / brown_out
        return slow * (end**2 - start**2) / (2 * net)
    if supply == "current":
        return slow * (end - start) / (current - draw / brown_out)
    source = voltage - resistance * draw / brown_out
    return resistance * slow * sp.log((source - start) / (source - end))


def forms() -> Iterator[Form]:
    """All forms, in the order of the file."""
    for coordinate in ("energy", "charge"):
        floor = floor_of(coordinate)
        square = turn_on**2 - brown_out**2
        held = capacitance / 2 * square if coordinate == "energy" else capacitance * (turn_on - brown_out)
        yield Form(f"{coordinate}_budget", "What a power cycle from turn-on may drain.", (), margin * held)
        for supply in ("power", "source", "current"):
            zero = sp.Integer(0)
            times = {
                "recharge": (("drain",), raised(coordinate, turn_on, -drain), high),
                "charge": (("level",), floor, raised(coordinate, floor, level)),
                "fill": ((), floor, high),
                "begin": ((), zero, high),
            }
            for name, (amounts, start, end) in times.items():
                expression = charge_time(supply, coordinate, start, end)
                yield Form(f"{coordinate}_{supply}_{name}", SAYS[name], amounts, expression)


SAYS = {
    "recharge": "From what a cycle that drained so much from turn-on has left, back to turn-on.",
    "charge": "From the floor to a level.",
    "fill": "From the floor to turn-on.",
    "begin": "From 0 V to turn-on.",
}

HEADER = '''"""Closed forms of charging and their slopes, in SI floats: for display, and nothing rests on them.

Written by `bench/derive_closed_forms.py` with sympy {version}; the formulas stand there. A slope is by the share of a
quantity: seconds (or joules, coulombs) for a change by all of it, so that a hundredth of it belongs to a change by 1 %.
"""

from math import log, sqrt
from typing import NamedTuple


class Circuit(NamedTuple):
    """Capacitor, thresholds and supply in SI units; what the supply does not have is 0.

    `slow` is the largest capacitance and `high` the highest turn-on voltage, `capacitance` and `turn_on` are the least.
    `draw` is the power drawn while waiting, at the brown-out voltage.
    """

    capacitance: float
    slow: float
    turn_on: float
    high: float
    brown_out: float
    margin: float
    power: float
    voltage: float
    resistance: float
    current: float
    draw: float


class Sensitive(NamedTuple):
    """A value, and its slopes by the share of each quantity."""

    value: float
    capacitance: float = 0.0
    turn_on: float = 0.0
    brown_out: float = 0.0
    power: float = 0.0
    voltage: float = 0.0
    resistance: float = 0.0
    current: float = 0.0
'''


def slope(expression: sp.Expr, by: str) -> sp.Expr:
    """The derivative by the share of a quantity."""
    return sp.Add(*(symbol * sp.diff(expression, symbol) for symbol in SCALED[by]))


def vanishes(expression: sp.Expr) -> bool:
    """Whether an expression is zero: it is so at a point that no formula knows, to forty digits."""
    symbols = sorted(expression.free_symbols, key=str)
    point = {symbol: sp.sqrt(sp.prime(10 + index)) / (1 + index) for index, symbol in enumerate(symbols)}
    return bool(sp.Abs(expression.subs(point).evalf(60)) < sp.Float("1e-40"))


def code_of(expression: sp.Expr) -> str:
    """The expression as Python that computes with floats, spaced as the formatter of this project has it."""
    text = ast.unparse(ast.parse(str(sp.pycode(expression)).replace("math.", "")))
    text = re.sub(rf"\b({'|'.join(CIRCUIT)})\b", r"c.\1", text)
    text = re.sub(r"(?<![\w).])([\w.]+) \*\* (\w+)", r"\1**\2", text)
    return re.sub(r"-([\w.]+\*\*\w+)", r"-(\1)", text)


def shortened(expression: sp.Expr, steps: list[tuple[sp.Symbol, sp.Expr]], fresh: Iterator[sp.Symbol]) -> sp.Expr:
    """The expression with its longest parts made steps of their own until it fits a line."""
    while len(code_of(expression)) > LINE - 25:
        longest = max(expression.args, key=lambda part: len(code_of(part)))
        steps.append((next(fresh), longest))
        expression = expression.xreplace({longest: steps[-1][0]})
    return expression


def function_of(form: Form) -> str:
    """A form as a function of its amounts and the circuit."""
    slopes = {by: slope(form.expression, by) for by in SCALED}
    kept = {"value": form.expression} | {by: found for by, found in slopes.items() if not vanishes(found)}
    fresh = (sp.Symbol(f"x{number}") for number in count())
    steps, found = sp.cse(list(kept.values()), symbols=fresh, order="none")
    results = [shortened(result, steps, fresh) for result in found]
    arguments = ", ".join([*(f"{name}: float" for name in form.amounts), "c: Circuit"])
    lines = [f"def {form.name}({arguments}) -> Sensitive:", f'    """{form.says}"""']
    lines += [f"    {name} = {code_of(value)}" for name, value in steps]
    given = [f"{name}={code_of(result)}" for name, result in zip(kept, results, strict=True)]
    call = f"    return Sensitive({', '.join(given)})"
    if len(call) > LINE:
        call = "\n".join(["    return Sensitive(", *(f"        {one}," for one in given), "    )"])
    return "\n".join([*lines, call])


def generated() -> str:
    """The text of the file."""
    header = HEADER.replace("{version}", sp.__version__)
    return "\n\n".join([header, *(f"{function_of(form)}\n" for form in forms())])


def main() -> int:
    """Print the file."""
    sys.stdout.write(generated())
    return 0


if __name__ == "__main__":
    sys.exit(main())
