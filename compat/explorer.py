"""The published explorers: every candidate of every layer, the fastest that fits, or the proof that none does.

Layers are independent in these models, so a full sweep per layer is optimal within its candidate list; ties in latency
go to the design with less volatile memory, then to the one enumerated first. A layer for which no candidate fits
refutes the whole network; since every candidate was enumerated, its cheapest power cycle and the budget are the proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ischedule.compat.candidates import Candidates, Column, candidates, volatile_bytes
from ischedule.compat.capacitor import cycle_budget, recharge_time
from ischedule.compat.costs import Costs, CycleCounts, CycleParts, cycle_counts, cycle_parts
from ischedule.compat.exploration import CandidateCounts, CycleCost, Exploration, LayerRefusal, LayerResult
from ischedule.compat.platform import Design, Layer, Platform, Semantics, nonvolatile_bytes
from ischedule.compat.profile import Profile, profile_of


class UnknownLayerKind(ValueError):
    """The published model has no formula for a layer of this kind."""


class OverBudget(ValueError):
    """A given design has a power cycle that the buffer cannot feed."""


@dataclass(frozen=True)
class _Axis:
    """One axis (joules or seconds) of all candidates: whole cycles of both sorts, and their parts."""

    parts: CycleParts
    first: Costs
    later: Costs


@dataclass(frozen=True)
class _Priced:
    """All candidates of a layer with the number and the cost of their power cycles.

    A candidate without cycles on later blocks of input channels takes its first sort of cycle for both.
    """

    layer: Layer
    designs: Candidates
    memory: Column
    counts: CycleCounts
    energy: _Axis
    time: _Axis

    def has_later(self, index: int) -> bool:
        """Whether the candidate has cycles that fetch partial sums."""
        return bool(self.counts.later[index] != 0)

    def latency(self, platform: Platform, profile: Profile, chosen: np.ndarray) -> Costs:
        """Seconds for the whole layer, for the candidates chosen by index or mask; their cycles fit the budget."""
        first, later = (
            time[chosen] + recharge_time(platform, energy[chosen], profile.margin_is_spent)
            for time, energy in ((self.time.first, self.energy.first), (self.time.later, self.energy.later))
        )
        return np.asarray(self.counts.first[chosen] * first + self.counts.later[chosen] * later)


def _price(platform: Platform, layer: Layer, designs: Candidates, profile: Profile) -> _Priced:
    if layer.kind not in profile.kinds:
        raise UnknownLayerKind(f"layer {layer.name}: {profile.name} has no formula for {layer.kind.value} layers")
    counts = cycle_counts(layer, designs)
    axes = []
    for figures in (profile.energy, profile.time):
        parts = cycle_parts(figures, layer, designs, profile.record_words)
        first = parts.first()
        axes.append(_Axis(parts, first, np.where(counts.later == 0, first, parts.later())))
    return _Priced(layer, designs, volatile_bytes(platform, layer, designs), counts, *axes)


def _cycle(priced: _Priced, index: int, later: bool, recharge: float) -> CycleCost:
    sums_fetched = later and priced.has_later(index)
    return CycleCost(
        count=float((priced.counts.later if later else priced.counts.first)[index]),
        energy=float((priced.energy.later if later else priced.energy.first)[index]),
        time=float((priced.time.later if later else priced.time.first)[index]),
        recharge=recharge,
        energy_parts=priced.energy.parts.named(index, sums_fetched),
        time_parts=priced.time.parts.named(index, sums_fetched),
    )


def _result(
    priced: _Priced, index: int, platform: Platform, profile: Profile, counts: CandidateCounts | None
) -> LayerResult:
    ends = np.array([priced.energy.first[index], priced.energy.later[index]])
    recharge = recharge_time(platform, ends, profile.margin_is_spent)
    first, later = (_cycle(priced, index, sort == 1, float(recharge[sort])) for sort in (0, 1))
    return LayerResult(
        layer=priced.layer.name,
        design=priced.designs.design(index),
        latency=float(priced.latency(platform, profile, np.array([index]))[0]),
        energy=first.count * first.energy + later.count * later.energy,
        volatile_bytes=int(priced.memory[index]),
        first=first,
        later=later,
        candidates=counts,
    )


def _refusal(priced: _Priced, platform: Platform, counts: CandidateCounts) -> LayerRefusal:
    fits = priced.memory <= platform.volatile_memory
    cheapest = int(np.argmin(np.where(fits, priced.energy.later, np.inf)))
    found = bool(fits.any())
    return LayerRefusal(
        layer=priced.layer.name,
        candidates=counts,
        budget=cycle_budget(platform),
        cheapest=priced.designs.design(cheapest) if found else None,
        energy=float(priced.energy.later[cheapest]) if found else None,
        energy_parts=priced.energy.parts.named(cheapest, priced.has_later(cheapest)) if found else {},
        least_volatile_bytes=int(priced.memory.min()),
        volatile_memory=platform.volatile_memory,
    )


def explore_layer(platform: Platform, layer: Layer, semantics: Semantics) -> LayerResult | LayerRefusal:
    """The fastest candidate of a layer that fits memory and budget, or the proof that none does."""
    profile = profile_of(semantics)
    priced = _price(platform, layer, candidates(layer, semantics), profile)
    fits_memory = priced.memory <= platform.volatile_memory
    feasible = fits_memory & (priced.energy.later <= cycle_budget(platform))
    counts = CandidateCounts(
        total=len(priced.designs),
        feasible=int(feasible.sum()),
        fail_volatile=int((~fits_memory).sum()),
        fail_energy=int((fits_memory & ~feasible).sum()),
    )
    if not counts.feasible:
        return _refusal(priced, platform, counts)
    latency = np.full(counts.total, np.inf)
    latency[feasible] = priced.latency(platform, profile, feasible)
    best = int(np.lexsort((priced.memory, latency))[0])
    return _result(priced, best, platform, profile, counts)


def evaluate_layer(platform: Platform, layer: Layer, design: Design, profile: Profile) -> LayerResult:
    """What a given design costs with a profile's figures; refused where a power cycle exceeds the budget."""
    priced = _price(platform, layer, Candidates.of([design]), profile)
    peak, budget = float(priced.energy.later[0]), cycle_budget(platform)
    if peak > budget:
        raise OverBudget(f"layer {layer.name}, design {design}: a power cycle needs {peak} J of {budget} J")
    return _result(priced, 0, platform, profile, None)


def _exploration(
    platform: Platform, layers: Sequence[Layer], outcomes: Sequence[LayerResult | LayerRefusal]
) -> Exploration:
    return Exploration(
        results=tuple(outcome for outcome in outcomes if isinstance(outcome, LayerResult)),
        refusals=tuple(outcome for outcome in outcomes if isinstance(outcome, LayerRefusal)),
        nonvolatile_bytes=nonvolatile_bytes(platform, layers),
        nonvolatile_memory=platform.nonvolatile_memory,
    )


def explore(platform: Platform, layers: Sequence[Layer], semantics: Semantics) -> Exploration:
    """What the published explorer finds for a network."""
    return _exploration(platform, layers, [explore_layer(platform, layer, semantics) for layer in layers])


def evaluate(platform: Platform, layers: Sequence[Layer], designs: Sequence[Design], profile: Profile) -> Exploration:
    """What given designs, one per layer, cost with a profile's figures."""
    pairs = zip(layers, designs, strict=True)
    return _exploration(platform, layers, [evaluate_layer(platform, layer, design, profile) for layer, design in pairs])
