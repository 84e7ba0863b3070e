"""Failures that a latency allows for: against the rule with a failure put in anywhere, and through the checker."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, combinations_with_replacement, pairwise
from random import Random
from typing import Any

import pytest

from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.labels import Unproven
from ischedule.analysis.power_cycles import InvalidPlan, chains_of, power_cycles, thresholds_of
from ischedule.analysis.repetition import require_repeated
from ischedule.api import check, explain, load_case, program_or_reason, solve
from ischedule.models.cost import Effort
from ischedule.models.cycle_law import CycleLaw, begin, positions, recharged
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.errors import InputError
from ischedule.models.failures import Begun, least_allowance, repeated
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.plan import Plan, PowerCycles, Repeated, Status
from ischedule.models.plan_file import Certified
from ischedule.models.program import ExplicitStage, Program, Reboot
from ischedule.models.quantities import Rounding
from ischedule.solvers.limit import Limit
from ischedule.solvers.solve import solve as search
from tests.house.tree import ROOT
from tests.models.case_examples import Document, changed
from tests.models.test_real_capacitor import REAL
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import DIGEST, random_chain, random_explicit


def latency_with(program: Program, drains: list[int], active: list[int], failing: tuple[int, ...]) -> int:
    """The rule, with power failing at the end of cycles once for each time that they are named."""
    law, plan = program.law, search(replace(program, failures=0)).plan
    assert plan is not None
    thresholds = thresholds_of(law, plan.cycles, drains)
    bottom = law.charging.buffer.level_of(law.charging.buffer.brown_out.lo, Rounding.DOWN)
    elapsed, level = law.head.delay, law.head.level
    for index, (drain, time, threshold) in enumerate(zip(drains, active, thresholds, strict=True)):
        waited, start = begin(law, level, threshold, is_first=index == 0)
        elapsed += waited + time
        for _ in range(failing.count(index)):
            begun = bottom
            if program.reboot is not None:
                elapsed += law.charging.charge_time(bottom, program.reboot.high) + program.reboot.effort.time
                begun = program.reboot.level - program.reboot.effort.amount
            waited, start = begin(law, begun, threshold, is_first=False)
            elapsed += waited + time
        level = law.level_left(start, drain)
    return elapsed + recharged(law, level)


def rebooting(random: Random, law: CycleLaw) -> Reboot:
    """A device that comes up somewhere below the highest threshold."""
    level = law.capacity * random.randint(1, 4) // 4
    return Reboot(Effort(law.capacity // 50, 10**9), level, level)


@pytest.mark.parametrize("seed", range(60))
def test_no_failures_in_any_cycles_take_longer_than_is_allowed_for(seed: int) -> None:
    random = Random(seed)
    law = random.choice([law for law in law_pool(300) if law.max_cycles is None])
    program = random_explicit(random, law, atoms=5)
    found = search(program)
    if found.plan is None:
        return
    cycles = power_cycles(program, found.plan, chains_of(program, found.plan))
    times = [time for one in chains_of(program, found.plan) for time in map(int, one.time)]
    active = [one.resume_time + one.commit_time + sum(times[one.start : one.end]) for one in cycles]
    reboot = random.choice((None, rebooting(random, law)))
    for failures in (0, 1, 2):
        tolerant = replace(program, failures=failures, reboot=reboot)
        allowed = evaluate(tolerant, found.plan)
        assert allowed.latency == found.latency + allowed.failures  # type: ignore[operator]
        assert least_allowance(tolerant) <= allowed.failures
        ways = combinations_with_replacement(range(len(cycles)), failures)
        worst = max(latency_with(tolerant, [one.drain for one in cycles], active, way) for way in ways)
        assert worst <= allowed.latency
        if reboot is None and not _keeps_more(law):
            assert worst >= allowed.latency - _recharge(law) * failures


def _keeps_more(law: CycleLaw) -> bool:
    return law.keeps_level or law.leaves_level


def _recharge(law: CycleLaw) -> int:
    """What a cycle that failed and is charged for from the bottom leaves less to charge for afterwards."""
    bottom = law.charging.buffer.level_of(law.charging.buffer.brown_out.lo, Rounding.DOWN)
    return law.charging.charge_time(bottom, law.charging.buffer.turn_on_high)


def test_a_surplus_beyond_turn_on_is_lost_for_no_wait() -> None:
    """No wait is for more than turn-on, which is all that some supplies ever reach."""
    laws = [law for law in law_pool(300) if isinstance(law, FixedWakeLaw) and law.max_cycles is None]
    stalling = [law for law in laws if not law.charging.reaches(2 * law.charging.buffer.turn_on_high)]
    assert stalling
    for law in stalling:
        top = law.charging.buffer.turn_on_high
        once, twice = (repeated(law, Begun(law.turn_on, level, 5), None) for level in (top, 2 * top))
        assert once <= twice
        assert twice <= once + law.charging.charge_time(0, top)


def tolerant(count: int) -> Document:
    """A case with so many failures to be tolerated."""
    return {**REAL, "requirements": {"failures": count, "deadline": "20 s"}}


def test_what_failures_take_by_hand() -> None:
    """One more wait from 2 V to 3.3 V for the greatest capacitance, and the longest cycle once more."""
    plain, one, two = (solve(load_case(tolerant(count))) for count in (0, 1, 2))
    assert plain.kind is Certified.OPTIMAL
    assert plain.latency is not None
    evaluation = one.evaluation
    assert evaluation is not None
    assert one.latency == plain.latency + evaluation.failures
    assert two.latency == plain.latency + 2 * evaluation.failures
    assert one.kind is two.kind is Certified.OPTIMAL
    assert one.bound == one.latency
    assert one.plan_file is not None
    assert check(load_case(tolerant(1)), one.plan_file).accepted
    assert not check(load_case(tolerant(2)), one.plan_file).accepted


def test_a_deadline_that_failures_exceed_is_not_met() -> None:
    latency = solve(load_case(tolerant(0))).latency
    assert latency is not None
    document = changed(tolerant(1), "requirements.deadline", f"{latency * 1e-12 + 0.001:.4f} s")
    found = solve(load_case(document))
    assert (found.status, found.kind) == (Status.UNSCHEDULABLE, Certified.DEADLINE)
    result, explanation = explain(load_case(document))
    assert result.status is Status.UNSCHEDULABLE
    assert explanation is not None


def test_what_is_never_recharged_tolerates_no_failure() -> None:
    document = changed(
        {**tolerant(1), "start": "charged"}, "supply", {"kind": "source", "voltage": "3 V", "resistance": "1 kohm"}
    )
    reason = program_or_reason(load_case(document))
    assert isinstance(reason, Unschedulable)
    assert reason.diagnosis is Diagnosis.CHARGING_STALL
    assert isinstance(program_or_reason(load_case({**document, "requirements": {}})), Program)


def test_failures_are_about_latency() -> None:
    with pytest.raises(InputError, match="are allowed for in the latency"):
        load_case({**tolerant(1), "objective": "energy"})


def test_a_first_cycle_that_found_enough_is_charged_for_when_it_is_run_again() -> None:
    """Its threshold asks for nothing, because what a cold device comes up with is enough; after a failure it is not.

    A threshold that suffices lies higher than what it guarantees.
    """
    wake = {"policy": "programmable", "mechanism": "latch", "external_comparator": True, "power_on": "3.2 V"}
    cold = changed(changed(tolerant(1), "wake", wake), "buffer.redistribution", "200 mV")
    head = program_or_reason(load_case(cold)).law.head.level  # type: ignore[union-attr]
    # boot and commit take 25.2 uJ of it, and of what is left the load loses a twentieth on the way
    tasks = [{"name": "work", "energy": f"{(head * 1e-9 - 26) / 1.05:.1f} uJ", "time": "1 ms"}]
    found = solve(load_case(changed(cold, "tasks.list", tasks)))
    evaluation, program, plan = found.evaluation, found.program, found.plan
    assert evaluation is not None
    assert plan is not None
    assert isinstance(program, Program)
    law, need = program.law, evaluation.largest_need
    assert plan.cycles[0].level < need < head < need + 10**9
    bottom = law.charging.buffer.level_of(law.charging.buffer.brown_out.lo, Rounding.DOWN)
    assert evaluation.failures > law.charging.charge_time(bottom, law.shared(None, need)[0].high)


def all_latencies(program: Program) -> list[int]:
    """What every way to cut a chain takes with its failures, by the thresholds of its cycles' prices."""
    (stage,) = program.stages
    chain, found = stage.chain(0), []  # type: ignore[arg-type]
    places = [place for place in range(1, len(chain)) if chain.cut[place - 1]]
    for count in range(len(places) + 1):
        for cuts in combinations(places, count):
            ends = [*cuts, len(chain)]
            runs = []
            try:
                for (start, end), position in zip(pairwise([0, *ends]), positions(len(ends)), strict=True):
                    drain = sum(map(int, chain.drain[start:end]))
                    drain += int(chain.resume_drain[start]) + int(chain.commit_drain[end - 1])
                    threshold = program.law.threshold(drain, position)
                    runs.append(PowerCycles(1, end - start, threshold.level, threshold.code))
                found.append(evaluate(program, Plan((0,), tuple(runs))).latency)
            except (InvalidPlan, ValueError):
                continue
    return found


