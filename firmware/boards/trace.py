"""What firmware carried out, from what it reported: power cycles that were begun again count once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ischedule.firmware.boards.outcome import Event


class Disorder(Exception):
    """Firmware did things in an order that no plan has."""


def executed(events: Iterable[Event], first: int = 0) -> list[tuple[int, list[int]]]:
    """The level of each power cycle and the atoms of its last attempt, which was complete.

    An attempt that was cut short is the beginning of the one that was not; a cycle is followed by itself, if power has
    failed, or by the next one, never by an earlier one.
    """
    cycles: list[tuple[int, list[int]]] = []
    booted = False
    for event in events:
        if event.kind == "B":
            booted = True
        elif event.kind == "I":
            if cycles:
                raise Disorder("an inference is begun although one is in progress")
        elif event.kind == "C":
            number, level = event.numbers[0] - first, event.numbers[1]
            again = number == len(cycles) - 1 and booted
            if not again and number != len(cycles):
                raise Disorder(f"power cycle {number} follows after {len(cycles)} of them")
            if again:
                cycles[-1] = _restarted(cycles[-1], level)
            else:
                cycles.append((level, []))
            booted = False
        elif event.kind == "A":
            cycles[-1][1].append(event.numbers[0])
    return cycles


def _restarted(cut_short: tuple[int, Sequence[int]], level: int) -> tuple[int, list[int]]:
    """A power cycle that begins again may wait for a higher level, never for a lower one."""
    if level < cut_short[0]:
        raise Disorder(f"a power cycle waits for {level} after it waited for {cut_short[0]}")
    return (level, [])
