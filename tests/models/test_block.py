"""Blocks: what patches need, what they cost, what they hold; against positions marked one by one."""

from __future__ import annotations

from itertools import product

from hypothesis import given

from ischedule.models.block import Block, block_tilings, held, is_block_tiling, patches
from ischedule.models.fusion import block_form
from ischedule.models.kernels import (
    Ends,
    Prices,
    chain,
    heaviest_cycle,
    is_canonical,
    most_spent,
    totals,
    volatile_bytes,
)
from ischedule.models.least_tilings import least_tilings
from ischedule.models.lowering import Lowered
from ischedule.models.nest import Act, Step, Work, atoms_of, work_of
from ischedule.models.tiling import Tiling, count, stores_partial_sums
from tests.models.block_strategies import blocks, runs
from tests.models.kernel_strategies import cycle_ends, prices

Design = tuple[Block, Tiling]


def work(block: Block, steps: tuple[Step, ...], multiple: int = 1) -> Work:
    """What some steps come to."""
    return sum((work_of(block, step, multiple) for step in steps), Work())


def needed(network: Lowered, run: tuple[int, ...], pixels: set[tuple[int, int]]) -> list[set[tuple[int, int]]]:
    """The results of every kernel of a run on which these of the last one depend, marked one by one."""
    found = [pixels]
    for place in reversed(run[1:]):
        shape = network.kernels[place].shape
        windowed = shape.kind in ("conv2d", "conv1d", "max_pool", "average_pool")
        kernel = (shape.kernel_height, shape.kernel_width) if windowed else (1, 1)
        stride, dilation = (shape.stride, shape.dilation) if windowed else ((1, 1), (1, 1))
        before = set()
        for (row, column), i, j in product(found[0], range(kernel[0]), range(kernel[1])):
            at = (
                row * stride[0] + i * dilation[0] - shape.padding[0],
                column * stride[1] + j * dilation[1] - shape.padding[2],
            )
            if 0 <= at[0] < shape.in_height and 0 <= at[1] < shape.in_width:
                before.add(at)
        found.insert(0, before)
    return found


