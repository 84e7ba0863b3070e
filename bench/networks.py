"""What are the plans for the published networks worth? Prints tables; exits 1 where a claim fails.

Every network of the reference that iNAS found, under fixed and programmable wake (an external comparator with
continuous levels), dense layers with and without their input as channels. Claims: each plan is certified optimal by
the checker, equals the optimum that an independent experiment found within 1e-5, and is not slower than the published
designs under the same true-voltage recharge law; geometric means of the speed-up reach those that are stated below;
keyword spotting on 1 mF is schedulable at the published margin, where the publication's own semantics admit no design.

Then what each source of gain is worth: the rise of latency when it alone is taken away.
Run from the repository's root: `python -m bench.networks`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bench.network_cases import FIXED, PROGRAMMABLE, Variant, geometric_mean, variants
from bench.restrictions import RESTRICTIONS, SECOND, without
from ischedule import solve
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.plan import Status
from ischedule.models.plan_file import Certified

TOLERANCE = 1e-5
PUBLISHED_MARGIN = "0.55"
LEAST_SPEED_UP = {
    "CIFAR-10, fixed": 1.30,
    "CIFAR-10, programmable": 1.51,
    "KWS, fixed, dense as channels": 10.9,
    "KWS, programmable, dense as channels": 15.9,
    "KWS, fixed, dense": 1.10,
    "KWS, programmable, dense": 1.33,
}


@dataclass(frozen=True)
class Line:
    """One solved variant: its latency in seconds, what is certified, and the processor time of solving and checking."""

    variant: Variant
    latency: float
    certified: Certified | None
    seconds: float

    @property
    def deviation(self) -> float:
        """Relative distance from the independent optimum."""
        return self.latency / self.variant.reference - 1

    @property
    def speed_up(self) -> float:
        """The published designs' latency over this one."""
        return self.variant.published / self.latency

    @property
    def failures(self) -> list[str]:
        """The claims that do not hold."""
        found = []
        if self.certified is not Certified.OPTIMAL:
            found.append("not certified optimal")
        if not abs(self.deviation) <= TOLERANCE:
            found.append(f"off the independent optimum by {self.deviation:.1e}")
        if not self.speed_up >= 1:
            found.append("slower than the published designs")
        return found


def solved(variant: Variant) -> Line:
    """One variant, solved and checked."""
    begin = time.process_time()
    result = solve(variant.document())
    seconds = time.process_time() - begin
    latency = float("nan") if result.latency is None else result.latency / SECOND
    return Line(variant, latency, result.kind, seconds)


def print_line(line: Line) -> None:
    """One row of the table."""
    kernel = "as channels" if line.variant.dense_as_channels else ""
    certified = "nothing" if line.certified is None else line.certified.value
    print(
        f"{line.variant.name:22} {line.variant.policy:12} {kernel:11} {line.latency:11.6f} "
        f"{line.variant.published:10.3f} {line.speed_up:7.3f} {line.deviation:9.1e} {certified:8} {line.seconds:5.2f}",
        flush=True,
    )
    for failure in line.failures:
        print(f"    FAILS: {failure}")


def run_networks() -> bool:
    """Solve everything, print the table and the means, and tell whether all claims hold."""
    print(
        f"{'network':22} {'wake':12} {'dense':11} {'latency (s)':>11} {'published':>10} "
        f"{'speedup':>7} {'deviation':>9} {'certified':9} {'CPU s':>4}"
    )
    lines = []
    for variant in variants():
        lines.append(solved(variant))
        print_line(lines[-1])
    holds = not any(line.failures for line in lines)
    print("\nGeometric mean of the speed-up over the published designs under the same recharge law")
    for label, least in LEAST_SPEED_UP.items():
        mean = geometric_mean(line.speed_up for line in lines if line.variant.label == label)
        print(f"{label:38} {mean:7.3f} (claim: at least {least}){'' if mean >= least else '    FAILS'}")
        holds &= mean >= least
    return holds


def run_published_margin() -> bool:
    """The networks for keyword spotting on 1 mF at the margin that their publication states."""
    print(f"\nKeyword spotting on 1 mF at margin {PUBLISHED_MARGIN}, where the published semantics admit no design")
    holds = True
    for variant in variants():
        if variant.name.startswith("kws-inas-1mF") and variant.dense_as_channels:
            result = solve(variant.document(PUBLISHED_MARGIN))
            good = result.status is Status.SCHEDULABLE and result.kind is Certified.OPTIMAL
            latency = "" if result.latency is None else f"{result.latency / SECOND:.6f} s"
            verdict = "certified optimal" if good else "FAILS"
            print(f"{variant.name:22} {variant.policy:12} {result.status.value} {latency}, {verdict}")
            holds &= good
    return holds


Rises = dict[str, list[float]]
"""For each source of gain, by which factor the latency of each network rises without it."""


def rises_of(label: str) -> Rises:
    """All networks of one kind."""
    found: Rises = {}
    same = [one for one in variants() if one.label == label]
    for variant in same:
        print(f"\r{variant.name:24} {label:40}", end="", file=sys.stderr, flush=True)
        program = program_of(load_case(variant.document()))
        for restriction in RESTRICTIONS:
            found.setdefault(restriction, []).append(without(restriction, program) / variant.reference)
    found["fetching once (1)"] = [one.refetching / one.reference for one in same]
    if same[0].dense_as_channels:
        found["dense layers as channels"] = _over(same, label.replace(" as channels", ""))
    if same[0].policy == PROGRAMMABLE:
        found["a threshold for each cycle (2)"] = _over(same, label.replace(PROGRAMMABLE, FIXED))
    return found


def _over(same: Sequence[Variant], label: str) -> list[float]:
    """The optima of these networks as another kind, over those of this kind."""
    others = {one.name: one.reference for one in variants() if one.label == label}
    return [others[one.name] / one.reference for one in same]


def run_shares() -> None:
    """The rise of latency when one source of gain is taken away, as geometric means over the networks of a kind."""
    rises = {label: rises_of(label) for label in LEAST_SPEED_UP}
    print(file=sys.stderr)
    print("\nRise of latency in per cent when one source of gain is taken away, over the networks of a kind")
    for number, label in enumerate(rises):
        print(f"  {'ABCDEF'[number]}  {label}")
    print(f"{'':32}" + "".join(f"{letter:>9}" for letter in "ABCDEF"))
    for name in dict.fromkeys(name for rise in rises.values() for name in rise):
        cells = [
            f"{100 * (geometric_mean(rise[name]) - 1):9.2f}" if name in rise else f"{'-':>9}" for rise in rises.values()
        ]
        print(f"{name:32}" + "".join(cells))
    print("(1) every tile batch fetches the reused operand; both optima are those of the independent experiment")
    print("(2) fixed over programmable wake, each with the start and the end of its reading")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if every claim holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.networks", description=__doc__)
    parser.add_argument("--no-shares", action="store_true", help="leave out what each source of gain is worth")
    options = parser.parse_args(arguments)
    holds = [run_networks(), run_published_margin()]
    if not options.no_shares:
        run_shares()
    print("\nevery claim holds" if all(holds) else "\nsome claims FAIL")
    return 0 if all(holds) else 1


if __name__ == "__main__":
    sys.exit(main())
