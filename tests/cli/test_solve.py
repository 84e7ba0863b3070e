"""`ischedule solve` as a user meets it: its text, its JSON, its files, its exit codes, and a newcomer's mistakes."""

from __future__ import annotations

import io
import json
import re
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from ischedule.cli import solve as command
from ischedule.cli.main import main
from ischedule.cli.shipped import shipped_cases
from ischedule.models.plan_file import parse_plan_file
from tests.analysis.node_cases import REGULATED, SOURCE, asleep, document, programmable

Captured = pytest.CaptureFixture[str]
OWN = (
    "sensor-node-sense-compute-send",
    "sensor-node-radio-does-not-fit",
    "sensor-node-deadline-missed-narrowly",
    "sensor-node-sleeps-and-measures",
    "sensor-node-part-tolerances",
    "camera-behind-linear-regulator",
    "kws-programmable-comparator-1mF",
)
EXITS = {"sensor-node-radio-does-not-fit": 1, "sensor-node-deadline-missed-narrowly": 1}
IDEAL = "(ideal capacitor: no series resistance, no leakage)"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str = "case.json", **changes: Any) -> str:
    Path(name).write_text(json.dumps(document(**changes)))
    return name


def printed(capsys: Captured, *arguments: str, code: int = 0) -> str:
    assert main(["solve", *arguments]) == code
    out, err = capsys.readouterr()
    assert err == ""
    return str(out)


def value(capsys: Captured, *arguments: str, code: int = 0) -> dict[str, Any]:
    found = json.loads(printed(capsys, *arguments, "--json", code=code))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", OWN)
def test_a_shipped_case_is_solved_and_fits_a_terminal(capsys: Captured, name: str) -> None:
    text = printed(capsys, name, code=EXITS.get(name, 0))
    first, second = text.splitlines()[:2]
    assert first == f"{name}: {'schedulable' if name not in EXITS else 'unschedulable'}"
    assert second.startswith("certified")
    assert second.endswith(IDEAL)
    assert max(map(len, text.splitlines())) <= 100
    assert text.endswith("\n")
    assert "\n\n\n" not in text


def test_the_text_says_what_an_engineer_wants(capsys: Captured) -> None:
    text = printed(capsys, write(requirements={"deadline": "10 s"}))
    for line in (
        r"node: schedulable",
        rf"certified optimal {re.escape(IDEAL)}",
        r"latency +[\d.]+ s at worst, from an empty buffer until the last result is published",
        r"best possible +no plan takes less \(with charging times not rounded: at most .* less\)",
        r"deadline +10 s, met with [\d.]+ s \([\d.]+ %\) to spare",
        r"energy +[\d.]+ mJ in 2 power cycles; the fullest takes [\d.]+ mJ of 1.422 mJ",
        r"physical bound +[\d.]+ s if all charging were at the best charging power; the plan takes [\d.]+ % more",
        r"task +times +energy +of all energy +running +of the latency",
        r"sample +24 +840 uJ +[\d.]+ % +288 ms +[\d.]+ %",
        r"cycle +works on +tasks each +energy +starts at",
        r"\d +classify 2 to send +4 +[\d.]+ mJ +3.3 V",
        r"booting +60 ms +[\d.]+ % +120 uJ +[\d.]+ %",
        r"waiting for charge +[\d.]+ s +[\d.]+ %",
        r"- the supply delivers at least its lowest stated power whenever the device waits",
    ):
        assert re.search(rf"^{line}$", text, re.MULTILINE), line


def test_the_text_of_a_network_has_a_table_of_layers(capsys: Captured) -> None:
    text = printed(capsys, "kws-programmable-comparator-1mF")
    assert re.search(r"^layer +keeps +tile +batch +atoms +cycles +energy +time +share$", text, re.MULTILINE)
    assert re.search(
        r"^dense1 +input +1 x 1 x 1 x 250 flat +\d+ +\d+ +\d+ +[\d.]+ uJ +[\d.]+ ms +[\d.]+ %$", text, re.M
    )
    assert re.search(r"^all +16 +9 +2.423 mJ +1.84 s +100.0 %$", text, re.MULTILINE)
    assert "(code 2980)" in text
    for name in ("computing", "fetching operands", "storing results", "resuming", "committing"):
        assert re.search(rf"^{name} +[\d.]+ [mu]s +[\d.]+ % +[\d.]+ [mu]J +[\d.]+ %$", text, re.MULTILINE), name


