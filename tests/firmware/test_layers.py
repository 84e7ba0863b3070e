"""Kernels of the runtime on random networks: all kinds, orders, tiles, batches and power cycles, with failures in each."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from ischedule.analysis.arithmetic import AnyWidth
from tests.firmware.layer_driver import library
from tests.firmware.layer_trials import WIDTHS, LayerTrial, layer_trials

SETTINGS = settings(max_examples=80, suppress_health_check=list(HealthCheck), deadline=None)


@pytest.mark.parametrize("width", WIDTHS)
def test_compiled_layers_give_the_words_of_the_executor(width: AnyWidth) -> None:
    library(width)

    @SETTINGS
    @given(layer_trials(width))
    def check(trial: LayerTrial) -> None:
        found = trial.found()
        np.testing.assert_array_equal(found, trial.expected().reshape(found.shape))

    check()
