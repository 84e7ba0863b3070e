"""Preservation kinds as designs: the choice of each small layer between records, footprints and augmented markers.

A design is a tiling with a kind. Its atoms are the tile batches of this project's kernels, priced from their steps:

    record       nothing beside the atoms; a cycle that ends commits a progress record, one that begins reads it
    footprint    every atom writes a counter; to commit is free inside the layer, to resume reads the counter
    augmented    every store command carries a marker: one sum more, made by one vector operation, and read back
                 with partial sums; to commit is free inside the layer, to resume searches the markers by halving

With footprints and markers a layer begins with a record (which layer it is) and a cycle that ends with the layer writes
one. Markers stand behind all output channels of a pixel, so that whoever reads the results pixel by pixel does not see
them: only tilings that store whole pixels can be augmented, and only where no dense layer flattens several pixels.

The lemmas that shrink the design space do not hold for kinds that pay per atom or command, so that every tiling that
fits is listed: that is for layers of some hundred operations. The search over tiled stages, and its checker, take the
prices of cycles' ends to be those of all stages; kinds have their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Final

from ischedule.models.case import Case, case_hash
from ischedule.models.chain import Chain
from ischedule.models.errors import InputError
from ischedule.models.kernels import volatile_bytes
from ischedule.models.nest import AtomSteps, Step, Work, atoms_of, work_of
from ischedule.models.preservation import COUNTER_BYTES, Kind
from ischedule.models.primitives import Price
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.tiling import Extent, Order, Tiling, count, innermost
from ischedule.policies.workload import Nest, Workload

MOST_ATOMS: Final = 200_000
"""Programs with more atoms in all their designs are refused."""


@dataclass(frozen=True, slots=True)
class KindDesign:
    """A tiling of one of a layer's forms, and its kind."""

    kind: Kind
    tiling: Tiling


@dataclass(frozen=True)
class KindProgram:
    """A program of listed designs, and for each stage what these are."""

    program: Program
    designs: tuple[tuple[KindDesign, ...], ...]


def program_of_kinds(case: Case, kinds: Sequence[Kind] = tuple(Kind)) -> KindProgram:
    """The choice of tilings and kinds for every layer of a chain of layers, with memory for markers not counted."""
    case.chain()
    workload = Workload.of(case)
    stages: list[ExplicitStage] = []
    designs: list[tuple[KindDesign, ...]] = []
    left = MOST_ATOMS
    for place, nest in enumerate(workload.nests):
        flattens = place + 1 < len(workload.nests) and _flattens(workload.nests[place + 1], nest)
        chains: list[Chain] = []
        listed: list[KindDesign] = []
        for design in designs_of(workload, nest, kinds, flattens):
            extent = nest.forms[design.tiling.form]
            left -= atoms_in(extent, design.tiling)
            if left < 0:
                problem = f"is too large to list every tiling and kind of its layers: more than {MOST_ATOMS:,} atoms"
                raise InputError(case.source, "$.network", nest.name, problem, "use smaller layers or less memory")
            chains.append(chain_of(workload, extent, design))
            listed.append(design)
        stages.append(ExplicitStage(nest.name, tuple(chains), workload.volatile))
        designs.append(tuple(listed))
    return KindProgram(Program(tuple(stages), workload.law, case_hash(case)), tuple(designs))


def designs_of(workload: Workload, nest: Nest, kinds: Sequence[Kind], flattens: bool = False) -> Iterator[KindDesign]:
    """Every tiling that fits volatile memory, with every kind that it can have."""
    for form, extent in enumerate(nest.forms):
        for tiling in _tilings(form, extent):
            for kind in kinds:
                if kind is Kind.AUGMENTED and (flattens or not _can_be_augmented(extent, tiling)):
                    continue
                if _volatile(workload, extent, tiling, kind) <= workload.volatile:
                    yield KindDesign(kind, tiling)


