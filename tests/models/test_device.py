"""Devices: the built-in profiles resolve to the published figures, rounded up once; wrong files are refused."""

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.cost import FINE, Cost, Effort, LinearCost, PerOrder
from ischedule.models.device import Device, built_in_devices, load_device
from ischedule.models.errors import InputError

INAS = "msp430fr5994-lea-2021"
TINAS = "msp430fr5994-lea-2024"
ESTIMATE = "cortex-m4-256k-estimate"
ACCELERATORS = ["max78000", "max78000-transfers-only"]

# Joules and seconds of the published explorers (iNAS at 18bb84e, TiNAS at 16e5c14), resolved by their own code. The
# times of FD_O and BD_O in the first are seconds from the operation counts, not the published joules.
ADD_2021, MUL_2021 = 12 / 16e6, 44 / 16e6
PUBLISHED: dict[str, dict[str, tuple[float, float]]] = {
    INAS: {
        "fetch_input": (1.2381550000000004e-07, 1.9e-05),
        "fetch_weight": (2.0476442307692308e-07, 3.35e-05),
        "fetch_output.input": (1.2381550000000004e-07, 7 * ADD_2021 + 5 * MUL_2021),
        "fetch_output.weight": (1.0456215384615388e-07, 7 * ADD_2021 + 4 * MUL_2021),
        "fetch_output.output": (1.0456215384615388e-07, 7 * ADD_2021 + 4 * MUL_2021),
        "store_output.input": (1.8944661538461542e-07, 9 * ADD_2021 + 8 * MUL_2021),
        "store_output.weight": (2.165710384615385e-07, 11 * ADD_2021 + 9 * MUL_2021),
        "store_output.output": (1.2381550000000004e-07, 7 * ADD_2021 + 5 * MUL_2021),
        "mac_step": (
            3.935538461538471e-09 + 1.2381550000000004e-07 + 6.956665384615385e-08,
            7.5e-07 + 3.2749999999999996e-05 + 1.0500000000000001e-05,
        ),
        "tile": (0.0, 0.0),
        "pool_step": (4.228153846153846e-09 + 2.712442307692309e-08, 8.75e-07 + 4.25e-06),
        "read.per_element": (2.7e-08, 64.00000000000001 / 16e6),
        "read.fixed": (2e-07, 423.99999999999994 / 16e6),
        "write.per_element": (2.6815e-08, 64.00082974729904 / 16e6),
        "write.fixed": (1.9336e-07, 422.22773129921234 / 16e6),
        "mac.per_element": (5.27308646249e-10, 1.4999999999999978 / 16e6),
        "mac.fixed": (2.04412689725e-07, 616.0000000000002 / 16e6),
    },
    TINAS: {
        "fetch_input": (1.036888205128207e-07, 1.725e-05),
        "fetch_weight": (2.0183076923076943e-07, 3.20625e-05),
        "fetch_output.input": (1.2261789743589762e-07, 2.00625e-05),
        "fetch_output.weight": (1.036888205128207e-07, 1.725e-05),
        "fetch_output.output": (1.036888205128207e-07, 1.725e-05),
        "store_output.input": (1.7940512820512838e-07, 2.85e-05),
        "store_output.weight": (1.983342051282053e-07, 3.13125e-05),
        "store_output.output": (1.2261789743589762e-07, 2.00625e-05),
        "mac_step": (3.4965641025641274e-09 + 2.1232046153846183e-07, 7.5e-07 + 3.43125e-05),
        "tile": (5 * 1.892907692307692e-08, 5 * 2.8125e-06),
        "pool_step": (
            1.892907692307692e-08 + 4.1691282051282045e-08 + 6 * 3.4965641025641274e-09,
            2.8125e-06 + 1.00625e-05 + 6 * 7.5e-07,
        ),
        "read.per_element": (2.4096781407047943e-08, 64 / 16e6),
        "read.fixed": (1.9269110618985066e-07, 430 / 16e6),
        "write.per_element": (2.3866387540946922e-08, 64 / 16e6),
        "write.fixed": (1.9880671888670114e-07, 421 / 16e6),
        "mac.per_element": (5.03343396188007e-10, 1.5 / 16e6),
        "mac.fixed": (2.057298797039179e-07, 622 / 16e6),
    },
}


