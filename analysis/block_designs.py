"""The designs of a block for the checker, one by one: they are few, but their totals are asked for many times.

Those that fit are listed once. All with the same tile of channels share a cost line, by which the total follows from
sums over rows and over columns. None of them costs less than one patch of all pixels would.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ischedule.models.block import Block, channel_tiles, held, tile_sizes
from ischedule.models.block_prices import at, heaviest_at, heaviest_line, memory_line, total_at, total_line
from ischedule.models.program import TiledStage
from ischedule.models.tiling import Order, Tiling


@dataclass(slots=True)
class Limit:
    """What reduced totals must be below; it may be lowered while boxes are being listed."""

    value: int


class BlockDesigns:
    """The designs of one block that fit volatile memory, and whose atoms fit a load."""

    def __init__(self, stage: TiledStage, form: int, block: Block, widest: int) -> None:
        self.stage, self.form, self.block = stage, form, block
        self.found: dict[Order, list[list[Tiling]]] = {order: [] for order in block.orders}
        """For each order the designs with the same tile of channels together."""
        for order, outputs, inputs, batch in channel_tiles(block):
            tiles = self._fitting(Tiling(form, order, 1, 1, outputs, inputs, batch), widest)
            if tiles:
                self.found[order].append(tiles)

    def _fitting(self, least: Tiling, widest: int) -> list[Tiling]:
        block, prices = self.block, self.stage.prices
        line = memory_line(block, least.outputs, least.inputs, prices)
        atom = heaviest_line(block, least, prices)
        words = self.stage.volatile // prices.word_bytes
        found = []
        across = [(columns, held(block.across, columns)) for columns in tile_sizes(block.columns)]
        for rows in tile_sizes(block.rows):
            high = held(block.down, rows)
            for columns, wide in across:
                if at(line, high, wide) > words:
                    continue
                if heaviest_at(atom, block, rows, columns) <= widest:
                    found.append(replace(least, rows=rows, columns=columns))
        return found

    def below(self, order: Order, rate: tuple[int, int], limit: Limit) -> Iterator[tuple[Tiling, int]]:
        """The designs whose reduced totals at a rate are below the limit, with these."""
        block, prices = self.block, self.stage.prices
        for tiles in self.found[order]:
            first = tiles[0]
            energy, time = (total_line(block, order, first.outputs, first.inputs, prices, part) for part in (0, 1))
            once = rate[1] * time[0] + rate[0] * energy[0]
            each = tuple(rate[1] * t + rate[0] * e for t, e in zip(time[1], energy[1], strict=True))
            if total_at((once, each), block, block.rows, block.columns) >= limit.value:
                continue
            for tiling in tiles:
                reduced = total_at((once, each), block, tiling.rows, tiling.columns)
                if reduced < limit.value:
                    yield tiling, reduced
