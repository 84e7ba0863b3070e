"""Kernels of the runtime: networks of all kinds of layers under any plan, power failing in each cycle, bit by bit."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from ischedule.analysis.arithmetic import AnyWidth, Width
from tests.firmware.layer_driver import library
from tests.firmware.layer_trials import NETWORKS, WIDTHS, LayerTrial, drawn_trial, layer_trials


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NETWORKS)
def test_any_plan_gives_the_words_of_the_executor(name: str, width: AnyWidth) -> None:
    for seed in range(6):
        trial = drawn_trial(name, width, seed)
        trial.require_equal()
        assert trial.expected.min() < trial.expected.max()


@pytest.mark.parametrize("width", WIDTHS)
def test_any_network_gives_the_words_of_the_executor(width: AnyWidth) -> None:
    library(width)

    @settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
    @given(layer_trials(width))
    def check(trial: LayerTrial) -> None:
        trial.require_equal()

    check()


def test_products_of_64_bits_are_the_same_without_integers_of_64_bits() -> None:
    for name in NETWORKS:
        drawn_trial(name, Width.INT8, 100).require_equal("-DISCHED_HAS_INT64=0")
