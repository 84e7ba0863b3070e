"""Does the compatibility room compute what the publications state? Prints a table; exits 1 where a claim fails.

For every published solution, with the published semantics: the explorer's latency, designs and candidate counts, and
each layer's cost for the published design, to 1e-9 relative. For the networks at 1 mF whose published margin admits no
design: the proof of that, by enumeration. For the shipped cases: the published designs under the true-voltage recharge
law. Run from the repository's root: `python -m bench.published`.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.published_reference import REFERENCE, PublishedNetwork, optima, published_networks
from ischedule.compat.continuous import evaluate_continuous, explore_continuous_layer
from ischedule.compat.explorer import OverBudget, evaluate, explore
from ischedule.compat.platform import Design, Semantics
from ischedule.compat.profile import profile_of
from ischedule.compat.true_voltage import true_voltage_latency

TOLERANCE = 1e-9
PUBLISHED_MARGIN = 0.55


@dataclass(frozen=True)
class Outcome:
    """One line of the table: the worst relative deviations from the reference, and what does not hold."""

    name: str
    latency: float
    latency_error: float
    layer_error: float
    seconds: float
    failures: tuple[str, ...]


def relative(value: float, reference: float) -> float:
    """Relative deviation from a reference that is not zero."""
    return abs(value - reference) / abs(reference)


def _outcome(
    name: str,
    latencies: tuple[float, float],
    pairs: Iterable[tuple[float, float]],
    seconds: float,
    failures: Sequence[str],
) -> Outcome:
    found = list(failures)
    latency_error = relative(*latencies)
    layer_error = max(relative(*pair) for pair in pairs)
    if not latency_error <= TOLERANCE:
        found.append(f"latency {latencies[0]!r} is not {latencies[1]!r}")
    if not layer_error <= TOLERANCE:
        found.append(f"a layer's cost is off by {layer_error:.1e}")
    return Outcome(name, latencies[0], latency_error, layer_error, seconds, tuple(found))


def _refuted(name: str, seconds: float, reason: str) -> Outcome:
    return Outcome(name, math.nan, math.nan, math.nan, seconds, (reason,))


def _differing(found: Iterable[Design], network: PublishedNetwork) -> list[str]:
    pairs = zip(found, network.designs, strict=True)
    return [f"design {mine} is not the published {theirs}" for mine, theirs in pairs if mine != theirs]


def check_intermittent(network: PublishedNetwork) -> Outcome:
    """Explorer and published designs under intermittent power."""
    begin = time.perf_counter()
    found = explore(network.platform, network.layers, network.semantics)
    seconds = time.perf_counter() - begin
    if not found.feasible:
        return _refuted(network.name, seconds, "; ".join(map(str, found.refusals)))
    given = evaluate(network.platform, network.layers, network.designs, profile_of(network.semantics))
    failures = _differing((result.design for result in found.results), network)
    pairs = []
    for mine, chosen, row in zip(given.results, found.results, network.figures, strict=True):
        pairs += [(mine.latency, row["latency_s"]), (mine.energy, row["energy_J"])]
        for cost, sort in ((mine.first, "first"), (mine.later, "later")):
            pairs += [(cost.energy, row[f"cycle_energy_{sort}_J"]), (cost.time, row[f"cycle_time_{sort}_s"])]
            pairs.append((cost.recharge, row[f"recharge_{sort}_s"]))
            if cost.count != row[f"cycles_{sort}"]:
                failures.append(f"{mine.layer}: {cost.count} power cycles are not {row[f'cycles_{sort}']}")
        if mine.volatile_bytes != row["volatile_bytes"]:
            failures.append(f"{mine.layer}: {mine.volatile_bytes} bytes are not {row['volatile_bytes']}")
        counts = chosen.candidates
        mine_counts = (
            None if counts is None else (counts.total, counts.feasible, counts.fail_volatile, counts.fail_energy)
        )
        if "candidates" in row:
            their_counts = tuple(row[name] for name in ("candidates", "feasible", "fail_volatile", "fail_energy"))
            if mine_counts != their_counts:
                failures.append(f"{mine.layer}: candidate counts {mine_counts} are not {their_counts}")
    return _outcome(network.name, (found.latency, network.totals["latency_s"]), pairs, seconds, failures)


def check_continuous(network: PublishedNetwork) -> Outcome:
    """Explorer and published designs under continuous power."""
    begin = time.perf_counter()
    found = [explore_continuous_layer(network.platform, layer) for layer in network.layers]
    seconds = time.perf_counter() - begin
    chosen = [result for result in found if result is not None]
    if len(chosen) != len(found):
        return _refuted(network.name, seconds, "no design fits a layer")
    given = evaluate_continuous(network.platform, network.layers, network.designs)
    pairs = []
    for mine, row in zip(given, network.figures, strict=True):
        pairs += [(mine.latency, row["latency_s"]), (mine.energy, row["energy_J"])]
    latency = sum(result.latency for result in chosen)
    failures = _differing((result.design for result in chosen), network)
    return _outcome(network.name, (latency, network.totals["latency_s"]), pairs, seconds, failures)


def check_infeasible(network: PublishedNetwork) -> tuple[str, bool]:
    """The network at the published margin: the proof that it has no schedule, and whether there is one."""
    found = explore(replace(network.platform, margin=PUBLISHED_MARGIN), network.layers, network.semantics)
    if found.feasible:
        return f"{network.name} at margin {PUBLISHED_MARGIN}: found feasible", False
    return f"{network.name} at margin {PUBLISHED_MARGIN}: {'; '.join(map(str, found.refusals))}", True


def check_true_voltage(network: PublishedNetwork, reference: dict[str, float]) -> Outcome:
    """The published designs under the true-voltage recharge law."""
    name = f"{network.case} (published designs)"
    begin = time.perf_counter()
    try:
        found = true_voltage_latency(network.platform, network.layers, network.designs)
    except OverBudget as error:
        return _refuted(name, time.perf_counter() - begin, str(error))
    seconds = time.perf_counter() - begin
    failures = [] if found.cycles == reference["cycles"] else [f"{found.cycles} cycles are not {reference['cycles']}"]
    pairs = [(found.energy, reference["energy_J"]), (found.active, reference["active_s"])]
    return _outcome(name, (found.latency, reference["latency_s"]), pairs, seconds, failures)


def _print_table(title: str, outcomes: Sequence[Outcome]) -> None:
    print(f"\n{title}")
    print(f"{'network':<56}{'latency s':>13}{'error':>10}{'worst layer':>13}{'explored s':>12}")
    for outcome in outcomes:
        errors = f"{outcome.latency_error:>10.1e}{outcome.layer_error:>13.1e}"
        print(f"{outcome.name:<56}{outcome.latency:>13.6f}{errors}{outcome.seconds:>12.3f}")
        for failure in outcome.failures:
            print(f"    FAILS: {failure}")


def run(folder: Path = REFERENCE) -> bool:
    """Check every claim against the reference folder, print the tables, and tell whether all hold."""
    networks = published_networks(folder)
    by_case = optima(folder)
    intermittent = [network for network in networks if not network.continuous]
    inas = [network for network in intermittent if network.semantics is Semantics.INAS_2021]
    tables = {
        "inas-2021, intermittent power": [check_intermittent(network) for network in inas],
        "inas-2021, continuous power": [check_continuous(network) for network in networks if network.continuous],
        "tinas-2025, intermittent power": [
            check_intermittent(network) for network in intermittent if network.semantics is Semantics.TINAS_2025
        ],
        "published designs, true-voltage recharge law": [
            check_true_voltage(network, by_case[network.case]["published_true_voltage"])
            for network in inas
            if network.case is not None
        ],
    }
    for title, outcomes in tables.items():
        _print_table(title, outcomes)
    print("\nRefuted at the published margin")
    proofs = [check_infeasible(network) for network in inas if network.platform.margin != PUBLISHED_MARGIN]
    for text, holds in proofs:
        print(text if holds else f"    FAILS: {text}")
    complete = all(tables.values()) and bool(proofs)
    return complete and not any(o.failures for t in tables.values() for o in t) and all(holds for _, holds in proofs)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if every claim holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.published", description=__doc__)
    parser.add_argument("--reference", type=Path, default=REFERENCE, help="folder with published.json and optima.json")
    holds = run(parser.parse_args(arguments).reference)
    print("\nevery claim holds" if holds else "\nsome claims FAIL")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
