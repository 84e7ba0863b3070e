"""Charging time, specified to the bit: how long the worst capacitor takes from one level to another.

T(level) is the time from the floor to a level, negative below the floor. It takes the depth at the low end of the
capacitance (levels count the least amount a voltage can mean) and the time constant at the high end, the lowest source
and the highest resistance: a bound over all of these intervals at once. It is never evaluated in floating point:

    elapsed_up(level)    an integer number of picoseconds >= T(level)
    elapsed_down(level)  an integer number of picoseconds <= T(level)

For constant power T is rational and rounded once; for a constant current it is that or a difference of roots, and for
constant power against one kind of leak a logarithm, rounded once as well. For a source behind a resistance T = tau
ln(q), and the logarithm is correctly rounded, up or down, to a multiple of 2^-36 before it is multiplied by the exact
tau and rounded the same way.
Correct rounding makes both functions monotone, with U = elapsed_up and D = elapsed_down, and differences keep order:

    T(x) - T(y) >= T(z) - T(w)    implies    U(x) - D(y) >= D(z) - D(w),    and >= U(z) if w is the floor.

For a grid of which 0 is a point, rounding x up and y down gives a difference that is a point not below x - y, hence not
below x - y rounded up; rounding both z and w down gives one that is at most z - w rounded up. That holds for the grid
of 2^-36, then, tau being a factor, for the grid of 1 ps.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import isqrt, lcm
from typing import Final

from ischedule.models.buffer import EnergyBuffer
from ischedule.models.demand import LIMIT, Coordinate
from ischedule.models.errors import InvalidValue
from ischedule.models.logarithm import ERROR_ULPS, fixed_ln
from ischedule.models.quantities import Interval, Rounding, round_to_integer
from ischedule.models.supply import ConstantCurrent, ConstantPower, CurveSupply, ResistiveSource, Supply

GRID_BITS: Final = 36
"""Logarithms are rounded to multiples of 2^-GRID_BITS."""

FIRST_WIDTH: Final = 64
"""The fixed-point width that decides nearly every rounding; it doubles until the last bit is certain."""

_CACHED: Final = 1 << 16


class ChargingStall(Exception):
    """A level that the guaranteed supply never reaches."""

    def __init__(self, level: int, highest: int | None, unit: str) -> None:
        self.level = level
        self.highest = highest
        limit = "nothing above the floor" if highest is None else f"at most {highest} {unit}"
        super().__init__(f"charging stall: level {level} {unit} is asked for, the supply reaches {limit}")


class ChargingLaw(ABC):
    """Charging of one buffer by one supply while `waiting_power` (femtowatt) is drawn.

    `highest_level` is the highest level that is reached at all: None if the supply does not even charge at the floor,
    so that nothing is, and `LIMIT` if there is no bound. `grain` is the most picoseconds by which rounding puts the two
    elapsed times of a level apart. `strongest` is the voltage (nanovolt) at which most power is stored, None where it
    is the highest or every one.
    """

    buffer: EnergyBuffer
    waiting_power: int
    highest_level: int | None
    grain: int = 1
    strongest: Fraction | None = None

    @abstractmethod
    def elapsed_up(self, level: int) -> int:
        """Picoseconds from the floor to the level, rounded up; raises `ChargingStall`."""

    @abstractmethod
    def elapsed_down(self, level: int) -> int:
        """Picoseconds from the floor to the level, rounded down; raises `ChargingStall`."""

    @abstractmethod
    def power_at(self, level: int) -> int:
        """The guaranteed net power (femtowatt) into the buffer at a level, rounded down; negative where it drains."""

    def reaches(self, level: int) -> bool:
        """Whether the supply ever charges the buffer to the level."""
        return self.highest_level is not None and level <= self.highest_level

    def charge_time(self, start: int, end: int) -> int:
        """Picoseconds from one level to another, 0 if it is not above: monotone in both."""
        return 0 if end <= start else max(0, self.elapsed_up(end) - self.elapsed_down(start))

    def require(self, level: int) -> None:
        """Raise `ChargingStall` for a level that is not reached."""
        if not self.reaches(level):
            unit = "fJ" if self.buffer.coordinate is Coordinate.ENERGY else "fC"
            raise ChargingStall(level, self.highest_level, unit)


def require_brown_out(buffer: EnergyBuffer) -> int:
    """The brown-out voltage that turns a power into a largest current; a user's error if it is 0 V."""
    if buffer.brown_out.hi == 0:
        remedy = "write the voltage at which the device resets"
        raise InvalidValue(0, "gives what is drawn while waiting no largest current", remedy, ".buffer.brown_out")
    return buffer.brown_out.hi


