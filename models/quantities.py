"""Physical quantities: exact parsing of numbers with units, integers in internal units, and printing back.

Every number is read as an exact fraction; floating point never appears. Inside the analyzer a quantity is an integer
number of its dimension's internal unit (femtojoules, picoseconds, nanovolts, ...), so that sums and comparisons are
exact and every rounding is a stated one.
"""

import re
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import cached_property
from typing import Final

from ischedule.models.errors import InvalidValue

LIMIT: Final = 2**62
"""No quantity exceeds this number of internal units, so that two of them can be added in 64 bits."""

_MAX_TEXT: Final = 200
_MAX_EXPONENT: Final = 40


class QuantityError(InvalidValue):
    """A text that is not the quantity that belongs there."""


class Rounding(Enum):
    """Which neighbouring integer stands for a number in between: demand goes up, supply goes down."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True)
class Dimension:
    """A kind of quantity: its SI unit, the power of ten of its internal unit, and an example for messages."""

    name: str
    symbol: str
    exponent: int
    example: str

    @cached_property
    def unit(self) -> Fraction:
        """One internal unit in SI units."""
        return Fraction(10) ** self.exponent

    @cached_property
    def largest(self) -> Fraction:
        """The most that a quantity of this dimension may be, in SI units."""
        return LIMIT * self.unit

    @property
    def article(self) -> str:
        """The name as a message needs it: "a voltage", "an energy"."""
        return ("an " if self.name[0] in "aeiou" else "a ") + self.name


VOLTAGE: Final = Dimension("voltage", "V", -9, "2.99 V")
CAPACITANCE: Final = Dimension("capacitance", "F", -15, "5 mF")
RESISTANCE: Final = Dimension("resistance", "ohm", -6, "24 ohm")
POWER: Final = Dimension("power", "W", -15, "2 mW")
ENERGY: Final = Dimension("energy", "J", -15, "77.88 uJ")
CHARGE: Final = Dimension("charge", "C", -15, "12 uC")
TIME: Final = Dimension("time", "s", -12, "70 ms")
FREQUENCY: Final = Dimension("frequency", "Hz", -3, "16 MHz")
MEMORY: Final = Dimension("memory size", "B", 0, "2048 B")
CURRENT: Final = Dimension("current", "A", -15, "3 mA")

DIMENSIONS: Final = (VOLTAGE, CAPACITANCE, RESISTANCE, POWER, ENERGY, CHARGE, TIME, FREQUENCY, MEMORY, CURRENT)

_PREFIXES: Final = {"f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "μ": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9}
_SPELLINGS: Final = {"ohm": ("ohm", "Ohm", "Ω", "\u2126")}


def _known_units() -> dict[str, tuple[Dimension, Fraction]]:
    units: dict[str, tuple[Dimension, Fraction]] = {}
    for dimension in DIMENSIONS:
        for spelling in _SPELLINGS.get(dimension.symbol, (dimension.symbol,)):
            for prefix, power in _PREFIXES.items():
                if dimension is not MEMORY or power >= 0:
                    units[prefix + spelling] = (dimension, Fraction(10) ** power)
    for power, prefix in enumerate(("Ki", "Mi", "Gi"), start=1):
        units[prefix + "B"] = (MEMORY, Fraction(1024**power))
    units["min"] = (TIME, Fraction(60))
    units["h"] = (TIME, Fraction(3600))
    return units


_UNITS: Final = _known_units()
_NUMBER: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_QUANTITY: Final = re.compile(rf"\s*({_NUMBER})\s*([^\s0-9+±-][^\s+±]*)?\s*")
_RATIO: Final = re.compile(rf"\s*({_NUMBER})\s*(%?)\s*")
_TOLERANCE: Final = re.compile(r"±|\+/-|\+-")


def _number(text: str, value: object, remedy: str) -> Fraction:
    """The exact value of a decimal number; a huge exponent is refused before it costs memory."""
    mantissa, _, exponent = text.lower().partition("e")
    if len(text) > _MAX_TEXT or (exponent and (len(exponent) > 4 or abs(int(exponent)) > _MAX_EXPONENT)):
        raise QuantityError(value, "is a number too long or too large to be meant", remedy)
    number = Fraction(mantissa)
    return number * Fraction(10) ** int(exponent) if exponent else number


def _need_text(value: object, what: str, remedy: str) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise QuantityError(value, "is a number without a unit", remedy)
    if not isinstance(value, str):
        raise QuantityError(value, f"is not {what}", remedy)
    return value


def _most(dimension: Dimension) -> str:
    return f"write at most {show(LIMIT // 1000 * 999, dimension, 3)}"


def parse(text: object, dimension: Dimension) -> Fraction:
    """The quantity in SI units, exactly: `parse("5 mF", CAPACITANCE) == Fraction(5, 1000)`."""
    remedy = f'write a number with its unit, for example "{dimension.example}"'
    words = _need_text(text, dimension.article, remedy)
    match = _QUANTITY.fullmatch(words) if len(words) <= _MAX_TEXT else None
    if match is None:
        raise QuantityError(text, f"is not {dimension.article}", remedy)
    number, unit = match.groups()
    magnitude = _number(number, text, remedy)
    if unit is None:
        raise QuantityError(text, "is a number without a unit", remedy)
    if unit not in _UNITS:
        raise QuantityError(text, f'has the unknown unit "{unit}"', remedy)
    found, scale = _UNITS[unit]
    if found is not dimension:
        raise QuantityError(text, f"is {found.article} where {dimension.article} belongs", remedy)
    if magnitude < 0:
        raise QuantityError(text, "is negative", f'write {dimension.article} of at least "0 {dimension.symbol}"')
    quantity = magnitude * scale
    if quantity > dimension.largest:
        raise QuantityError(text, "is too large", _most(dimension))
    return quantity


def parse_ratio(text: object) -> Fraction:
    """A plain number from a text: "55 %" or "0.55"."""
    remedy = 'write a text such as "55 %" or "0.55"'
    if not isinstance(text, str):
        raise QuantityError(text, "is not a ratio in quotes", remedy)
    match = _RATIO.fullmatch(text)
    if match is None:
        raise QuantityError(text, "is not a ratio", remedy)
    ratio = _number(match.group(1), text, remedy)
    return ratio / 100 if match.group(2) else ratio


def _parse_end(ends: list[object] | tuple[object, ...], end: int, dimension: Dimension) -> Fraction:
    try:
        return parse(ends[end], dimension)
    except QuantityError as error:
        raise QuantityError(error.value, error.problem, error.remedy, f"[{end}]") from None


def parse_interval(value: object, dimension: Dimension) -> tuple[Fraction, Fraction]:
    """The two ends, in SI units, of "5 mF", "5 mF ± 20 %", "5 mF +/- 1 mF" or ["4 mF", "6 mF"]."""
    remedy = f'write "{dimension.example}", "{dimension.example} ± 5 %" or a list of the two ends'
    if isinstance(value, (list, tuple)):
        if len(value) != 2:
            raise QuantityError(value, "is not a list of two ends", remedy)
        lo, hi = (_parse_end(value, end, dimension) for end in (0, 1))
        if lo > hi:
            raise QuantityError(f"{value[0]}, {value[1]}", "has its larger end first", "swap the two ends")
        return lo, hi
    text = _need_text(value, dimension.article, remedy)
    parts = _TOLERANCE.split(text)
    if len(parts) == 1:
        exact = parse(text, dimension)
        return exact, exact
    if len(parts) > 2:
        raise QuantityError(value, "has more than one tolerance", remedy)
    middle = parse(parts[0], dimension)
    half = middle * parse_ratio(parts[1]) if parts[1].strip().endswith("%") else parse(parts[1], dimension)
    if half < 0:
        raise QuantityError(value, "has a negative tolerance", remedy)
    if half > middle:
        raise QuantityError(value, "reaches below zero", "write a tolerance of at most 100 %")
    if middle + half > dimension.largest:
        raise QuantityError(value, "is too large", _most(dimension))
    return middle - half, middle + half


def round_to_integer(number: Fraction, rounding: Rounding) -> int:
    """The integer just above or just below."""
    down = number.numerator // number.denominator
    return down if rounding is Rounding.DOWN or number.denominator == 1 else down + 1


def to_integer(quantity: Fraction, dimension: Dimension, rounding: Rounding) -> int:
    """SI units to the integer number of internal units on the stated side."""
    integer = round_to_integer(quantity / dimension.unit, rounding)
    if abs(integer) > LIMIT:
        raise QuantityError(str(float(quantity)), "is too large", _most(dimension))
    return integer


@dataclass(frozen=True)
class Interval:
    """All that a quantity may be, in internal units: both ends belong to it."""

    lo: int
    hi: int

    def __post_init__(self) -> None:
        if type(self.lo) is not int or type(self.hi) is not int:
            raise TypeError(f"the ends of an interval are integers: lo={self.lo!r}, hi={self.hi!r}")
        if self.lo > self.hi:
            raise ValueError(f"an interval's low end is not above its high end: lo={self.lo}, hi={self.hi}")

    @classmethod
    def exactly(cls, value: int) -> "Interval":
        """The interval of one value."""
        return cls(value, value)

    @classmethod
    def outward(cls, ends: tuple[Fraction, Fraction], dimension: Dimension) -> "Interval":
        """The least integer interval that contains both ends, which are in SI units."""
        return cls(to_integer(ends[0], dimension, Rounding.DOWN), to_integer(ends[1], dimension, Rounding.UP))

    @property
    def is_exact(self) -> bool:
        """Whether it is one value."""
        return self.lo == self.hi

    @property
    def relative_width(self) -> Fraction:
        """Width over midpoint; 0 for the interval of zero alone."""
        return Fraction(2 * (self.hi - self.lo), self.hi + self.lo) if self.hi != self.lo else Fraction(0)


def interval(value: object, dimension: Dimension) -> Interval:
    """`parse_interval`, rounded outward to internal units."""
    return Interval.outward(parse_interval(value, dimension), dimension)


_SHOWN_PREFIXES: Final = (
    (9, "G"),
    (6, "M"),
    (3, "k"),
    (0, ""),
    (-3, "m"),
    (-6, "u"),
    (-9, "n"),
    (-12, "p"),
    (-15, "f"),
)


def _prefix_of(magnitude: int, dimension: Dimension) -> tuple[int, str]:
    """The largest prefix that leaves at least one unit; none above the plain unit for seconds, bytes from 10 kB on."""
    ceiling = 0 if dimension is TIME else 9
    for power, prefix in _SHOWN_PREFIXES:
        least = 10 if dimension is MEMORY and power == 3 else 1
        if power <= ceiling and power >= dimension.exponent and magnitude >= least * 10 ** (power - dimension.exponent):
            return power, prefix
    return 0, ""


def _decimal(scaled: int, places: int) -> str:
    """The decimal text of scaled / 10**places without trailing zeros."""
    whole, part = divmod(scaled, 10**places)
    return f"{whole}.{part:0{places}d}".rstrip("0").rstrip(".") if places else str(whole)


def show(integer: int, dimension: Dimension, digits: int = 4) -> str:
    """Internal units for human eyes, rounded half up to so many significant digits: "302.5 uJ", "1.62 s"."""
    magnitude = abs(integer)
    power, prefix = _prefix_of(magnitude, dimension)
    places = power - dimension.exponent
    kept = max(0, len(str(magnitude)) - max(1, digits))
    dropped = min(kept, places)
    scaled = (magnitude + 10**dropped // 2) // 10**dropped
    if scaled * 10**dropped >= 1000 * 10**places and dropped > 0:
        power, prefix = _prefix_of(scaled * 10**dropped, dimension)
        scaled, dropped = scaled * 10**dropped, 0
        places = power - dimension.exponent
    return f"{'-' if integer < 0 else ''}{_decimal(scaled, places - dropped)} {prefix}{dimension.symbol}"


def show_exact(integer: int, dimension: Dimension) -> str:
    """Internal units with every digit, so that parsing the text gives the same integer again."""
    power, prefix = _prefix_of(abs(integer), dimension)
    return (
        f"{'-' if integer < 0 else ''}{_decimal(abs(integer), power - dimension.exponent)} {prefix}{dimension.symbol}"
    )
