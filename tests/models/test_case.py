"""Cases: what a good file means, in internal integers, and when two files are the same problem."""

import io
import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest

from ischedule.models.case import Case, Semantics, case_hash, load_case, resolve
from ischedule.models.cost import Effort
from ischedule.models.demand import Coordinate
from ischedule.models.device import load_device
from ischedule.models.errors import InputError
from ischedule.models.quantities import Interval
from ischedule.models.schema import schema_text
from ischedule.models.supply import ConstantCurrent, ConstantPower, ResistiveSource
from ischedule.models.wake import Mechanism, Policy, Start, StartKind, Until
from tests.models.case_examples import CHARGES, EXAMPLES, LATCHED, NETWORK, REMOVED, TASKS, Document, changed

MILLI, MICRO = 10**12, 10**9
"""A millijoule in femtojoules, a microjoule in femtojoules; likewise coulombs."""


def test_a_network_case_means_what_it_says() -> None:
    case = load_case(NETWORK)
    assert (case.name, case.description, case.source) == ("small network", "Three layers.", "case")
    assert case.device == load_device("msp430fr5994-lea-2021")
    assert case.device is not None
    assert case.boot == case.restart == case.device.boot
    assert case.coordinate is Coordinate.ENERGY
    assert case.buffer.capacitance == Interval(4 * 10**12, 6 * 10**12)
    assert case.buffer.turn_on == Interval(2_980_000_000, 3_000_000_000)
    assert case.buffer.margin == Fraction(11, 20)
    assert case.buffer.clamp == 3_600_000_000
    assert case.supply == ResistiveSource(Interval(3_267_000_000, 3_333_000_000), Interval(24_000_000, 24_000_000))
    assert (case.wake.policy, case.wake.mechanism, case.wake.step) == (Policy.FIXED, Mechanism.LATCH, None)
    assert (case.start, case.until) == (Start(StartKind.CHARGED), Until.RECHARGED)
    requirements = case.requirements
    assert requirements.deadline == 600 * 10**12
    assert (requirements.volatile_memory, requirements.nonvolatile_memory) == (4096, 524_288)
    assert (case.semantics, case.dense_as_channels, case.tasks) == (Semantics.ISCHEDULE, False, None)
    assert [(s.name, s.out_height, s.out_width) for s in case.chain()] == [
        ("conv", 28, 30),
        ("line", 26, 30),
        ("pool", 1, 1),
        ("dense", 1, 1),
    ]


def test_what_a_case_leaves_out_has_the_stated_default() -> None:
    short = NETWORK
    for key in ("description", "start", "while_running", "until", "requirements", "semantics", "options"):
        short = changed(short, key, REMOVED)
    for key in ("margin", "clamp"):
        short = changed(short, f"buffer.{key}", REMOVED)
    case = load_case(short)
    assert (case.description, case.start.kind, case.until) == ("", StartKind.COLD, Until.PUBLISHED)
    assert (case.buffer.margin, case.buffer.clamp) == (1, None)
    assert (case.requirements.deadline, case.requirements.volatile_memory) == (None, 2048)
    assert case.requirements.nonvolatile_memory == 1_000_000
    assert (case.semantics, case.dense_as_channels) == (Semantics.ISCHEDULE, True)


def test_a_tasks_case_means_what_it_says() -> None:
    case = load_case(TASKS)
    assert case.tasks is not None
    assert case.device is None
    assert list(case.tasks.amount) == [10 * MICRO, 20 * MICRO, 20 * MICRO, 20 * MICRO, 30 * MICRO]
    assert list(case.tasks.commit_amount) == [0, MICRO, MICRO, MICRO, 2 * MICRO]
    assert case.tasks.is_cut == b"\x00\x01\x01\x01\x01"
    assert case.boot == Effort(77_880_000_000, 70 * 10**9)
    assert case.restart == Effort(MICRO, 10**9)
    assert case.wake.step == 2_000_000
    assert case.wake.power_on == 2_900_000_000
    assert case.wake.sleep is not None
    assert case.wake.sleep.power == 3 * MICRO
    assert case.supply == ConstantPower(Interval.exactly(2 * MILLI))
    with pytest.raises(InputError, match=r"\$\.network = missing: the case has tasks"):
        case.chain()


def test_a_current_has_an_interval_and_a_highest_voltage() -> None:
    supply = {"kind": "current", "current": ["0.4 mA", "2 mA"], "up_to": "3.6 V"}
    case = load_case(changed(TASKS, "supply", supply))
    assert case.supply == ConstantCurrent(Interval(400 * MICRO, 2 * MILLI), 3_600_000_000)


def test_behind_a_regulator_amounts_are_charges() -> None:
    case = load_case(CHARGES)
    assert case.tasks is not None
    assert case.coordinate is Coordinate.CHARGE
    assert list(case.tasks.amount) == [12 * MICRO]
    assert case.boot == Effort(30 * MICRO, 70 * 10**9)
    assert case.wake.idle_power == 5 * MILLI
    assert case.start == Start(StartKind.PERIODIC, 600 * 10**12)


