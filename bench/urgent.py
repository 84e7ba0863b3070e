"""Urgent checkpoints against one inference at a time, on an accelerator of layers and recorded traces.

The toolchain of Caronti et al. (TECS 2023) stays in a mode that keeps the accelerator's memories while it charges, and
saves only where the input is less than that mode takes; it reports 1.9 times the throughput of one-shot execution, in
simulation. Its capacitors, traces and networks are not published. Here the network is `cifar10-nas-max78000`, traces
are scaled to a range of mean powers, and capacitors lie around the one that holds an inference; the table says where
the published ratio is reached. Exits 1 if urgent checkpoints help nowhere.

Run from the repository's root: `python -m bench.urgent [--traces DIR]`. DIR holds CSV files with the columns time_s and
power_W; without it a made-up trace of bursts is taken.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from bench.verdict import concluded
from ischedule.models.case import load_case
from ischedule.models.cost import Effort
from ischedule.models.trace import read_trace
from ischedule.models.urgent import UrgentWork, urgent_work
from ischedule.simulation import reactive
from ischedule.simulation.board import Board, Sleeping
from ischedule.simulation.circuit import Capacitor
from ischedule.simulation.machine import Limits
from ischedule.simulation.script import NOTHING, Activity, Commit, Script, Stretch
from ischedule.simulation.supplies import Trace

CASE = Path(__file__).parents[1] / "cases" / "cifar10-nas-max78000.json"
PUBLISHED = 1.9
TURN_ON, BROWN_OUT = 3.3, 1.9
CAPACITORS = (150e-6, 200e-6, 208e-6, 214e-6, 240e-6, 470e-6)
"""One inference with booting takes 842 uJ, which 231 uF hold; below, it ends only where enough comes in meanwhile."""
MEAN_POWERS = (0.3e-3, 0.5e-3, 1e-3, 2e-3, 4e-3, 8e-3)
INFERENCES = 10
HOURS = 48.0


@dataclass(frozen=True)
class Ratio:
    """How many inferences urgent checkpoints finish in the time of one without; None where one of both never ends."""

    trace: str
    capacitance: float
    power: float
    ratio: float | None
    one_shot: str
    urgent: str
    saved: int
    kept: int


def activity(*efforts: Effort) -> Activity:
    """Efforts in a row."""
    return Activity(sum(one.amount for one in efforts) * 1e-15, sum(one.time for one in efforts) * 1e-12)


def by_layers(work: UrgentWork) -> Script:
    """Inferences layer by layer: each configures, loads its weights and runs; any layer that may be saved after can."""
    layers = []
    for place, layer in enumerate(work.layers):
        unit = activity(work.configure, layer.weights, layer.input, layer.run)
        before = work.layers[place - 1].restore if place else Effort(0, 0)
        commit = Commit(activity(layer.save), layer.saved_bytes) if layer.may_save else None
        layers.append(Stretch(layer.name, 1, unit, commit, activity(before)))
    return Script(activity(work.boot), tuple(layers) * INFERENCES)


def in_one_go(work: UrgentWork) -> Script:
    """Inferences that run whole or not at all; each publishes its result."""
    parts = [effort for layer in work.layers for effort in (work.configure, layer.weights, layer.input, layer.run)]
    result = Commit(activity(work.layers[-1].save), work.layers[-1].saved_bytes)
    return Script(activity(work.boot), (Stretch("inference", INFERENCES, activity(*parts), result, NOTHING),))


def traces(folder: Path | None) -> Iterator[tuple[str, Trace]]:
    """The traces of a folder, or a made-up one: bursts of ten seconds or so, between them little."""
    if folder is not None:
        for file in sorted(folder.glob("*.csv")):
            yield file.stem, Trace.of(read_trace(file))
        return
    random, times, powers, now = Random(7), [], [], 0.0
    for number in range(2000):
        times.append(now)
        powers.append(1e-3 * random.uniform(0.5, 2.0) if number % 2 else 1e-4 * random.random())
        now += random.expovariate(0.1)
    yield "made-up bursts", Trace(tuple(times), tuple(powers), now)


def scaled(trace: Trace, mean: float) -> Trace:
    """The trace with another mean power."""
    ends = (*trace.times[1:], trace.end)
    energy = sum(power * (end - begin) for begin, end, power in zip(trace.times, ends, trace.powers, strict=True))
    return replace(trace, powers=tuple(power * mean * trace.end / energy for power in trace.powers))


def ratios(folder: Path | None) -> Iterator[Ratio]:
    """All settings."""
    work = urgent_work(load_case(CASE))
    assert work is not None
    assert work.kept is not None
    layers, whole = by_layers(work), in_one_go(work)
    asleep = Sleeping(work.kept.power * 1e-15, 0.0, 1.0)
    limits = Limits(time=HOURS * 3600.0, attempts=300)
    for name, trace in traces(folder):
        for capacitance in CAPACITORS:
            for power in MEAN_POWERS:
                board = Board(Capacitor(capacitance), scaled(trace, power), TURN_ON, BROWN_OUT, start=BROWN_OUT)
                urgent = reactive.run_urgent(layers, replace(board, sleeping=asleep), limits)
                one_shot = reactive.run_opportunistic(whole, board, limits)
                both = urgent.finished and one_shot.finished
                yield Ratio(
                    name,
                    capacitance,
                    power,
                    one_shot.latency / urgent.latency if both else None,
                    f"{one_shot.latency / INFERENCES:.4g} s" if one_shot.finished else "never",
                    f"{urgent.latency / INFERENCES:.4g} s" if urgent.finished else "never",
                    urgent.checkpoints,
                    urgent.skipped,
                )


def main() -> int:
    """The table, and what it shows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=Path, metavar="DIR", help="a folder of CSV files")
    found = list(ratios(parser.parse_args().traces))
    lines = [f"{'trace':28} {'C [uF]':>7} {'mean [mW]':>9} {'one-shot':>10} {'urgent':>10} {'ratio':>6}  saved  kept"]
    for one in found:
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        lines.append(
            f"{one.trace:28} {one.capacitance * 1e6:7.0f} {one.power * 1e3:9.2f} {one.one_shot:>10} {one.urgent:>10} "
            f"{ratio:>6} {one.saved:6} {one.kept:5}"
        )
    known = [one for one in found if one.ratio is not None]
    reached = [one for one in known if (one.ratio or 0) >= PUBLISHED]
    best = max(known, key=lambda one: one.ratio or 0, default=None)
    wrong = []
    if best is None or (best.ratio or 0) <= 1:
        wrong.append("urgent checkpoints help nowhere")
    else:
        place = f"{best.trace}, {best.capacitance * 1e6:.0f} uF, {best.power * 1e3:.2f} mW"
        share = f"reached in {len(reached)} of {len(known)} settings in which both end"
        lines.append(f"published {PUBLISHED} (simulation): {share}, at most {best.ratio:.2f} ({place})")
        alone = sum(one.one_shot == "never" and one.urgent != "never" for one in found)
        lines.append(f"in {alone} of {len(found)} settings only urgent checkpoints end at all")
    return concluded(lines, wrong)


if __name__ == "__main__":
    sys.exit(main())