def one_chain(random: Random, law: CycleLaw) -> Program:
    """A chain that tolerates failures, of a device that reboots after one or does so anyway."""
    failures, reboot = random.randint(1, 3), random.choice((None, rebooting(random, law)))
    chain = random_chain(random, law, random.randint(2, 7))
    return Program((ExplicitStage("tasks", (chain,), 100),), law, DIGEST, failures=failures, reboot=reboot)


@pytest.mark.parametrize("seed", range(150))
def test_the_best_plan_with_its_failures_is_found_and_proven(seed: int) -> None:
    random = Random(seed)
    laws = [law for law in law_pool(300) if law.max_cycles is None and (seed % 3 or isinstance(law, FixedWakeLaw))]
    law = random.choice(laws)
    program = one_chain(random, law)
    answer, latencies = search(program), all_latencies(program)
    if not latencies:
        assert answer.plan is None
        return
    assert answer.plan is not None
    if _keeps_more(law):
        # plans can take less than the sum of prices there
        assert not isinstance(answer.bound, Repeated)
        with pytest.raises(Unproven, match="leave a level"):
            require_repeated(program, Repeated(0))
        return
    assert isinstance(answer.bound, Repeated)
    assert answer.bound.value + law.offset == min(latencies) == evaluate(program, answer.plan).latency
    require_repeated(program, answer.bound)
    with pytest.raises(Unproven, match="a plan may cost"):
        require_repeated(program, Repeated(answer.bound.value + 1))