def cost(device: Device, name: str) -> Cost:
    value: Any = device
    for part in name.split("."):
        value = getattr(value, part)
    assert isinstance(value, Cost)
    return value


@pytest.mark.parametrize(("device", "name"), [(d, n) for d, costs in PUBLISHED.items() for n in costs])
def test_built_in_costs_are_the_published_ones(device: str, name: str) -> None:
    found = cost(load_device(device), name)
    joules, seconds = PUBLISHED[device][name]
    assert found.energy * 1e-24 == pytest.approx(joules, rel=1e-15, abs=1e-24)
    assert found.time * 1e-21 == pytest.approx(seconds, rel=1e-15, abs=1e-21)


def test_built_in_devices_and_their_plain_figures() -> None:
    assert built_in_devices() == [ESTIMATE, *ACCELERATORS, INAS, TINAS]
    for name, record, boot in ((INAS, 4, 70), (TINAS, 5, 55)):
        device = load_device(name)
        assert device.name == name
        assert device.boot == Effort(77_880_000_000, boot * 10**9)
        assert (device.word_bytes, device.vector_multiple, device.record_words) == (2, 2, record)
        assert (device.volatile_memory, device.nonvolatile_memory) == (2048, 1_000_000)
        assert len(device.sources) >= 5
        assert hash(device) == hash(load_device(name))


def test_an_estimated_device_says_so() -> None:
    device = load_device(ESTIMATE)
    assert "ESTIMATES" in device.title
    assert any("ESTIMATES" in source for _, source in device.sources)
    assert None not in (device.add_step, device.activation_step, device.softmax_step)


def test_primitives_are_rounded_up_once() -> None:
    device = load_device(INAS)
    add, mul = Fraction("3.935538461538471e-9"), Fraction("1.9253346153846146e-8")
    exact = (7 * add + 5 * mul) * 10**24
    assert 0 <= device.fetch_input.energy - exact < 1
    assert 0 <= device.read.per_element.time - Fraction("64.00000000000001") * 10**21 / 16_000_000 < 1


counts = st.integers(0, 10**20)
costs = st.builds(Cost, counts, counts)


@given(costs, costs, st.integers(0, 10**6))
def test_costs_add_exactly_and_round_up_once(one: Cost, other: Cost, count: int) -> None:
    both = one + other.times(count)
    assert both == Cost(one.energy + count * other.energy, one.time + count * other.time)
    rounded = both.rounded_up()
    assert 0 <= rounded.amount * FINE - both.energy < FINE
    assert 0 <= rounded.time * FINE - both.time < FINE
    assert LinearCost(other, one).of(count) == both


@given(st.fractions(0, 1), st.fractions(0, 1))
def test_costs_of_si_figures_never_fall_short(joules: Fraction, seconds: Fraction) -> None:
    found = Cost.of(joules, seconds)
    assert 0 <= found.energy - joules * 10**24 < 1
    assert 0 <= found.time - seconds * 10**21 < 1


