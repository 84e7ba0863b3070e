"""Wrong case files: each is one line that names the file, the place, the value, what is wrong, and the way out."""

import json
from pathlib import Path

import pytest

from ischedule.models.case import load_case
from ischedule.models.errors import InputError
from tests.models.case_examples import BUFFER, CHARGES, LATCHED, NETWORK, REMOVED, TASKS, Document, changed

WITH_UNIT = "is a number without a unit"
ABOVE = "write a voltage above 2.8 V"
COMPARATOR = "is needed: a device that is switched off cannot watch a programmed threshold itself"
TASK = {"energy": "1 uJ", "time": "1 ms"}

# Document, path of the change, new value, JSON path of the complaint (None: of the change), complaint.
TABLE: list[tuple[Document, str, object, str, str]] = [
    # shape
    (NETWORK, "bufer", 1, "$.bufer = 1", 'is an unknown key; write "buffer"'),
    (NETWORK, "buffer.esr", "1 ohm", '$.buffer.esr = "1 ohm"', "is an unknown key; remove it; possible are"),
    (NETWORK, "ischedule", REMOVED, "$.ischedule = missing", 'is required; add "ischedule", for example 1'),
    (NETWORK, "ischedule", 2, "$.ischedule = 2", "is not a possible value; write 1"),
    (NETWORK, "ischedule", True, "$.ischedule = true", "is not a possible value; write 1"),
    (NETWORK, "ischedule", 1.0, "$.ischedule = 1.0", "is not a possible value; write 1"),
    (NETWORK, "name", "", '$.name = ""', "is empty; write a text"),
    (NETWORK, "name", None, "$.name = null", "has the wrong type; write a text"),
    (NETWORK, "supply.kind", REMOVED, "$.supply.kind = missing", 'is required; add "kind"'),
    (NETWORK, "supply.kind", "solar", '$.supply.kind = "solar"', 'is not a possible value; write "power" or "source"'),
    (NETWORK, "supply.power", "1 W", '$.supply.power = "1 W"', "is an unknown key; remove it; possible are kind, volt"),
    (NETWORK, "supply", {"kind": "current"}, "$.supply.current = missing", "is required"),
    (NETWORK, "supply", {"kind": "current", "current": "5 mW"}, '$.supply.current = "5 mW"', "where a current belongs"),
    (
        NETWORK,
        "supply",
        {"kind": "current", "current": "5 mA", "up_to": "1 A"},
        '$.supply.up_to = "1 A"',
        "where a voltage belongs",
    ),
    (
        NETWORK,
        "supply",
        {"kind": "current", "current": "5 mA", "voltage": "1 V"},
        '$.supply.voltage = "1 V"',
        "is an unknown key; remove it; possible are kind, current, up_to",
    ),
    (NETWORK, "start", "warm", '$.start = "warm"', 'write "cold" or "floor" or "charged"'),
    (NETWORK, "start", 5, "$.start = 5", 'is not a start; write a start, for example "cold" or {"period": "600 s"}'),
    (NETWORK, "while_running", "some", '$.while_running = "some"', 'is not a possible value; write "none"'),
    (NETWORK, "until", "done", '$.until = "done"', 'write "published" or "recharged"'),
    (NETWORK, "semantics", "inas", '$.semantics = "inas"', 'write "ischedule" or "inas-2021" or "tinas-2025"'),
    (NETWORK, "options.dense_as_channels", 1, "$.options.dense_as_channels = 1", "write true or false"),
    # quantities
    (NETWORK, "buffer.capacitance", 5, "$.buffer.capacitance = 5", f"{WITH_UNIT}; write a capacitance with its unit"),
    (
        NETWORK,
        "buffer.capacitance",
        "5",
        '$.buffer.capacitance = "5"',
        f"{WITH_UNIT}; write a number with its unit, fo",
    ),
    (NETWORK, "buffer.capacitance", "5 V", '$.buffer.capacitance = "5 V"', "is a voltage where a capacitance belongs;"),
    (NETWORK, "buffer.capacitance", "5 xF", '$.buffer.capacitance = "5 xF"', 'has the unknown unit "xF"; write'),
    (
        NETWORK,
        "buffer.capacitance",
        "-5 mF",
        '$.buffer.capacitance = "-5 mF"',
        "is negative; write a capacitance of at",
    ),
    (NETWORK, "buffer.capacitance", "0 mF", '$.buffer.capacitance = "0 mF"', "is zero; write a capacitance above 0 F"),
    (NETWORK, "buffer.capacitance", "5 mF ± 100 %", '$.buffer.capacitance = "5 mF ± 100 %"', "reaches zero; write"),
    (NETWORK, "buffer.capacitance", "1e9 F", '$.buffer.capacitance = "1e9 F"', "is too large; write at most 4.61 kF"),
    (NETWORK, "buffer.capacitance", "4000 F", '$.buffer.capacitance = "4000 F"', "write a smaller capacitance"),
    (NETWORK, "buffer.capacitance", ["5 mF"], '$.buffer.capacitance = ["5 mF"]', "has too few entries; write at least"),
    (NETWORK, "buffer.turn_on.1", 3, "$.buffer.turn_on[1] = 3", f"{WITH_UNIT}; write a voltage with its unit, for exa"),
    (NETWORK, "buffer.turn_on.1", "2 V", '$.buffer.turn_on = "2.98 V, 2 V"', "has its larger end first; swap the two"),
    (NETWORK, "supply.resistance", "0 ohm", '$.supply.resistance = "0 ohm"', "is zero; write a resistance above 0 ohm"),
    (
        TASKS,
        "supply.power",
        "nan W",
        '$.supply.power = "nan W"',
        "is not a power; write a number with its unit, for exa",
    ),
    (TASKS, "boot.time", "70", '$.boot.time = "70"', f'{WITH_UNIT}; write a number with its unit, for example "70 ms"'),
    # buffer
    (
        NETWORK,
        "buffer.turn_on",
        "2.8 V",
        '$.buffer.turn_on = "2.8 V"',
        "is not above the brown-out voltage 2.8 V; write",
    ),
    (
        NETWORK,
        "buffer.turn_on",
        "2.9 V ± 5 %",
        '$.buffer.turn_on = "2.9 V ± 5 %"',
        f"out voltage 2.8 V; {ABOVE} over its",
    ),
    (
        NETWORK,
        "buffer.margin",
        0.55,
        "$.buffer.margin = 0.55",
        "is not a ratio in quotes; write a ratio in quotes, for",
    ),
    (NETWORK, "buffer.margin", "155 %", '$.buffer.margin = "155 %"', "is no share of the band between brown-out and"),
    (NETWORK, "buffer.margin", "0 %", '$.buffer.margin = "0 %"', 'turn-on; write more than "0 %" and at most "100 %"'),
    (
        NETWORK,
        "buffer.margin",
        "half",
        '$.buffer.margin = "half"',
        'is not a ratio; write a text such as "55 %" or "0.5',
    ),
    (NETWORK, "buffer.clamp", "2.99 V", '$.buffer.clamp = "2.99 V"', "is below the turn-on voltage 3 V, which is then"),
    (
        NETWORK,
        "buffer.clamp",
        "3.1234567891 V",
        '$.buffer.clamp = "3.1234567891 V"',
        "is finer than 1 nV; write a whole",
    ),
    (NETWORK, "buffer.leakage", REMOVED, "$.buffer.leakage = missing", 'is required; add "leakage", for example "0 A"'),
    (NETWORK, "buffer.leakage", "-1 uA", '$.buffer.leakage = "-1 uA"', "is negative"),
    (NETWORK, "buffer.leakage", {"resistance": "0 ohm"}, '$.buffer.leakage.resistance = "0 ohm"', "is zero; write"),
    (NETWORK, "buffer.series_resistance", "2 V", '$.buffer.series_resistance = "2 V"', "is a voltage"),
    (
        NETWORK,
        "buffer.drift",
        [{"cause": "ageing", "capacitance": ["100 %", "70 %"]}],
        '$.buffer.drift[0].capacitance = "100 %, 70 %"',
        "is no range of factors; write the lesser one first",
    ),
    (
        NETWORK,
        "buffer.capacitance_curve",
        [{"voltage": "0 V", "capacitance": "5 mF"}, {"voltage": "3 V", "capacitance": "4 mF"}],
        '$.buffer.capacitance_curve = "2 points"',
        "stands beside a capacitance; keep one of the two",
    ),
    (NETWORK, "converter", {"efficiency": "120 %"}, '$.converter.efficiency = "120 %"', "is no efficiency"),
    (NETWORK, "load", {"current": "2 mA"}, '$.load.current = "2 mA"', 'a load draws a power there; state "power"'),
    # wake
    (NETWORK, "wake.mechanism", "burn", "$.wake.idle_power = missing", "is required for burn; state the least power"),
    (
        NETWORK,
        "wake.mechanism",
        "sense",
        "$.wake.sleep = missing",
        "is required for sense; state what the device draws",
    ),
    (NETWORK, "wake.policy", "programmable", "$.wake.external_comparator = missing", f"{COMPARATOR}; write true if"),
    (LATCHED, "wake.external_comparator", False, "$.wake.external_comparator = false", f"{COMPARATOR}; write true if"),
    (
        CHARGES,
        "wake.policy",
        "programmable",
        '$.wake.mechanism = "burn"',
        'threshold; write "sense", "latch" with an ext',
    ),
    (CHARGES, "wake.idle_power", "0 W", '$.wake.idle_power = "0 W"', "is needed to know how long burning takes; state"),
    (
        NETWORK,
        "wake.step",
        "1 mV",
        '$.wake.step = "1 mV"',
        "means nothing for fixed wake with the mechanism latch; rem",
    ),
    (
        NETWORK,
        "wake.power_on",
        "2.9 V",
        '$.wake.power_on = "2.9 V"',
        "means nothing for fixed wake with the mechanism l",
    ),
    (
        NETWORK,
        "wake.idle_power",
        "1 W",
        '$.wake.idle_power = "1 W"',
        "means nothing for fixed wake with the mechanism la",
    ),
    (TASKS, "wake.external_comparator", True, "$.wake.external_comparator = true", "means nothing for programmable"),
    (TASKS, "wake.step", "0 V", '$.wake.step = "0 V"', "is zero; write a voltage above 0 V"),
    (TASKS, "wake.step", "fine", '$.wake.step = "fine"', "is not a voltage; write a number with its unit, for example"),
    (TASKS, "wake.power_on", REMOVED, "$.wake.power_on = missing", 'may have been off; add "power_on" with a voltage'),
    (
        TASKS,
        "wake.power_on",
        "2.8 V",
        '$.wake.power_on = "2.8 V"',
        f"is not above the brown-out voltage 2.8 V; {ABOVE}",
    ),
    (
        LATCHED,
        "start",
        {"period": "1 s"},
        "$.wake.power_on = missing",
        "is required where the device may have been off",
    ),
    (TASKS, "wake.sleep.poll_period", "0 s", '$.wake.sleep.poll_period = "0 s"', "is zero; write a time above 0 s"),
    (TASKS, "wake.sleep.power", REMOVED, "$.wake.sleep.power = missing", 'is required; add "power", for example "2 m'),
    # supply, start, requirements
    (CHARGES, "start.period", "0 s", '$.start.period = "0 s"', "is zero; write a time above 0 s"),
    (NETWORK, "requirements.deadline", "0 s", '$.requirements.deadline = "0 s"', "is zero; write a time above 0 s"),
    (NETWORK, "requirements.deadline", 600, "$.requirements.deadline = 600", f"{WITH_UNIT}; write a time with its un"),
    (TASKS, "requirements", REMOVED, "$.requirements.volatile_memory = missing", "is required: tasks use volatile mem"),
    # power path, device, boot
    (NETWORK, "power_path", "regulator", '$.power_path = "regulator"', 'are energies; write "converter", or state the'),
    (
        NETWORK,
        "device",
        REMOVED,
        "$.device = missing",
        'is required for a network; add "device", for example "msp430fr',
    ),
    (
        NETWORK,
        "device",
        "esp32",
        '$.device = "esp32"',
        "is no built-in device; write one of cortex-m4-256k-estimate, m",
    ),
    (NETWORK, "device", 3, "$.device = 3", 'has the wrong type; write a text or an object, for example "msp430fr5994'),
    (NETWORK, "device", {"name": "x"}, "$.device.device_format = missing", 'is required; add "device_format"'),
    (NETWORK, "device", {"path": 3}, "$.device.path = 3", "has the wrong type; write a text"),
    (
        TASKS,
        "boot",
        REMOVED,
        "$.boot = missing",
        'is required without a device; add {"energy": "77.88 uJ", "time": "70',
    ),
    (TASKS, "boot.charge", "1 C", '$.boot.charge = "1 C"', "is a charge, and behind a converter amounts are energies;"),
    (
        CHARGES,
        "boot",
        {"energy": "1 J", "time": "1 s"},
        '$.boot.energy = "1 J"',
        "regulator amounts are charges; write",
    ),
    (
        CHARGES,
        "boot",
        {"time": "1 s"},
        "$.boot.charge = missing",
        'is required behind a regulator; add "charge", for ex',
    ),
    # network
    (NETWORK, "network", REMOVED, "$.network = missing", 'is required; add "network", or explicit "tasks"'),
    (NETWORK, "tasks", [TASK], "$.tasks = [1 entries]", "stands beside a network; keep one of the two"),
    (NETWORK, "network.layers", [], "$.network.layers = [0 entries]", "has too few entries; write at least 1"),
    (NETWORK, "network.layers.0.kernel", [33, 3], "$.network.layers[0].kernel = [33, 3]", "is larger than the layer's"),
    (
        NETWORK,
        "network.layers.0.kernel",
        [3],
        "$.network.layers[0].kernel = [3]",
        "has one side; write [height, width]",
    ),
    (NETWORK, "network.layers.0.kernel", 3, "$.network.layers[0].kernel = 3", "has the wrong type; write a list, for"),
    (
        NETWORK,
        "network.layers.0.kernel",
        REMOVED,
        '$.network.layers[0].name = "conv"',
        "is a conv2d layer without kernel",
    ),
    (
        NETWORK,
        "network.layers.2.kernel",
        [3, 3],
        "$.network.layers[2].kernel = [3, 3]",
        "means nothing in a global_ave",
    ),
    (NETWORK, "network.layers.1.inputs", ["x"], '$.network.layers[1].inputs[0] = "x"', "names no layer; name another"),
    (NETWORK, "network.layers.0.inputs", ["dense"], '$.network.layers[0].inputs = "conv"', "depends on its own result"),
    (NETWORK, "network.layers.3.name", "conv", '$.network.layers[3].name = "conv"', "is also the name of layers[0]; g"),
    (
        NETWORK,
        "network.layers.0.kind",
        "conv3d",
        '$.network.layers[0].kind = "conv3d"',
        'write "conv2d" or "conv1d" or',
    ),
    (NETWORK, "network.layers.0.strides", 2, "$.network.layers[0].strides = 2", 'is an unknown key; write "stride"'),
    (NETWORK, "network.layers.0.stride", [2], "$.network.layers[0].stride = [2]", "has one side; write one stride, or"),
    (NETWORK, "network.layers.0.dilation", [2], "$.network.layers[0].dilation = [2]", "has one side; write one dila"),
    (NETWORK, "network.layers.2.stride", 2, "$.network.layers[2].stride = [2, 2]", "means nothing in a global_average"),
    (NETWORK, "network.layers.0.padding", "full", '$.network.layers[0].padding = "full"', "is no possible padding; w"),
    (NETWORK, "network.layers.0.padding", [1, 1], "$.network.layers[0].padding = [1, 1]", "has 2 sides; write [top, b"),
    (NETWORK, "network.layers.0.dilation", 20, "$.network.layers[0].kernel = [5, 3]", "is (spread over 81) larger"),
    (NETWORK, "network.layers.0.groups", 2, "$.network.layers[0].groups = 2", "does not divide the 3 input channels"),
    (NETWORK, "network.layers.0.bias", 1, "$.network.layers[0].bias = 1", "has the wrong type; write true or false"),
    (NETWORK, "network.layers.0.activation", "elu", '$.network.layers[0].activation = "elu"', 'write "relu" or "relu6'),
    (NETWORK, "network.layers.2.kind", "add", '$.network.layers[2].inputs = ["line"]', "gives one input to"),
    (NETWORK, "network.width", "int4", '$.network.width = "int4"', 'is not a possible value; write "int8" or "int16"'),
    (NETWORK, "network.input.height", 0, "$.network.input.height = 0", "is too small; write at least 1"),
    (NETWORK, "network.input.height", 3.0, "$.network.input.height = 3.0", "has the wrong type; write an integer"),
    (NETWORK, "network.input.height", 10**6, "$.network.input.height = 1000000", "is too large; write at most 65535"),
    (NETWORK, "network.input.height", "32", '$.network.input.height = "32"', "has the wrong type; write an integer"),
    # tasks
    (TASKS, "semantics", "inas-2021", '$.semantics = "inas-2021"', "has no meaning for explicit tasks; write"),
    (TASKS, "tasks", [], "$.tasks = [0 entries]", "has too few entries; write at least 1"),
    (TASKS, "tasks", [TASK], "$.tasks[0].cut.commit = missing", "is stated neither for this cut nor for all tasks; st"),
    (TASKS, "tasks", 3, "$.tasks = 3", "is not a list of tasks, or a workload; write a list of tasks, or a workload"),
    (TASKS, "tasks.list", REMOVED, "$.tasks.list = missing", 'is required; add "list" with tasks, or "columns" with a'),
    (TASKS, "tasks.columns", "a.csv", "$.tasks.list = [3 entries]", "stands beside columns; keep one of the two"),
    (TASKS, "tasks.commit", REMOVED, "$.tasks.list[1].cut.commit = missing", "is stated neither for this cut nor for"),
    (TASKS, "tasks.list.2.cut", False, '$.tasks.list[2].cut = "task 2"', "is the last task and is followed by no cut,"),
    (TASKS, "tasks.list.1.repeat", 0, "$.tasks.list[1].repeat = 0", "is too small; write at least 1"),
    (TASKS, "tasks.list.3", {**TASK, "repeat": 10**7}, "$.tasks.list[3].repeat = 10000000", "brings the number of tas"),
    (TASKS, "tasks.list.3", {**TASK, "name": ""}, '$.tasks.list[3].name = ""', "is empty; write a text"),
    (TASKS, "tasks.list.1.name", 3, "$.tasks.list[1].name = 3", "has the wrong type; write a text"),
    (TASKS, "tasks.list.1.enrgy", "1 J", '$.tasks.list[1].enrgy = "1 J"', 'is an unknown key; write "energy"'),
    (TASKS, "tasks.list.1.energy", REMOVED, "$.tasks.list[1].energy = missing", "is required behind a converter; add"),
    (TASKS, "tasks.list.1.energy", 3, "$.tasks.list[1].energy = 3", f"{WITH_UNIT}; write an energy with its unit, for"),
    (
        TASKS,
        "tasks.list.1.energy",
        "3 C",
        '$.tasks.list[1].energy = "3 C"',
        "is a charge where an energy belongs; write",
    ),
    (
        TASKS,
        "tasks.list.1.energy",
        "4 kJ",
        "$.tasks.list = 12000000049000000000",
        "is the total amount of all tasks and",
    ),
    (
        TASKS,
        "tasks.list.1.cut",
        "no",
        '$.tasks.list[1].cut = "no"',
        "has the wrong type; write true or false or an obje",
    ),
    (TASKS, "tasks.list.2.cut.commit.time", "1 V", '$.tasks.list[2].cut.commit.time = "1 V"', "is a voltage where a"),
    (TASKS, "tasks.list.2.cut.commt", {}, "$.tasks.list[2].cut.commt = {0 keys}", 'is an unknown key; write "commit"'),
]


