"""Devices that run whole layers: read from files, refused where they are wrong, and their ways to wait."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from importlib import resources
from typing import Any

import pytest

from ischedule.models.accelerator import LayerAccelerator, Loading
from ischedule.models.cost import Cost, Effort
from ischedule.models.device import load_device
from ischedule.models.errors import InputError
from tests.models.accelerator_examples import board


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    text = (resources.files("ischedule.models.devices") / "max78000.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_published_figures_of_the_board() -> None:
    device = board()
    assert device.weights.per_element == Cost(1_377 * 10**12, 69_100 * 10**9)
    assert device.configure.rounded_up() == Effort(1_956_000_000, 109_000_000)
    assert (device.limits.weight_memory, device.volatile_memory) == (64 * 768 * 9, 16 * 32 * 1024)
    assert device.loading is Loading.CYCLE
    assert hash(device) == hash(board())
    # 176048 B of weights took 242.38 uJ and 12.16 ms.
    loaded = device.weights.of(176_048).rounded_up()
    assert loaded.amount / 1e9 == pytest.approx(242.38, rel=2e-4)
    assert loaded.time / 1e9 == pytest.approx(12.16, rel=5e-4)


def test_the_margin_lengthens_every_cycle(document: dict[str, Any]) -> None:
    exact = Fraction(103, 100) / 50_000_000
    assert 0 <= board().cycle.time - exact * 10**21 < 1
    assert 0 <= board().cycle.energy - exact * Fraction(7, 100) * 10**24 < 1
    plain = copy.deepcopy(document)
    del plain["run"]["margin"]
    device = load_device(plain)
    assert isinstance(device, LayerAccelerator)
    assert device.cycle == Cost(14 * 10**14, 20 * 10**12)


def test_the_least_way_to_wait_that_keeps_what_is_needed() -> None:
    device = board()
    kept, lost, off = (
        device.retention(weights=weights, data=data) for weights, data in ((True, True), (False, True), (False, False))
    )
    assert kept is not None
    assert lost is not None
    assert off is not None
    assert (kept.power, lost.power, off.power) == (387 * 10**9, 172 * 10**9, 30 * 10**9)
    # Keeping the weights of the published network pays for sleeps of up to 1.12 s.
    reload = device.weights.of(176_048).rounded_up().amount - device.configure.rounded_up().amount
    assert reload / (kept.power - lost.power) == pytest.approx(1.118, rel=0.01)


def test_what_it_draws_while_it_runs() -> None:
    assert board().powers() == (7_500 * 10**12 * 10 // 4_180, 70 * 10**12)
    device = load_device("max78000-transfers-only")
    assert isinstance(device, LayerAccelerator)
    assert device.powers() == (1_377 * 10**12 * 10 // 691, 70 * 10**12)


def test_a_device_without_ways_to_wait_has_none() -> None:
    device = load_device("max78000-transfers-only")
    assert isinstance(device, LayerAccelerator)
    assert device.retention(weights=False, data=False) is None


MISTAKES: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda d: d.update(kind="accelerator"), '$.device.kind = "accelerator": is not a possible value'),
    (lambda d: d.update(loading="never"), '$.device.loading = "never": is not a possible value'),
    (lambda d: d.pop("configure"), "$.device.configure = missing: is required"),
    (lambda d: d.pop("clock"), "$.device.clock = missing: is required"),
    (lambda d: d.update(vector_multiple=2), "$.device.vector_multiple = 2: is an unknown key"),
    (
        lambda d: d["limits"].update(weight_memory="0.5 B"),
        '$.device.limits.weight_memory = "0.5 B": is no whole number',
    ),
    (lambda d: d["limits"].update(kernels_2d=[[3]]), "$.device.limits.kernels_2d[0] = [3]: has too few entries"),
    (lambda d: d["run"].update(margin="-1 %"), '$.device.run.margin = "-1 %"'),
    (lambda d: d["run"].update(power=70), "$.device.run.power = 70: is a number without a unit"),
    (lambda d: d["modes"][0].pop("keeps_data"), "$.device.modes[0].keeps_data = missing: is required"),
    (lambda d: d["modes"][0].update(power="3"), '$.device.modes[0].power = "3"'),
    (lambda d: d.update(processors=0), "$.device.processors = 0: is too small"),
]


@pytest.mark.parametrize(("spoil", "message"), MISTAKES)
def test_wrong_devices_are_refused(
    spoil: Callable[[dict[str, Any]], object], message: str, document: dict[str, Any]
) -> None:
    spoiled = copy.deepcopy(document)
    spoil(spoiled)
    with pytest.raises(InputError) as caught:
        load_device(spoiled, source="case.json", path="$.device")
    assert str(caught.value).startswith(f"case.json: {message}")
