"""The largest load of a power cycle that runs a single atom of a design, in closed form.

Tiles and batches are largest where their loop begins, and a cycle that starts inside a row fetches the reused operand
like the row's first atom. So the largest is the very first atom, the first that also reads partial sums, or the first
of the last pass, which may have fewer input channels, and stores results that it finishes instead of sums.
"""

from __future__ import annotations

from ischedule.analysis.atom_loads import loads_of
from ischedule.models.block import Block
from ischedule.models.block_prices import block_heaviest
from ischedule.models.kernels import Prices
from ischedule.models.tiling import Extent, Order, Tiling, count


def first_load(extent: Extent, tiling: Tiling, prices: Prices) -> int:
    """What the very first atom drains; no block is asked for it.

    Among designs with the same numbers of tiles and batches it never decreases when a tile or the batch grows.
    """
    n, n_tiles = tiling.inputs, 1
    if tiling.order is Order.OUTPUT:
        n, n_tiles = min(n * tiling.batch, extent.inputs), min(tiling.batch, count(extent.inputs, n))
    first = _load(extent, tiling, prices, n, n_tiles)
    if extent.bias:
        first += _results(extent, tiling) * prices.read_sum[0] + prices.weight_command[0]
    return first + _end(extent, tiling, prices, is_last=extent.channelwise or n >= extent.inputs)


def heaviest_load(extent: Extent, tiling: Tiling, prices: Prices) -> int:
    """What the dearest cycle of one atom drains besides its two ends; in WEIGHT order for batch 1.

    Among designs with the same numbers of tiles and batches it never decreases when rows, columns or outputs grow, nor
    when the batch does, except in OUTPUT order.
    """
    if isinstance(extent, Block):
        return block_heaviest(extent, tiling, prices)
    if extent.pooling:
        return _pooled(extent, tiling, prices)
    m, m_tiles = _outputs(extent, tiling)
    n = tiling.inputs * (tiling.batch if tiling.order is Order.OUTPUT else 1)
    first = first_load(extent, tiling, prices)
    if extent.channelwise or n >= extent.inputs:
        return first
    later, rest = count(extent.inputs, n) - 1, extent.inputs % n or n
    found = _load(extent, tiling, prices, rest, count(rest, tiling.inputs)) + _end(extent, tiling, prices, is_last=True)
    if later > 1:
        between = _load(extent, tiling, prices, n, count(n, tiling.inputs)) + _end(
            extent, tiling, prices, is_last=False
        )
        found = max(found, between)
    sums = m * prices.read_sum[0] + m_tiles * prices.sums_command[tiling.order][0]
    return max(first, found + tiling.rows * tiling.columns * sums)


def _results(extent: Extent, tiling: Tiling) -> int:
    """Result channels of a first atom."""
    return tiling.inputs if extent.channelwise else _outputs(extent, tiling)[0]


def _end(extent: Extent, tiling: Tiling, prices: Prices, *, is_last: bool) -> int:
    """What a first atom does to its results besides storing words: finish them, or store sums."""
    each = prices.finish_of(extent) if is_last else prices.wider
    return tiling.rows * tiling.columns * _results(extent, tiling) * each[0]


def _outputs(extent: Extent, tiling: Tiling) -> tuple[int, int]:
    """Output channels of a first atom, and their tiles."""
    if tiling.order is not Order.INPUT:
        return tiling.outputs, 1
    return min(tiling.outputs * tiling.batch, extent.outputs), min(tiling.batch, count(extent.outputs, tiling.outputs))


def _load(extent: Extent, tiling: Tiling, prices: Prices, n: int, n_tiles: int) -> int:
    """What a first atom of so many input channels drains that stores words, without reading partial sums."""
    m, m_tiles = _outputs(extent, tiling)
    halo = extent.sources * extent.halo(tiling.rows, tiling.columns)
    area = tiling.rows * tiling.columns
    fetch, weights, work, _ = loads_of(extent, tiling, prices, m, n, (m_tiles, n_tiles), area, halo)
    return fetch + weights + work


def _pooled(extent: Extent, tiling: Tiling, prices: Prices) -> int:
    """The first batch, which fetches the accumulator or not: a cycle that starts inside a row fetches it too."""
    m, per_row = tiling.outputs, count(extent.columns, tiling.columns)
    whole, rest = divmod(min(tiling.batch, count(extent.rows, tiling.rows) * per_row), per_row)
    above = min(whole * tiling.rows, extent.rows)
    height = min(tiling.rows, extent.rows - above)
    pixels = above * extent.columns + height * min(rest * tiling.columns, extent.columns)
    fetch = pixels * (m * (prices.read[0] + prices.pool[0]) + prices.input_command[0])
    kept = m * prices.read_sum[0] + prices.sums_command[Order.OUTPUT][0]
    is_only = tiling.batch >= count(extent.rows, tiling.rows) * per_row
    stored = m * (prices.write if is_only else prices.write_sum)[0]
    return fetch + kept + stored + prices.store_command[Order.OUTPUT][0]
