"""Plans proven for every behaviour, and wrong ones refuted by a behaviour that a simulation of its own confirms."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.analysis.behaviour import above_floor, planned_cycles, simulate
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.symbolic import Counterexample, Obligation, Proof, TooManyActivities, prove
from ischedule.models.build import program_of
from ischedule.models.case import Case, load_case
from ischedule.models.plan import Plan
from ischedule.models.wake import Policy
from ischedule.solvers.solve import solve
from tests.analysis.node_cases import NODE, REGULATED, SOURCE, asleep, document, node, programmable
from tests.house.tree import ROOT

pytest.importorskip("z3", reason="needs z3")

FINE = [{"name": "work", "energy": "21 uJ", "time": "3 ms", "volatile": "0 B", "repeat": 120}]
"""Tasks so small that every cycle is nearly full."""


def tasks(commit: str = "4 uJ", resume: str = "3 uJ", energy: str = "21 uJ") -> dict[str, Any]:
    """Fine tasks and what their checkpoints cost."""
    return {
        "commit": {"energy": commit, "time": "1 ms"},
        "resume": {"energy": resume, "time": "1 ms"},
        "list": [{**FINE[0], "energy": energy}],
    }


def plan_of(case: Case) -> Plan:
    """The best plan of a case."""
    plan = solve(program_of(case)).plan
    assert plan is not None
    return plan


def proof_of(case: Case, plan: Plan) -> Proof:
    """The proof of a plan for a case, whichever case it was made for."""
    return prove(case, program_of(case), plan)


VARIANTS: dict[str, dict[str, Any]] = {
    "latch": {},
    "source": {"supply": SOURCE},
    "charged": {"start": "charged"},
    "recharged": {"start": "charged", "until": "recharged"},
    "floor": {"start": "floor"},
    "charge": REGULATED,
    "charge-source": {**REGULATED, "supply": SOURCE},
    "steps": {"wake": programmable()},
    "every-level": {"wake": programmable("continuous")},
    "asleep": {"wake": asleep()},
    "burn": {"wake": {"policy": "fixed", "mechanism": "burn", "idle_power": "9 mW"}},
    "tolerances": {"buffer": {"capacitance": "470 uF +- 5 %", "turn_on": "3.3 V +- 1 %", "brown_out": "2.2 V +- 1 %"}},
    "margin": {"buffer": {"margin": "80 %"}},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_plans_are_proven_under_every_wake_supply_and_start(name: str) -> None:
    case = node(**VARIANTS[name])
    program, plan = program_of(case), plan_of(case)
    proof = prove(case, program, plan)
    assert proof.holds
    assert proof.latency == evaluate(program, plan).latency
    assert all(set(one.shown) == set(Obligation) for one in proof.cycles)


def test_a_network_is_proven() -> None:
    case = load_case(ROOT / "cases/kws-programmable-comparator-1mF.json")
    program, plan = program_of(case), plan_of(case)
    proof = prove(case, program, plan)
    assert proof.holds
    assert proof.latency == evaluate(program, plan).latency


def confirmed(case: Case, broken: Counterexample | None, proof: Proof) -> bool:
    """Whether a cycle that begins as the counterexample says runs dry where it says: energies added up anew."""
    assert broken is not None
    assert broken.capacitance is not None
    assert broken.voltage is not None
    cycle = next(one.cycle for one in proof.cycles if one.broken is broken)
    low, high = case.buffer.capacitance.lo, case.buffer.capacitance.hi
    assert low <= broken.capacitance <= high
    farad, volt = broken.capacitance / 10**15, broken.voltage / 10**9
    floor_squared = case.buffer.floor_squared / 10**18
    stored = farad / 2 * (volt**2 - floor_squared)
    for activity in cycle.activities:
        stored -= Fraction(activity.amount, 10**15)
        if stored < 0:
            return broken.moments[-1].activity is activity and broken.moments[-1].voltage is None
    return False


CONTINUOUS = {"wake": programmable("continuous")}
STEPS = {"wake": programmable()}

WRONG: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "demand-off-by-one": (
        {"tasks": tasks(), **CONTINUOUS},
        {"tasks": tasks(energy="21.000000001 uJ"), **CONTINUOUS},
    ),
    "dropped-commit": ({"tasks": tasks(commit="0 J")}, {"tasks": tasks(commit="40 uJ")}),
    "dropped-resume": ({"tasks": tasks(resume="0 J")}, {"tasks": tasks(resume="40 uJ")}),
    "wrong-boot": ({"tasks": tasks(), "boot": {"energy": "30 uJ", "time": "30 ms"}}, {"tasks": tasks()}),
    "wrong-capacity": ({"tasks": tasks(), "buffer": {"capacitance": "500 uF"}}, {"tasks": tasks()}),
    "tolerance-ignored": ({"tasks": tasks()}, {"tasks": tasks(), "buffer": {"capacitance": "470 uF +- 5 %"}}),
    "brown-out-too-low": ({"tasks": tasks(), "buffer": {"brown_out": "2.1 V"}}, {"tasks": tasks()}),
    "turn-on-too-high": ({"tasks": tasks(), "buffer": {"turn_on": "3.4 V"}}, {"tasks": tasks()}),
}
"""What a wrong plan was made for, and what is true."""


@pytest.mark.parametrize("name", WRONG)
def test_a_plan_made_for_a_wrong_case_is_refuted(name: str) -> None:
    believed, true = (node(**changes) for changes in WRONG[name])
    plan = plan_of(believed)
    assert proof_of(believed, plan).holds
    if true.wake.policy is Policy.FIXED:
        plan = replace(plan, cycles=tuple(replace(run, level=true.buffer.capacity) for run in plan.cycles))
    proof = proof_of(true, plan)
    assert not proof.holds
    assert proof.latency is None
    found = [one.broken for one in proof.cycles if one.broken is not None]
    assert any(one.obligation is Obligation.WAKE for one in found)
    assert all(confirmed(true, one, proof) for one in found)


@pytest.mark.parametrize("changes", [STEPS, CONTINUOUS, {"wake": asleep()}], ids=["steps", "every-level", "asleep"])
def test_a_threshold_one_step_too_low_is_refuted(changes: dict[str, Any]) -> None:
    case = node(tasks=tasks(), **changes)
    program, plan = program_of(case), plan_of(case)
    first, *others = plan.cycles
    if first.code is None:
        lower = replace(first, level=first.level - 1)
    else:
        lower = replace(first, level=program.law.thresholds.at(first.code - 1).level, code=first.code - 1)  # type: ignore
    proof = prove(case, program, replace(plan, cycles=(lower, *others)))
    assert not proof.holds
    assert proof.cycles[0].broken is not None
    assert proof.cycles[0].broken.obligation is Obligation.WAKE
    assert confirmed(case, proof.cycles[0].broken, proof)


def test_a_plan_that_leaves_out_atoms_is_refuted() -> None:
    case = node()
    plan = plan_of(case)
    proof = proof_of(case, replace(plan, cycles=plan.cycles[:-1]))
    assert proof.broken is not None
    assert "of 29 atoms" in proof.broken.sentence


def test_a_cycle_that_ends_where_no_checkpoint_may_stand_is_refuted() -> None:
    case = node(buffer={"capacitance": "2 mF"})
    plan = plan_of(case)
    first = replace(plan.cycles[0], repeat=1, atoms=28)
    proof = proof_of(case, replace(plan, cycles=(first, replace(first, atoms=1))))
    broken = proof.cycles[0].broken
    assert broken is not None
    assert broken.sentence == "no checkpoint may stand after radio on"
    assert proof.cycles[1].broken is None
    assert proof.latency is None


def test_a_supply_that_does_not_reach_the_threshold_is_refuted() -> None:
    plan = plan_of(node())
    weak = node(supply={"kind": "source", "voltage": "3.31 V", "resistance": "150 ohm"})
    program = program_of(weak)
    falling = replace(weak, supply=replace(weak.supply, voltage=replace(weak.supply.voltage, lo=3_200_000_000)))  # type: ignore
    proof = prove(falling, program, plan)
    assert not proof.holds
    broken = proof.cycles[0].broken
    assert broken is not None
    assert broken.obligation is Obligation.CHARGE
    assert broken.voltage is not None
    assert 3_200_000_000 <= broken.voltage <= 3_300_000_000


@given(st.integers(0, 10**9))
@settings(max_examples=60)
def test_no_behaviour_within_the_bounds_breaks_a_proven_plan(seed: int) -> None:
    random = Random(seed)
    case = node(**VARIANTS[random.choice(("latch", "steps", "tolerances", "margin", "charge"))])
    program, plan = program_of(case), plan_of(case)
    cycle = random.choice(list(planned_cycles(program, plan)))
    buffer = case.buffer
    capacitance = Fraction(random.randint(buffer.capacitance.lo, buffer.capacitance.hi))
    voltage = Fraction(buffer.turn_on.lo)
    if cycle.run.code is not None and case.wake.step is not None:
        voltage = Fraction(cycle.run.code * case.wake.step)
    voltage += random.choice((0, 0, random.randint(0, 10**8)))
    consumed = [random.choice((one.amount, random.randint(0, one.amount))) for one in cycle.activities]
    harvested = [random.randint(0, 10**9) for _ in cycle.activities]
    moments = simulate(buffer, cycle, capacitance, voltage, consumed, harvested)
    assert len(moments) == len(cycle.activities)
    assert all(one.voltage is not None and one.above_floor >= 0 for one in moments)
    total = above_floor(buffer, capacitance, voltage) - sum(consumed) + sum(harvested)
    assert moments[-1].above_floor == total


def test_a_plan_that_is_too_long_is_not_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ischedule.analysis.symbolic.MOST_ACTIVITIES", 10)
    case = load_case(document())
    with pytest.raises(TooManyActivities):
        proof_of(case, plan_of(case))
    assert NODE["name"] == "node"
