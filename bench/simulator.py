"""How many power cycles a minute the simulator runs, event by event and side by side.

The claim is that runs side by side come to a million a minute at least, series resistance included.
"""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np

from bench.verdict import concluded
from ischedule.simulation.board import Board
from ischedule.simulation.circuit import Capacitor
from ischedule.simulation.flow import Flow
from ischedule.simulation.many import constant, run_many
from ischedule.simulation.planned import run_planned
from ischedule.simulation.script import Activity, Commit, PlannedCycle, PlannedCycles, PlannedScript
from ischedule.simulation.supplies import Opposed

WANTED = 1_000_000
"""Power cycles a minute."""


def main() -> int:
    begin, commit = (("boot", Activity(60e-6, 30e-3, 20e-3)),), Commit(Activity(4e-6, 1e-3, 20e-3))
    work = (("sample", Activity(210e-6, 72e-3, 20e-3)), ("filter", Activity(300e-6, 60e-3, 20e-3)))
    script = PlannedScript((PlannedCycles(100, PlannedCycle(None, begin, work, commit)),))
    supply = Opposed(Flow(fed=2.5e-3), Flow(fed=1e-3))
    random = np.random.default_rng(1)
    lines, failed = [], []
    for leak in (0.0, 1e-6):
        boards = [
            Board(Capacitor(random.uniform(400e-6, 500e-6), random.uniform(1, 8), leak), supply, 3.3, 2.2)
            for _ in range(10_000)
        ]
        begun = perf_counter()
        flows = [supply.waiting] * len(boards), [supply.running] * len(boards)
        many = run_many(script, boards, constant(*flows))
        beside = perf_counter() - begun
        begun = perf_counter()
        one = run_planned(script, boards[0])
        alone = perf_counter() - begun
        rate = 60 * int(many.cycles.sum()) / beside
        off = abs(float(many.latency[0]) / one.latency - 1)
        lines.append(
            f"leakage {leak:.0e} A: {rate:,.0f} power cycles a minute side by side,"
            f" {60 * one.cycles / alone:,.0f} event by event; latencies differ by {off:.0e}"
        )
        if rate < WANTED:
            failed.append(f"{rate:,.0f} power cycles a minute, {WANTED:,} are wanted")
        if off > 1e-6:
            failed.append(f"both ways differ by {off}")
    return concluded(lines, failed)


if __name__ == "__main__":
    sys.exit(main())