def test_the_dearest_cycle_changes_which_plan_is_best() -> None:
    """Somewhere the best plan without failures is not the best with them."""
    changed_plans = 0
    for seed in range(150):
        random = Random(seed)
        law = random.choice([law for law in law_pool(300) if isinstance(law, FixedWakeLaw) and law.max_cycles is None])
        program = one_chain(random, law)
        plain, found = search(replace(program, failures=0)), search(program)
        if plain.plan is None or found.plan is None:
            continue
        before, after = (evaluate(program, one.plan).latency for one in (plain, found))  # type: ignore[arg-type]
        assert after <= before
        changed_plans += after < before
    assert changed_plans > 5


@pytest.mark.parametrize(
    ("module", "line", "other"),
    [
        ("solvers/tolerant.py", "max(way.dearest, again)", "way.dearest"),
        ("solvers/tolerant.py", "if least is None or way.dearest < least:", "if least is None:"),
        ("solvers/tolerant.py", "way.cost + self.program.failures * way.dearest", "way.cost"),
        ("analysis/repetition.py", "if before is None or way[1] < before:", "if before is None:"),
        ("analysis/repetition.py", "self.program.failures * dearest", "0"),
    ],
)
def test_defects_are_caught(module: str, line: str, other: str) -> None:
    """A search with the defect misses some best plan, a checker with it refuses a bound or accepts too high a one."""
    text = (ROOT / module).read_text("utf-8")
    assert text.count(line) == 1
    broken: dict[str, Any] = {"__name__": "broken"}
    exec(compile(text.replace(line, other), module, "exec"), broken)
    differs = 0
    for seed in range(120):
        random = Random(seed)
        law = random.choice([law for law in law_pool(300) if isinstance(law, FixedWakeLaw) and law.max_cycles is None])
        program = one_chain(random, law)
        right = search(program)
        if right.plan is None or not isinstance(right.bound, Repeated):
            continue
        if "solve_tolerant" in broken:
            answer = broken["solve_tolerant"](program, Limit(), None)
            differs += answer is None or answer.bound != right.bound or _latency(program, answer.plan) != right.latency
        else:
            differs += not _proves(broken, program, right.bound.value) or _proves(
                broken, program, right.bound.value + 1
            )
    assert differs


def _latency(program: Program, plan: Plan) -> int:
    return evaluate(program, plan).latency


def _proves(checker: dict[str, Any], program: Program, value: int) -> bool:
    try:
        checker["require_repeated"](program, Repeated(value))
    except Unproven:
        return False
    return True
