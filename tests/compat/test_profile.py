"""Primitive costs resolve to the sums that the publications print."""

from __future__ import annotations

import pytest

from ischedule.compat.platform import LayerKind, Semantics
from ischedule.compat.profile import INAS_2021, INAS_2021_CORRECTED, TINAS_2025, Profile, profile_of


def close(value: float) -> object:
    return pytest.approx(value, rel=1e-14)


def test_inas_address_computations() -> None:
    energy, time = INAS_2021.energy, INAS_2021.time
    assert (energy.fetch_input, energy.fetch_weight) == close_pair(1.2381550000000004e-07, 2.0476442307692308e-07)
    assert (time.fetch_input, time.fetch_weight) == close_pair(1.9e-05, 3.35e-05)
    assert energy.fetch_output == pytest.approx(
        (1.2381550000000004e-07, 1.0456215384615388e-07, 1.0456215384615388e-07), rel=1e-14
    )
    assert energy.store_output == pytest.approx(
        (1.8944661538461542e-07, 2.165710384615385e-07, 1.2381550000000004e-07), rel=1e-14
    )


def close_pair(first: float, second: float) -> object:
    return pytest.approx((first, second), rel=1e-14)


def test_the_slip_is_kept_in_one_profile_and_corrected_in_the_other() -> None:
    assert INAS_2021.time.fetch_output == INAS_2021.energy.fetch_output
    assert INAS_2021.time.store_output == INAS_2021.energy.store_output
    assert INAS_2021_CORRECTED.time.store_output == pytest.approx((28.75e-6, 33e-6, 19e-6), rel=1e-14)
    assert INAS_2021_CORRECTED.time.fetch_output == pytest.approx((19e-6, 16.25e-6, 16.25e-6), rel=1e-14)
    assert INAS_2021_CORRECTED.energy == INAS_2021.energy
    assert (INAS_2021.margin_is_spent, INAS_2021_CORRECTED.margin_is_spent) == (True, False)


def test_inner_steps() -> None:
    inas_time = INAS_2021.time.step[LayerKind.CONVOLUTION][0]
    assert inas_time == close(7.5e-07 + 3.2749999999999996e-05 + 1.0500000000000001e-05)
    assert INAS_2021.energy.step[LayerKind.GLOBAL_AVERAGE_POOL][2] == close(
        4.228153846153846e-09 + 2.712442307692309e-08
    )
    tinas = TINAS_2025.energy
    assert tinas.step[LayerKind.CONVOLUTION][0] == close(3.4965641025641274e-09 + 2.1232046153846183e-07)
    kept_input, kept_weight, kept_output = tinas.step[LayerKind.DEPTHWISE]
    assert kept_input == close(1.892907692307692e-08 + 2.6561112820512843e-07)
    assert kept_weight == kept_output == close(1.892907692307692e-08 + 2.2775297435897463e-07)


def test_tinas_address_computations() -> None:
    energy, time = TINAS_2025.energy, TINAS_2025.time
    assert (energy.fetch_input, energy.fetch_weight) == close_pair(1.036888205128207e-07, 2.0183076923076943e-07)
    assert (time.fetch_input, time.fetch_weight) == close_pair(1.725e-05, 3.20625e-05)
    assert time.store_output == pytest.approx((2.85e-05, 3.13125e-05, 2.00625e-05), rel=1e-14)
    assert energy.store_output == pytest.approx(
        (1.7940512820512838e-07, 1.983342051282053e-07, 1.2261789743589762e-07), rel=1e-14
    )


@pytest.mark.parametrize("profile", [INAS_2021, INAS_2021_CORRECTED, TINAS_2025])
def test_energy_and_time_know_the_same_layers(profile: Profile) -> None:
    assert set(profile.energy.step) == set(profile.time.step) == profile.kinds


def test_profiles_by_semantics() -> None:
    assert profile_of(Semantics("inas-2021")) is INAS_2021
    assert profile_of(Semantics("tinas-2025")) is TINAS_2025
    assert INAS_2021.kinds < TINAS_2025.kinds == set(LayerKind)
