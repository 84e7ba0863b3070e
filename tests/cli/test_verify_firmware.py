"""`ischedule verify-firmware` as a user calls it."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule import verifying
from ischedule.cli.main import main
from ischedule.firmware.boards import host
from ischedule.firmware.boards.outcome import Event, Outcome
from ischedule.firmware.conformity import Planned, deviation
from ischedule.verifying import failing
from tests.firmware.tools import need

NETWORK = "keywords-internal-fram"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("plan")
    assert main(["solve", NETWORK, "-o", str(folder)]) == 0
    return str(folder / f"{NETWORK}.plan.json")


def test_a_network_holds_on_the_host(plan: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("gcc", "objcopy")
    capsys.readouterr()
    call = ["verify-firmware", NETWORK, plan, "--failures", "60", "--every-store", "--keep", str(tmp_path)]
    assert main(call) == 0
    shown = capsys.readouterr().out
    assert "3 power cycles and 5 atoms; levels and addresses as planned" in shown
    assert "60 runs" in shown
    assert "4 boots, three at every store: 0 wrong" in shown
    assert (tmp_path / "host" / "schedule" / "schedule.c").is_file()


def test_what_is_broken_is_found(
    plan: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runtime that publishes before it runs a cycle's atoms."""
    need("gcc", "objcopy")
    right = verifying.runtime_files

    def broken(emission: verifying.Emission) -> dict[str, str]:
        files = right(emission)
        call = "        run_atoms(first, cycles.atoms);\n"
        assert call in files["isched.c"]
        early = "        (void)isched_store_publish((isched_step_t)(step + 1U));\n" + call
        return files | {"isched.c": files["isched.c"].replace(call, early)}

    monkeypatch.setattr(verifying, "runtime_files", broken)
    capsys.readouterr()
    assert main(["verify-firmware", NETWORK, plan, "--failures", "60", "--every-store", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["targets"][0]
    assert not found["holds"]
    assert found["wrong"] > 0
    assert found["every_store"]["wrong"] > 0


def test_failures_that_never_happen_show_nothing(
    plan: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A board that forgets every other failure, and a search of all stores that tries none."""
    need("gcc", "objcopy")
    right = host.run

    def forgetful(program: Path, runs: list[list[host.Failure]], *, timeout: float) -> list[Outcome]:
        return right(program, [one if place % 2 else [] for place, one in enumerate(runs)], timeout=timeout)

    monkeypatch.setattr(host, "run", forgetful)
    capsys.readouterr()
    assert main(["verify-firmware", NETWORK, plan, "--failures", "10"]) == 1
    shown = capsys.readouterr().out
    assert "0 wrong" in shown
    assert "in 5 runs power did not fail: they show nothing" in shown
    monkeypatch.setattr(host, "run", right)
    monkeypatch.setattr(host, "every_store", lambda *_, **__: host.EveryStore(0, 0, 3))
    assert main(["verify-firmware", NETWORK, plan, "--failures", "2", "--every-store"]) == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["sensor-node-sense-compute-send"], "the application's own"),
        (["kws20-max78000"], "the application's own"),
        ([NETWORK, "--failures", "many"], "is no number of runs"),
        (["-", "-"], "standard input is the case already"),
    ],
)
def test_wrong_calls(arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(["verify-firmware", *arguments])
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 1
    assert code == 2
    assert problem in capsys.readouterr().err


def test_a_plan_of_another_case_is_not_built(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["verify-firmware", "kws-inas-1mF-ts1", plan]) == 1
    assert "the plan is for another case" in capsys.readouterr().out


@given(st.integers(1, 500), st.integers(0, 1200), st.integers(0, 5))
def test_failures_are_all_over_the_run(steps: int, count: int, seed: int) -> None:
    runs = failing(steps, count, seed)
    assert len(runs) == count
    assert all(1 <= run[0] <= steps and all(step >= 1 for step in run) for run in runs)
    if count >= steps:
        assert {run[0] for run in runs if len(run) == 1} == set(range(1, steps + 1))
    elif count > 1:
        firsts = sorted(run[0] for run in runs)
        assert max(later - earlier for earlier, later in pairwise(firsts)) <= 2 * (steps // count + 1)


PLAN = Planned(((5, (0, 1)), (7, (2,))), (2, 3), ((range(100, 104), range(104, 108)), (range(108, 110),)))
RIGHT = [
    Event("B"),
    Event("I"),
    Event("C", (0, 5)),
    Event("A", (0,)),
    Event("W", (0, 104, 4)),
    Event("A", (1,)),
    Event("W", (0, 100, 4)),
    Event("W", (0, 200, 8)),
    Event("B"),
    Event("C", (1, 7)),
    Event("A", (2,)),
    Event("W", (0, 108, 2)),
]


def test_a_run_as_planned_deviates_in_nothing() -> None:
    assert deviation(PLAN, RIGHT) is None


@pytest.mark.parametrize(
    ("place", "event", "problem"),
    [
        (2, Event("C", (0, 6)), "power cycle 1 is"),
        (5, Event("A", (2,)), "power cycle 1 is"),
        (6, Event("W", (0, 104, 4)), "byte 100 of the buffer at 100 is never written"),
        (4, Event("W", (0, 106, 4)), "none of its layer's buffers"),
        (11, Event("W", (0, 100, 2)), "none of its layer's buffers"),
        (11, Event("W", (0, 108, 1)), "byte 109 of the buffer at 108 is never written"),
        (9, Event("C", (0, 5)), "power cycle 1 is"),
        (9, Event("C", (2, 7)), "power cycle 2 follows after 1"),
        (9, Event("I"), "an inference is begun"),
    ],
)
def test_a_run_that_deviates_is_told(place: int, event: Event, problem: str) -> None:
    events = [*RIGHT[:place], event, *RIGHT[place + 1 :]]
    if problem.startswith("an inference"):
        events = [*RIGHT[:place], event, *RIGHT[place:]]
    found = deviation(PLAN, events)
    assert found is not None
    assert problem in found


def test_what_is_not_run_is_told() -> None:
    assert deviation(replace(PLAN, cycles=PLAN.cycles[:1]), RIGHT) == "2 power cycles are run, 1 are planned"
