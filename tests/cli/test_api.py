"""The public functions: what is called certified is what the checker accepted, for every way a case can end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

import ischedule
from ischedule import api
from ischedule.analysis.check import Verdict, latest
from ischedule.analysis.check import check as check_claim
from ischedule.analysis.claim import claims
from ischedule.models.build import program_of
from ischedule.models.case import Case, load_case
from ischedule.models.errors import InputError
from ischedule.models.plan import Answer, Bound, Boundary, Plan, PowerCycles, Status
from ischedule.models.plan_file import Certified, Claim, PlanFile, dump_plan_file
from ischedule.models.program import Program
from ischedule.models.rounding import late_beyond
from ischedule.models.wake import Until
from tests.analysis.node_cases import SOURCE, document, node, programmable

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "cases"


def test_the_public_names_are_there_and_importing_the_package_loads_none_of_them() -> None:
    assert {name: getattr(ischedule, name) for name in ischedule.__all__} == {
        name: getattr(api, name) for name in ischedule.__all__
    }
    with pytest.raises(AttributeError, match="no attribute 'slove'"):
        _ = ischedule.slove  # type: ignore[attr-defined]
    program = "import sys, ischedule; print(sorted(name for name in sys.modules if name.startswith('ischedule')))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert ran.stdout == "['ischedule']\n"


def test_an_optimal_plan_is_certified_and_its_file_is_accepted_again(tmp_path: Path) -> None:
    result = ischedule.solve(document())
    assert (result.status, result.kind, result.certified) == (Status.SCHEDULABLE, Certified.OPTIMAL, True)
    assert result.gap == 0
    assert result.latency == result.bound
    assert result.note is None
    assert result.plan_file is not None
    path = tmp_path / "plan.json"
    path.write_text(dump_plan_file(result.plan_file))
    verdict = ischedule.check(document(), path)
    assert verdict.accepted
    assert verdict.latency == result.latency
    assert not ischedule.check(document(until="recharged"), path).accepted


@pytest.mark.parametrize(
    ("changes", "status", "kind"),
    [
        ({"requirements": {"deadline": "10 s"}}, Status.SCHEDULABLE, Certified.OPTIMAL),
        ({"requirements": {"deadline": "2 s"}}, Status.UNSCHEDULABLE, Certified.DEADLINE),
        ({"buffer": {"capacitance": "200 uF"}}, Status.UNSCHEDULABLE, Certified.INFEASIBLE),
        ({"requirements": {"volatile_memory": "1 KiB"}}, Status.UNSCHEDULABLE, Certified.INFEASIBLE),
        ({"supply": {**SOURCE, "voltage": "3 V"}}, Status.UNSCHEDULABLE, Certified.INFEASIBLE),
        ({"boot": {"energy": "2 mJ", "time": "1 ms"}}, Status.UNSCHEDULABLE, Certified.INFEASIBLE),
        ({"wake": programmable(), "supply": SOURCE}, Status.SCHEDULABLE, Certified.OPTIMAL),
    ],
)
def test_every_outcome_is_certified(changes: dict[str, Any], status: Status, kind: Certified) -> None:
    result = ischedule.solve(document(**changes))
    assert (result.status, result.kind) == (status, kind)
    assert result.plan_file is not None
    assert ischedule.check(node(**changes), result.plan_file).accepted
    assert (result.shortage is None) is (status is Status.SCHEDULABLE)


def test_a_shipped_network_is_certified_optimal() -> None:
    result = ischedule.solve(SHIPPED / "kws-inas-5mF-ts1.json")
    assert (result.status, result.kind) == (Status.SCHEDULABLE, Certified.OPTIMAL)


@pytest.mark.parametrize("limit", [0.0, 1e-6, 0.05])
def test_a_time_limit_leaves_a_true_claim_or_none(limit: float) -> None:
    result = ischedule.solve(SHIPPED / "kws-inas-5mF-ts1.json", time_limit=limit)
    if result.plan_file is None:
        assert result.status is Status.UNDECIDED
        assert result.note is not None
        assert (result.latency, result.bound, result.certified) == (None, None, False)
        return
    assert result.certified
    assert result.latency is not None
    best = ischedule.solve(SHIPPED / "kws-inas-5mF-ts1.json").latency
    assert best is not None
    assert (result.bound or 0) <= best <= result.latency


def refuse(monkeypatch: pytest.MonkeyPatch, *kinds: Certified) -> None:
    """Put a checker in place that does not accept some kinds of claims."""
    real = check_claim

    def check(case: Case, program: Program, file: PlanFile, tell: Callable[[str], None]) -> Verdict:
        verdict = real(case, program, file, tell)
        refused = file.claim.certified in kinds
        return replace(verdict, accepted=False, reason="it was not convinced") if refused else verdict

    monkeypatch.setattr(api, "check_claim", check)


def test_nothing_is_called_certified_that_the_checker_rejects(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, Certified.OPTIMAL)
    result = ischedule.solve(document())
    assert (result.status, result.kind, result.bound) == (Status.SCHEDULABLE, Certified.FEASIBLE, None)
    assert "it was not convinced" in str(result.note)
    refuse(monkeypatch, Certified.OPTIMAL, Certified.FEASIBLE)
    result = ischedule.solve(document())
    assert (result.status, result.kind, result.certified) == (Status.UNDECIDED, None, False)
    assert "it was not convinced" in str(result.note)


def test_a_period_that_the_quickest_plan_keeps_changes_nothing() -> None:
    result = ischedule.solve(document(start={"period": "20 s"}))
    assert (result.status, result.kind, result.note) == (Status.SCHEDULABLE, Certified.OPTIMAL, None)


def periodic(period: int) -> dict[str, Any]:
    return document(start={"period": f"{period} ps"}, supply=SOURCE)


def earliest_return() -> int:
    """The least period of the node: the latency until recharged of the plan that is back earliest."""
    found = ischedule.solve(document(start="charged", until="recharged", supply=SOURCE)).latency
    assert found is not None
    return found


def test_a_period_is_met_exactly_or_not_at_all() -> None:
    back = earliest_return()
    kept = ischedule.solve(periodic(back))
    assert kept.status is Status.SCHEDULABLE
    assert kept.certified
    assert ischedule.check(periodic(back), kept.plan_file or "").accepted
    missed = ischedule.solve(periodic(back - 1))
    assert missed.status is Status.UNDECIDED
    assert missed.plan is None
    assert "within the period" in str(missed.note)


def test_a_period_shorter_than_every_latency_is_a_deadline() -> None:
    result = ischedule.solve(periodic(100 * 10**9))
    assert (result.status, result.kind) == (Status.UNSCHEDULABLE, Certified.DEADLINE)
    assert result.shortage is not None
    assert result.shortage.available == 100 * 10**9


def parcels(period: str | None) -> dict[str, Any]:
    """Stopping after the first task publishes soonest, for most is left to the last cycle, but costs a dear resume."""
    free = {"energy": "4 uJ", "time": "1 ms"}
    dear = {"commit": free, "resume": {"energy": "100 uJ", "time": "1 ms"}}
    energies = [("400 uJ", dear), ("500 uJ", True), ("500 uJ", True)]
    listed = [{"energy": energy, "time": "10 ms", "cut": cut} for energy, cut in energies]
    changes: dict[str, Any] = {"start": "charged"} if period is None else {"start": {"period": period}}
    return document(tasks={"commit": free, "resume": free, "list": listed}, **changes)


def test_a_plan_that_is_back_earlier_is_taken_where_the_quickest_is_late() -> None:
    quickest = ischedule.solve(parcels(None))
    earliest = ischedule.solve({**parcels(None), "until": "recharged"})
    assert quickest.plan != earliest.plan
    kept = ischedule.solve(parcels("1.2 s"))
    assert (kept.kind, kept.plan, kept.latency) == (Certified.OPTIMAL, quickest.plan, quickest.latency)
    short = ischedule.solve(parcels("1.15 s"))
    assert (short.status, short.kind, short.plan) == (Status.SCHEDULABLE, Certified.WITHIN, earliest.plan)
    assert "back earliest" in str(short.note)
    assert short.bound == quickest.latency
    assert ischedule.check(parcels("1.15 s"), short.plan_file or "").accepted
    assert ischedule.solve(parcels("1.11 s")).status is Status.UNDECIDED


def test_published_semantics_are_explored_and_not_certified() -> None:
    for name, status in (("kws-inas-5mF-ts1", Status.SCHEDULABLE), ("kws-inas-1mF-ts1", Status.UNSCHEDULABLE)):
        case = {**json.loads((SHIPPED / f"{name}.json").read_text()), "semantics": "inas-2021"}
        result = ischedule.solve(case)
        assert (result.status, result.certified, result.plan_file) == (status, False, None)
        assert result.exploration is not None
        assert result.exploration.feasible is (status is Status.SCHEDULABLE)
        assert ischedule.explain(case)[1] is None
    late = {**json.loads((SHIPPED / "kws-inas-5mF-ts1.json").read_text()), "semantics": "inas-2021"}
    late["requirements"] = {"deadline": "10 s"}
    assert ischedule.solve(late).status is Status.UNSCHEDULABLE
    late["requirements"] = {"deadline": "10.2 s"}
    assert ischedule.solve(late).status is Status.SCHEDULABLE


def test_wrong_cases_are_input_errors() -> None:
    for call in (ischedule.solve, ischedule.explain, lambda case: ischedule.check(case, "plan.json")):
        with pytest.raises(InputError, match="there is no such file"):
            call("missing.json")


def test_progress_is_told() -> None:
    told: list[str] = []
    ischedule.solve(document(), progress=told.append)
    assert "checking the claim: optimal" in told
    assert told[-1] == "checking the bound: atom 0 of 29"
    ischedule.explain(document(), progress=told.append)
    assert any("more capacitance" in text for text in told)


PLAN = Plan((0,), (PowerCycles(1, 1, 5),))


def answer(value: int | None, plan: Plan | None = PLAN) -> Answer:
    bound = None if value is None else Bound(value, (0, 1), (Boundary(None, (), ()),))
    return Answer(Status.UNDECIDED, plan, None, bound, None)


@pytest.mark.parametrize(
    ("bound", "latency", "latest_end", "expected"),
    [
        (90, 100, None, [("schedulable", 100, 100, "optimal"), ("schedulable", 100, None, "feasible")]),
        (80, 100, 100, [("schedulable", 100, 90, "within"), ("schedulable", 100, None, "feasible")]),
        (80, 100, 95, [("undecided", 100, 90, "within"), ("undecided", 100, None, "feasible")]),
        (80, 100, 89, [("unschedulable", 100, 90, "deadline"), ("undecided", 100, None, "feasible")]),
        (80, None, 89, [("unschedulable", None, 90, "deadline")]),
        (80, None, None, []),
        (None, 100, None, [("schedulable", 100, None, "feasible")]),
        (None, None, None, []),
    ],
)
def test_claims_are_what_plan_and_bound_support(
    bound: int | None, latency: int | None, latest_end: int | None, expected: list[Any]
) -> None:
    """The bound is without the law's offset, and here 10 less than the least latency."""
    program = program_of(load_case(document()))
    assert isinstance(program, Program)
    value = None if bound is None else bound + 10 - program.law.offset
    found = [file.claim for file in claims("0", program, answer(value), latency, latest_end)]
    wanted = [Claim(Status(status), one, least, Certified(kind)) for status, one, least, kind in expected]
    assert found == wanted


