"""The checker as a whole: it accepts what is true, and of all that is altered only what is still true.

Whatever a plan file says is held against every plan of a small program. Files are altered in their text, one value at a
time, so that what reads them is tried as well.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest

from ischedule.analysis.check import Verdict, check
from ischedule.models.build import program_of
from ischedule.models.case import Case, case_hash, load_case
from ischedule.models.diagnosis import Diagnosis, Unschedulable
from ischedule.models.errors import InputError
from ischedule.models.plan import Bottleneck, Bound, Plan, PowerCycles, Status
from ischedule.models.plan_file import Certified, Claim, PlanFile, dump_plan_file, parse_plan_file
from ischedule.models.program import Program
from ischedule.models.rounding import late_beyond
from tests.analysis.brute_force import Choice, choices, plan_of, true_latency
from tests.analysis.reference_labels import certificate
from tests.analysis.small_programs import program
from tests.solvers.enumeration import best_of_all_cut_sets

MUTANTS = 10_000
"""Altered files that can be read; those that cannot are not counted."""

TASKS: dict[str, Any] = {
    "ischedule": 1,
    "name": "two tasks",
    "boot": {"energy": "1 uJ", "time": "1 ms"},
    "buffer": {
        "capacitance": "5 mF",
        "turn_on": "2.99 V",
        "brown_out": "2.8 V",
        "series_resistance": "0 ohm",
        "leakage": "0 A",
    },
    "power_path": "converter",
    "wake": {"policy": "fixed", "mechanism": "latch"},
    "supply": {"kind": "power", "power": "2 mW"},
    "start": "floor",
}


@cache
def any_case() -> Case:
    """A case that lends its name to programs which no case file could describe."""
    return load_case({**TASKS, "tasks": _tasks(1)})


def _tasks(count: int) -> list[dict[str, Any]]:
    effort = {"energy": "1 uJ", "time": "1 ms"}
    return [
        {"name": f"t{i}", "energy": "1 mJ", "time": "1 s", "cut": {"commit": effort, "resume": effort}}
        for i in range(count)
    ]


class Question:
    """A small program with all its plans, and what is true of them."""

    def __init__(self, program: Program, deadline: int | None) -> None:
        requirements = replace(any_case().requirements, deadline=deadline)
        self.case = replace(any_case(), requirements=requirements)
        self.program = replace(program, digest=case_hash(self.case))
        self.deadline, self.refuted = deadline, late_beyond(program, deadline)
        """A bound beyond this one shows that every plan is late, whatever is rounded."""
        self.plans = list(choices(program))
        self.least = min((one.additive for one in self.plans), default=None)
        best = best_of_all_cut_sets(program)
        self.floor = None if best is None else best.cost + program.law.offset
        """The least latency of all plans; the least sum of prices can be less, where a cycle leaves a level."""

    def file(self, claim: Claim, choice: Choice | None, proof: Bound | Bottleneck | None) -> PlanFile:
        plan = None if choice is None else plan_of(self.program, choice)
        return PlanFile("0.1.0", self.program.digest, claim, plan, proof)

    def verdict(self, file: PlanFile) -> Verdict:
        return check(self.case, self.program, file)

    def is_true(self, file: PlanFile) -> bool:
        """Whether everything that a file claims is so, whatever its certificate is worth."""
        claim = file.claim
        if file.case != self.program.digest:
            return False
        if file.plan is None:
            holds = claim.latency is None
        else:
            holds = claim.latency is not None and claim.latency == true_latency(self.program, file.plan)
        floor = self.floor
        if claim.bound is not None:
            holds = holds and (floor is None or claim.bound <= floor)
        in_time = self.deadline is None or (claim.latency is not None and claim.latency <= self.deadline)
        late = floor is None or (self.refuted is not None and floor > self.refuted)
        statuses = {Status.SCHEDULABLE: in_time, Status.UNSCHEDULABLE: late, Status.UNDECIDED: True}
        kinds = {
            Certified.OPTIMAL: claim.latency is not None and claim.latency == claim.bound,
            Certified.WITHIN: claim.latency is not None and claim.bound is not None,
            Certified.FEASIBLE: claim.latency is not None,
            Certified.INFEASIBLE: floor is None,
            Certified.DEADLINE: late,
        }
        return holds and statuses[claim.status] and kinds[claim.certified]


def true_files(question: Question) -> Iterator[PlanFile]:
    """Files of every kind that are true of a question."""
    program, offset, least = question.program, question.program.law.offset, question.least
    if least is None:
        for stage in range(len(program.stages)):
            for why in (Diagnosis.ATOM_TOO_LARGE, Diagnosis.VOLATILE_MEMORY):
                claim = Claim(Status.UNSCHEDULABLE, None, None, Certified.INFEASIBLE)
                yield question.file(claim, None, Bottleneck(stage, why.value))
        return
    proof, bound = certificate(program, least), least + offset
    optimum = next(one for one in question.plans if one.additive == least)
    for one in (question.plans[0], question.plans[-1], optimum):
        latency = true_latency(program, plan_of(program, one))
        assert latency is not None
        if latency < bound:
            continue
        late = question.deadline is not None and latency > question.deadline
        status = Status.UNDECIDED if late else Status.SCHEDULABLE
        yield question.file(Claim(status, latency, None, Certified.FEASIBLE), one, None)
        if late and question.refuted is not None and latency == bound:
            if bound <= question.refuted:
                continue
            yield question.file(Claim(Status.UNSCHEDULABLE, latency, bound, Certified.DEADLINE), one, proof)
        else:
            kind = Certified.OPTIMAL if latency == bound else Certified.WITHIN
            yield question.file(Claim(status, latency, bound, kind), one, proof)
        lower = replace(proof, value=least - 3)
        yield question.file(Claim(status, latency, bound - 3, Certified.WITHIN), one, lower)
    if question.refuted is not None and bound > question.refuted:
        yield question.file(Claim(Status.UNSCHEDULABLE, None, bound, Certified.DEADLINE), None, proof)
    yield from followed_files(question)


def followed_files(question: Question) -> Iterator[PlanFile]:
    """Files whose proof follows levels."""
    program, floor = question.program, question.floor
    if floor is None or not (program.law.keeps_level or program.law.leaves_level) or program.law.max_cycles is not None:
        return
    proof = certificate(program, floor - program.law.offset, follows=True)
    latencies = [(true_latency(program, plan_of(program, one)), one) for one in question.plans]
    for latency, one in (latencies[0], min(latencies, key=lambda pair: pair[0] or 0)):
        assert latency is not None
        late = question.deadline is not None and latency > question.deadline
        if late and question.refuted is not None and floor > question.refuted:
            yield question.file(Claim(Status.UNSCHEDULABLE, latency, floor, Certified.DEADLINE), one, proof)
        elif not late or latency != floor:
            kind = Certified.OPTIMAL if latency == floor else Certified.WITHIN
            status = Status.UNDECIDED if late else Status.SCHEDULABLE
            yield question.file(Claim(status, latency, floor, kind), one, proof)


def false_files(question: Question) -> Iterator[PlanFile]:
    """Files that are consistent in themselves and false: bounds above the optimum, plans that are not the best."""
    program, offset, least = question.program, question.program.law.offset, question.least
    if least is None:
        return
    proof = certificate(program, least + 1)
    for one in question.plans[:10]:
        latency = true_latency(program, plan_of(program, one))
        if latency is not None and latency > least + offset:
            claim = Claim(Status.SCHEDULABLE, latency, latency, Certified.OPTIMAL)
            yield question.file(claim, one, certificate(program, latency - offset))
            yield question.file(replace(claim, certified=Certified.WITHIN, bound=least + offset + 1), one, proof)
    for why in Diagnosis:
        claim = Claim(Status.UNSCHEDULABLE, None, None, Certified.INFEASIBLE)
        yield question.file(claim, None, Bottleneck(0, why.value))
    if question.refuted is not None and least + offset <= question.refuted:
        for late in (least + offset, question.refuted, question.refuted + 1):
            claim = Claim(Status.UNSCHEDULABLE, None, late, Certified.DEADLINE)
            yield question.file(claim, None, certificate(program, late - offset))
    for one in question.plans[:10]:
        latency = true_latency(program, plan_of(program, one))
        if latency is not None and question.deadline is not None and latency > question.deadline:
            yield question.file(Claim(Status.SCHEDULABLE, latency, None, Certified.FEASIBLE), one, None)


def question(seed: int) -> Question:
    """A question from a seed; half of them have a deadline near the best latency."""
    random = Random(seed)
    asked = program(random, 5)
    plans = [one.additive + asked.law.offset for one in choices(asked)]
    deadline = None
    if plans and random.random() < 0.6:
        deadline = max(1, min(plans) + random.choice((-(10**7), -5, -1, 0, 3, 10**6)))
    return Question(asked, deadline)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of a JSON value at which something can be altered."""
    if path:
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from leaves(entry, (*path, key))


