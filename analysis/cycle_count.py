"""How many power cycles must touch a layer at least, from the loads of its atoms alone.

Cycles of room Y that hold atoms with loads a are bins; for every whole number K the function
floor((K + 1) a / (Y + 1)) / K is at most 1 in sum over any bin: the whole numbers add up to less than K + 1, hence
to at most K. So the sum over all atoms is at most the number of cycles. Only atoms of full tiles of channels are
counted, of pixels also the smaller tiles at the edges.
"""

from __future__ import annotations

from ischedule.analysis.atom_loads import loads_of
from ischedule.models.block import Block
from ischedule.models.block_prices import block_kinds
from ischedule.models.kernels import Prices
from ischedule.models.tiling import Extent, Order, Tiling

Kind = tuple[int, int]
"""How many atoms at least, and what each drains at least."""


def least_cycles(kinds: list[Kind], room: int) -> int:
    """The least number of cycles of a room that hold atoms of these kinds."""
    best = 0
    for reference in {room // load for _, load in kinds if 0 < load <= room}:
        total = sum(number * ((reference + 1) * load // (room + 1)) for number, load in kinds)
        best = max(best, -(-total // reference))
    return best


def kinds_of(extent: Extent, tiling: Tiling, prices: Prices) -> list[Kind]:
    """Kinds of atoms of a design that share none; in WEIGHT order for batch 1."""
    if isinstance(extent, Block):
        return block_kinds(extent, tiling, prices)
    if extent.pooling:
        return _pooled(extent, tiling, prices)
    by_order = {Order.INPUT: _input_kinds, Order.WEIGHT: _weight_kinds, Order.OUTPUT: _output_kinds}
    tiles = _pixel_tiles(extent, tiling)
    return [kind for kind in by_order[tiling.order](extent, tiling, prices, tiles) if kind[0] > 0]


def _pixel_tiles(extent: Extent, tiling: Tiling) -> list[tuple[int, int, int]]:
    """The tiles of pixels: how many of a size, their pixels, and the input pixels they need."""
    rows, low = divmod(extent.rows, tiling.rows)
    columns, narrow = divmod(extent.columns, tiling.columns)
    found = []
    for down, height in ((rows, tiling.rows), (1, low)):
        for across, width in ((columns, tiling.columns), (1, narrow)):
            if height and width and down and across:
                halo = extent.sources * extent.halo(height, width)
                found.append((extent.groups * down * across, height * width, halo))
    return found


def _ends(extent: Extent, prices: Prices, results: int, area: int, inputs: int) -> int:
    """What an atom of the first pass drains besides: its bias, and wider sums or, in a last pass, the finish."""
    begin = results * prices.read_sum[0] + prices.weight_command[0] if extent.bias else 0
    is_last = extent.channelwise or inputs >= extent.inputs
    return begin + area * results * (prices.finish_of(extent) if is_last else prices.wider)[0]


def _later(number: int, has_last: bool, wider: int) -> list[Kind]:
    """So many later passes over the same results: those that store sums drain so much more than the last one."""
    last = int(has_last and number > 0)
    return [(number - last, wider), (last, 0)]


def _input_kinds(extent: Extent, tiling: Tiling, prices: Prices, tiles: list[tuple[int, int, int]]) -> list[Kind]:
    outputs = min(tiling.outputs * tiling.batch, extent.outputs)
    full = extent.outputs // outputs
    m_tiles = -(-outputs // tiling.outputs)
    later, is_even = extent.inputs // tiling.inputs - 1, extent.inputs % tiling.inputs == 0
    kinds = []
    for number, area, halo in tiles:
        fetch, weights, work, sums = loads_of(extent, tiling, prices, outputs, tiling.inputs, (m_tiles, 1), area, halo)
        plain = weights + work
        opening = plain + _ends(extent, prices, outputs, area, tiling.inputs)
        kinds += [(number, opening + fetch), (number * (full - 1), opening)]
        for passes, wider in _later(later, is_even, outputs * area * prices.wider[0]):
            again = plain + sums + wider
            kinds += [(number * passes, again + fetch), (number * passes * (full - 1), again)]
    return kinds


def _weight_kinds(extent: Extent, tiling: Tiling, prices: Prices, tiles: list[tuple[int, int, int]]) -> list[Kind]:
    outputs = extent.outputs // tiling.outputs
    later, is_even = extent.inputs // tiling.inputs - 1, extent.inputs % tiling.inputs == 0
    kinds = []
    for place, (number, area, halo) in enumerate(tiles):
        fetch, weights, work, sums = loads_of(extent, tiling, prices, tiling.outputs, tiling.inputs, (1, 1), area, halo)
        plain = fetch + work
        # the first tile of pixels is one of full size
        first = 0 if place else extent.groups
        results = tiling.inputs if extent.channelwise else tiling.outputs
        opening = plain + _ends(extent, prices, results, area, tiling.inputs)
        begun = later + 1 if extent.channelwise else outputs
        kinds += [(begun * first, opening + weights), (begun * (number - first), opening)]
        if extent.channelwise:
            continue
        for passes, wider in _later(later, is_even, results * area * prices.wider[0]):
            again = plain + sums + wider
            kinds += [(outputs * passes * first, again + weights), (outputs * passes * (number - first), again)]
    return kinds


def _output_kinds(extent: Extent, tiling: Tiling, prices: Prices, tiles: list[tuple[int, int, int]]) -> list[Kind]:
    inputs = min(tiling.inputs * tiling.batch, extent.inputs)
    n_tiles, full = -(-inputs // tiling.inputs), extent.inputs // inputs
    outputs = extent.outputs // tiling.outputs
    kinds = []
    for number, area, halo in tiles:
        fetch, weights, work, _ = loads_of(extent, tiling, prices, tiling.outputs, inputs, (1, n_tiles), area, halo)
        plain = fetch + weights + work
        if full == 1:
            kinds.append((number * outputs, plain + _ends(extent, prices, tiling.outputs, area, inputs)))
            continue
        stored = _later(full, extent.inputs % inputs == 0, tiling.outputs * area * prices.wider[0])
        kinds += [(number * outputs * atoms, plain + wider) for atoms, wider in stored]
    return kinds


def _pooled(extent: Extent, tiling: Tiling, prices: Prices) -> list[Kind]:
    """Batches of equal tiles only; the first of a row also fetches the accumulator."""
    rows, low = divmod(extent.rows, tiling.rows)
    columns, narrow = divmod(extent.columns, tiling.columns)
    if low or narrow:
        return []
    m, outputs = tiling.outputs, extent.outputs // tiling.outputs
    pixels = tiling.rows * tiling.columns * tiling.batch
    plain = pixels * (m * (prices.read[0] + prices.pool[0]) + prices.input_command[0])
    plain += m * prices.write[0] + prices.store_command[Order.OUTPUT][0]
    kept = m * prices.read_sum[0] + prices.sums_command[Order.OUTPUT][0]
    full, rest = divmod(rows * columns, tiling.batch)
    if full < 2:
        return [(outputs, plain + kept + (m * prices.wider[0] if rest else 0))] if full else []
    (between, wider), last = _later(full - 1, not rest, m * prices.wider[0])
    return [(outputs, plain + kept + wider), (outputs * between, plain + wider), (outputs * last[0], plain)]
