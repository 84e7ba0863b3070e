"""Response times under supply curves against simulated runs: never below, and equal where the supply is the curve.

Curves are random and superadditive (their power rises from window to window), supplies are the largest of a few such
curves that begin anew after bursts, so that buffers overflow, and runs take what is stated or less. One violation ends
the bench with exit code 1.

    python -m bench.curves [--runs N] [--seed S]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil

from ischedule.models.curve_failures import Failing, response_with_failures
from ischedule.models.response_time import CurveRule, Overflow, Work
from ischedule.models.supply_curve import SupplyCurve
from tests.models.curve_simulation import Cycle, greatest_of, simulate

WATT = 10**12
"""A rate of one femtojoule in each picosecond."""


def random_curve(draw: random.Random) -> SupplyCurve:
    """A convex curve, with a blackout more often than not."""
    points, rates = [(0, 0)], sorted(draw.choice((0, 0, 1, 2, 3, 5)) for _ in range(draw.randint(1, 3)))
    for rate in rates:
        length = draw.randint(1, 30)
        points.append((points[-1][0] + length, points[-1][1] + rate * length))
    return SupplyCurve(tuple(points), (rates[-1] + draw.randint(1, 3)) * WATT)


def random_plan(draw: random.Random) -> tuple[int, int, list[Cycle]]:
    """A start level, a full buffer, and cycles that fit their thresholds."""
    top = draw.randint(10, 60)
    cycles = []
    for _ in range(draw.randint(1, 6)):
        threshold = top if draw.random() < 0.6 else draw.randint(5, top)
        cycles.append(Cycle(threshold, draw.randint(1, threshold), draw.randint(0, 25)))
    return draw.randint(-20, top), top + draw.choice((0, 0, 5, 40)), cycles


def bound(curve: SupplyCurve, level: int, full: int, cycles: list[Cycle], overflow: Overflow) -> int:
    """What the analysis says."""
    rule = CurveRule(curve, Fraction(1), level, full, overflow)
    found = rule.response([Work(cycle.threshold, cycle.drain, cycle.active) for cycle in cycles])
    assert found is not None
    return found


def taken(draw: random.Random, cycles: list[Cycle]) -> list[Cycle]:
    """The same cycles as they may really run: less drained, at any moment, in less time."""
    return [
        replace(
            cycle,
            drain=cycle.drain if draw.random() < 0.6 else draw.randint(0, cycle.drain),
            active=cycle.active if draw.random() < 0.6 else draw.randint(0, cycle.active),
            when=draw.choice((Fraction(0), Fraction(1), Fraction(draw.randint(0, 8), 8))),
            even=draw.random() < 0.3,
        )
        for cycle in cycles
    ]


def bound_with(
    curve: SupplyCurve, level: int, full: int, cycles: Sequence[Cycle], failures: int, overflow: Overflow
) -> int:
    """What the analysis says where power may fail so often; a failure leaves nothing above the floor."""
    rule = CurveRule(curve, Fraction(1), level, full, overflow)
    works = [Work(cycle.threshold, cycle.drain, cycle.active) for cycle in cycles]
    found = response_with_failures(Failing(rule, failures, 0), works, [work.high for work in works], None)
    assert found is not None
    return found


def failing(cycles: Sequence[Cycle], places: Sequence[int]) -> list[Cycle]:
    """The cycles with those that fail run once more for each time that they are named."""
    return [
        one
        for place, cycle in enumerate(cycles)
        for one in (*[replace(cycle, fails=True)] * places.count(place), cycle)
    ]


def main() -> int:
    """Run, print, decide."""
    parser = argparse.ArgumentParser(description="Bounds under supply curves against simulated runs.")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    draw, begun = random.Random(arguments.seed), time.monotonic()
    runs = above = lossy = missed = unequal = exact = failed = late = 0
    closest = Fraction(0)
    while runs < arguments.runs:
        curve = random_curve(draw)
        level, full, cycles = random_plan(draw)
        aware = bound(curve, level, full, cycles, Overflow.RUNNING)
        plain = bound(curve, level, full, cycles, Overflow.NEVER)
        # a buffer that is never full: the supply that is the curve takes as long as the bound says
        endless = level + curve.at_least(aware) + sum(cycle.threshold for cycle in cycles) + 1
        exact += 1
        unequal += ceil(simulate(greatest_of(curve, ()), cycles, level, endless)) != plain
        for _ in range(8):
            bursts = sorted((draw.randint(0, aware + 1), draw.randint(0, 3 * full)) for _ in range(draw.randint(0, 3)))
            supply = greatest_of(curve, bursts)
            run = taken(draw, cycles)
            end = simulate(supply, run, level, full)
            runs += 1
            above += end > aware
            lossy += end > plain
            missed += simulate(supply, run, level, endless) > plain
            closest = max(closest, end / aware if aware else Fraction(1))
        for failures in (1, 2):
            most = bound_with(curve, level, full, cycles, failures, Overflow.RUNNING)
            places = [draw.randrange(len(cycles)) for _ in range(failures)]
            bursts = sorted((draw.randint(0, most + 1), draw.randint(0, 3 * full)) for _ in range(draw.randint(0, 3)))
            failed += 1
            late += simulate(greatest_of(curve, bursts), failing(taken(draw, cycles), places), level, full) > most
    print(f"runs                                {runs} in {time.monotonic() - begun:.0f} s")
    print(f"above the overflow-aware bound      {above}")
    print(f"above the plain one, overflowing    {lossy}")
    print(f"above the plain one, never full     {missed}")
    print(f"plans whose bound is not attained   {unequal} of {exact} (never full, supply is the curve)")
    print(f"closest run to the aware bound      {float(closest):.1%}")
    print(f"with failures, above their bound    {late} of {failed}")
    good = above == missed == unequal == late == 0 and lossy > 0
    print("holds" if good else "VIOLATED")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
