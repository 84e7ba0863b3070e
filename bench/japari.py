"""Does the policies' room count JAPARI and HAWAII as their example layer was counted? Exits 1 beyond 1 %.

Then both beside this project's plans, on every shipped network for the board: exits 1 if one of them is faster than the
plan with the plan's own commands. With matrix commands, which this project's kernels do not have, they may be.

The layer is a case (`bench/japari_layer.json`) and goes through the code that every case does. What stands beside the
figures was counted from the released loop nest with the transfer and accelerator costs of iNAS at 16 MHz; the speed-up
of 2.93 is what the publication calls "3x". Run from the repository's root: `python -m bench.japari`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import product
from pathlib import Path

from bench.verdict import concluded
from ischedule.api import solve
from ischedule.models.case import load_case
from ischedule.models.wake import Until
from ischedule.policies import hawaii_external, japari
from ischedule.policies.outcome import outcome
from ischedule.policies.workload import Workload

LAYER = Path(__file__).with_name("japari_layer.json")
CASES = Path(__file__).parents[1] / "cases"
TOLERANCE = 0.01


@dataclass(frozen=True)
class Counted:
    """One policy at one granularity: writes, bytes written and read, products, seconds one after the other and
    overlapped."""

    writes: int
    written: int
    read: int
    macs: int
    serial: float
    overlapped: float


COUNTED = {
    ("hawaii", 1): Counted(1_538_576, 4_634_656, 2_125_696, 3_115_008, 61.938, 57.621),
    ("japari", 1): Counted(97_344, 3_115_008, 3_661_568, 7_787_520, 24.821, 19.641),
    ("hawaii", 2): Counted(770_640, 3_098_784, 2_125_696, 3_115_008, 38.612, 34.295),
    ("japari", 2): Counted(97_344, 2_336_256, 2_893_632, 5_840_640, 21.332, 16.548),
    ("hawaii", 4): Counted(386_672, 2_330_848, 2_125_696, 3_115_008, 26.949, 22.632),
    ("japari", 4): Counted(97_344, 1_946_880, 2_509_664, 4_867_200, 19.588, 15.001),
    ("hawaii", 8): Counted(194_688, 1_946_880, 2_125_696, 3_115_008, 21.117, 16.801),
    ("japari", 8): Counted(97_344, 1_846_832, 2_317_680, 4_867_200, 19.004, 14.417),
}
"""What was counted from the released sources (fc4af70)."""

SPEED_UPS = {1: (2.50, 2.93), 2: (1.81, 2.07), 4: (1.38, 1.51), 8: (1.11, 1.17)}
"""HAWAII's time over JAPARI's, one after the other and overlapped."""


def counted(workload: Workload, name: str, granularity: int) -> Counted:
    """A policy's figures for the layer."""
    totals = []
    for overlapped in (False, True):
        if name == "japari":
            policy = japari.policy(granularity, overlapped=overlapped, input_is_marked=True)
        else:
            policy = hawaii_external.policy(granularity, overlapped=overlapped)
        totals.append(policy.execution(workload).totals())
    traffic, times = totals[0].traffic, [one.time / 1e12 for one in totals]
    return Counted(traffic.writes, traffic.bytes_written, traffic.bytes_read, traffic.macs, times[0], times[1])


def _row(name: str, granularity: int, found: Counted) -> str:
    pairs = zip(astuple(found), astuple(COUNTED[name, granularity]), strict=True)
    shares = (100 * (mine / theirs - 1) for mine, theirs in pairs)
    off = max(shares, key=abs)
    counts = f"{found.writes:11,}{found.written / 1e6:9.3f}{found.read / 1e6:9.3f}{found.macs / 1e6:9.3f}"
    return f"{granularity:2} {name:8}{counts}{found.serial:9.2f}{found.overlapped:9.2f}{off:+9.3f} %"


def _lines(found: dict[tuple[str, int], Counted]) -> Iterator[str]:
    yield f" B {'policy':8}{'writes':>11}{'MB wr.':>9}{'MB rd.':>9}{'M MACs':>9}{'s':>9}{'s overl.':>9}{'worst':>9}"
    for (name, granularity), one in found.items():
        yield _row(name, granularity, one)
    yield ""
    yield "speed-up of JAPARI, serial (reference) and overlapped (reference)"
    for granularity, published in SPEED_UPS.items():
        serial, overlapped = speed_ups(found, granularity)
        yield f"{granularity:2} {serial:8.3f} ({published[0]:.2f}) {overlapped:8.3f} ({published[1]:.2f})"


