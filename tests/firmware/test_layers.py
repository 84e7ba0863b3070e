"""Kernels of the runtime: networks of all kinds of layers under any plan, power failing in each cycle, bit by bit."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from ischedule.analysis.arithmetic import AnyWidth
from tests.firmware.layer_driver import library
from tests.firmware.layer_trials import NETWORKS, WIDTHS, LayerTrial, drawn_trial, layer_trials


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NETWORKS)
def test_any_plan_gives_the_words_of_the_executor(name: str, width: AnyWidth) -> None:
    for seed in range(4):
        trial = drawn_trial(name, width, seed)
        trial.require_equal()
        assert trial.expected.min() < trial.expected.max()


@pytest.mark.parametrize("width", WIDTHS)
def test_any_network_gives_the_words_of_the_executor(width: AnyWidth) -> None:
    library(width)

    @settings(max_examples=8, suppress_health_check=list(HealthCheck), deadline=None)
    @given(layer_trials(width))
    def check(trial: LayerTrial) -> None:
        trial.require_equal()

    check()


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_undefined(width: AnyWidth) -> None:
    """Neither with sums that are garbage because power has failed. Products of 64 bits are made of 32 bits here."""
    options = ("-fsanitize=undefined", "-fno-sanitize-recover=all", "-static-libubsan", "-DISCHED_HAS_INT64=0")
    for name in NETWORKS:
        drawn_trial(name, width, 100).require_equal(*options)
