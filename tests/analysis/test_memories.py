"""Memories refuse what hardware would answer with garbage."""

from __future__ import annotations

import numpy as np
import pytest

from ischedule.analysis.memories import Buffer, Holds, MemoryFault, OverwritesRead, Region, UnknownContent

RANDOM = np.random.default_rng(1)
INT8 = np.dtype(np.int8)
CORNER = (range(1), range(2), range(1))
REST = (range(1, 2), range(2), range(1))


def region() -> Region:
    """Four places, all published."""
    return Region.of(np.arange(4, dtype=np.int8).reshape(2, 2, 1), RANDOM)


def test_what_was_published_is_read() -> None:
    np.testing.assert_array_equal(region().read(CORNER, Holds.RESULT), [[[0], [1]]])


def test_nothing_is_read_that_was_not_written_or_is_something_else() -> None:
    with pytest.raises(UnknownContent, match="result"):
        Region((2, 2, 1), INT8, RANDOM).read(CORNER, Holds.RESULT)
    with pytest.raises(UnknownContent, match="sum"):
        region().read(CORNER, Holds.SUM)
    with pytest.raises(UnknownContent):
        region().read((range(3), range(2), range(1)), Holds.RESULT)


def test_a_cycle_does_not_overwrite_what_it_has_read() -> None:
    memory = region()
    memory.read(CORNER, Holds.RESULT)
    memory.write(REST, np.ones((1, 2, 1), np.int8), Holds.RESULT)
    with pytest.raises(OverwritesRead):
        memory.write(CORNER, np.ones((1, 2, 1), np.int8), Holds.RESULT)
    memory.publish()
    memory.write(CORNER, np.ones((1, 2, 1), np.int8), Holds.RESULT)
    assert memory.read(CORNER, Holds.RESULT).all()


def test_a_cycle_may_overwrite_what_it_has_written_before_reading() -> None:
    memory = region()
    for value in (5, 6):
        memory.write(CORNER, np.full((1, 2, 1), value, np.int8), Holds.SUM)
        assert (memory.read(CORNER, Holds.SUM) == value).all()


def test_a_power_failure_loses_what_was_written_and_nothing_else() -> None:
    memory = region()
    memory.write(CORNER, np.ones((1, 2, 1), np.int8), Holds.RESULT)
    memory.lose()
    np.testing.assert_array_equal(memory.read(REST, Holds.RESULT), [[[2], [3]]])
    with pytest.raises(UnknownContent):
        memory.read(CORNER, Holds.RESULT)


def test_a_torn_write_leaves_nothing() -> None:
    memory = region()
    memory.tear(CORNER)
    with pytest.raises(UnknownContent):
        memory.read(CORNER, Holds.RESULT)


def test_another_shape_is_the_same_memory() -> None:
    memory = region()
    flat = memory.shaped((1, 1, 4))
    flat.read((range(1), range(1), range(1, 3)), Holds.RESULT)
    with pytest.raises(OverwritesRead):
        memory.write(CORNER, np.ones((1, 2, 1), np.int8), Holds.RESULT)
    memory.publish()
    memory.write(CORNER, np.full((1, 2, 1), 9, np.int8), Holds.RESULT)
    np.testing.assert_array_equal(flat.read((range(1), range(1), range(4)), Holds.RESULT), [[[9, 9, 2, 3]]])


def test_a_buffer_gives_back_what_was_put_where_it_was_put() -> None:
    buffer = Buffer((2, 3), INT8, RANDOM)
    buffer.put((4, 7), np.arange(4, dtype=np.int8).reshape(2, 2))
    np.testing.assert_array_equal(buffer.at((range(5, 6), range(7, 9))), [[2, 3]])
    assert buffer.peak == 4


@pytest.mark.parametrize(
    "spans",
    [(range(3, 5), range(7, 9)), (range(4, 7), range(7, 8)), (range(4, 5), range(7, 10)), (range(4, 5), range(6, 8))],
)
def test_a_buffer_gives_nothing_else(spans: tuple[range, range]) -> None:
    buffer = Buffer((2, 3), INT8, RANDOM)
    with pytest.raises(UnknownContent, match="nothing was fetched"):
        buffer.at(spans)
    buffer.put((4, 7), np.zeros((2, 2), np.int8))
    with pytest.raises(UnknownContent, match="was not fetched"):
        buffer.at(spans)


def test_a_buffer_is_garbage_after_a_start_and_holds_no_more_than_it_can() -> None:
    buffer = Buffer((2, 3), INT8, RANDOM)
    buffer.put((0, 0), np.zeros((2, 3), np.int8))
    buffer.poison()
    with pytest.raises(UnknownContent):
        buffer.at((range(1), range(1)))
    assert buffer.values.any()
    with pytest.raises(MemoryFault, match="exceeds"):
        buffer.put((0, 0), np.zeros((3, 3), np.int8))
