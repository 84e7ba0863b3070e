"""The worked example of an accelerator of layers: every set of cuts, and plans that are certified to be the best."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from bench import max78000
from bench.max78000 import (
    CASES,
    EXAMPLE,
    Line,
    Steps,
    every_way,
    failures,
    is_certified,
    lines,
    solved,
    steps_of,
    tasks_of,
    with_capacitance,
)
from ischedule.analysis.check import check
from ischedule.api import solve
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.plan import PowerCycles
from ischedule.models.plan_file import Certified, PlanFile


def by_hand(cuts: tuple[int, ...]) -> list[float]:
    """The steps in uJ: weights and cycles as published, 6.4 nJ for each byte saved or restored."""
    cycles = [67_980, 34_816, 67_980, 9_676, 16_896, 8_620, 16_640, 2_308, 2_140, 1_064, 97]
    weights = [1_728, 2_048, 18_432, 18_432, 2_048, 73_728, 16_384, 73_728, 73_728, 16_384, 5_120]
    saved = [65_536, 32_768, 65_536, 8_192, 16_384, 8_192, 8_192, 1_024, 2_048, 512]
    ends = [0, *cuts, 11]
    steps = []
    for start, end in itertools.pairwise(ends):
        step = sum(weights[start:end]) * 1.377e-3 + sum(cycles[start:end]) * 0.02 * 0.07
        step += saved[start - 1] * 6.4e-3 if start else 0
        steps.append(step + (saved[end - 1] * 6.4e-3 if end < 11 else 0))
    return steps


def test_every_set_of_cuts_takes_what_it_takes_by_hand() -> None:
    ways = list(every_way(tasks_of(solved(361).case)))
    assert len({way.cuts for way in ways}) == len(ways) == 1024
    for way in ways:
        # The run of a network takes one clock cycle, 1.4 nJ, more than its layers.
        assert list(way.energies) == pytest.approx(by_hand(way.cuts), abs=0.002)


def test_the_best_of_all_sets_of_cuts() -> None:
    ways = list(every_way(tasks_of(solved(361).case)))
    least = min(way.largest for way in ways)
    assert least == pytest.approx(361.0, abs=0.05)
    for limit, cuts, total in (
        (least, (4, 8), 853.0),
        (500, (4,), 839.9),
        (700, (8,), 748.1),
        (750, (), 735.0),
    ):
        best = min((way for way in ways if way.largest <= limit), key=lambda way: way.total)
        assert best.cuts == cuts
        assert best.total == pytest.approx(total, abs=0.05)
    (other,) = [way for way in ways if way.cuts == (4, 6)]
    assert (round(other.total), round(other.largest)) == (945, 361)
    (all_of_them,) = [way for way in ways if len(way.cuts) == 10]
    assert (round(all_of_them.total), round(all_of_them.largest)) == (3402, 750)


@pytest.mark.parametrize("microfarads", [99.2, 104.0, 117.0, 131.0, 137.4, 150.0, 166.3, 166.6, 180.0, 202.1])
def test_solving_finds_the_best_of_all_sets_of_cuts(microfarads: float) -> None:
    case = with_capacitance(EXAMPLE.format(361), microfarads)
    program, result = program_of(case), solve(case)
    capacity = program.law.capacity / 1e9
    best = min((way for way in every_way(tasks_of(case)) if way.largest <= capacity), key=lambda way: way.total)
    assert is_certified(result)
    assert result.evaluation is not None
    assert result.evaluation.drain == round(best.total * 1e9)


def test_the_bench_holds() -> None:
    found = lines()
    assert failures(found) == []
    assert [one.printed for one in found] == [
        ("735", "735"),
        ("3402", "750"),
        ("853", "361"),
        ("839.9", None),
        ("748.1", None),
    ]


def test_a_claim_that_does_not_hold_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    good = Line("a", (4,), ("839.9", "479"), Steps((4,), (361.0, 478.9)))
    assert good.holds
    for wrong in (
        replace(good, claimed=("839.8", "479")),
        replace(good, claimed=("839.9", "478")),
        replace(good, claimed_cuts=(5,)),
        replace(good, is_certified=False),
    ):
        assert not wrong.holds
        assert failures([wrong])[0].startswith("a: ")
    monkeypatch.setattr(max78000, "steps_of_result", lambda _: Steps((5,), (1.0,)))
    assert [text.split(" ")[1] for text in failures([])] == ["361", "500", "700"]


@pytest.mark.parametrize("name", max78000.SHIPPED)
def test_shipped_networks_have_certified_plans(name: str) -> None:
    result = solve(CASES / f"{name}.json")
    assert result.kind is Certified.OPTIMAL
    assert result.evaluation is not None
    tasks, boot = tasks_of(result.case), result.case.boot.amount
    capacity = program_of(result.case).law.capacity
    found = steps_of(tasks, max78000.cuts_of(result))
    assert max(found.energies) * 1e9 + boot <= capacity
    assert result.evaluation.drain == round(found.total * 1e9) + boot * len(found.energies)


def test_the_checker_refuses_a_plan_that_cuts_elsewhere() -> None:
    result = solved(361)
    case, file = result.case, result.plan_file
    assert file is not None
    assert file.plan is not None
    level = file.plan.cycles[0].level
    for atoms in ((4, 4, 3), (4, 2, 5), (3, 5, 3), (11,)):
        plan = replace(file.plan, cycles=tuple(PowerCycles(1, count, level) for count in atoms))
        verdict = check(case, program_of(case), replace(file, plan=plan))
        assert verdict.accepted is (atoms == (4, 4, 3)), atoms


def test_a_plan_for_another_board_is_refused() -> None:
    file = solved(361).plan_file
    assert isinstance(file, PlanFile)
    other = load_case(CASES / "cifar10-nas-max78000.json")
    assert not check(other, program_of(other), file).accepted