def test_where_thresholds_are_chosen_a_plan_is_late_for_certain_by_more_than_is_rounded() -> None:
    case = json.loads(resources.files("ischedule.cases").joinpath("sensor-node-sleeps-and-measures.json").read_text())
    program = program_of(load_case(case))
    assert isinstance(program, Program)
    deadline = 10**12
    late = late_beyond(program, deadline)
    assert late is not None
    assert 0 < late - deadline < 1000
    for least, kinds in ((late, []), (late + 1, ["deadline"])):
        found = list(claims("0", program, answer(least - program.law.offset), least, deadline))
        assert [file.claim.certified.value for file in found] == [*kinds, "feasible"]
        assert found[-1].claim.status is Status.UNDECIDED
    fixed = program_of(load_case(document()))
    assert isinstance(fixed, Program)
    assert late_beyond(fixed, deadline) == deadline
    assert late_beyond(fixed, None) is None


def test_the_latest_end_is_the_deadline_or_the_period() -> None:
    ends = []
    for changes in ({}, {"requirements": {"deadline": "9 s"}}, {"start": {"period": "8 s"}}):
        case = load_case(document(**changes))
        program = program_of(case)
        assert isinstance(program, Program)
        ends.append(latest(case, program))
    both = load_case(document(start={"period": "8 s"}, requirements={"deadline": "9 s"}))
    assert ends == [None, 9 * 10**12, 8 * 10**12]
    assert latest(both, program_of(both)) == 8 * 10**12
    assert both.until is Until.PUBLISHED