def speed_ups(found: dict[tuple[str, int], Counted], granularity: int) -> tuple[float, float]:
    """HAWAII's times over JAPARI's."""
    hawaii, markers = found["hawaii", granularity], found["japari", granularity]
    return hawaii.serial / markers.serial, hawaii.overlapped / markers.overlapped


def judged(found: dict[tuple[str, int], Counted]) -> list[str]:
    """The figures that are off by more than the tolerance."""
    failed = []
    for key, expected in COUNTED.items():
        for mine, theirs in zip(astuple(found[key]), astuple(expected), strict=True):
            if abs(mine / theirs - 1) > TOLERANCE:
                failed.append(f"{key[0]} at B = {key[1]}: {mine} is not {theirs}")
    for granularity, published in SPEED_UPS.items():
        for mine, theirs in zip(speed_ups(found, granularity), published, strict=True):
            if abs(mine / theirs - 1) > TOLERANCE:
                failed.append(f"speed-up at B = {granularity}: {mine:.3f} is not {theirs}")
    return failed


GRANULARITIES = (1, 8)


@dataclass(frozen=True)
class Compared:
    """Seconds of one case: the plan's worst case, and the policies (None: never ends) by whether there are matrix
    commands, by name and granularity."""

    name: str
    plan: float | None
    policies: dict[tuple[bool, str, int], float | None]


def compared(path: Path) -> Compared:
    """A case with its plan and both policies; latency ends with the last result published."""
    case = replace(load_case(path), until=Until.PUBLISHED)
    latency = solve(case).latency
    found: dict[tuple[bool, str, int], float | None] = {}
    for matrix_commands in (True, False):
        workload = Workload.of(case, matrix_commands=matrix_commands)
        for granularity in GRANULARITIES:
            for name, policy in (("hawaii", hawaii_external.policy), ("japari", japari.policy)):
                execution = policy(granularity).execution(workload)
                taken = outcome(execution, workload.law).latency / 1e12 if execution.makes_progress else None
                found[matrix_commands, name, granularity] = taken
    return Compared(path.stem, None if latency is None else latency / 1e12, found)


def boards_networks() -> list[Path]:
    """The shipped networks for the board that is solved within seconds."""
    kinds = ("cifar10-inas-*", "kws-*", "ds-cnn-msp430")
    return [path for kind in kinds for path in sorted(CASES.glob(f"{kind}.json"))]


def _compared_lines(found: Sequence[Compared]) -> Iterator[str]:
    keys = list(product((True, False), ("hawaii", "japari"), GRANULARITIES))
    yield ""
    yield "seconds: plan at worst, policies with matrix commands (m) and with the plan's own, B = 1 and 8"
    heads = "".join(f"{name[:3]}{granularity}{'m' * matrix:1}".rjust(9) for matrix, name, granularity in keys)
    yield f"{'case':32}{'plan':>9}{heads}"
    for one in found:
        yield f"{one.name:32}{_seconds(one.plan)}" + "".join(_seconds(one.policies[key]) for key in keys)


def _seconds(value: float | None) -> str:
    return f"{'-':>9}" if value is None else f"{value:9.2f}"


def not_beaten(found: Sequence[Compared]) -> list[str]:
    """The policies that are faster than a plan with the plan's own commands."""
    failed = []
    for one in found:
        for (matrix_commands, name, granularity), taken in one.policies.items():
            if not matrix_commands and taken is not None and (one.plan is None or taken < one.plan):
                failed.append(f"{one.name}: {name} at B = {granularity} takes {taken:.2f} s, the plan {one.plan}")
    return failed


def main(arguments: Sequence[str] | None = None) -> int:
    """Count both policies at all granularities, and compare them with plans."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layer", action="store_true", help="the example layer alone")
    asked = parser.parse_args(arguments)
    workload = Workload.of(load_case(LAYER))
    found = {key: counted(workload, *key) for key in COUNTED}
    plans = [] if asked.layer else [compared(path) for path in boards_networks()]
    lines = [*_lines(found), *(_compared_lines(plans) if plans else ())]
    return concluded(lines, [*judged(found), *not_beaten(plans)])


if __name__ == "__main__":
    sys.exit(main())
