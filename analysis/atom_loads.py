"""What one atom of a design drains, part by part, in closed form: for bounds over whole classes of designs."""

from __future__ import annotations

from ischedule.models.kernels import Prices, padded
from ischedule.models.tiling import Arithmetic, Extent, Tiling


def loads_of(
    extent: Extent, tiling: Tiling, prices: Prices, m: int, n: int, tiles: tuple[int, int], area: int, halo: int
) -> tuple[int, int, int, int]:
    """What an atom drains for its inputs, its weights, its work and results as words, and for reading partial sums."""
    m_tiles, n_tiles = tiles
    results = n if extent.channelwise else m
    whole, rest = divmod(n, tiling.inputs)
    lanes = whole * padded(tiling.inputs, prices.multiple) + padded(rest, prices.multiple)
    read = prices.read[0]
    fetch = halo * (n * read + n_tiles * prices.input_command[0])
    weights = extent.weight_taps * m * (n * read + n_tiles * prices.weight_command[0])
    if extent.arithmetic is Arithmetic.MULTIPLY:
        work = extent.taps * area * m * (n_tiles * prices.multiply_command[0] + lanes * prices.multiply[0])
    else:
        work = area * results * prices.element(extent)[0]
    stored = area * (results * prices.write[0] + prices.store_command[tiling.order][0])
    work += m_tiles * n_tiles * prices.tile[0] + stored
    return fetch, weights, work, area * (m * prices.read_sum[0] + m_tiles * prices.sums_command[tiling.order][0])
