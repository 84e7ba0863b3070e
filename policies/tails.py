"""TAILS: SONIC with the accelerator, in tiles of a length that is found once by trial.

Calibration starts from the longest tile that fits volatile memory and halves it until a dummy product of that length
completes within one power cycle. A convolution filters a tile of a row at a time and adds it to the plane; a dense
layer takes tiles of its input. An index is written after each tile; a power loss runs one tile again. Convolutions with
a stride, and layers without weights, run in software as SONIC runs them.
"""

from __future__ import annotations

from ischedule.models.cost import Cost
from ischedule.models.tiling import Arithmetic, Extent, sizes
from ischedule.policies.execution import Discipline, Execution, Part, Stretch, Traffic, Unit
from ischedule.policies.policy import Policy, executed, stored
from ischedule.policies.software import Software
from ischedule.policies.sonic import INDICES, LOGGED
from ischedule.policies.sonic import part_of as software_part
from ischedule.policies.tap_loop import tiles_of
from ischedule.policies.workload import Workload

SMALLEST = 12
"""Tiles of up to so many words are copied by the processor, longer ones by DMA."""

BUFFERS = 4
"""Vectors of a tile's length that volatile memory holds: source, weights, intermediate values, results."""


def _execution(workload: Workload) -> Execution:
    software = Software(workload)
    tile = calibrated(workload, software)
    parts = [part_of(software, nest.name, tiles_of(nest.extent), tile) for nest in workload.nests]
    return executed(POLICY.name, Discipline.OPPORTUNISTIC, workload, parts, [stored(workload)])


def calibrated(workload: Workload, software: Software) -> int:
    """The length of tiles: a power of two of which a dummy product fits one power cycle, 1 if none does."""
    words = workload.volatile // (BUFFERS * workload.device.word_bytes)
    tile = 1 << max(0, words.bit_length() - 1)
    while tile > 1 and dummy(software, tile).rounded_up().amount > workload.budget:
        tile //= 2
    return tile


def dummy(software: Software, tile: int) -> Cost:
    """What calibration tries: two vectors fetched, one product, the result and an index written."""
    moved = _fetched(software, tile).times(2) + _stored(software, 1)
    return moved + software.figures.product(tile) + software.write(1)


def part_of(software: Software, name: str, extent: Extent, tile: int) -> Part:
    """A layer in tiles of at most this length."""
    if extent.arithmetic is not Arithmetic.MULTIPLY or extent.stride != (1, 1):
        return software_part(software, name, extent)
    if extent.rows * extent.columns == 1 and extent.taps == 1 and not extent.channelwise:
        return Part(name, tuple(_dense(software, extent, tile)))
    lengths = sizes(extent.columns, tile)
    counts = {length: lengths.count(length) for length in dict.fromkeys(lengths)}
    row = tuple((_filtered(software, extent, length), times * extent.rows) for length, times in counts.items())
    channels = extent.inputs * (1 if extent.channelwise else extent.outputs)
    planes = extent.groups * channels * extent.kernel_rows
    found = [Stretch(((_plane(software, extent), 1), *row), planes)]
    return Part(name, (*found, *_finished(software, extent)))


def _finished(software: Software, extent: Extent) -> tuple[Stretch, ...]:
    if not (extent.bias or extent.finish):
        return ()
    results = extent.groups * extent.results * extent.rows * extent.columns
    work = software.read(1) + software.finish(extent) + software.write(1)
    traffic = software.traffic(1 + extent.bias, 1, extra=1)
    return (Stretch(((_unit(software, "a result", work, traffic), results),)),)


def _plane(software: Software, extent: Extent) -> Unit:
    """A kernel row fetched and the task of its plane committed."""
    work = software.read(extent.kernel_columns).rounded_up()
    traffic = software.traffic(extent.kernel_columns, 0) + software.commit_traffic(LOGGED)
    recover = software.read(INDICES).rounded_up()
    return Unit("the next kernel row", work, software.commit(LOGGED).rounded_up(), recover, traffic)


def _filtered(software: Software, extent: Extent, length: int) -> Unit:
    """A tile of a row filtered by a kernel row, and added to what is there."""
    taps, figures = extent.kernel_columns, software.figures
    source = length + (taps - 1) * extent.dilation[1]
    moved = _fetched(software, source) + _fetched(software, length) + _stored(software, length)
    each = figures.result + software.device.mac.per_element.times(taps)
    work = moved + figures.overhead + each.times(length) + figures.vector(length)
    return _unit(software, "a tile", work, software.traffic(source + length, length, extra=1, macs=taps * length))


def _dense(software: Software, extent: Extent, tile: int) -> list[Stretch]:
    """Every output is a sum over tiles of the input."""
    lengths = sizes(extent.inputs, tile)
    counts = {length: lengths.count(length) for length in dict.fromkeys(lengths)}
    runs = []
    for length, times in counts.items():
        moved = _fetched(software, length).times(2) + software.read(1) + software.write(1)
        work = moved + software.figures.product(length) + software.figures.cpu_add
        traffic = software.traffic(2 * length + 1, 1, extra=1, macs=length)
        runs.append((_unit(software, "a tile", work, traffic), times))
    return [Stretch(tuple(runs), extent.groups * extent.outputs), *_finished(software, extent)]


def _unit(software: Software, name: str, work: Cost, traffic: Traffic) -> Unit:
    recover = software.read(INDICES).rounded_up()
    return Unit(name, work.rounded_up(), software.write(1).rounded_up(), recover, traffic)


def _fetched(software: Software, words: int) -> Cost:
    return software.read(words) if _is_copied(software, words) else software.figures.fetched(words)


def _stored(software: Software, words: int) -> Cost:
    return software.write(words) if _is_copied(software, words) else software.figures.stored(words)


def _is_copied(software: Software, words: int) -> bool:
    """Whether the processor copies it: where internal memory is byte-addressable and the tile is short."""
    return software.figures.internal is not None and words <= SMALLEST


POLICY = Policy(
    "tails",
    "TAILS: accelerated loop continuation, an index written after every tile of a calibrated length",
    "CMUAbstract/SONIC at 9488c860, the lea back end; arXiv 1810.07751",
    _execution,
    is_internal=True,
)
