"""Do certified plans ever brown out, and do plans that ignore the capacitor's resistance?

Boards are drawn at random within a case's tolerances, a tenth at the bad end of all; in every power cycle an
adversary chooses what the supply brings, within its interval while the board waits and from nothing upwards while it
runs. The simulator shares no formula with the analysis. Two claims, for each case:

* over at least a million power cycles the certified plan never browns out, and no run takes longer than certified;
* the plan of the same case without series resistance, run on the same boards, does brown out.

Besides, a plan that counts on power while it runs, event by event: as uneven as may be, and as short.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np

from bench.verdict import concluded
from ischedule import api
from ischedule.models.buffer import NO_RESISTANCE
from ischedule.models.case import Case, load_case
from ischedule.models.program import Program
from ischedule.models.quantities import Interval
from ischedule.models.wake import Start, StartKind
from ischedule.simulated import first_boot, planned_script, release_of
from ischedule.simulation.boards import SUPPLIES, board_of, flows_of
from ischedule.simulation.many import ManyOutcomes, random_adversary, run_many
from ischedule.simulation.planned import run_planned
from ischedule.simulation.script import PlannedScript

CASES = Path(__file__).resolve().parents[1] / "cases"
WANTED = 1_000_000
BOARDS = 10_000
RUNS = 5_000


def cases() -> list[Case]:
    """Cases with series resistance: a shipped one, one whose parts have tolerances besides, one that sleeps."""
    real = load_case(CASES / "kws-real-capacitor-1mF.json")
    tolerant = load_case(CASES / "sensor-node-part-tolerances.json")
    buffer = replace(tolerant.buffer, resistance=Interval(2_000_000, 8_000_000))
    draw = replace(tolerant.load, range=Interval(0, 30 * 10**12))
    asleep = load_case(CASES / "sensor-node-sleeps-and-measures.json")
    asleep = replace(
        asleep,
        start=Start(StartKind.FLOOR),
        name=f"{asleep.name}, 1 to 4 ohm, 30 mW",
        buffer=replace(asleep.buffer, resistance=Interval(1_000_000, 4_000_000)),
        load=replace(asleep.load, range=Interval(0, 30 * 10**12)),
    )
    return [real, asleep, replace(tolerant, name=f"{tolerant.name}, 2 to 8 ohm, 30 mW", buffer=buffer, load=draw)]


def unresisting(case: Case) -> Case:
    """The case as one sees it who has not heard of series resistance."""
    return replace(case, buffer=replace(case.buffer, resistance=NO_RESISTANCE))


def solved(case: Case) -> tuple[PlannedScript, float] | None:
    """The best plan as the simulator runs it, and its certified latency."""
    result = api.solve(case)
    if result.plan is None or result.latency is None or not result.certified:
        return None
    assert isinstance(result.program, Program)
    return planned_script(case, result.program, result.plan), result.latency / 1e12


def gaining(runs: int) -> tuple[list[str], list[str]]:
    """What runs of the case come to that counts on power while running, and what is wrong with that."""
    case = load_case(CASES / "gas-sensor-settles-while-harvesting.json")
    found = solved(case)
    if found is None:
        return [], [f"{case.name}: no certified plan"]
    script, latency = found
    rng, outcomes, begun = np.random.default_rng(20261129), [], perf_counter()
    for number in range(runs):
        board = board_of(case, None if number % 10 == 0 else rng, SUPPLIES[number % len(SUPPLIES)])
        outcomes.append(run_planned(script, board, boot=first_boot(case), release=release_of(case)))
    cycles, browned = sum(one.cycles for one in outcomes), sum(one.brown_outs for one in outcomes)
    late = max(one.latency for one in outcomes)
    lines = [
        f"{case.name}",
        f"  certified plan         {cycles:,} power cycles in {perf_counter() - begun:.1f} s, {browned} brown-outs",
        f"  latency                at most {late:.4f} s, certified {latency:.4f} s",
    ]
    is_held = not browned and late <= latency + 1e-9 and all(one.finished for one in outcomes)
    return lines, [] if is_held else [f"{case.name}: {browned} brown-outs, {late} s, certified {latency} s"]


def simulated(case: Case, script: PlannedScript, turns: int) -> ManyOutcomes:
    """Boards of a case running a plan several times; a tenth are at the bad end."""
    rng = np.random.default_rng(20261128)
    boards = [board_of(case, None if number % 10 == 0 else rng) for number in range(BOARDS)]
    adversary = random_adversary(*flows_of(case), BOARDS, rng)
    return run_many(script, boards, adversary, turns=turns)


def main() -> int:
    lines, failed = [], []
    for case in cases():
        certified, naive = solved(case), solved(unresisting(case))
        if certified is None or naive is None:
            failed.append(f"{case.name}: no certified plan")
            continue
        script, latency = certified
        turns = -(-WANTED // (BOARDS * script.cycles))
        begun = perf_counter()
        found = simulated(case, script, turns)
        seconds = perf_counter() - begun
        once = simulated(case, script, 1)
        naively = simulated(case, naive[0], 1)
        cycles, browned = int(found.cycles.sum()), int(found.browned_out.sum())
        lines += [
            f"{case.name}",
            f"  certified plan         {cycles:,} power cycles in {seconds:.1f} s, {browned} brown-outs,"
            f" nearest to one {1000 * found.margin.min():.1f} mV (integration {1000 * found.error:.1g} mV)",
            f"  latency                at most {once.latency.max():.4f} s, certified {latency:.4f} s",
            f"  ignoring resistance    {int(naively.browned_out.sum()):,} of {BOARDS:,} boards brown out",
        ]
        if cycles < WANTED or browned:
            failed.append(f"{case.name}: {browned} brown-outs in {cycles} power cycles")
        if once.latency.max() > latency:
            failed.append(f"{case.name}: {once.latency.max()} s, certified {latency} s")
        if not naively.browned_out.any():
            failed.append(f"{case.name}: a plan that ignores resistance never browns out")
    more, wrong = gaining(RUNS)
    return concluded(lines + more, failed + wrong)


if __name__ == "__main__":
    sys.exit(main())
