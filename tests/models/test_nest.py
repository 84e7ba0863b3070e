"""The steps of a nest come to what the kernels charge, for any layer and design."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.kernels import Ends, Prices, chain, totals
from ischedule.models.nest import Act, AtomSteps, Step, Work, atoms_of, spans, window, work_of
from ischedule.models.tiling import Extent, Tiling
from tests.models.kernel_strategies import cycle_ends, layers, prices

Design = tuple[Extent, Tiling]


def work(extent: Extent, steps: tuple[Step, ...], multiple: int) -> Work:
    """What some steps come to."""
    return sum((work_of(extent, step, multiple) for step in steps), Work())


@given(layers(), prices(), cycle_ends())
def test_steps_priced_are_the_chain(design: Design, cost: Prices, ends: Ends) -> None:
    extent, tiling = design
    atoms = list(atoms_of(extent, tiling))
    paid = [work(extent, atom.steps, cost.multiple).price(cost, tiling.order) for atom in atoms]
    again = [work(extent, atom.again, cost.multiple).price(cost, tiling.order) for atom in atoms]
    expected = chain(extent, tiling, cost, ends)
    assert list(zip(expected.drain, expected.time, strict=True)) == paid
    assert expected.resume_drain == [ends.resume[0] + more[0] for more in again]
    assert expected.resume_time == [ends.resume[1] + more[1] for more in again]
    assert totals(extent, tiling, cost) == (sum(energy for energy, _ in paid), sum(time for _, time in paid))


@given(layers())
def test_multiply_accumulates_are_the_closed_form(design: Design) -> None:
    extent, tiling = design
    total = sum((work(extent, atom.steps, 1) for atom in atoms_of(extent, tiling)), Work())
    pixels = extent.rows * extent.columns
    if extent.pooling:
        assert (total.macs, total.pools) == (0, pixels * extent.outputs)
    else:
        assert total.macs == extent.groups * pixels * extent.outputs * extent.inputs * extent.weight_taps
        assert total.macs == total.lanes
        assert total.finishes == (extent.groups * pixels * extent.results if extent.finish else 0)


@given(layers())
def test_every_result_is_stored_last_exactly_once(design: Design) -> None:
    extent, tiling = design
    stored: list[tuple[int, int, int]] = []
    for atom in atoms_of(extent, tiling):
        for step in atom.steps:
            if step.act is Act.STORE and step.last:
                tile = step.tile
                stored += [(r, c, m) for r in tile.rows for c in tile.columns for m in tile.outputs]
    results = 1 if extent.pooling else extent.rows * extent.columns
    assert len(stored) == len(set(stored)) == results * extent.groups * extent.results


@given(layers())
def test_only_an_atom_inside_a_row_fetches_again(design: Design) -> None:
    """What a cycle that starts inside a row fetches is what the row's first atom fetched, or the sums stored since."""
    extent, tiling = design
    opening: AtomSteps | None = None
    for atom in atoms_of(extent, tiling):
        if not atom.again:
            opening = atom
            continue
        assert opening is not None
        (again,) = atom.again
        if again.act is Act.FETCH_SUMS:
            assert not again.first
            assert again.tile.outputs == opening.steps[-1].tile.outputs
        else:
            assert opening.steps[0] == again


@given(st.integers(1, 40), st.integers(1, 40))
def test_spans_cover_a_loop_once(extent: int, tile: int) -> None:
    parts = spans(extent, tile)
    assert [index for part in parts for index in part] == list(range(extent))
    assert all(len(part) == tile for part in parts[:-1])
    assert all(one.stop == two.start for one, two in pairwise(parts))


@given(st.integers(0, 5), st.integers(1, 5), st.integers(1, 4), st.integers(1, 4), st.integers(1, 3))
def test_windows_hold_every_tap_and_nothing_beyond(start: int, n: int, kernel: int, stride: int, dilation: int) -> None:
    outputs = range(start, start + n)
    found = window(outputs, kernel, stride, dilation)
    spread = [range(o * stride, o * stride + (kernel - 1) * dilation + 1) for o in outputs]
    assert list(found) == sorted(set().union(*spread))
    extent = Extent(n, 1, 1, 1, kernel, 1, stride=(stride, 1), dilation=(dilation, 1))
    assert extent.halo(n, 1) == len(found)


def test_a_window_reaches_past_its_outputs_by_the_kernel() -> None:
    assert window(range(3, 5), 3) == range(3, 7)
    assert window(range(3, 5), 1) == range(3, 5)


def test_commands_are_transfers() -> None:
    total = Work(read=5, input_commands=1, weight_commands=2, sums_commands=4, store_commands=8, macs=99)
    assert total.commands == 15
