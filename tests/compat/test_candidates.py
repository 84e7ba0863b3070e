"""Candidate lists against plain enumeration, and their memory against a listing of what a tile holds."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.compat.candidates import (
    MAX_TILES,
    Candidates,
    TooManyCandidates,
    candidates,
    divisors,
    even_divisors,
    even_sizes,
    volatile_bytes,
)
from ischedule.compat.platform import Design, Layer, LayerKind, Order, Semantics, parse_design
from tests.compat.published_numbers import (
    CIFAR_1MF,
    CIFAR_1MF_TS1,
    CIFAR_CONTINUOUS_TS1,
    KEPT_INPUT,
    KEPT_WEIGHTS,
    KWS_1MF_TS1,
    TINAS_5MF_LAYERS,
    Printed,
)

EXTENTS = st.integers(1, 9)


def designs_of(table: Candidates) -> list[Design]:
    return [table.design(index) for index in range(len(table))]


@given(st.integers(1, 400))
def test_size_lists(number: int) -> None:
    assert divisors(number) == [d for d in range(1, number + 1) if number // d * d == number]
    assert even_divisors(number) == [d for d in divisors(number) if d == 1 or d % 2 == 0]
    assert even_sizes(number) == [s for s in range(1, number + 2) if s == 1 or (s % 2 == 0 and s < number + 2)]


@given(EXTENTS, EXTENTS, EXTENTS, EXTENTS, st.integers(1, 3))
def test_inas_convolutions(rows: int, columns: int, outputs: int, inputs: int, kernel: int) -> None:
    layer = Layer("c", LayerKind.CONVOLUTION, inputs, rows + 2, columns + 2, outputs, rows, columns, kernel, kernel)
    expected = set()
    sides = (range(1, rows + 1), range(1, columns + 1), range(1, outputs + 1), range(1, inputs + 1))
    for r, c, m, n in itertools.product(*sides):
        if rows % r or columns % c or outputs % m or inputs % n or (n > 1 and n % 2):
            continue
        for order, trips in ((0, outputs // m), (1, rows // r * (columns // c)), (2, inputs // n)):
            for batch in range(1, trips + 1):
                if trips % batch == 0 and (batch == 1 or batch % 2 == 0):
                    expected.add(Design(r, c, m, n, Order(order), batch))
    found = designs_of(candidates(layer, Semantics.INAS_2021))
    assert len(found) == len(set(found))
    assert set(found) == expected
    single = designs_of(candidates(layer, Semantics.INAS_2021, batches=False))
    assert set(single) == {design for design in expected if design.batch == 1}


@given(EXTENTS, EXTENTS, EXTENTS)
def test_inas_pooling_tiles_the_input(rows: int, columns: int, channels: int) -> None:
    layer = Layer("p", LayerKind.GLOBAL_AVERAGE_POOL, channels, rows, columns, channels, 1, 1)
    expected = {
        Design(r, c, m, 1, Order.OUTPUT, batch)
        for r in even_divisors(rows)
        for c in even_divisors(columns)
        for m in even_divisors(channels)
        for batch in even_divisors(rows // r * (columns // c))
    }
    assert set(designs_of(candidates(layer, Semantics.INAS_2021))) == expected


def test_tinas_lists() -> None:
    layer = Layer("d", LayerKind.DEPTHWISE, 6, 5, 5, 6, 3, 1, 3, 3, 2)
    found = designs_of(candidates(layer, Semantics.TINAS_2025))
    expected = {Design(r, c, m, 1, order, 1) for r in (1, 2, 4) for c in (1, 2) for m in (1, 2, 6) for order in Order}
    assert set(found) == expected
    assert len(found) == len(expected)
    norm = Layer("b", LayerKind.BATCH_NORM, 3, 1, 1, 3, 1, 1)
    assert designs_of(candidates(norm, Semantics.TINAS_2025))[0] == Design(1, 1, 1, 1, Order.WEIGHT, 1)


def test_hopeless_enumerations_are_refused() -> None:
    huge = Layer("h", LayerKind.CONVOLUTION, 1, 65_535, 65_535, 1, 65_535, 65_535)
    with pytest.raises(TooManyCandidates, match=f"at most {MAX_TILES}"):
        candidates(huge, Semantics.TINAS_2025)


@pytest.mark.parametrize(
    "printed",
    [*CIFAR_1MF_TS1, *CIFAR_CONTINUOUS_TS1, *KWS_1MF_TS1, *TINAS_5MF_LAYERS, KEPT_INPUT, KEPT_WEIGHTS],
    ids=lambda printed: f"{printed.layer.name}-{printed.design}",
)
def test_published_memory(printed: Printed) -> None:
    memory = volatile_bytes(CIFAR_1MF, printed.layer, Candidates.of([parse_design(printed.design)]))
    assert memory.tolist() == [printed.volatile_bytes]


@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(Order),
)
def test_memory_holds_every_word_that_a_batch_touches(
    rows: int, columns: int, outputs: int, inputs: int, batch: int, order: Order
) -> None:
    layer = Layer("c", LayerKind.CONVOLUTION, 9, 9, 9, 9, 8, 8, 2, 2)
    read = {
        (r + i, c + j, n)
        for r in range(rows)
        for c in range(columns)
        for i in (0, 1)
        for j in (0, 1)
        for n in range(inputs)
    }
    kernel = set(itertools.product(range(2), range(2), range(outputs), range(inputs)))
    kept = range(1 if order is Order.OUTPUT else batch)
    written = set(itertools.product(kept, range(rows), range(columns), range(outputs)))
    design = Design(rows, columns, outputs, inputs, order, batch)
    memory = volatile_bytes(CIFAR_1MF, layer, Candidates.of([design]))
    assert memory.tolist() == [2 * (len(read) + len(kernel) + len(written))]