WORDS = ["optimal", "within", "feasible", "infeasible", "deadline", "schedulable", "unschedulable", "undecided"]


def altered(value: Any, random: Random) -> Any:
    """Another value in its place."""
    if isinstance(value, bool) or value is None:
        return random.choice((0, 1, 5))
    if isinstance(value, int):
        near = value + random.choice((-1000, -10, -2, -1, 1, 2, 10, 1000))
        return random.choice((near, near, near, near, 0, 2 * value, -value, None, str(value), float(value)))
    if isinstance(value, str):
        words = WORDS + [one.value for one in Diagnosis] + [value[::-1], value.upper()]
        return str(int(value) + random.choice((-1, 1))) if value.isdigit() else random.choice(words)
    if isinstance(value, list) and value:
        place = random.randrange(len(value))
        shorter = value[:place] + value[place + 1 :]
        return random.choice((shorter, [*value, value[place]], value[::-1], [], None))
    return None


def mutant(document: dict[str, Any], random: Random) -> dict[str, Any]:
    """A copy with a single value altered."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    *inner, last = random.choice(list(leaves(copy)))
    place: Any = copy
    for key in inner:
        place = place[key]
    place[last] = altered(place[last], random)
    return copy


def test_true_claims_are_accepted_and_false_ones_are_not() -> None:
    seen: Counter[str] = Counter()
    for seed in range(400):
        asked = question(seed)
        for file in true_files(asked):
            assert asked.is_true(file)
            verdict = asked.verdict(file)
            if file.claim.certified is not Certified.INFEASIBLE:
                assert verdict.accepted, verdict.reason
                assert (verdict.bound, verdict.latency) == (file.claim.bound, file.claim.latency)
            seen[f"{file.claim.certified.value} {verdict.accepted}"] += 1
            seen["followed"] += isinstance(file.certificate, Bound) and file.certificate.follows_levels
        if asked.least is None:
            assert any(asked.verdict(file).accepted for file in true_files(asked))
        for file in false_files(asked):
            verdict = asked.verdict(file)
            if asked.is_true(file):
                continue  # a bound above all sums of prices that holds for all plans
            assert not verdict.accepted
            assert verdict.certified is verdict.bound is None
            seen["false"] += 1
    assert min(seen[f"{one.value} True"] for one in Certified) > 10
    assert seen["false"] > 1000
    assert seen["followed"] > 50


@pytest.mark.slow
def test_no_altered_file_is_accepted_unless_it_is_still_true() -> None:
    random = Random(7)
    seen: Counter[str] = Counter()
    seed = 0
    while seen["rejected"] + seen["accepted"] < MUTANTS:
        seed += 1
        asked = question(seed)
        for file in true_files(asked):
            document = json.loads(dump_plan_file(file))
            for _ in range(10):
                changed = mutant(document, random)
                if changed == document:
                    continue
                seen[judged(asked, file, json.dumps(changed))] += 1
    assert seen["accepted"] > 50
    assert seen["rejected"] > MUTANTS // 2


def judged(asked: Question, original: PlanFile, text: str) -> str:
    """What becomes of an altered text; fails if it is accepted and not true."""
    try:
        file = parse_plan_file(text.encode(), "mutant")
    except InputError:
        return "unreadable"
    if file == original or not asked.verdict(file).accepted:
        return "same" if file == original else "rejected"
    assert asked.is_true(file), text
    claim = file.claim
    if claim != original.claim:
        assert replace(original.claim, status=claim.status) == claim
        assert Status.UNDECIDED in (claim.status, original.claim.status)
    return "accepted"


def checked(document: dict[str, Any], plan: Plan, claim: Claim, **changes: Any) -> Verdict:
    """A case document against a plan for it."""
    case = load_case(document)
    file = PlanFile("0.1.0", case_hash(case), claim, plan, None)
    return check(case, program_of(case), replace(file, **changes))


def test_a_plan_for_another_case_is_refused() -> None:
    document = {**TASKS, "tasks": _tasks(2)}
    case = load_case(document)
    program = program_of(case)
    level = program.law.capacity
    plan = Plan((0,), (PowerCycles(1, 2, level),))
    wrong = checked(document, plan, Claim(Status.SCHEDULABLE, 0, None, Certified.FEASIBLE))
    assert wrong.latency is not None
    claim = Claim(Status.SCHEDULABLE, wrong.latency, None, Certified.FEASIBLE)
    accepted = checked(document, plan, claim)
    assert accepted.accepted, accepted.reason
    assert accepted.trusted[0] == "certified (ideal capacitor: no series resistance, no leakage)"
    assert any("measured costs of the tasks" in sentence for sentence in accepted.trusted)
    refused = checked(document, plan, claim, case=case_hash(load_case({**document, "start": "charged"})))
    assert not refused.accepted
    assert refused.reason == "the plan is for another case: its hash differs from the hash of the resolved case"
    other = load_case({**document, "tasks": _tasks(3)})
    for digest in (case_hash(case), case_hash(other)):
        assert not check(other, program, PlanFile("0.1.0", digest, claim, plan, None)).accepted


def test_without_a_program_only_its_reason_is_accepted() -> None:
    case = load_case({**TASKS, "tasks": _tasks(1)})
    refusal = Unschedulable(Diagnosis.CHARGING_STALL, "the supply does not reach turn-on", 2, 1)
    claim = Claim(Status.UNSCHEDULABLE, None, None, Certified.INFEASIBLE)
    file = PlanFile("0.1.0", case_hash(case), claim, None, Bottleneck(0, Diagnosis.CHARGING_STALL.value))
    assert check(case, refusal, file).accepted
    for changed in (
        replace(file, certificate=None),
        replace(file, certificate=Bottleneck(1, Diagnosis.CHARGING_STALL.value)),
        replace(file, certificate=Bottleneck(0, Diagnosis.BOOT_LOOP.value)),
        replace(file, claim=replace(claim, status=Status.UNDECIDED)),
        replace(file, claim=replace(claim, certified=Certified.DEADLINE)),
        replace(file, claim=replace(claim, bound=5)),
        replace(file, plan=Plan((0,), ())),
    ):
        assert not check(case, refusal, changed).accepted


def test_published_semantics_are_not_certified() -> None:
    case = load_case({**TASKS, "tasks": _tasks(1)})
    published = replace(case, semantics=type(case.semantics)("inas-2021"))
    claim = Claim(Status.UNSCHEDULABLE, None, None, Certified.INFEASIBLE)
    verdict = check(published, program_of(case), PlanFile("0.1.0", case_hash(published), claim, None, None))
    assert not verdict.accepted
    assert "inas-2021" in verdict.reason
