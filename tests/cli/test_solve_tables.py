"""A limit on the tables of a plan, as a user meets it."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from ischedule.api import check, compare_without, explain, solve
from ischedule.cli.main import main
from ischedule.models.case import load_case
from ischedule.models.diagnosis import Diagnosis
from ischedule.models.errors import InputError
from ischedule.models.plan import FewRuns
from ischedule.models.plan_file import Certified, dump_plan_file, parse_plan_file
from ischedule.models.tables import table_bytes
from ischedule.solvers import division
from ischedule.solvers import solve as solving
from ischedule.solvers.limit import Limit
from ischedule.solvers.outcome import Outcome
from tests.analysis.node_cases import document
from tests.models.test_build import NETWORK

Captured = pytest.CaptureFixture[str]

WORK = [
    {"name": name, "energy": energy, "time": "20 ms", "volatile": "0 B", "repeat": repeat}
    for name, energy, repeat in (
        ("sense", "90 uJ", 5),
        ("work", "150 uJ", 7),
        ("send", "400 uJ", 3),
        ("sort", "60 uJ", 11),
        ("sum", "230 uJ", 4),
    )
]


def tasks(size: str | None, **changes: Any) -> dict[str, Any]:
    """Tasks of a few kinds."""
    requirements = {} if size is None else {"table_size": size}
    case = document(tasks={**document()["tasks"], "list": WORK}, **changes)
    return {**case, "requirements": {**case.get("requirements", {}), **requirements}}


def network(size: int | None = None) -> dict[str, Any]:
    """The small network on a capacitor that holds few of its atoms."""
    buffer = {**NETWORK["buffer"], "capacitance": "450 uF"}
    return {**NETWORK, "buffer": buffer, "requirements": {} if size is None else {"table_size": f"{size} B"}}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)


def test_smaller_tables_cost_latency_and_are_certified_optimal() -> None:
    free = solve(tasks(None))
    assert free.plan is not None
    runs = len(free.plan.cycles)
    assert runs > 2
    latencies = []
    for most in range(runs, 0, -1):
        found = solve(tasks(f"{12 * most} B"))
        if found.kind is Certified.INFEASIBLE:
            assert found.shortage is not None
            assert found.shortage.diagnosis is Diagnosis.TABLE_SIZE
            assert found.shortage.demanded == 12 * (most + 1)
            break
        assert found.kind is Certified.OPTIMAL
        assert found.plan is not None
        assert len(found.plan.cycles) <= most
        latencies.append(found.latency)
    assert latencies[0] == free.latency
    assert latencies == sorted(latencies)  # type: ignore[type-var]
    assert len(set(latencies)) > 1


def programmable(name: str, size: int | None) -> dict[str, Any]:
    """A shipped case whose thresholds are chosen, without its deadline."""
    found: dict[str, Any] = json.loads(resources.files("ischedule.cases").joinpath(f"{name}.json").read_text("utf-8"))
    requirements = {key: value for key, value in found["requirements"].items() if key != "deadline"}
    return {**found, "requirements": requirements if size is None else {**requirements, "table_size": f"{size} B"}}


@pytest.mark.parametrize(
    ("name", "sizes"), [("sensor-node-sleeps-and-measures", (36, 24)), ("kws-programmable-comparator-1mF", (224, 200))]
)
def test_runs_that_share_a_threshold_are_certified_optimal(name: str, sizes: tuple[int, int]) -> None:
    latencies = []
    for size in sizes:
        found = solve(programmable(name, size))
        assert found.kind is Certified.OPTIMAL
        assert found.plan is not None
        assert found.plan_file is not None
        written = parse_plan_file(dump_plan_file(found.plan_file).encode(), "plan")
        assert written == found.plan_file
        assert check(programmable(name, size), written).accepted
        latencies.append(found.latency)
        proof = written.certificate
        if not isinstance(proof, FewRuns):
            continue
        assert proof.value is not None
        assert len({(one.level, one.code) for one in found.plan.cycles}) > 1
        assert written.claim.bound is not None
        claim = replace(written.claim, bound=written.claim.bound + 1)
        more = replace(written, claim=claim, certificate=replace(proof, value=proof.value + 1))
        assert not check(programmable(name, size), more).accepted
    assert latencies[0] < latencies[1]  # type: ignore[operator]


def test_the_best_plan_with_small_tables_is_the_best_where_it_keeps_limits_as_well() -> None:
    plain = solve(programmable("kws-programmable-comparator-1mF", 200))
    assert plain.evaluation is not None
    for more, kind in ((0, Certified.OPTIMAL), (-(10**9), None)):
        case = programmable("kws-programmable-comparator-1mF", 200)
        case["requirements"]["energy"] = f"{plain.evaluation.drain + more} fJ"
        found = solve(case)
        assert (found.kind is Certified.OPTIMAL) == (kind is not None)
        assert found.latency is None or found.latency >= plain.latency  # type: ignore[operator]


def test_other_steps_are_taken_where_they_are_rounded_better() -> None:
    """At constant power all thresholds cost the same but for rounding, here by a picosecond."""
    case = {**programmable("kws-programmable-comparator-1mF", 200), "supply": {"kind": "power", "power": "1.5 mW"}}
    assert solve(case).kind is Certified.OPTIMAL


def test_networks_whose_best_designs_cannot_be_cut_again_are_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(division, "recuts", lambda *_: iter(()))
    assert solve(programmable("kws-programmable-comparator-1mF", 212)).kind is Certified.OPTIMAL


def test_a_plan_with_small_tables_is_kept_where_no_time_is_left_for_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    def narrowed(program: object, outcome: Outcome, fits: object, limit: Limit) -> Outcome:
        limit.seconds = 0.0
        return outcome

    monkeypatch.setattr(solving, "narrowed", narrowed)
    case = programmable("kws-programmable-comparator-1mF", 200)
    case["requirements"]["energy"] = "3 mJ"
    found = solve(case, time_limit=1000.0)
    assert found.plan is not None
    assert found.kind is not Certified.OPTIMAL


def test_where_no_plan_has_as_small_tables_it_is_the_whole_inference() -> None:
    found = solve(tasks("0 B"))
    assert found.shortage is not None
    assert (found.shortage.diagnosis, found.shortage.where) == (Diagnosis.TABLE_SIZE, "the whole inference")


def test_tasks_that_need_more_runs_say_how_many() -> None:
    found, _ = explain(programmable("sensor-node-sleeps-and-measures", 12))
    assert found.shortage is not None
    assert (found.shortage.diagnosis, found.shortage.demanded) == (Diagnosis.TABLE_SIZE, 24)


def test_the_proof_is_written_read_and_checked() -> None:
    found = solve(tasks("24 B"))
    assert found.plan_file is not None
    assert isinstance(found.plan_file.certificate, FewRuns)
    text = dump_plan_file(found.plan_file)
    again = parse_plan_file(text.encode(), "x")
    assert again == found.plan_file
    assert check(tasks("24 B"), again).accepted
    assert not check(tasks("36 B"), again).accepted
    value = json.loads(text)
    value["certificate"]["few-runs"]["value"] += 1
    value["claim"]["bound"] += 1
    Path("case.json").write_text(json.dumps(tasks("24 B")), "utf-8")
    Path("plan.json").write_text(json.dumps(value), "utf-8")
    assert main(["check", "case.json", "plan.json"]) == 1
    value["certificate"]["few-runs"]["value"] = "much"
    Path("plan.json").write_text(json.dumps(value), "utf-8")
    assert main(["check", "case.json", "plan.json"]) == 2


def test_a_plan_with_larger_tables_is_rejected() -> None:
    free, small = solve(tasks(None)), solve(tasks("24 B"))
    assert free.plan_file is not None
    assert small.plan_file is not None
    changed = replace(small.plan_file, plan=free.plan)
    verdict = check(tasks("24 B"), changed)
    assert not verdict.accepted
    assert "tables of the plan are too large" in verdict.reason


def test_the_report_shows_what_tables_take(capsys: Captured) -> None:
    Path("case.json").write_text(json.dumps(tasks("24 B")), "utf-8")
    assert main(["solve", "case.json"]) == 0
    assert "24 B of 24 B, with 2 runs of equal power cycles" in " ".join(capsys.readouterr().out.split())
    assert main(["solve", "case.json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["figures"]["tables"] == 24
    assert main(["explain", "case.json"]) == 0
    assert "tables" in capsys.readouterr().out


def test_too_small_tables_are_explained(capsys: Captured) -> None:
    Path("case.json").write_text(json.dumps(tasks("11 B")), "utf-8")
    assert main(["explain", "case.json"]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "table size" in shown
    assert "take 12 B at least" in shown
    hard = {**tasks("12 B"), "tasks": {**tasks(None)["tasks"], "list": _uneven()}}
    result, found = explain(hard)
    assert result.kind is Certified.INFEASIBLE
    assert found is not None
    (remedy,) = [one for one in found.remedies if one.lever.name == "table size"]
    assert solve({**hard, "requirements": {**hard["requirements"], "table_size": f"{remedy.value} B"}}).plan
    less = {**hard["requirements"], "table_size": f"{remedy.value - 1} B"}
    assert solve({**hard, "requirements": less}).kind is Certified.INFEASIBLE


def _uneven() -> list[dict[str, Any]]:
    """Tasks that no cycles of equally many hold: one cut ends the first cycle, and the rest is of another length."""
    first, _, large = WORK[:3]
    blocked = {**first, "repeat": 1, "cut": False}
    return [blocked, blocked, {**first, "repeat": 1}, *[{**large, "repeat": 1}] * 4]


def test_what_small_tables_cost_is_asked_for_by_name() -> None:
    kept, free = compare_without(tasks("24 B"), "table-size")
    assert kept.latency is not None
    assert free.latency is not None
    assert kept.latency >= free.latency


@pytest.mark.parametrize("solver", ["ilp", "smt"])
def test_other_solvers_answer_where_their_plan_has_small_tables(solver: str) -> None:
    free = solve(tasks(None))
    assert solve(tasks("1 kB"), solver=solver).latency == free.latency
    with pytest.raises(InputError, match="take --solver exact"):
        solve(tasks("12 B"), solver=solver)


def test_a_network_is_cut_again_and_the_gap_is_certified() -> None:
    free = solve(load_case(network()))
    assert free.plan is not None
    taken = table_bytes(free.program, free.plan)  # type: ignore[arg-type]
    same, less = solve(load_case(network(taken))), solve(load_case(network(taken - 1)))
    assert same.kind is Certified.OPTIMAL
    assert same.plan == free.plan
    assert less.kind in (Certified.WITHIN, Certified.OPTIMAL)
    assert less.plan is not None
    assert table_bytes(less.program, less.plan) < taken  # type: ignore[arg-type]
    assert less.bound is not None
    assert less.latency is not None
    assert less.bound <= less.latency
    assert solve(load_case(network(10))).kind is Certified.INFEASIBLE


def two_layers(size: int | None = None) -> dict[str, Any]:
    """Two small layers in little volatile memory, so that few designs are near the best."""
    layers = [
        {"name": "conv", "kind": "conv2d", "out_channels": 3, "kernel": [1, 1]},
        {"name": "dense", "kind": "dense", "out_channels": 4},
    ]
    buffer = {**NETWORK["buffer"], "capacitance": "220 uF"}
    requirements = {"volatile_memory": "24 B", **({} if size is None else {"table_size": f"{size} B"})}
    net = {"input": {"channels": 12, "height": 3, "width": 2}, "layers": layers}
    return {**NETWORK, "buffer": buffer, "requirements": requirements, "network": net}


def test_a_network_is_decided_where_few_designs_can_belong_to_a_better_plan() -> None:
    free = solve(load_case(two_layers()))
    assert free.plan is not None
    size = table_bytes(free.program, free.plan) - 1  # type: ignore[arg-type]
    found = solve(load_case(two_layers(size)))
    assert found.kind is Certified.OPTIMAL
    assert found.plan_file is not None
    proof = found.plan_file.certificate
    assert isinstance(proof, FewRuns)
    assert proof.bound is not None
    assert proof.value is not None
    assert found.latency is not None
    assert free.latency is not None
    assert found.latency > free.latency
    file = parse_plan_file(dump_plan_file(found.plan_file).encode(), "x")
    assert file == found.plan_file
    case = load_case(two_layers(size))
    assert check(case, file).accepted
    claim = replace(file.claim, bound=found.latency + 1)
    assert not check(case, replace(file, certificate=replace(proof, value=proof.value + 1), claim=claim)).accepted
    assert not check(case, replace(file, certificate=FewRuns(proof.value))).accepted


def test_limits_are_kept_together_with_small_tables() -> None:
    free = solve(tasks(None))
    assert free.evaluation is not None
    both = tasks("24 B")
    both["requirements"]["power_cycles"] = free.evaluation.cycles
    found = solve(both)
    if found.plan is not None:
        assert len(found.plan.cycles) <= 2
        assert found.evaluation is not None
        assert found.evaluation.cycles <= free.evaluation.cycles


@pytest.mark.parametrize("size", [12, "12", "-1 B", "12 s"])
def test_what_cannot_be_meant_is_refused(size: Any) -> None:
    case = tasks(None)
    case["requirements"]["table_size"] = size
    with pytest.raises(InputError, match="table_size"):
        load_case(case)