def lost_current(buffer: EnergyBuffer, waiting_power: int) -> int:
    """The most (femtoampere) that waiting draws and that leaks as a current, at any voltage at which the device lives.

    What leaks through a resistance is not in it.
    """
    if not waiting_power:
        return buffer.leakage.current
    # fW / nV = 1e-6 A = 1e9 fA
    return buffer.leakage.current - (-waiting_power * 10**9 // require_brown_out(buffer))


class PolynomialCharging(ChargingLaw):
    """T(x) = (square x + line) x / scale with three integers; below empty the level counts as empty."""

    def __init__(
        self, buffer: EnergyBuffer, waiting_power: int, coefficients: tuple[Fraction, Fraction] | None
    ) -> None:
        self.buffer = buffer
        self.waiting_power = waiting_power
        self.highest_level = None if coefficients is None else LIMIT
        square, line = coefficients or (Fraction(0), Fraction(0))
        self.scale = lcm(square.denominator, line.denominator)
        self.square, self.line = int(square * self.scale), int(line * self.scale)

    def _elapsed(self, level: int) -> tuple[int, int]:
        """T(level) in picoseconds as numerator and denominator."""
        self.require(level)
        if level > self.buffer.empty_level:
            return (self.square * level + self.line) * level, self.scale
        empty = -self.buffer.below_floor
        return ((self.square * empty + self.line) * empty / self.scale).as_integer_ratio()

    def elapsed_up(self, level: int) -> int:
        numerator, denominator = self._elapsed(level)
        return -(-numerator // denominator)

    def elapsed_down(self, level: int) -> int:
        numerator, denominator = self._elapsed(level)
        return numerator // denominator


class PowerCharging(PolynomialCharging):
    """Constant power: T(x) = (C_hi / C_lo) x / P for energies, C_hi (v^2 - f^2) / (2 P) for charges.

    What the device draws while waiting is subtracted: a power behind a converter, a current behind a linear regulator,
    whose power is largest at the highest voltage.
    """

    def __init__(self, buffer: EnergyBuffer, supply: ConstantPower, waiting_power: int) -> None:
        self.power = supply.power.lo - self._drawn(buffer, waiting_power)
        coefficients = self._coefficients(buffer) if self.power > 0 else None
        super().__init__(buffer, waiting_power, coefficients)

    @staticmethod
    def _drawn(buffer: EnergyBuffer, waiting_power: int) -> int:
        if buffer.coordinate is Coordinate.ENERGY or waiting_power == 0:
            return waiting_power
        return -(-waiting_power * buffer.turn_on.hi // require_brown_out(buffer))

    def _coefficients(self, buffer: EnergyBuffer) -> tuple[Fraction, Fraction]:
        high = buffer.capacitance.hi
        if buffer.coordinate is Coordinate.ENERGY:
            return Fraction(0), Fraction(high * 10**12, buffer.capacitance.lo * self.power)  # fJ / fW = 1e12 ps
        per_square = Fraction(high, 2 * 10**6 * self.power)  # fF nV^2 / fW = 1e-18 s = 1e-6 ps
        return per_square / buffer.amount_per_volt**2, 2 * per_square * buffer.floor_voltage / buffer.amount_per_volt

    def power_at(self, level: int) -> int:
        return self.power


class SourceCharging(ChargingLaw):
    """A source behind a resistance: T = R_hi C_hi ln((Vs - f) / (Vs - v)).

    While waiting the device draws at most the current `waiting_power` / brown-out voltage, its value at the lowest
    voltage at which the device lives; a constant current, and what leaks alike, lowers the source voltage by R times
    it. The buffer's series resistance adds to the source's. A leak through a resistance L makes of the two a source of
    Vs L / (R + L) behind R L / (R + L), and of a current I one of I L behind L. All of these are at their bad ends.
    """

    def __init__(self, buffer: EnergyBuffer, source: Fraction, resistance: Fraction, waiting_power: int) -> None:
        self.buffer = buffer
        self.waiting_power = waiting_power
        self.source, self.resistance = source, resistance
        self.strongest = source / 2
        # uohm fF = 1e-21 s = 1e-9 ps
        self.time_constant = Fraction(self.resistance * buffer.capacitance.hi, 10**9)
        self.time_per_step = self.time_constant / (1 << GRID_BITS)
        self.grain = -(-self.time_per_step.numerator // self.time_per_step.denominator) + 1
        charges = self.source > 0 and self.source**2 > buffer.floor_squared
        self.highest_level = None
        if charges:
            self.source_level = buffer.exact_level(self.source)
            self.highest_level = round_to_integer(self.source_level, Rounding.UP) - 1
            self._gap = self._gap_function()
        self.log_steps: Callable[[int], int] = lru_cache(_CACHED)(self._log_steps)

    @classmethod
    def of(cls, buffer: EnergyBuffer, supply: ResistiveSource, waiting_power: int) -> "SourceCharging":
        """The law of a source, with what waits, leaks and resists."""
        series = supply.resistance.hi + buffer.resistance.hi
        sag = Fraction(series * lost_current(buffer, waiting_power), 10**12)  # uohm fA = 1e-21 V = 1e-12 nV
        share = Fraction(1)
        if buffer.leakage.resistance is not None:
            share = Fraction(buffer.leakage.resistance, series + buffer.leakage.resistance)
        return cls(buffer, (supply.voltage.lo - sag) * share, series * share, waiting_power)

    def _gap_function(self) -> Callable[[int, int], int]:
        """(Vs - v(level)) 2^bits as an integer, less than 1 off either way, for bits and a level that is reached."""
        buffer, source = self.buffer, self.source
        power = 2 if buffer.coordinate is Coordinate.ENERGY else 1
        base = buffer.floor_squared if power == 2 else buffer.floor_voltage
        slope = 1 / buffer.amount_per_volt
        scale = lcm(base.denominator, slope.denominator)
        constant, factor = int(base * scale), int(slope * scale)
        top, bottom = source.numerator, source.denominator

        def energy_gap(level: int, bits: int) -> int:
            square = constant + factor * level
            root = isqrt((square << 2 * bits) // scale) if square > 0 else 0
            return (top << bits) // bottom - root

        def charge_gap(level: int, bits: int) -> int:
            height = max(0, constant + factor * level)
            return ((top * scale - height * bottom) << bits) // (bottom * scale)

        return energy_gap if power == 2 else charge_gap

    def _log_steps(self, level: int) -> int:
        """floor(2^36 ln((Vs - f) / (Vs - v(level)))).

        The logarithm of an algebraic number other than 1 is transcendental, so that no other level than the floor's own
        is a multiple of 2^-36, and a doubling width decides at last.
        """
        if level == 0 or (level < 0 and self.buffer.below_floor == 0):
            return 0
        width = FIRST_WIDTH
        while True:
            floor_gap, gap = self._gap(0, width), self._gap(level, width)
            if floor_gap > 1 and gap > 1:
                value = fixed_ln(floor_gap, width) - fixed_ln(gap, width)
                error = 2 * ERROR_ULPS + (1 << width) // (floor_gap - 1) + (1 << width) // (gap - 1) + 2
                low, high = value - error >> width - GRID_BITS, value + error >> width - GRID_BITS
                if low == high:
                    return low
            width *= 2

    def _steps(self, level: int) -> int:
        self.require(level)
        return self.log_steps(level)

    def elapsed_up(self, level: int) -> int:
        steps = self._steps(level)
        if level != 0 and (level > 0 or self.buffer.below_floor > 0):
            steps += 1
        factor = self.time_per_step
        return -(-steps * factor.numerator // factor.denominator)

    def elapsed_down(self, level: int) -> int:
        factor = self.time_per_step
        return self._steps(level) * factor.numerator // factor.denominator

    def power_at(self, level: int) -> int:
        # nV nV / uohm = 1e-12 W = 1000 fW; concave in v, so least at an end of the nanovolt that holds v
        ends = (self.buffer.voltage_of(level, rounding) for rounding in Rounding)
        return min(round_to_integer(1000 * v * (self.source - v) / self.resistance, Rounding.DOWN) for v in ends)


def charging_law(buffer: EnergyBuffer, supply: Supply, waiting_power: int = 0) -> ChargingLaw:
    """The law by which the supply charges the buffer while `waiting_power` (femtowatt) is drawn.

    A closed form where there is one in whole numbers, else steps.
    """
    if waiting_power < 0:
        raise ValueError(f"a waiting power is not negative: {waiting_power} fW")
    if isinstance(supply, CurveSupply):
        # steers a search; what a plan takes is computed from the curve itself
        supply = ConstantPower(Interval.exactly(supply.mean_power))
    if isinstance(supply, ResistiveSource) and buffer.curve is None:
        return SourceCharging.of(buffer, supply, waiting_power)
    if isinstance(supply, ConstantCurrent) and buffer.curve is None:
        from ischedule.models.current_charging import current_charging

        return current_charging(buffer, supply, waiting_power)
    is_bare = buffer.resistance.hi == 0 and buffer.curve is None
    if isinstance(supply, ConstantPower) and supply.cold_start is None and is_bare:
        if buffer.leakage.is_none:
            return PowerCharging(buffer, supply, waiting_power)
        from ischedule.models.leaky_charging import leaky_charging

        found = leaky_charging(buffer, supply, waiting_power)
        if found is not None:
            return found
    from ischedule.models.stepped_charging import SteppedCharging

    return SteppedCharging(buffer, supply, waiting_power)
