"""Which of many designs the checker need not go through: another does as well in whatever plan they are used."""

from __future__ import annotations

from collections.abc import Sequence
from operator import le

from ischedule.models.chain import Chain


def undominated(chains: Sequence[Chain], more: Sequence[int] | None = None) -> list[int]:
    """The places of chains but those that another with the same cuts equals or betters in every atom and end, in what
    they store, and in what ``more`` says of each.
    """
    groups: dict[tuple[bool, ...], list[tuple[int, list[int], int]]] = {}
    for place, chain in enumerate(chains):
        parts = (*chain.columns()[:6], chain.stored, chain.commit_stored)
        values = [0 if more is None else more[place], *(int(value) for part in parts for value in part)]
        groups.setdefault(tuple(map(bool, chain.cut)), []).append((sum(values), values, place))
    found = []
    for some in groups.values():
        kept: list[list[int]] = []
        # what is as good has no larger sum
        for _, values, place in sorted(some):
            if not any(all(map(le, one, values)) for one in kept):
                kept.append(values)
                found.append(place)
    return sorted(found)
