"""How often a byte may be written, as a user meets it: the limit, what it costs, what is shown, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ischedule.api import compare_without, explain, solve
from ischedule.cli.main import main
from ischedule.models.case import case_hash, load_case
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.errors import InputError
from ischedule.models.plan_file import Certified
from tests.models.case_examples import TASKS
from tests.models.test_build import NETWORK

Captured = pytest.CaptureFixture[str]


def case_with(capacitance: str = "20 mF", volatile: str = "24 B", **changes: Any) -> dict[str, Any]:
    """Two layers whose best tiles store sums, on a capacitor that holds all of their atoms or few."""
    requirements = {"volatile_memory": volatile, **changes.pop("requirements", {})}
    layers = [
        {"name": "conv", "kind": "conv2d", "out_channels": 3, "kernel": [1, 1]},
        {"name": "dense", "kind": "dense", "out_channels": 4},
    ]
    network = {"input": {"channels": 12, "height": 3, "width": 2}, "layers": layers}
    buffer = {**NETWORK["buffer"], "capacitance": capacitance}
    return {**NETWORK, "buffer": buffer, "network": network, "requirements": requirements, **changes}


def written(requirements: dict[str, Any], **changes: Any) -> str:
    Path("case.json").write_text(json.dumps(case_with(requirements=requirements, **changes)), "utf-8")
    return "case.json"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("solver", ["exact", "ilp"])
def test_a_limit_costs_latency_and_is_kept(solver: str) -> None:
    found = [
        solve(load_case(case_with(requirements={} if limit is None else {"writes_per_byte": limit})), solver=solver)
        for limit in (None, 2, 1)
    ]
    assert [result.kind for result in found] == [Certified.OPTIMAL] * 3
    wear = [result.memory.wear.writes for result in found if result.memory is not None]
    assert wear == [2, 2, 1]
    assert found[0].latency == found[1].latency
    assert found[2].latency is not None
    assert found[1].latency is not None
    assert found[2].latency > found[1].latency


def test_z3_says_the_same_of_one_layer() -> None:
    layers = case_with()["network"]["layers"][:1]
    network = {"input": {"channels": 12, "height": 1, "width": 2}, "layers": layers}
    latencies = []
    for limit in (1, 3):
        case = load_case(case_with("250 uF", network=network, requirements={"writes_per_byte": limit}))
        exact, smt = solve(case), solve(case, solver="smt")
        assert (exact.status, exact.latency) == (smt.status, smt.latency)
        latencies.append(exact.latency)
    assert latencies[1] is not None


def test_what_it_costs_is_asked_for_by_name() -> None:
    kept, free = compare_without(case_with(requirements={"writes_per_byte": 1}), "writes-per-byte")
    assert kept.latency is not None
    assert free.latency is not None
    assert kept.latency > free.latency


def test_the_report_shows_the_most_worn_byte_and_what_it_bears(capsys: Captured) -> None:
    case = written({"writes_per_byte": 3}, endurance=100_000)
    assert main(["solve", case]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "no byte is written more than 2 times in one inference (what conv writes), 3 allowed" in shown
    assert "100,000 writes of a byte last for 50,000 inferences" in shown
    assert "non-volatile memory has no pages to erase" in shown
    assert main(["solve", case, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["wear"] == {
        "writes_per_byte": 2,
        "where": ["what conv writes"],
        "allowed": 3,
        "endurance": 100_000,
        "inferences": 50_000,
    }


def test_nothing_is_said_of_wear_where_nobody_asks(capsys: Captured) -> None:
    assert main(["solve", written({})]) == 0
    assert "wear" not in capsys.readouterr().out


def test_inferences_and_endurance_make_the_limit() -> None:
    one = load_case(case_with(requirements={"inferences": 60_000}, endurance=100_000))
    assert one.requirements.writes_per_byte == 1
    assert case_hash(one) == case_hash(load_case(case_with(requirements={"writes_per_byte": 1})))
    both = {"inferences": 30_000, "writes_per_byte": 2}
    assert load_case(case_with(requirements=both, endurance=100_000)).requirements.writes_per_byte == 2
    assert load_case(case_with(requirements=both, endurance=50_000)).requirements.writes_per_byte == 1


def test_a_device_states_its_endurance() -> None:
    text = Path(__file__).parents[2] / "models" / "devices" / "msp430fr5994-lea-2021.json"
    device = {**json.loads(text.read_text("utf-8")), "endurance": 10**14}
    assert load_case(case_with(device=device)).endurance == 10**14
    assert load_case(case_with(device=device, endurance=10)).endurance == 10
    assert load_case(case_with()).endurance is None


def test_power_cycles_wear_the_progress_records(capsys: Captured) -> None:
    free = solve(load_case(case_with("250 uF")))
    assert free.evaluation is not None
    cycles = free.evaluation.cycles
    assert cycles > 1
    assert free.memory is not None
    assert (free.memory.wear.writes, free.memory.wear.names) == (cycles, ("the progress records",))
    Path("case.json").write_text(json.dumps(case_with("250 uF", requirements={"writes_per_byte": cycles - 1})))
    assert main(["solve", "case.json"]) == 1
    assert "wear: the progress records: every plan has at least" in capsys.readouterr().out
    kept = solve(load_case(case_with("250 uF", requirements={"writes_per_byte": cycles})))
    assert kept.latency == free.latency


def test_a_layer_whose_tiles_need_many_passes_is_named() -> None:
    """A power cycle holds few input channels, and every pass over them writes the sums."""
    network = {
        "input": {"channels": 2000, "height": 1, "width": 1},
        "layers": [{"name": "conv", "kind": "conv2d", "out_channels": 1, "kernel": [1, 1]}],
    }
    case = case_with("220 uF", "16 KiB", network=network)
    free = solve(load_case(case))
    assert free.plan is not None
    case["requirements"]["writes_per_byte"] = 1
    worn = solve(load_case(case))
    assert worn.kind is Certified.INFEASIBLE
    assert worn.shortage is not None
    assert (worn.shortage.diagnosis, worn.shortage.where) == (Diagnosis.WEAR, "layer conv")
    case["requirements"]["writes_per_byte"] = worn.shortage.demanded - 1
    again = solve(load_case(case)).shortage
    assert again is not None
    assert again.where == "layer conv"
    case["requirements"]["writes_per_byte"] = worn.shortage.demanded
    other = solve(load_case(case)).shortage
    assert other is None or other.where == "the progress records"


def test_a_plan_that_wears_too_much_is_rejected(capsys: Captured) -> None:
    case = written({"writes_per_byte": 2})
    assert main(["solve", case, "-o", "."]) == 0
    (path,) = Path().rglob("*.plan.json")
    value = json.loads(path.read_text("utf-8"))
    value["case"] = case_hash(load_case(case_with(requirements={"writes_per_byte": 1})))
    path.write_text(json.dumps(value), "utf-8")
    assert main(["check", case, str(path)]) == 1
    written({"writes_per_byte": 1})
    assert main(["check", case, str(path)]) == 1
    assert "rejected" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "place", "text"),
    [
        ({"requirements": {"writes_per_byte": 0}}, "$.requirements.writes_per_byte", "at least 1"),
        ({"requirements": {"writes_per_byte": "3"}}, "$.requirements.writes_per_byte", "an integer"),
        ({"requirements": {"writes_per_byte": 1.5}}, "$.requirements.writes_per_byte", "an integer"),
        ({"requirements": {"inferences": 10}}, "$.endurance", "required where inferences are asked for"),
        ({"requirements": {"inferences": 11}, "endurance": 10}, "$.requirements.inferences", "write at most 10"),
        ({"endurance": 0}, "$.endurance", "at least 1"),
        ({"endurance": 10**19}, "$.endurance", "at most"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], place: str, text: str) -> None:
    with pytest.raises(InputError) as problem:
        load_case(case_with(**changes))
    assert place in str(problem.value)
    assert text in str(problem.value)


@pytest.mark.parametrize("name", ["writes_per_byte", "inferences"])
def test_tasks_do_not_say_what_they_write(name: str) -> None:
    with pytest.raises(InputError, match="power_cycles"):
        load_case({**TASKS, "requirements": {**TASKS.get("requirements", {}), name: 5}})
    with pytest.raises(InputError, match=r"\$\.endurance"):
        load_case({**TASKS, "endurance": 5})


def test_a_front_is_of_all_plans(capsys: Captured) -> None:
    assert main(["solve", written({"writes_per_byte": 2}), "--pareto", "latency,energy"]) == 2
    assert "writes_per_byte" in capsys.readouterr().err


def test_an_unschedulable_layer_is_explained() -> None:
    result, found = explain(load_case(case_with("250 uF", requirements={"writes_per_byte": 1})))
    assert found is not None
    assert result.shortage is not None
    assert result.shortage.diagnosis is Diagnosis.WEAR
