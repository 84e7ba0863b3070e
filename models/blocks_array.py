"""The costs of many designs of a block at once: its cost lines at sums over rows and over columns, in columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ischedule.models.block import Axis, Block, channel_tiles, held, sums, tile_sizes, undominated
from ischedule.models.block_prices import Line, block_rows, lines, memory_line, tiles_of, total_line
from ischedule.models.designs_array import Column, Designs
from ischedule.models.primitives import Prices
from ischedule.models.tiling import Order, Tiling


def block_designs(form: int, block: Block, prices: Prices, words: int) -> list[Designs]:
    """All designs of a block that fit so many words, order by order."""
    rows, columns = (np.array(tile_sizes(side), dtype=np.int64) for side in (block.rows, block.columns))
    down, across = _table(block.down, held), _table(block.across, held)
    found: dict[Order, list[list[Column]]] = {order: [] for order in block.orders}
    for order, outputs, inputs, batch in channel_tiles(block):
        line = memory_line(block, outputs, inputs, prices)
        needs = line[0] + (down * np.array(line[1:])) @ across.T
        r, c = np.nonzero(needs <= words)
        tile = [np.full(len(r), size, dtype=np.int64) for size in (outputs, inputs, batch)]
        found[order].append([rows[r], columns[c], *tile])
    return [
        Designs(form, block, order, *map(np.concatenate, zip(*parts, strict=True)))
        for order, parts in found.items()
        if parts
    ]


def _table(axis: Axis, measure: Callable[[Axis, int], tuple[int, ...]]) -> Column:
    """What an axis has for each of its tile sizes."""
    return np.array([measure(axis, size) for size in tile_sizes(axis.results)], dtype=np.int64)


def _places(designs: Designs, block: Block) -> tuple[Column, Column]:
    """The tile sizes of pixels by their places among all."""
    found = [
        np.searchsorted(np.array(tile_sizes(side)), sizes)
        for side, sizes in ((block.rows, designs.rows), (block.columns, designs.columns))
    ]
    return found[0].astype(np.int64), found[1].astype(np.int64)


def _by_channels(designs: Designs, line_of: Callable[[int, int], Line]) -> Column:
    """A line for each design, by its tile of channels."""
    pairs = np.stack([designs.outputs, designs.inputs], axis=1)
    distinct, place = np.unique(pairs, axis=0, return_inverse=True)
    table = np.array([line_of(int(m), int(n)) for m, n in distinct], dtype=np.int64)
    return np.asarray(table[place.reshape(-1)], dtype=np.int64)


def block_totals_array(designs: Designs, block: Block, prices: Prices, part: int) -> Column:
    """Energy (0) or time (1) of all atoms of each design."""
    if not len(designs):
        return np.zeros(0, dtype=np.int64)

    def line_of(outputs: int, inputs: int) -> Line:
        once, each = total_line(block, designs.order, outputs, inputs, prices, part)
        return (once, *each)

    line = _by_channels(designs, line_of)
    r, c = _places(designs, block)
    positions = _table(block.down, sums)[r] * _table(block.across, sums)[c]
    patches = -(-block.rows // designs.rows) * -(-block.columns // designs.columns)
    return np.asarray(line[:, 0] + line[:, 1] * patches + (line[:, 2:] * positions).sum(axis=1), dtype=np.int64)


def _first_lines(designs: Designs, block: Block, prices: Prices) -> tuple[Column, Column]:
    """The energy lines of the reused operand and of an atom, for each design's first tile of channels."""
    known: dict[tuple[int, int], tuple[Line, Line]] = {}

    def both(outputs: int, inputs: int) -> tuple[Line, Line]:
        if (outputs, inputs) not in known:
            tiling = Tiling(0, designs.order, 1, 1, outputs, inputs, 1)
            known[outputs, inputs] = lines(block, tiles_of(block, tiling)[0], prices, 0)
        return known[outputs, inputs]

    return _by_channels(designs, lambda m, n: both(m, n)[0]), _by_channels(designs, lambda m, n: both(m, n)[1])


@lru_cache(256)
def _largest(axis: Axis) -> tuple[Column, Column]:
    """For each tile size the lengths of its undominated patches, as many for each size, and how many have the first."""
    found = [undominated(axis, size) for size in tile_sizes(axis.results)]
    most = max(map(len, found))
    lengths = [[kinds[min(index, len(kinds) - 1)][0] for index in range(most)] for kinds in found]
    return np.array(lengths, dtype=np.int64), np.array([kinds[0][1] for kinds in found], dtype=np.int64)


def block_heaviest_array(designs: Designs, block: Block, prices: Prices) -> Column:
    """What the dearest cycle of one atom drains besides its two ends."""
    if not len(designs):
        return np.zeros(0, dtype=np.int64)
    again, atom = _first_lines(designs, block, prices)
    line = again + atom
    (r, c), (down, _), (across, _) = _places(designs, block), _largest(block.down), _largest(block.across)
    found = np.zeros(len(designs), dtype=np.int64)
    for rows in range(down.shape[1]):
        for columns in range(across.shape[1]):
            positions = down[r, rows] * across[c, columns]
            found = np.maximum(found, line[:, 0] + (line[:, 1:] * positions).sum(axis=1))
    return found


def block_atoms_array(designs: Designs, block: Block, prices: Prices) -> tuple[Column, Column, Column]:
    """Atoms of one kind, of the largest patches: how many, energy, and energy with the reused operand."""
    if not len(designs):
        return (np.zeros(0, dtype=np.int64),) * 3
    again, atom = _first_lines(designs, block, prices)
    (r, c), (down, many), (across, wide) = _places(designs, block), _largest(block.down), _largest(block.across)
    positions = down[r, 0] * across[c, 0]
    full = designs.inputs if block.channelwise else designs.outputs
    number = (block.inputs if block.channelwise else block.outputs) // full * many[r] * wide[c]
    energy = atom[:, 0] + (atom[:, 1:] * positions).sum(axis=1)
    return number, energy, energy + again[:, 0] + (again[:, 1:] * positions).sum(axis=1)


def block_chains(designs: Designs, block: Block, prices: Prices) -> tuple[Column, Column, Column, Column, Column]:
    """The atoms of each design in a row, padded to the longest: their number, running sums of energy and time with a
    leading 0, and what a cycle that starts before each fetches again."""
    columns: list[tuple[Column, Column]] = []
    for place in range(len(designs)):
        atoms: list[Column] = []
        again: list[Column] = []
        for row, repeats in block_rows(block, designs.tiling(place), prices):
            inside = np.array([(0, 0), *[row.again] * (len(row.atoms) - 1)], dtype=np.int64)
            atoms += [np.array(row.atoms, dtype=np.int64)] * repeats
            again += [inside] * repeats
        columns.append((np.concatenate(atoms), np.concatenate(again)))
    length = np.array([len(atoms) for atoms, _ in columns], dtype=np.int64)
    most = int(length.max())
    total = np.zeros((2, len(columns), most + 1), dtype=np.int64)
    fetched = np.zeros((2, len(columns), most), dtype=np.int64)
    for place, (atoms_of, again_of) in enumerate(columns):
        total[:, place, 1 : len(atoms_of) + 1] = atoms_of.T
        fetched[:, place, : len(again_of)] = again_of.T
    np.cumsum(total, axis=2, out=total)
    return length, total[0], total[1], fetched[0], fetched[1]
