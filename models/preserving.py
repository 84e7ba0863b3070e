"""What atoms and starts pay besides their steps, where progress is preserved otherwise than by records alone.

Every atom may pay something, and so may the last one; a cycle may pay for starting with the first atom, or with another
one. A design of many atoms then pays for their number, so that atoms are no unions of smaller ones any more; but none
of what it pays depends on how large its tiles are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

from ischedule.models.primitives import Price, Prices, Row
from ischedule.models.tiling import Extent, Tiling, atoms_in


def preserving(extent: Extent, tiling: Tiling, prices: Prices) -> Price:
    """What all atoms of a design pay besides their steps; those of blocks pay nothing."""
    if (prices.each, prices.last) == ((0, 0), (0, 0)):
        return 0, 0
    atoms = atoms_in(extent, tiling)
    return atoms * prices.each[0] + prices.last[0], atoms * prices.each[1] + prices.last[1]


def dearer_start(prices: Prices, atoms: int) -> Price:
    """No cycle of a design of at most so many atoms pays more for where it starts."""
    inside = prices.starts_inside(atoms)
    return max(prices.begin[0], inside[0]), max(prices.begin[1], inside[1])


def preserving_rows(rows: Iterator[tuple[Row, int]], prices: Prices, atoms: int) -> Iterator[tuple[Row, int]]:
    """The rows of a design of so many atoms with all that these and starts pay besides; equal rows are one object."""
    known: dict[int, tuple[Row, Row]] = {}
    inside = prices.starts_inside(atoms)

    def paying(row: Row) -> Row:
        if id(row) not in known:
            paid = [_add(atom, prices.each) for atom in row.atoms]
            known[id(row)] = row, Row(paid, _add(row.again, inside), inside)
        return known[id(row)][1]

    first, repeats = next(rows)
    held = replace(paying(first), start=prices.begin)
    for row, times in chain(((first, repeats - 1),), rows):
        if times:
            yield held, 1
            held = paying(row)
            if times > 1:
                yield held, times - 1
    yield replace(held, atoms=[*held.atoms[:-1], _add(held.atoms[-1], prices.last)]), 1


def _add(one: Price, other: Price) -> Price:
    return one[0] + other[0], one[1] + other[1]
