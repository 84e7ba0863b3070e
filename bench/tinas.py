"""The published TiNAS networks, scheduled anew. Prints a table; exits 1 where a claim fails.

Claims: each network has a plan that the checker accepts as optimal; and by geometric mean the published designs take at
least 1.3 times as long, with the same device, capacitor, margin, fixed wake and recharge law. (That the published
semantics give the published latencies is shown by `python -m bench.published`.)

*Equal law* is what the published designs take when after each of their power cycles the capacitor recharges from the
voltage that is really left. *Unfolded* keeps normalisations and activations as layers of their own: from the equal law
to there, designs, batching and packing of layers into power cycles gain; from there on folding does. A network whose
unfolded maps do not fit the device side by side has no such plan, and is left out of these two means.
Run from the repository's root: `python -m bench.tinas [NAME ...]`.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.published_reference import PublishedNetwork, published_networks
from bench.verdict import concluded
from ischedule.analysis.cover import Unproven
from ischedule.analysis.division import require_least
from ischedule.analysis.evaluate import evaluate
from ischedule.compat.platform import Layer, LayerKind
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.models.diagnosis import Unschedulable
from ischedule.solvers.solve import solve

DEVICE = "msp430fr5994-lea-2024"
TIMES = 1.3
"""By what factor the published designs are claimed to take longer."""
BLOCK = 8
"""Layers of an inverted bottleneck: three convolutions with normalisations, two activations."""


@dataclass(frozen=True)
class Measured:
    """One network: latencies (s) as published, under the equal law, and of the plans found; what that took."""

    name: str
    published: float
    equal: float
    unfolded: float
    folded: float
    cycles: int
    is_proven: bool
    seconds: float


def document(network: PublishedNetwork, *, fold: bool) -> dict[str, Any]:
    """The network as a case. What a sum adds is the result before it and the one before its block."""
    platform, first = network.platform, network.layers[0]
    layers: list[dict[str, Any]] = []
    for index, layer in enumerate(network.layers):
        before = network.layers[index - 1].name if index else "input"
        inputs = [before]
        if layer.kind is LayerKind.ADD:
            inputs.append(network.layers[index - BLOCK - 1].name)
        layers.append({"name": layer.name, "inputs": inputs, **_operation(layer)})
    return {
        "ischedule": 1,
        "name": network.name,
        "device": DEVICE,
        "buffer": {
            "capacitance": f"{platform.capacitance * 1e3:g} mF",
            "turn_on": f"{platform.turn_on} V",
            "brown_out": f"{platform.brown_out} V",
            "margin": str(platform.margin),
            "series_resistance": "0 ohm",
            "leakage": "0 A",
        },
        "power_path": "converter",
        "wake": {"policy": "fixed", "mechanism": "latch"},
        "supply": {
            "kind": "source",
            "voltage": f"{platform.source_voltage} V",
            "resistance": f"{platform.source_resistance} ohm",
        },
        "start": "charged",
        "until": "recharged",
        "network": {
            "input": {"channels": first.in_channels, "height": first.in_height, "width": first.in_width},
            "layers": layers,
            "fold": fold,
        },
    }


def _operation(layer: Layer) -> dict[str, Any]:
    if layer.kind in (LayerKind.CONVOLUTION, LayerKind.DEPTHWISE):
        groups = layer.in_channels if layer.kind is LayerKind.DEPTHWISE else 1
        return {
            "kind": "conv2d",
            "out_channels": layer.out_channels,
            "kernel": [layer.kernel_height, layer.kernel_width],
            "stride": layer.stride,
            "padding": "same",
            "groups": groups,
        }
    return {
        LayerKind.DENSE: {"kind": "dense", "out_channels": layer.out_channels},
        LayerKind.BATCH_NORM: {"kind": "batch_norm"},
        LayerKind.RELU: {"kind": "activation", "activation": "relu"},
        LayerKind.ADD: {"kind": "add"},
        LayerKind.GLOBAL_AVERAGE_POOL: {"kind": "global_average_pool"},
    }[layer.kind]


def equal_law(network: PublishedNetwork) -> float:
    """What the published designs take where each recharge starts at the voltage that is left."""
    platform = network.platform

    def recharge(energy: float) -> float:
        left = math.sqrt(platform.turn_on**2 - 2 * energy / platform.capacitance)
        ratio = (platform.source_voltage - left) / (platform.source_voltage - platform.turn_on)
        return platform.source_resistance * platform.capacitance * math.log(ratio)

    total = 0.0
    for row in network.figures:
        for kind in ("first", "later"):
            cycles = row[f"cycles_{kind}"]
            if cycles:
                total += cycles * (row[f"cycle_time_{kind}_s"] + recharge(row[f"cycle_energy_{kind}_J"]))
    return total


def measured(network: PublishedNetwork) -> Measured:
    """Solve both forms of a network and check the proofs."""
    started = time.process_time()
    latencies, proven, cycles = [], [], 0
    for fold in (False, True):
        try:
            program = program_of(load_case(document(network, fold=fold)))
        except Unschedulable:
            latencies.append(math.nan)
            continue
        answer = solve(program)
        cycles = sum(run.repeat for run in answer.plan.cycles) if answer.plan else 0
        latencies.append((answer.latency or 0) / 1e12)
        proven.append(False)
        if answer.plan is None or answer.bound is None:
            continue
        attained = evaluate(program, answer.plan).latency
        try:
            require_least(program, answer.bound)
        except Unproven:
            continue
        proven[-1] = attained == answer.latency == (answer.bound.value or 0) + program.law.offset
    spent = time.process_time() - started
    published = network.totals["latency_s"]
    is_proven = all(proven) and not math.isnan(latencies[-1])
    return Measured(network.name, published, equal_law(network), *latencies, cycles, is_proven, spent)


def judged(found: Sequence[Measured]) -> list[str]:
    """The claims that do not hold."""
    failed = [f"{one.name}: not certified optimal" for one in found if not one.is_proven]
    mean = _mean([one.equal / one.folded for one in found if one.folded])
    return (
        failed if mean >= TIMES else [*failed, f"published designs take {mean:.2f} times as long, {TIMES} is claimed"]
    )


def _mean(ratios: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def _lines(found: Sequence[Measured]) -> Iterator[str]:
    heads = ("published", "equal law", "unfolded", "folded", "cycles", "equal/folded", "CPU [s]")
    yield f"{'network, latencies [s]':54}" + "".join(f"{head:>13}" for head in heads)
    for one in found:
        figures = f"{one.published:13.3f}{one.equal:13.3f}{one.unfolded:13.3f}{one.folded:13.3f}{one.cycles:13}"
        yield f"{one.name:54}{figures}{one.equal / one.folded:13.2f}{one.seconds:13.1f}"
    both = [one for one in found if not math.isnan(one.unfolded)]
    if both:
        tiling = _mean([one.equal / one.unfolded for one in both])
        folding = _mean([one.unfolded / one.folded for one in both])
        yield f"geometric means: designs, batching and packing {tiling:.2f}, folding {folding:.2f}"
    yield f"published designs take {_mean([one.equal / one.folded for one in found]):.2f} times as long"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the named networks, or all."""
    networks = [one for one in published_networks() if one.name.startswith("tinas/")]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", default=[one.name for one in networks])
    names = parser.parse_args(arguments).names
    found = [measured(one) for one in networks if one.name in names]
    if not found:
        parser.error(f"the networks are {', '.join(one.name for one in networks)}")
    return concluded(_lines(found), judged(found))


if __name__ == "__main__":
    sys.exit(main())