def atoms_in(extent: Extent, tiling: Tiling) -> int:
    """How many atoms a design has."""
    trips = innermost(extent, tiling)
    sizes = (tiling.rows, tiling.columns, tiling.outputs, tiling.inputs)
    tiles = prod(count(extent_of, size) for extent_of, size in zip(extent.loops, sizes, strict=True))
    return extent.groups * (tiles // trips) * count(trips, tiling.batch)


def chain_of(workload: Workload, extent: Extent, design: KindDesign) -> Chain:
    """The atoms of a design, and what cycles pay that begin before or end after each of them."""
    atoms = list(atoms_of(extent, design.tiling))
    prices = [_atom(workload, extent, design, atom) for atom in atoms]
    again = [_steps(workload, extent, design, atom.again).price(workload.prices, design.tiling.order) for atom in atoms]
    record = workload.ends.commit
    if design.kind is Kind.RECORD:
        resumes, commits = [workload.ends.resume] * len(atoms), [record] * len(atoms)
    else:
        prices[0] = _add(prices[0], record)
        inside = _add((workload.boot.amount, workload.boot.time), _search(workload, design.kind, len(atoms)))
        resumes = [workload.ends.resume] + [inside] * (len(atoms) - 1)
        commits = [(0, 0)] * (len(atoms) - 1) + [record]
    resumes = [_add(resume, fetched) for resume, fetched in zip(resumes, again, strict=True)]
    return Chain(
        [price[0] for price in prices],
        [price[1] for price in prices],
        [price[0] for price in resumes],
        [price[1] for price in resumes],
        [price[0] for price in commits],
        [price[1] for price in commits],
        [True] * len(atoms),
        _volatile(workload, extent, design.tiling, design.kind),
    )


def _atom(workload: Workload, extent: Extent, design: KindDesign, atom: AtomSteps) -> Price:
    price = _steps(workload, extent, design, atom.steps).price(workload.prices, design.tiling.order)
    if design.kind is not Kind.FOOTPRINT:
        return price
    words = -(-COUNTER_BYTES // workload.device.word_bytes)
    counter = workload.device.write.of(words).rounded_up()
    return _add(price, (counter.amount, counter.time))


def _steps(workload: Workload, extent: Extent, design: KindDesign, steps: Sequence[Step]) -> Work:
    """What steps move and compute, markers with them."""
    multiple = workload.prices.multiple
    total = Work()
    for step in steps:
        work = work_of(extent, step, multiple)
        if design.kind is Kind.AUGMENTED:
            work += _markers(work, multiple)
        total += work
    return total


def _markers(work: Work, multiple: int) -> Work:
    """A marker for each store command, as wide as a sum, and for each command that reads sums."""
    stored = work.store_commands
    return Work(multiply_commands=stored, lanes=stored * multiple, read_sums=work.sums_commands, write_sums=stored)


def _search(workload: Workload, kind: Kind, atoms: int) -> Price:
    device = workload.device
    if kind is Kind.FOOTPRINT:
        found = device.read.of(-(-COUNTER_BYTES // device.word_bytes)).rounded_up()
    else:
        probe, probes = device.read.of(1).rounded_up(), (atoms - 1).bit_length()
        return probes * probe.amount, probes * probe.time
    return found.amount, found.time


def _tilings(form: int, extent: Extent) -> Iterator[Tiling]:
    for order in extent.orders:
        for rows, columns, outputs, inputs in product(*(range(1, trips + 1) for trips in extent.loops)):
            if inputs < extent.least_inputs:
                continue
            tiling = Tiling(form, order, rows, columns, outputs, inputs, 1)
            for batch in range(1, innermost(extent, tiling) + 1):
                yield replace(tiling, batch=batch)


def _can_be_augmented(extent: Extent, tiling: Tiling) -> bool:
    """Whether its store commands write all output channels of a pixel."""
    if extent.pooling or extent.channelwise or extent.groups > 1:
        return False
    batched = tiling.batch if tiling.order is Order.INPUT else 1
    return batched >= count(extent.outputs, tiling.outputs)


def _volatile(workload: Workload, extent: Extent, tiling: Tiling, kind: Kind) -> int:
    """The design's buffers, with a marker for each pixel whose results they hold."""
    size = volatile_bytes(extent, tiling, workload.prices)
    if kind is not Kind.AUGMENTED:
        return size
    tiles = tiling.batch if tiling.order is Order.WEIGHT else 1
    return size + tiles * tiling.rows * tiling.columns * workload.prices.sum_bytes


def _flattens(reader: Nest, writer: Nest) -> bool:
    """Whether a dense layer reads several pixels as channels."""
    pixels = 1 if writer.extent.pooling else writer.extent.rows * writer.extent.columns
    return len(reader.forms) > 1 and pixels > 1


def _add(first: Price, second: Price) -> Price:
    return first[0] + second[0], first[1] + second[1]