def test_shares_add_up(capsys: Captured) -> None:
    for arguments in (("kws-programmable-comparator-1mF",), (write(wake=asleep(), supply=SOURCE),)):
        figures = value(capsys, *arguments)
        parts = figures["figures"]["parts"].values()
        assert sum(part["time"] for part in parts) == figures["latency"]
        assert sum(part["drain"] for part in parts) == figures["figures"]["drain"]
        layers = figures["figures"]["layers"]
        assert sum(layer["running"] + layer["waiting"] for layer in layers) == figures["latency"]
        assert sum(layer["share"] for layer in layers) == pytest.approx(1)


def test_the_json_has_all_of_it(capsys: Captured) -> None:
    found = value(capsys, write(requirements={"deadline": "10 s"}))
    assert (found["status"], found["certified"], found["kind"]) == ("schedulable", True, "optimal")
    assert found["latency"] == found["bound"]
    assert (found["gap"], found["deadline"]) == (0.0, 10 * 10**12)
    assert found["deadline_margin"] == 10 * 10**12 - found["latency"]
    assert found["units"]["time"] == "ps"
    figures = found["figures"]
    assert figures["power_cycles"] == 2 == sum(run["count"] for run in figures["cycles"])
    assert figures["fullest_cycle"] <= figures["capacity"] == 1421750000000
    assert 0 < figures["physical_bound"] <= found["latency"]
    assert figures["cycles"][0]["voltage"] == 3_300_000_000
    assert found["bottleneck"] is None
    assert any("ideal capacitor" in sentence for sentence in found["trusted"])
    assert parse_plan_file(json.dumps(found["plan"]).encode(), "json").claim.latency == found["latency"]


def test_large_integers_are_texts_in_json(capsys: Captured) -> None:
    tasks = {"commit": {"energy": "4 uJ", "time": "1 ms"}, "resume": {"energy": "3 uJ", "time": "1 ms"}}
    many = {**tasks, "list": [{"energy": "900 uJ", "time": "1 ms", "repeat": 20000}]}
    found = value(capsys, write(tasks=many, requirements={}))
    assert isinstance(found["latency"], str)
    assert int(found["latency"]) > 2**53
    assert isinstance(found["figures"]["drain"], str)


@pytest.mark.parametrize(
    ("changes", "diagnosis"),
    [
        ({"buffer": {"capacitance": "200 uF"}}, "atom too large"),
        ({"boot": {"energy": "2 mJ", "time": "1 ms"}}, "boot too large"),
        ({"supply": {**SOURCE, "voltage": "3 V"}}, "charging stall"),
        ({"requirements": {"volatile_memory": "1 KiB"}}, "volatile memory"),
        ({"requirements": {"deadline": "1 s"}}, "deadline"),
        ({"wake": programmable(power_on="2.21 V")}, "boot loop"),
    ],
)
def test_what_is_unschedulable_says_why_and_where_to_go_on(
    capsys: Captured, changes: dict[str, Any], diagnosis: str
) -> None:
    text = printed(capsys, write(**changes), code=1)
    assert "unschedulable" in text.splitlines()[0]
    assert text.splitlines()[2].startswith(f"{diagnosis}: ")
    assert text.endswith("`ischedule explain case.json` looks for changes that would help.\n")
    found = value(capsys, "case.json", code=1)
    assert found["bottleneck"]["diagnosis"] == diagnosis
    assert found["bottleneck"]["demanded"] > found["bottleneck"]["available"]
    assert found["certified"] is True


def test_charges_are_shown_as_charges(capsys: Captured) -> None:
    text = printed(capsys, write(**REGULATED, supply=SOURCE))
    assert re.search(r"^charge +[\d.]+ mC in", text, re.MULTILINE)
    assert "of all charge" in text
    assert "J" not in text.split("trusted")[0]
    assert value(capsys, "case.json")["amounts"] == "charge"


def test_a_sleeping_device_wakes_up_and_does_not_boot(capsys: Captured) -> None:
    text = printed(capsys, write(wake=asleep()))
    assert re.search(r"^waking up ", text, re.MULTILINE)
    assert "booting" not in text


