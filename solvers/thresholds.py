"""The thresholds of a plan whose cycles are known."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from ischedule.models.cycle_law import NEVER, CycleLaw, Position, Threshold, Way, positions, replay

MOST = 2_000_000
"""Thresholds of all cycles together that are tried."""


@dataclass(frozen=True, slots=True)
class _State:
    """Behind some cycles: cost and elapsed time, and the thresholds, the last one first."""

    cost: int
    elapsed: int
    before: tuple[Threshold, _State] | None


def best_thresholds(law: CycleLaw, drains: list[int]) -> tuple[list[Threshold], int]:
    """Thresholds by which cycles that drain so much wait little, and what they wait by the certified rule.

    Those that their prices belong to wait for the sum of the prices, and nothing waits less; unless a cycle leaves more
    than the next one asks for. Then other thresholds may be better: those of the cheapest ways are tried.
    """
    known: dict[tuple[int, Position], tuple[Threshold, int]] = {}
    places = positions(len(drains))
    for drain, position in zip(drains, places, strict=True):
        if (drain, position) not in known:
            known[drain, position] = law.threshold(drain, position), law.price(position, drain)
    found = [known[place] for place in zip(drains, places, strict=True)]
    thresholds, least = [one[0] for one in found], law.offset + sum(one[1] for one in found)
    if not law.keeps_level and not law.leaves_level:
        return thresholds, least
    waiting = replay(law, drains, thresholds).waiting
    if waiting == least or len(drains) == 1 or law.max_cycles is not None:
        return thresholds, waiting
    others = _followed(law, drains, places)
    if others is not None:
        better = replay(law, drains, others).waiting
        if better < waiting:
            return others, better
    return thresholds, waiting


def _followed(law: CycleLaw, drains: list[int], places: list[Position]) -> list[Threshold] | None:
    """The thresholds of the cheapest ways through the cycles; None if there are too many."""
    known: dict[tuple[int, Position], tuple[Way, ...]] = {}
    states, tried = [_State(0, NEVER, None)], 0
    for drain, position in zip(drains, places, strict=True):
        if (drain, position) not in known:
            known[drain, position] = law.ways(position, drain)
        ways = known[drain, position]
        tried += len(ways)
        if tried > MOST:
            return None
        # dearer states have less time behind them: of two neighbours one is the best at a threshold
        ahead = [state.cost - state.elapsed for state in states]
        found = []
        for way in ways:
            place = bisect_left(ahead, law.upkeep.latency - way.reach)
            for state in states[max(0, place - 1) : place + 1]:
                found.append(_State(*law.ended(way, state.cost, state.elapsed), (way.threshold, state)))
        states = _undominated(found)
    thresholds, state = [], states[0]
    while state.before is not None:
        threshold, state = state.before
        thresholds.append(threshold)
    return thresholds[::-1]


def _undominated(states: list[_State]) -> list[_State]:
    kept: list[_State] = []
    for state in sorted(states, key=lambda one: (one.cost, one.elapsed)):
        if not kept or state.elapsed < kept[-1].elapsed:
            kept.append(state)
    return kept
