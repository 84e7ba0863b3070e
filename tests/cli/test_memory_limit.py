"""Non-volatile memory as a limit that decides, as a user meets it: a proof by parts, addresses, and their check."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ischedule.api import pareto, solve
from ischedule.cli.main import main
from ischedule.cli.shipped import case_source
from ischedule.models.case import load_case
from ischedule.models.plan import Division
from ischedule.models.plan_file import Certified
from tests.models.test_build import NETWORK

Captured = pytest.CaptureFixture[str]


def case_with(memory: int, **changes: Any) -> dict[str, Any]:
    """The small network with so many bytes of memory, on a capacitor that holds few of its atoms."""
    buffer = {**NETWORK["buffer"], "capacitance": "450 uF"}
    return {**NETWORK, "buffer": buffer, "requirements": {"nonvolatile_memory": f"{memory} B"}, **changes}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan_file(memory: int) -> dict[str, Any]:
    """The case solved into this folder; its plan file."""
    Path("case.json").write_text(json.dumps(case_with(memory)), "utf-8")
    assert main(["solve", "case.json", "-o", "."]) == 0
    (path,) = [path for path in Path().rglob("*.json") if path.name != "case.json"]
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    path.unlink()
    return found


def check(value: dict[str, Any]) -> int:
    Path("changed.json").write_text(json.dumps(value), "utf-8")
    return main(["check", "case.json", "changed.json"])


def test_a_tight_limit_costs_latency_and_is_kept() -> None:
    found = [solve(load_case(case_with(memory))) for memory in (10_000, 2060, 2016)]
    latencies = [result.latency for result in found]
    assert None not in latencies
    assert latencies == sorted(latencies)  # type: ignore[type-var]
    for result, memory in zip(found, (10_000, 2060, 2016), strict=True):
        assert result.memory is not None
        assert result.memory.size <= memory == result.memory.available


def test_addresses_are_needed_where_buffers_do_not_fit_side_by_side(capsys: Captured) -> None:
    value = plan_file(2016)
    assert len(value["addresses"]) == 4
    assert check(value) == 0
    capsys.readouterr()
    for number in range(4):
        changed = json.loads(json.dumps(value))
        changed["addresses"][number]["address"] += 1000
        assert check(changed) == 1
        assert "outside of the memory for buffers" in capsys.readouterr().out
    lowest = min(entry["address"] for entry in value["addresses"])
    together = {**value, "addresses": [{**entry, "address": lowest} for entry in value["addresses"]]}
    assert check(together) == 1
    assert "share memory" in capsys.readouterr().out
    del value["addresses"]
    assert check(value) == 1
    assert "outside of the memory for buffers" in capsys.readouterr().out


def test_a_proof_by_parts_rests_on_all_of_them(capsys: Captured) -> None:
    value = plan_file(2060)
    parts = value["certificate"]["division"]
    assert [list(part["proof"]) for part in parts] == [["overload"], ["bound"]]
    assert check(value) == 0
    capsys.readouterr()
    for wrong in (parts[:1], parts[1:], [parts[0], {**parts[1], "without-sums": [1]}]):
        assert check({**value, "certificate": {"division": wrong}}) == 1
        assert "rejected" in capsys.readouterr().out
    parts[0]["proof"]["overload"]["steps"] = [2]
    assert check(value) == 1


def test_an_address_that_is_none_is_named(capsys: Captured) -> None:
    value = plan_file(2016)
    value["addresses"][0]["region"] = 1
    assert check(value) == 2
    assert "$.addresses[0]" in capsys.readouterr().err


def test_too_little_memory_is_explained(capsys: Captured) -> None:
    Path("case.json").write_text(json.dumps(case_with(1990)), "utf-8")
    assert main(["explain", "case.json"]) == 1
    shown = capsys.readouterr().out
    assert "non-volatile memory" in shown
    assert main(["solve", "case.json"]) == 1
    assert "certified: no plan exists" in capsys.readouterr().out


def test_a_front_of_plans_that_do_not_fit_is_an_error(capsys: Captured) -> None:
    Path("case.json").write_text(json.dumps(case_with(2016)), "utf-8")
    assert main(["solve", "case.json", "--pareto", "latency,written"]) == 2
    assert '$.requirements.nonvolatile_memory = "2016 B": is too little' in capsys.readouterr().err
    assert len(pareto(case_with(2100), ("latency", "written"))[1].points) == 1  # type: ignore[union-attr]


@pytest.mark.parametrize("solver", ["exact", "ilp", "smt"])
def test_a_goal_whose_best_plan_does_not_fit_is_decided_by_parts(solver: str) -> None:
    tight, roomy = (solve(load_case(_limited(memory, 1500)), solver=solver) for memory in (2016, 2100))
    for result in (tight, roomy):
        assert result.kind is Certified.OPTIMAL
        assert result.plan_file is not None
        assert isinstance(result.plan_file.certificate, Division)
        assert result.evaluation is not None
        assert result.evaluation.written <= 1500
    assert tight.latency is not None
    assert roomy.latency is not None
    assert tight.latency > roomy.latency


@pytest.mark.parametrize("solver", ["exact", "ilp", "smt"])
def test_a_limit_and_memory_together_exclude_all_plans(solver: str, capsys: Captured) -> None:
    least = solve({**case_with(2016), "objective": "written"}, solver=solver)
    assert least.kind is Certified.OPTIMAL
    assert least.evaluation is not None
    written = least.evaluation.written - 1
    assert solve(load_case(_limited(10_000, written)), solver=solver).kind is Certified.OPTIMAL
    Path("case.json").write_text(json.dumps(_limited(2016, written)), "utf-8")
    assert main(["solve", "case.json", "--solver", solver]) == 1
    shown = capsys.readouterr().out
    assert "certified: no plan exists" in shown
    assert "or breaks a limit" in shown


def _limited(memory: int, written: int) -> dict[str, Any]:
    case = case_with(memory)
    return {**case, "requirements": {**case["requirements"], "written": f"{written} B"}}


def test_a_shipped_network_in_less_memory_is_solved_alike() -> None:
    case = load_case(case_source("cifar10-inas-5mF-ts1"))
    tight = replace(case, requirements=replace(case.requirements, nonvolatile_memory=52_900))
    exact, ilp = (solve(tight, solver=solver) for solver in ("exact", "ilp"))
    assert exact.kind is ilp.kind is Certified.OPTIMAL
    assert exact.latency == ilp.latency
    assert ilp.plan_file is not None
    assert isinstance(ilp.plan_file.certificate, Division)


def test_limits_that_the_best_plan_that_fits_keeps_do_not_matter() -> None:
    limited, free = solve(load_case(_limited(2016, 1500))), solve(load_case(case_with(2016)))
    assert limited.kind is free.kind is Certified.OPTIMAL
    assert limited.latency == free.latency
    assert limited.evaluation is not None
    tight = solve(load_case(_limited(2016, limited.evaluation.written - 1)))
    assert tight.plan != free.plan


def test_an_energy_objective_whose_best_plan_does_not_fit() -> None:
    tight, roomy = (solve(load_case({**case_with(memory), "objective": "energy"})) for memory in (2016, 2100))
    assert tight.memory is not None
    assert tight.memory.size <= 2016
    assert roomy.kind is Certified.OPTIMAL