def test_many_different_power_cycles_are_shortened(capsys: Captured) -> None:
    tasks = {"commit": {"energy": "4 uJ", "time": "1 ms"}, "resume": {"energy": "3 uJ", "time": "1 ms"}}
    listed = [{"name": f"t{index}", "energy": f"{500 + 37 * index % 400} uJ", "time": "1 ms"} for index in range(130)]
    text = printed(capsys, write(tasks={**tasks, "list": listed}, requirements={}))
    found = value(capsys, "case.json")["figures"]
    hidden = [len(found["tasks"]) - 24, len(found["cycles"]) - 24]
    assert re.findall(r"^\.\.\. (\d+) more$", text, re.MULTILINE) == [str(count) for count in hidden]
    assert min(hidden) > 0


def test_nothing_is_written_unless_asked_for(capsys: Captured, here: Path) -> None:
    printed(capsys, "sensor-node-sense-compute-send")
    assert list(here.iterdir()) == []


def test_the_plan_file_is_written_whole(capsys: Captured, here: Path) -> None:
    text = printed(capsys, "sensor-node-sense-compute-send", "-o", "out/plans")
    assert text.endswith("\nplan file: out/plans/sensor-node-sense-compute-send.plan.json\n")
    assert [path.name for path in (here / "out/plans").iterdir()] == ["sensor-node-sense-compute-send.plan.json"]
    found = value(capsys, "sensor-node-sense-compute-send", "-o", "out/plans")
    assert found["plan_file"] == "out/plans/sensor-node-sense-compute-send.plan.json"
    written = Path(found["plan_file"]).read_bytes()
    assert parse_plan_file(written, "file") == parse_plan_file(json.dumps(found["plan"]).encode(), "json")


def test_a_proof_that_there_is_no_plan_is_a_plan_file_too(capsys: Captured) -> None:
    printed(capsys, write(buffer={"capacitance": "200 uF"}), "-o", ".", code=1)
    assert main(["check", "case.json", "node.plan.json"]) == 0


@pytest.mark.parametrize(
    ("name", "file"),
    [("a/b: c", "a-b-c"), ("..", "case"), ("Übung 1", "Übung-1"), ("x.json", "x.json"), ("-o", "o")],
)
def test_a_name_becomes_a_file_name(name: str, file: str) -> None:
    assert command.file_name(name) == file


def test_a_file_where_a_folder_is_needed_is_refused(capsys: Captured) -> None:
    Path("out").write_text("")
    assert main(["solve", write(), "-o", "out"]) == 2
    assert capsys.readouterr().err == (
        'ischedule: command line: -o = "out": is a file, not a folder; name a folder for the plan file\n'
    )


def test_the_name_of_a_plan_file_is_no_folder(capsys: Captured) -> None:
    assert main(["solve", write(), "-o", "plan.json"]) == 2
    problem = "looks like a file; name a folder: the plan file in it is NAME.plan.json"
    assert capsys.readouterr().err == f'ischedule: command line: -o = "plan.json": {problem}\n'
    assert not Path("plan.json").exists()


def test_a_case_is_read_from_standard_input(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(document(buffer={"capacitance": "200 uF"})).encode()))
    monkeypatch.setattr(sys, "stdin", stdin)
    text = printed(capsys, "-", code=1)
    assert "explain" not in text


def test_a_time_limit_may_leave_it_undecided(capsys: Captured) -> None:
    assert main(["solve", "kws-inas-5mF-ts1", "--time-limit", "0"]) in (0, 3)
    text = capsys.readouterr().out
    assert text.startswith("kws-inas-5mF-ts1: ")
    if "undecided" in text:
        assert "note: the limit was reached before any plan was found" in text or "certified within" in text


@pytest.mark.parametrize("limit", ["soon", "-1", "nan", "inf", ""])
def test_a_limit_that_is_no_time_is_a_wrong_call(capsys: Captured, limit: str) -> None:
    with pytest.raises(SystemExit) as left:
        main(["solve", write(), "--time-limit", limit])
    assert left.value.code == 2
    assert "no number of seconds; write for example 60" in capsys.readouterr().err