@pytest.mark.parametrize(("document", "path", "value", "place", "complaint"), TABLE)
def test_wrong_cases(document: Document, path: str, value: object, place: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(changed(document, path, value), ensure_ascii=False), "utf-8")
    with pytest.raises(InputError) as caught:
        load_case(file)
    text = str(caught.value)
    assert text.startswith(f"{file}: {place}: ")
    assert complaint in text
    assert caught.value.remedy in text
    assert len(text.splitlines()) == 1


def test_the_examples_themselves_are_right() -> None:
    for document in (NETWORK, TASKS, CHARGES, LATCHED):
        assert load_case(document).name == document["name"]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "$ = missing: the file is empty"),
        (b"\xff\xfe", "$ = missing: is not UTF-8"),
        (b"[1, 2]", "$ = [1, 2]: is not an ischedule case (a JSON object); write"),
        (b"3", "$ = 3: is not an ischedule case (a JSON object); write"),
        (b"{", "is not JSON at line 1, column 2"),
        (b'{"ischedule": 1, "ischedule": 1}', '$.ischedule = "ischedule": is a duplicate key; keep one of the two'),
        (b'{"ischedule": NaN}', '$.ischedule = "NaN": is no number; write a finite value'),
        (b'{"ischedule": 1' + b"0" * 10_000 + b"}", "is a number too long to be meant"),
        (b'{"a": ' * 50_000, "$ = missing: is nested too deeply"),
    ],
)
def test_files_that_hold_no_case(content: bytes, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_case(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert complaint in str(caught.value)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json: \$ = missing: there is no such file; check the name"):
        load_case(tmp_path / "none.json")
    with pytest.raises(InputError, match="is a directory; name a file in it"):
        load_case(tmp_path)


def test_errors_in_a_device_file_name_that_file(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text('{"device_format": 3}')
    with pytest.raises(InputError) as caught:
        load_case(changed(NETWORK, "device", {"path": "own.json"}), base_dir=tmp_path)
    assert str(caught.value) == f"{tmp_path / 'own.json'}: $.device_format = 3: is not a possible value; write 1"


def test_values_that_json_cannot_hold() -> None:
    circular: Document = {}
    circular["self"] = circular
    nested: object = 1
    for _ in range(10_000):
        nested = [nested]
    for wrong in ({"a": {1, 2}}, {(1, 2): 3}, circular, {"a": nested}, {"a": BUFFER.keys()}):
        with pytest.raises(InputError):
            load_case(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="NaN"):
        load_case({"ischedule": float("nan")})