def test_costs_validate() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        Cost(-1, 0)
    with pytest.raises(ValueError, match="integers"):
        Effort(0, 1.5)  # type: ignore[arg-type]
    orders = PerOrder(Cost(1, 1), Cost(2, 2), Cost(3, 3))
    assert [orders[order].energy for order in ("input", "weight", "output")] == [1, 2, 3]
    with pytest.raises(KeyError):
        orders["rows"]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    text = (resources.files("ischedule.models.devices") / f"{INAS}.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_a_device_loads_alike_from_name_value_and_file(document: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json.dumps(document), "utf-8")
    built_in = load_device(INAS)
    assert load_device(document) == built_in
    assert load_device({"path": "own.json"}, tmp_path) == built_in
    assert load_device(tmp_path / "own.json") == built_in


def test_measured_figures_need_neither_counts_nor_cycles(document: dict[str, Any]) -> None:
    own = {key: value for key, value in document.items() if key not in ("clock", "operations", "sources", "title")}
    plain = {"energy": "1 nJ", "time": "2 us"}
    for key in ("read", "write", "multiply_accumulate"):
        own[key] = {"per_element": plain, "fixed": plain}
    for key in ("add_step", "activation_step"):
        del own[key]
    for key in ("fetch_input", "fetch_weight", "mac_step", "tile", "pool_step", "softmax_step"):
        own[key] = [{"what": "measured", **plain}]
    for key in ("fetch_output", "store_output"):
        own[key] = {order: [plain, plain] for order in ("input", "weight", "output")}
    device = load_device(own)
    assert device.tile == device.mac.fixed == Cost(10**15, 2 * 10**15)
    assert device.store_output["weight"] == Cost(2 * 10**15, 4 * 10**15)
    assert device.title == device.name
    assert (device.add_step, device.activation_step, device.softmax_step) == (None, None, Cost(10**15, 2 * 10**15))


MISTAKES: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda d: d.update(colck="1 Hz"), '$.device.colck = "1 Hz": is an unknown key; write "clock"'),
    (lambda d: d.pop("boot"), '$.device.boot = missing: is required; add "boot"'),
    (lambda d: d.pop("word"), '$.device.word = missing: is required; add "word", for example "2048 B"'),
    (lambda d: d.update(clock="0 Hz"), '$.device.clock = "0 Hz": is no clock; write for example "16 MHz"'),
    (
        lambda d: d.pop("clock"),
        '$.device.operations.add.time = "12 cycles": counts cycles of an unknown clock; '
        'add "clock", for example "16 MHz"',
    ),
    (
        lambda d: d["boot"].update(energy=3),
        '$.device.boot.energy = 3: is a number without a unit; write an energy with its unit, for example "77.88 uJ"',
    ),
    (
        lambda d: d["operations"].pop("mul"),
        "$.device.fetch_input[0].energy.mul = 5: counts an unknown operation; write one of add, div, mod, max",
    ),
    (
        lambda d: d.update(word="1.5 B"),
        '$.device.word = "1.5 B": is no possible number of bytes; write a whole number from 1 B',
    ),
    (
        lambda d: d["boot"].update(time="some cycles"),
        '$.device.boot.time = "some cycles": is no possible number of cycles; write for example "12 cycles"',
    ),
    (lambda d: d["tile"].append(3), "$.device.tile[0] = 3: has the wrong type; write an object"),
    (lambda d: d.update(vector_multiple=2.0), "$.device.vector_multiple = 2.0: has the wrong type; write an integer"),
    (lambda d: d.update(vector_multiple=0), "$.device.vector_multiple = 0: is too small; write at least 1"),
    (lambda d: d.update(device_format=2), "$.device.device_format = 2: is not a possible value; write 1"),
    (
        lambda d: d["tile"].append({"energy": {"add": -1}, "time": "1 s"}),
        "$.device.tile[0].energy.add = -1: is too small; write at least 0",
    ),
]


@pytest.mark.parametrize(("spoil", "message"), MISTAKES)
def test_wrong_devices_are_refused(
    spoil: Callable[[dict[str, Any]], object], message: str, document: dict[str, Any]
) -> None:
    spoiled = copy.deepcopy(document)
    spoil(spoiled)
    with pytest.raises(InputError) as caught:
        load_device(spoiled, source="case.json", path="$.device")
    assert str(caught.value) == f"case.json: {message}"


def test_unknown_names_and_files(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_device("esp32", source="case.json", path="$.device")
    known = ", ".join((ESTIMATE, *ACCELERATORS, INAS, TINAS))
    problem = "is no built-in device; write one of"
    assert str(caught.value) == f'case.json: $.device = "esp32": {problem} {known}, or {{"path": "FILE"}}'
    with pytest.raises(InputError, match="no such file"):
        load_device({"path": "none.json"}, tmp_path)
    (tmp_path / "three.json").write_text("3")
    with pytest.raises(InputError, match=r"\$ = 3: has the wrong type; write an object"):
        load_device({"path": "three.json"}, tmp_path)
