"""The price of a wait against charging times of fifty digits."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import mpmath
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.charging import PowerCharging, SourceCharging
from ischedule.models.cycle_law import CycleLaw
from ischedule.models.demand import Coordinate
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.rounding import most_cycles, of_one_wait
from tests.analysis.brute_force import best, choices
from tests.analysis.small_programs import program, random_law


def exact_elapsed(law: CycleLaw, level: int) -> mpmath.mpf:
    """The time from the floor to a level, not rounded to anything that matters."""
    charging = law.charging
    buffer = charging.buffer

    def number(value: Fraction) -> mpmath.mpf:
        return mpmath.mpf(value.numerator) / value.denominator

    if buffer.coordinate is Coordinate.ENERGY:
        floor = mpmath.sqrt(number(buffer.floor_squared))
        height = mpmath.sqrt(number(buffer.floor_squared + Fraction(level) / buffer.amount_per_volt))
    else:
        floor = number(buffer.floor_voltage)
        height = number(buffer.floor_voltage + Fraction(level) / buffer.amount_per_volt)
    if isinstance(charging, SourceCharging):
        source = number(charging.source)
        return number(charging.time_constant) * mpmath.log((source - floor) / (source - height))
    assert isinstance(charging, PowerCharging)
    up, down = charging.elapsed_up(level), charging.elapsed_down(level)
    assert up - down <= 1
    return mpmath.mpf(down)


@given(st.integers(0, 2**32))
def test_a_wait_is_priced_above_its_exact_time_by_no_more_than_stated(seed: int) -> None:
    random = Random(seed)
    law = random_law(random)
    if not isinstance(law, FixedWakeLaw) or law.bottom is not None or law.max_cycles is not None:
        return
    with mpmath.workdps(50):
        drain = random.randint(0, law.capacity)
        reserve, top = law.upkeep.reserve, law.turn_on
        exact = exact_elapsed(law, top.high) - exact_elapsed(law, top.level - reserve - drain)
        price = law.mid(drain) - law.upkeep.latency - law.upkeep.pause
        assert -2 <= price - exact <= of_one_wait(law)


@given(st.integers(0, 2**32))
def test_no_plan_as_quick_as_the_best_has_more_cycles(seed: int) -> None:
    case = program(Random(seed))
    optimum = best(case)
    if optimum is not None:
        latency = max(optimum.active, 0) + 10**6
        most = most_cycles(case, latency)
        assert all(len(choice.sizes) <= most for choice in choices(case) if choice.active <= latency)