def test_rounding_takes_the_side_that_promises_less() -> None:
    """Demand goes up; what is granted, and what shortens a wait by being large, goes down."""

    def load(document: Document, path: str, text: str) -> Case:
        return load_case(changed(document, path, text))

    assert load(NETWORK, "requirements.deadline", "1.5 ps").requirements.deadline == 1
    assert load(NETWORK, "requirements.volatile_memory", "100.5 B").requirements.volatile_memory == 100
    assert load(NETWORK, "requirements.nonvolatile_memory", "100.5 B").requirements.nonvolatile_memory == 100
    assert load(CHARGES, "wake.idle_power", "1.5 fW").wake.idle_power == 1
    asleep = load(changed(TASKS, "wake.sleep.power", "1.5 fW"), "wake.sleep.poll_energy", "1.5 fJ").wake.sleep
    assert asleep is not None
    assert (asleep.power, asleep.poll_energy) == (2, 2)
    assert load(TASKS, "boot.energy", "1.5 fJ").boot.amount == 2
    tasks = load(changed(TASKS, "tasks.list.0.energy", "1.5 fJ"), "tasks.list.0.volatile", "1.5 B").tasks
    assert tasks is not None
    assert (tasks.amount[0], tasks.volatile[0]) == (2, 2)
    band = load(NETWORK, "buffer.turn_on", "2.99 V ± 0.5 nV").buffer.turn_on
    assert band == Interval(2_989_999_999, 2_990_000_001)


def test_thresholds_of_a_latch_may_be_continuous() -> None:
    case = load_case(LATCHED)
    assert (case.wake.policy, case.wake.mechanism, case.wake.step) == (Policy.PROGRAMMABLE, Mechanism.LATCH, None)
    assert load_case(changed(LATCHED, "wake.step", REMOVED)).wake.step == 1_000_000


def test_a_branching_network_loads_and_has_no_chain() -> None:
    case = load_case(changed(NETWORK, "network.layers.3.inputs", ["line"]))
    with pytest.raises(InputError) as caught:
        case.chain()
    assert str(caught.value).startswith('case: $.network.layers[3].inputs[0] = "line": is read by both pool and dense')


@pytest.mark.parametrize("document", EXAMPLES.values(), ids=EXAMPLES)
def test_good_cases_satisfy_the_published_schema(document: Document) -> None:
    schema = json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


@pytest.mark.parametrize("document", EXAMPLES.values(), ids=EXAMPLES)
def test_files_values_and_standard_input_are_the_same_case(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(document, ensure_ascii=False), "utf-8")

    class Stdin:
        buffer = io.BytesIO(file.read_bytes())

    monkeypatch.setattr("sys.stdin", Stdin())
    loaded = [load_case(document), load_case(file), load_case(str(file)), load_case("-")]
    assert [case.source for case in loaded] == ["case", str(file), str(file), "-"]
    assert len({case_hash(case) for case in loaded}) == 1


def test_files_beside_the_case_are_found_from_anywhere(tmp_path: Path) -> None:
    table = "energy [uJ],time [ms],volatile [B],cut\n10,1,12,0\n20,2,0,1\n20,2,0,1\n20,2,0,1\n30,3,0,1\n"
    (tmp_path / "tasks.csv").write_text(table)
    tasks = {"columns": "tasks.csv", "commit": TASKS["tasks"]["commit"], "resume": TASKS["tasks"]["resume"]}
    document = changed(TASKS, "tasks", tasks)
    (tmp_path / "case.json").write_text(json.dumps(document), "utf-8")
    same = changed(TASKS, "tasks.list.2.cut", REMOVED)
    assert case_hash(load_case(tmp_path / "case.json")) == case_hash(load_case(same))
    assert case_hash(load_case(document, base_dir=tmp_path)) == case_hash(load_case(same))
    with pytest.raises(InputError, match=r"tasks\.csv: \$ = missing: there is no such file"):
        load_case(document, base_dir=tmp_path / "elsewhere")


@pytest.mark.parametrize("document", EXAMPLES.values(), ids=EXAMPLES)
def test_a_resolved_case_is_canonical_json(document: Document) -> None:
    resolved = resolve(load_case(document))
    assert json.loads(json.dumps(resolved)) == resolved

    def check(value: object) -> None:
        if isinstance(value, dict):
            assert list(value) == sorted(value)
            for entry in value.values():
                check(entry)
        elif isinstance(value, list):
            for entry in value:
                check(entry)
        else:
            assert value is None or isinstance(value, (str, bool, int))
            assert not isinstance(value, int) or abs(value) <= 2**53

    check(resolved)


