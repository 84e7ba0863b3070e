"""Reading the values of a case file: quantities to integers, with every complaint located in the file."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from ischedule.models.cost import Effort
from ischedule.models.demand import Coordinate
from ischedule.models.errors import MISSING, InputError, InvalidValue
from ischedule.models.quantities import (
    CHARGE,
    ENERGY,
    TIME,
    VOLTAGE,
    Dimension,
    Interval,
    Rounding,
    interval,
    parse,
    show_exact,
    to_integer,
)
from ischedule.models.strict_json import key_path

T = TypeVar("T")

_MAX_CACHED: Final = 100_000


class CaseValues:
    """The values of one document: knows its name and the coordinate in which it counts amounts."""

    def __init__(self, source: str, coordinate: Coordinate) -> None:
        self.source = source
        self.coordinate = coordinate
        self.amount_dimension = ENERGY if coordinate is Coordinate.ENERGY else CHARGE
        self._known: dict[tuple[str, Dimension, Rounding], int] = {}

    def error(self, path: str, value: object, problem: str, remedy: str) -> InputError:
        """A complaint about this document."""
        return InputError(self.source, path, value, problem, remedy)

    def integer(self, text: str, dimension: Dimension, rounding: Rounding, path: str) -> int:
        """A quantity in internal units."""
        key = (text, dimension, rounding)
        if key not in self._known:
            try:
                value = to_integer(parse(text, dimension), dimension, rounding)
            except InvalidValue as error:
                raise error.located(self.source, path) from None
            if len(self._known) >= _MAX_CACHED:
                self._known.clear()
            self._known[key] = value
        return self._known[key]

    def exact(self, text: str, dimension: Dimension, path: str) -> int:
        """A quantity that is a whole positive number of internal units, so that no rounding has to take sides."""
        value = self.integer(text, dimension, Rounding.DOWN, path)
        if value != self.integer(text, dimension, Rounding.UP, path):
            remedy = f'write a whole number of such steps, for example "{show_exact(value, dimension)}"'
            raise self.error(path, text, f"is finer than {show_exact(1, dimension)}", remedy)
        if value == 0:
            raise self.error(path, text, "is zero", f"write {dimension.article} above 0 {dimension.symbol}")
        return value

    def interval(self, value: object, dimension: Dimension, path: str) -> Interval:
        """A quantity with its tolerance, rounded outward; never down to zero or below."""
        ends = self.span(value, dimension, path)
        if ends.lo <= 0:
            remedy = f"write {dimension.article} above 0 {dimension.symbol} over its whole interval"
            raise self.error(path, value, "reaches zero" if ends.hi else "is zero", remedy)
        return ends

    def span(self, value: object, dimension: Dimension, path: str) -> Interval:
        """A quantity with its tolerance, rounded outward; it may be zero."""
        try:
            return interval(value, dimension)
        except InvalidValue as error:
            raise error.located(self.source, path) from None

    def voltage(self, text: str, path: str) -> int:
        """A voltage that the hardware is set to: whole nanovolts, above zero."""
        return self.exact(text, VOLTAGE, path)

    def amount(self, document: Mapping[str, Any], path: str) -> int:
        """The energy or charge of an activity, whichever the coordinate counts."""
        needed, other = (d.name for d in ((ENERGY, CHARGE) if self.amount_dimension is ENERGY else (CHARGE, ENERGY)))
        where = "behind a converter" if self.coordinate is Coordinate.ENERGY else "behind a regulator"
        example = self.amount_dimension.example
        if other in document:
            problem = (
                f"is {'a charge' if other == 'charge' else 'an energy'}, and {where} amounts are {_PLURAL[needed]}"
            )
            remedy = f'write "{needed}" with a value such as "{example}"'
            raise self.error(f"{path}.{other}", document[other], problem, remedy)
        if needed not in document:
            remedy = f'add "{needed}", for example "{example}"'
            raise self.error(f"{path}.{needed}", MISSING, f"is required {where}", remedy)
        return self.integer(document[needed], self.amount_dimension, Rounding.UP, f"{path}.{needed}")

    def effort(self, document: Mapping[str, Any], path: str) -> Effort:
        """An amount and a time, both rounded up."""
        amount = self.amount(document, path)
        return Effort(amount, self.integer(document["time"], TIME, Rounding.UP, f"{path}.time"))

    def build(self, make: Callable[[], T], document: Mapping[str, Any], path: str) -> T:
        """The value that `make` builds; what it refuses is shown as the file writes it, not in internal units."""
        try:
            return make()
        except InvalidValue as error:
            key = error.path.removeprefix(".").partition(".")[0].partition("[")[0]
            value = document.get(key, MISSING) if key else error.value
            raise self.error(path + (key_path(key) if key else ""), value, error.problem, error.remedy) from None


_PLURAL: Final = {"energy": "energies", "charge": "charges"}
