"""Commits skipped and taken on made-up traces of bursts: the plan, the plan with skips, and urgent checkpoints.

Two cases whose device sleeps with its memory retained: `kws20-max78000`, with the least mode that keeps the
accelerator's memories, and the shipped sensor node. Traces come and go, at three mean powers and three lengths of
bursts. Latencies are over that of the plan on the same trace. Exits 1 if a run with skips repeats any work, or takes
longer than the plan on average.

Run from the repository's root: `python -m bench.skipping`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any

from bench.verdict import concluded
from ischedule.api import Result, solve
from ischedule.comparison import PLAN, SKIPPING
from ischedule.models.case import load_case
from ischedule.policies import urgent
from ischedule.simulation.supplies import Trace
from ischedule.traced import Traced, on_supply

CASES = Path(__file__).parents[1] / "cases"
TRACES = 40
SECONDS = 4000.0
SLEEP = {
    "power": "400 uW",
    "poll_energy": "0.2 uJ",
    "poll_period": "20 ms",
    "wake": {"energy": "1 uJ", "time": "0.5 ms"},
    "retained": True,
}


def cases() -> Iterator[dict[str, Any]]:
    """The cases by what their files say, the first with a sleep."""
    sleeping = {"wake": {"policy": "fixed", "mechanism": "sense", "sleep": SLEEP}}
    yield json.loads((CASES / "kws20-max78000.json").read_text("utf-8")) | sleeping
    yield json.loads((CASES / "sensor-node-sleeps-and-measures.json").read_text("utf-8"))


def trace(seed: int) -> Trace:
    """Every second piece is dark; the others bring twice the mean power at most."""
    random, now = Random(seed), 0.0
    power, length = random.choice((0.3e-3, 1e-3, 3e-3)), random.choice((0.2, 2.0, 20.0))
    times, powers = [], []
    while now < SECONDS:
        times.append(now)
        powers.append(2 * power * random.random() if len(times) % 2 else 0.0)
        now += random.expovariate(1 / length) + 1e-6
    return Trace(tuple(times), tuple(powers), now)


def lines(name: str, runs: list[dict[str, Traced]]) -> Iterator[str]:
    """What each runtime came to over all traces."""
    for policy in runs[0]:
        found = [one[policy].outcome for one in runs]
        done = [one for one in found if one is not None and one.finished]
        shares = ratios(runs, policy)
        counts = [sum(getattr(one, what) for one in done) for what in ("checkpoints", "skipped", "brown_outs")]
        again = sum(one.repeated for one in done) * 1e6
        yield (
            f"{name:32} {policy:19} {len(done):5} {mean(shares):6.3f} {min(shares):6.3f} {max(shares):6.3f} "
            f"{counts[0]:6} {counts[1]:8} {counts[2]:10} {again:10.1f}"
        )


def ratios(runs: list[dict[str, Traced]], policy: str) -> list[float]:
    """Latencies over that of the plan, where both end."""
    pairs = ((one[policy].outcome, one[PLAN].outcome) for one in runs)
    return [
        one.latency / plan.latency
        for one, plan in pairs
        if one is not None and plan is not None and one.finished and plan.finished
    ]


def main() -> int:
    """The table, and what it shows."""
    heads = f"{'ended':>5} {'mean':>6} {'least':>6} {'most':>6}  saved  skipped brown-outs repeats uJ"
    text = [f"{'case':32} {'runtime':19} {heads}"]
    wrong: list[str] = []
    for document in cases():
        result: Result = solve(load_case(document))
        runs = [{row.name: row for row in on_supply(result, [urgent.POLICY], trace(seed))} for seed in range(TRACES)]
        text += lines(result.case.name, runs)
        skipped = [one[SKIPPING].outcome for one in runs]
        if any(one is None or one.repeated > 0 for one in skipped):
            wrong.append(f"{result.case.name}: work is repeated where commits are skipped")
        if mean(ratios(runs, SKIPPING)) > 1:
            wrong.append(f"{result.case.name}: skipping commits takes longer on average")
        if not any(one is not None and one.skipped for one in skipped):
            wrong.append(f"{result.case.name}: no commit is skipped")
    return concluded(text, wrong)


if __name__ == "__main__":
    sys.exit(main())