SAME = [
    (NETWORK, "name", "another name"),
    (NETWORK, "description", REMOVED),
    (NETWORK, "buffer.capacitance", ["4000 uF", "0.006 F"]),
    (NETWORK, "buffer.margin", "0.55"),
    (NETWORK, "while_running", REMOVED),
    (NETWORK, "semantics", REMOVED),
    (NETWORK, "boot", {"energy": "77.88 uJ", "time": "0.07 s"}),
    (NETWORK, "network.layers.1.inputs", REMOVED),
    (NETWORK, "requirements.deadline", "10 min"),
    (TASKS, "tasks.list.0.name", "other"),
    (TASKS, "start", "cold"),
    (TASKS, "tasks.list.2.cut.resume", {"energy": "1000 nJ", "time": "1 ms"}),
]

DIFFERENT = [
    (NETWORK, "device", "msp430fr5994-lea-2024"),
    (NETWORK, "buffer.capacitance", "5 mF ± 21 %"),
    (NETWORK, "buffer.turn_on", "3 V"),
    (NETWORK, "buffer.brown_out", "2.801 V"),
    (NETWORK, "buffer.margin", "56 %"),
    (NETWORK, "buffer.clamp", REMOVED),
    (NETWORK, "wake", {"policy": "fixed", "mechanism": "burn", "idle_power": "1 mW"}),
    (NETWORK, "supply.voltage", "3.3 V"),
    (NETWORK, "supply.resistance", "25 ohm"),
    (NETWORK, "start", "cold"),
    (NETWORK, "until", "published"),
    (NETWORK, "requirements.deadline", "601 s"),
    (NETWORK, "requirements.volatile_memory", REMOVED),
    (NETWORK, "requirements.nonvolatile_memory", REMOVED),
    (NETWORK, "semantics", "inas-2021"),
    (NETWORK, "options.dense_as_channels", True),
    (NETWORK, "network.layers.0.out_channels", 9),
    (NETWORK, "network.layers.0.kernel", [3, 5]),
    (NETWORK, "network.input.channels", 2),
    (TASKS, "boot.energy", "77.89 uJ"),
    (TASKS, "tasks.list.1.repeat", 4),
    (TASKS, "tasks.list.0.volatile", "13 B"),
    (TASKS, "tasks.list.0.cut", True),
    (TASKS, "tasks.commit.time", "1.1 ms"),
    (TASKS, "wake.step", "3 mV"),
    (TASKS, "wake.power_on", "2.91 V"),
    (TASKS, "wake.sleep.retained", False),
    (TASKS, "wake.sleep.poll_period", "99 ms"),
    (TASKS, "supply.power", "2.1 mW"),
    (CHARGES, "start.period", "601 s"),
]


@pytest.mark.parametrize(("document", "path", "value"), SAME)
def test_the_same_problem_in_other_words_has_the_same_hash(document: Document, path: str, value: object) -> None:
    assert case_hash(load_case(changed(document, path, value))) == case_hash(load_case(document))


@pytest.mark.parametrize(("document", "path", "value"), DIFFERENT)
def test_another_problem_has_another_hash(document: Document, path: str, value: object) -> None:
    assert case_hash(load_case(changed(document, path, value))) != case_hash(load_case(document))


def test_an_inline_device_is_the_same_problem_as_its_name(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "models" / "devices" / "msp430fr5994-lea-2021.json"
    inline = json.loads(source.read_text("utf-8"))
    assert case_hash(load_case(changed(NETWORK, "device", inline))) == case_hash(load_case(NETWORK))
    inline["title"], inline["name"] = "mine", "mine"
    assert case_hash(load_case(changed(NETWORK, "device", inline))) == case_hash(load_case(NETWORK))
    inline["record_words"] = 5
    assert case_hash(load_case(changed(NETWORK, "device", inline))) != case_hash(load_case(NETWORK))
    (tmp_path / "own.json").write_text(json.dumps(inline), "utf-8")
    by_path = load_case(changed(NETWORK, "device", {"path": "own.json"}), base_dir=tmp_path)
    assert case_hash(by_path) == case_hash(load_case(changed(NETWORK, "device", inline)))


def test_cases_hold_one_workload() -> None:
    network, tasks = load_case(NETWORK), load_case(TASKS)
    fields = {name: getattr(network, name) for name in network.__dataclass_fields__}
    for wrong in ({"tasks": tasks.tasks}, {"network": None}, {"device": None}, {"buffer": load_case(CHARGES).buffer}):
        with pytest.raises(ValueError, match=r"network|energies"):
            Case(**{**fields, **wrong})


def test_loading_a_case_needs_no_numpy() -> None:
    program = (
        "import json, sys; from ischedule.models.case import load_case, case_hash; "
        "case_hash(load_case(json.loads(sys.argv[1]))); sys.exit('numpy' in sys.modules)"
    )
    for document in EXAMPLES.values():
        subprocess.run(
            [sys.executable, "-c", program, json.dumps(document)], cwd=Path(__file__).parents[2], check=True, timeout=60
        )
