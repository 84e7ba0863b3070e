"""A device document being read: where it stands, its clock, and the figures that all kinds of devices are made of.

Files keep the figures as they were measured or published (joules, clock cycles); reading resolves them exactly and
rounds each primitive up once. Energy and time come each from their own figures.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from ischedule.models.cost import Cost, Effort, LinearCost
from ischedule.models.errors import InputError, InvalidValue
from ischedule.models.quantities import ENERGY, FREQUENCY, MEMORY, TIME, Dimension, Rounding, parse, to_integer
from ischedule.models.schema import check_shape
from ischedule.models.strict_json import key_path

_CYCLES: Final = re.compile(r"\s*(\S*)\s*cycles?\s*")


class DeviceDocument:
    """One device document, whose shape is that of a definition of the schema."""

    def __init__(self, document: object, source: str, path: str, definition: str) -> None:
        check_shape(document, source, path, definition)
        assert isinstance(document, Mapping)
        self.document: Mapping[str, Any] = document
        self.source = source
        self.path = path
        self.clock: Fraction | None = None
        if "clock" in document:
            self.clock = self.quantity(document["clock"], FREQUENCY, ".clock")
            if self.clock == 0:
                raise self.error(".clock", document["clock"], "is no clock", 'write for example "16 MHz"')

    def error(self, path: str, value: object, problem: str, remedy: str) -> InputError:
        """What is wrong with a value of this document."""
        return InputError(self.source, self.path + path, value, problem, remedy)

    def quantity(self, text: object, dimension: Dimension, path: str) -> Fraction:
        """A number of SI units."""
        try:
            return parse(text, dimension)
        except InvalidValue as error:
            raise error.located(self.source, self.path + path) from None

    def size(self, key: str, least: int = 0) -> int:
        """A whole number of bytes."""
        text = self.document[key]
        size = self.quantity(text, MEMORY, key_path(key))
        if size.denominator != 1 or size < least:
            raise self.error(
                key_path(key), text, "is no possible number of bytes", f"write a whole number from {least} B"
            )
        return int(size)

    def time(self, text: str, path: str) -> Fraction:
        """Seconds, from a time or from clock cycles."""
        cycles = _CYCLES.fullmatch(text)
        if cycles is None:
            return self.quantity(text, TIME, path)
        if self.clock is None:
            raise self.error(path, text, "counts cycles of an unknown clock", 'add "clock", for example "16 MHz"')
        try:
            return parse(f"{cycles.group(1)} Hz", FREQUENCY) / self.clock
        except InvalidValue:
            remedy = 'write for example "12 cycles"'
            raise self.error(path, text, "is no possible number of cycles", remedy) from None

    def figures(self, cost: Mapping[str, str], path: str) -> tuple[Fraction, Fraction]:
        """Joules and seconds."""
        return self.quantity(cost["energy"], ENERGY, f"{path}.energy"), self.time(cost["time"], f"{path}.time")

    def linear(self, key: str) -> LinearCost:
        """What a command on a vector takes."""
        parts = self.document[key]
        per_element, fixed = (
            Cost.of(*self.figures(parts[part], f".{key}.{part}")) for part in ("per_element", "fixed")
        )
        return LinearCost(per_element, fixed)

    def effort(self, cost: Mapping[str, str], path: str) -> Effort:
        """The figures of one activity, rounded up."""
        joules, seconds = self.figures(cost, path)
        return Effort(to_integer(joules, ENERGY, Rounding.UP), to_integer(seconds, TIME, Rounding.UP))
