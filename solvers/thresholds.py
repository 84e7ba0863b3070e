"""The thresholds of a plan whose cycles are known."""

from __future__ import annotations

from dataclasses import dataclass

from ischedule.models.cycle_law import CycleLaw, Position, Threshold, after_cycle, positions, recharging, replay


@dataclass(frozen=True, slots=True)
class _State:
    """Behind some cycles: the waiting so far, the level left, and the thresholds, the last one first."""

    waited: int
    level: int
    before: tuple[Threshold, _State] | None


def best_thresholds(law: CycleLaw, drains: list[int]) -> tuple[list[Threshold], int]:
    """The thresholds by which cycles that drain so much wait least, and what they wait by the certified rule.

    Those that their prices belong to wait for the sum of the prices, and nothing waits less; unless a cycle leaves more
    than the next one asks for. Then another threshold may be better.
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
    others = _followed(law, drains, places, waiting)
    if others is not None:
        better = replay(law, drains, others).waiting
        if better < waiting:
            return others, better
    return thresholds, waiting


def _followed(law: CycleLaw, drains: list[int], places: list[Position], most: int) -> list[Threshold] | None:
    """The thresholds by which the cycles wait least, and less than so much, from level to level; None if none do.

    Less than what has been waited, the worth of the level left and the prices of what follows nothing comes to.
    """
    rest = [0]
    for drain, position in zip(drains[::-1], places[::-1], strict=True):
        rest.append(rest[-1] + law.price(position, drain))
    states = [_State(law.head.delay, law.head.level, None)]
    for number, (drain, position) in enumerate(zip(drains, places, strict=True), 1):
        behind = rest[-1 - number]
        found = []
        for way in law.ways(position, drain):
            for state in states:
                waited, level = after_cycle(law, state.waited, state.level, drain, way.threshold, number == 1)
                if number == len(drains) or waited - law.charging.elapsed_down(level) + behind < most:
                    found.append(_State(waited, level, (way.threshold, state)))
        states = _undominated(found)
    best = min(states, key=lambda state: state.waited + recharging(law, state.level), default=None)
    if best is None:
        return None
    thresholds = []
    while best.before is not None:
        threshold, best = best.before
        thresholds.append(threshold)
    return thresholds[::-1]


def _undominated(states: list[_State]) -> list[_State]:
    kept: list[_State] = []
    for state in sorted(states, key=lambda one: (one.waited, -one.level)):
        if not kept or state.level > kept[-1].level:
            kept.append(state)
    return kept
