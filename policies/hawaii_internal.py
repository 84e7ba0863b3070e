"""HAWAII's footprints in internal memory: the DMA controller copies a 2-byte footprint with every 2-byte result.

A convolution is filtered row by row: one accelerator command for each kernel row of a pair of channels, whose results
are moved one by one at the pace of a timer, and an addition to what is there. The footprint is what is left of the
command, so that a power loss costs the element in flight: recovery reads the footprints, fetches the operands and
starts the command for the rest. A dense layer counts output neurons, layers without weights count elements.

Source: EMCLab-Sinica/HAWAII_Project at 377be388. Only devices with internal non-volatile memory and such a controller
can do it.
"""

from __future__ import annotations

from fractions import Fraction

from ischedule.models.cost import Cost, Effort
from ischedule.models.tiling import Arithmetic, Extent
from ischedule.policies.execution import Discipline, Execution, Part, Run, Stretch, Traffic, Unit
from ischedule.policies.figures import CYCLE, PACE_CYCLES
from ischedule.policies.policy import Policy, executed, stored
from ischedule.policies.software import Software
from ischedule.policies.tap_loop import tiles_of
from ischedule.policies.workload import Inapplicable, Workload

FOOTPRINT_WORDS = 3
"""Words that recovery reads: the layer's counter and both copies of what is left."""


def _execution(workload: Workload) -> Execution:
    software = Software(workload)
    if workload.figures.internal is None:
        raise Inapplicable("it needs internal non-volatile memory with a DMA controller, whose figures are not known")
    parts = [_part(software, nest.name, tiles_of(nest.extent)) for nest in workload.nests]
    return executed(POLICY.name, Discipline.OPPORTUNISTIC, workload, parts, [stored(workload)])


def _part(software: Software, name: str, extent: Extent) -> Part:
    results = extent.groups * extent.results * extent.rows * extent.columns
    if extent.arithmetic is not Arithmetic.MULTIPLY:
        reads = extent.taps * extent.sources
        work = software.read(reads) + software.result(extent) + software.finish(extent) + software.write(1)
        return Part(name, (Stretch(((_counted(software, work, reads, 0), results),)),))
    if extent.rows * extent.columns == 1 and extent.taps == 1 and not extent.channelwise:
        work = software.figures.fetched(2 * extent.inputs) + software.figures.product(extent.inputs)
        work += software.finish(extent) + software.write(1)
        return Part(name, (Stretch(((_counted(software, work, 2 * extent.inputs, extent.inputs), results),)),))
    return Part(name, tuple(_filtered(software, extent)))


def _filtered(software: Software, extent: Extent) -> list[Stretch]:
    """Rows of results: kernel rows of the first channel begin them, all others are added."""
    command = _command(software, extent, first=True)
    addition = _addition(software, extent, first=True)
    rest = extent.columns - 1
    filtered: tuple[Run, ...] = ((command, 1), (_command(software, extent, first=False), rest))
    added: tuple[Run, ...] = ((addition, 1), (_addition(software, extent, first=False), rest))
    filtered, added = (tuple(run for run in runs if run[1]) for runs in (filtered, added))
    summed = extent.kernel_rows * (1 if extent.channelwise else extent.inputs)
    rows = extent.groups * extent.results * extent.rows
    found = [Stretch(filtered, rows)]
    if summed > 1:
        found.append(Stretch((*filtered, *added), rows * (summed - 1)))
    if extent.bias or extent.finish:
        work = software.read(1) + software.finish(extent) + software.write(1)
        found.append(Stretch(((_counted(software, work, 1 + extent.bias, 0), rows * extent.columns),)))
    return found


def _command(software: Software, extent: Extent, *, first: bool) -> Unit:
    """An element of a filtered row; the first one also fetches the row and its weights and starts the command."""
    figures, taps = software.figures, extent.kernel_columns
    row = (extent.columns - 1) * extent.stride[1] + (taps - 1) * extent.dilation[1] + 1
    operands = figures.fetched(row + taps)
    start = operands + figures.overhead
    work = _paced(software, figures.result + software.device.mac.per_element.times(taps), taps)
    traffic = _moved(software, row + taps if first else 0, taps)
    return _element(software, "a filtered element", start + work if first else work, start, traffic, first)


def _addition(software: Software, extent: Extent, *, first: bool) -> Unit:
    figures = software.figures
    start = figures.fetched(2 * extent.columns) + figures.addition
    work = _paced(software, software.device.mac.per_element, 1)
    traffic = _moved(software, 2 * extent.columns if first else 0, 0)
    return _element(software, "an added element", start + work if first else work, start, traffic, first)


def _paced(software: Software, work: Cost, taps: int) -> Cost:
    """The accelerator's element and its move, which keeps the pace of the timer if that is slower."""
    pace = Cost.of(Fraction(0), (PACE_CYCLES + taps) * CYCLE)
    moved = software.figures.stored(1)
    return Cost(work.energy + moved.energy, max(work.time, pace.time))


def _element(software: Software, name: str, work: Cost, start: Cost, traffic: Traffic, first: bool) -> Unit:
    """The footprint is moved beside the result, at the same pace: it costs energy and no time."""
    found = software.read(FOOTPRINT_WORDS)
    recover = (found if first else found + start).rounded_up()
    footprint = Effort(software.figures.stored(1).rounded_up().amount, 0)
    return Unit(name, work.rounded_up(), footprint, recover, traffic)


def _moved(software: Software, reads: int, macs: int) -> Traffic:
    size = software.size
    return Traffic(reads, reads * size, 2, 2 * size, macs, 1, size)


def _counted(software: Software, work: Cost, reads: int, macs: int) -> Unit:
    """An element that the processor counts."""
    recover = software.read(FOOTPRINT_WORDS).rounded_up()
    traffic = software.traffic(reads, 1, extra=1, macs=macs)
    return Unit("an element", work.rounded_up(), software.write(1).rounded_up(), recover, traffic)


POLICY = Policy(
    "hawaii-internal",
    "HAWAII footprints, internal memory: 2 bytes moved beside every result",
    "EMCLab-Sinica/HAWAII_Project at 377be388",
    _execution,
    is_internal=True,
)