def hull(pixels: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """All positions between the first and last rows and columns: windows with dilated taps leave some out."""
    rows, columns = zip(*pixels, strict=True)
    return set(product(range(min(rows), max(rows) + 1), range(min(columns), max(columns) + 1)))


@given(runs())
def test_a_patch_computes_what_it_depends_on(found: tuple[Lowered, tuple[int, ...], Block]) -> None:
    network, run, block = found
    assert block == block_form(network, run)
    for tiling in list(block_tilings(0, block))[:6]:
        for rows, columns in product(patches(block.down, tiling.rows), patches(block.across, tiling.columns)):
            wanted = needed(network, run, set(product(rows[-1], columns[-1])))
            for marked, down, across in zip(wanted, rows, columns, strict=True):
                box = set(product(down, across))
                assert marked <= box
                if all(max(part.dilation) == 1 for part in block.parts):
                    assert box == hull(marked)
    last = [patch[-1] for patch in patches(block.down, block.rows)]
    assert last == [range(block.rows)]


@given(blocks(), prices(), cycle_ends())
def test_steps_priced_are_the_chain(design: Design, cost: Prices, ends: Ends) -> None:
    block, tiling = design
    atoms = list(atoms_of(block, tiling))
    paid = [work(block, atom.steps, cost.multiple).price(cost, tiling.order) for atom in atoms]
    again = [work(block, atom.again, cost.multiple).price(cost, tiling.order) for atom in atoms]
    expected = chain(block, tiling, cost, ends)
    assert list(zip(expected.drain, expected.time, strict=True)) == paid
    assert expected.resume_drain == [ends.resume[0] + more[0] for more in again]
    assert expected.resume_time == [ends.resume[1] + more[1] for more in again]
    total = sum(energy for energy, _ in paid), sum(time for _, time in paid)
    assert totals(block, tiling, cost) == total
    heaviest = max(drain + more[0] for (drain, _), more in zip(paid, again, strict=True))
    assert heaviest_cycle(block, tiling, cost, ends) == heaviest + ends.resume[0] + ends.commit[0]
    most = most_spent(block, cost, ends)
    number = len(atoms)
    for part in (0, 1):
        alone = total[part] + sum(more[part] for more in again) + number * (ends.resume[part] + ends.commit[part])
        assert alone <= most[part]
    assert not stores_partial_sums(block, tiling)


@given(runs())
def test_multiply_accumulates_are_the_closed_form(found: tuple[Lowered, tuple[int, ...], Block]) -> None:
    """Every kernel multiplies for each of its results that some patch needs, and once more for each other patch."""
    network, run, block = found
    for tiling in list(block_tilings(0, block))[::7]:
        grid = product(
            [range(s, min(s + tiling.rows, block.rows)) for s in range(0, block.rows, tiling.rows)],
            [range(s, min(s + tiling.columns, block.columns)) for s in range(0, block.columns, tiling.columns)],
        )
        expected = [0] * len(run)
        passes = count(block.outputs, tiling.outputs) if tiling.order.value == "output" else 1
        for rows, columns in grid:
            for place, marked in enumerate(needed(network, run, set(product(rows, columns)))):
                part = block.parts[place]
                taps, pixels = part.weight_taps, len(hull(marked))
                if part.channelwise:
                    again = passes if block.mixing is not None and place < block.mixing else 1
                    expected[place] += taps * pixels * part.inputs * again
                else:
                    expected[place] += taps * pixels * part.inputs * part.outputs
        if all(max(part.dilation) == 1 for part in block.parts):
            steps = [step for atom in atoms_of(block, tiling) for step in atom.steps]
            macs = [work(block, tuple(s for s in steps if s.part == place)).macs for place in range(len(run))]
            assert macs == expected


@given(blocks())
def test_every_result_is_stored_once_and_nothing_else(design: Design) -> None:
    block, tiling = design
    stored: list[tuple[int, int, int]] = []
    for atom in atoms_of(block, tiling):
        stores = [step for step in atom.steps if step.act is Act.STORE]
        assert len(stores) == 1
        assert atom.steps[-1] is stores[0]
        assert stores[0].part == len(block.parts) - 1
        tile = stores[0].tile
        stored += [(r, c, m) for r in tile.rows for c in tile.columns for m in tile.outputs]
    assert len(stored) == len(set(stored)) == block.rows * block.columns * block.results


@given(blocks(), prices(), cycle_ends())
def test_a_least_design_is_within_every_other(design: Design, cost: Prices, ends: Ends) -> None:
    block, tiling = design
    memory = volatile_bytes(block, tiling, cost)
    heaviest = heaviest_cycle(block, tiling, cost, ends)
    assert any(
        volatile_bytes(block, least, cost) <= memory and heaviest_cycle(block, least, cost, ends) <= heaviest
        for least in least_tilings(0, block)
    )


@given(blocks(), prices())
def test_designs_have_the_least_sizes_for_their_numbers(design: Design, cost: Prices) -> None:
    block, tiling = design
    assert is_block_tiling(block, tiling)
    assert is_canonical(block, tiling, cost)
    for rows in range(1, block.rows + 1):
        other = Tiling(0, tiling.order, rows, tiling.columns, tiling.outputs, tiling.inputs, tiling.batch)
        is_least = rows == 1 or count(block.rows, rows - 1) > count(block.rows, rows)
        assert is_block_tiling(block, other) == is_least


@given(blocks())
def test_room_is_for_the_largest_patch(design: Design) -> None:
    block, tiling = design
    for axis, tile in ((block.down, tiling.rows), (block.across, tiling.columns)):
        for spans in patches(axis, tile):
            room = held(axis, tile)
            assert len(spans[-1]) <= room[-1]
            for (stride, window, _, _), span, available in zip(axis.windows, spans[1:], room[1:], strict=False):
                assert (len(span) - 1) * stride + window <= available