def test_an_unknown_solver_is_a_wrong_call(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as left:
        main(["solve", write(), "--solver", "magic"])
    assert left.value.code == 2
    assert "exact" in capsys.readouterr().err


def newcomers_mistakes() -> dict[str, tuple[Any, str]]:
    """What a newcomer writes, and what must be said."""
    good = document()
    return {
        "bare number": ({**good, "supply": {"kind": "power", "power": 1.5}}, "$.supply.power = 1.5: "),
        "misspelt key": ({**good, "sply": 1}, '$.sply = 1: is an unknown key; write "supply"'),
        "wrong unit": (
            {**good, "boot": {"energy": "60 uF", "time": "1 ms"}},
            "is a capacitance where an energy belongs",
        ),
        "missing section": (
            {key: good[key] for key in good if key != "wake"},
            '$.wake = missing: is required; add "wake"',
        ),
        "no object": ([], "$ = [0 entries]: is not an ischedule case (a JSON object)"),
        "future version": ({**good, "ischedule": 2}, "$.ischedule = 2: is not a possible value; write 1"),
        "negative": ({**good, "boot": {"energy": "-1 uJ", "time": "1 ms"}}, "is negative"),
        "thresholds": (
            {**good, "buffer": {**good["buffer"], "turn_on": "2 V"}},
            "is not above the brown-out voltage 2.2 V",
        ),
    }


@pytest.mark.parametrize("name", newcomers_mistakes())
def test_a_newcomers_mistake_is_one_line(capsys: Captured, name: str) -> None:
    wrong, said = newcomers_mistakes()[name]
    Path("case.json").write_text(json.dumps(wrong))
    for arguments in (["solve", "case.json", "-o", "out"], ["explain", "case.json"], ["check", "case.json", "no.json"]):
        assert main(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("ischedule: case.json: $")
        assert err.count("\n") == 1
        assert said in err
    assert not Path("out").exists()


def test_a_name_that_is_neither_file_nor_shipped_gets_a_suggestion(capsys: Captured) -> None:
    assert main(["solve", "sensor-node-sense-compute-sent"]) == 2
    assert "did you mean sensor-node-sense-compute-send" in capsys.readouterr().err
    assert main(["solve", "mine.json"]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_published_semantics_are_marked_as_such(capsys: Captured) -> None:
    shipped = {case.name: case.content for case in shipped_cases()}
    for name, code in (("kws-inas-5mF-ts1", 0), ("kws-inas-1mF-ts1", 1)):
        Path("old.json").write_text(json.dumps({**shipped[name], "semantics": "inas-2021"}))
        text = printed(capsys, "old.json", code=code)
        assert "computed as published (inas-2021), not certified" in text.splitlines()[0]
        found = value(capsys, "old.json", code=code)
        assert (found["certified"], found["plan"]) == (False, None)
        assert found["published"]["feasible"] is (code == 0)
        assert bool(found["published"]["refusals"]) is (code == 1)
    assert "none of 60 designs fits" in text


def test_a_layer_with_very_many_designs_is_solved_by_boxes_or_refused_in_one_line(capsys: Captured) -> None:
    case = next(one.content for one in shipped_cases() if one.name == "cifar10-inas-5mF-ts1")
    device = json.loads(files("ischedule.models.devices").joinpath("msp430fr5994-lea-2021.json").read_text())
    device.update(volatile_memory="4 MB", nonvolatile_memory="64 MB")
    layer = {"name": "large", "kind": "conv2d", "out_channels": 64, "kernel": [3, 3]}
    network = {"input": {"channels": 16, "height": 64, "width": 64}, "layers": [layer]}
    large = {**case, "device": device, "network": network}
    Path("large.json").write_text(json.dumps(large))
    for solver in ("exact", "ilp"):
        assert main(["solve", "large.json", "--solver", solver]) == 0
        assert "certified optimal" in capsys.readouterr().out
    Path("large.json").write_text(json.dumps({**large, "objective": ["energy"]}))
    assert main(["solve", "large.json"]) == 0
    assert "certified optimal" in capsys.readouterr().out
    sections = ("buffer", "wake", "supply", "start", "until", "power_path")
    leaves = next(one.content for one in shipped_cases() if one.name == "sensor-node-sleeps-and-measures")
    Path("large.json").write_text(json.dumps({**large, **{key: leaves[key] for key in sections if key in leaves}}))
    assert main(["solve", "large.json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "large.json: $.requirements.volatile_memory" in err
    assert "more than 20000000 designs" in err
