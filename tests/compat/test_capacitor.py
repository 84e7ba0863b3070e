"""The published buffer: budgets as printed, and recharge laws against the circuit they describe."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.compat.capacitor import cycle_budget, recharge_time, stored_energy
from tests.compat.published_numbers import CIFAR_1MF, CIFAR_10MF, KWS_1MF, TINAS_5MF

SHARES = st.floats(0.0, 1.0)


def test_published_budgets() -> None:
    assert stored_energy(CIFAR_1MF) == pytest.approx(550.05e-6, rel=1e-12)
    assert cycle_budget(CIFAR_1MF) == pytest.approx(302.5275e-6, rel=1e-12)
    assert cycle_budget(CIFAR_10MF) == pytest.approx(3025.275e-6, rel=1e-12)
    assert cycle_budget(KWS_1MF) == pytest.approx(376.78425e-6, rel=1e-12)
    assert cycle_budget(TINAS_5MF) == pytest.approx(14.6131875e-3, rel=1e-12)


def seconds(energy: float, margin_is_spent: bool) -> float:
    return float(recharge_time(CIFAR_1MF, np.array([energy]), margin_is_spent)[0])


@given(SHARES)
def test_charging_for_that_long_returns_to_turn_on(share: float) -> None:
    energy = share * cycle_budget(CIFAR_1MF)
    left = math.sqrt(CIFAR_1MF.turn_on**2 - 2 * energy / CIFAR_1MF.capacitance)
    decay = math.exp(-seconds(energy, margin_is_spent=False) / (CIFAR_1MF.source_resistance * CIFAR_1MF.capacitance))
    reached = CIFAR_1MF.source_voltage - (CIFAR_1MF.source_voltage - left) * decay
    assert reached == pytest.approx(CIFAR_1MF.turn_on, rel=1e-12)


@given(SHARES)
def test_a_spent_margin_is_recharged_in_every_cycle(share: float) -> None:
    energy = share * cycle_budget(CIFAR_1MF)
    held_back = stored_energy(CIFAR_1MF) - cycle_budget(CIFAR_1MF)
    assert seconds(energy, margin_is_spent=True) == pytest.approx(
        seconds(energy + held_back, margin_is_spent=False), rel=1e-9
    )
    assert seconds(energy, margin_is_spent=True) > seconds(energy, margin_is_spent=False)


def test_using_the_whole_budget_is_allowed() -> None:
    budget = cycle_budget(CIFAR_1MF)
    expected = 0.052 * math.log((3.0 - 2.8) / (3.0 - 2.99))
    assert seconds(budget, margin_is_spent=True) == pytest.approx(expected, rel=1e-9)
