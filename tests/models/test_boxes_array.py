"""Boxes hold every canonical design that fits, once, and all of a box cost the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models import kernels_array
from ischedule.models.boxes_array import Boxes, boxes_of, cheapest
from ischedule.models.kernels import Prices
from ischedule.models.kernels_array import enumerate_designs
from ischedule.models.tiling import Extent, Tiling
from tests.models.kernel_strategies import extents, prices

VOLATILE = st.sampled_from([6, 20, 60, 200, 10_000])


def listed(boxes: list[Boxes], cost: Prices, volatile: int) -> list[Tiling]:
    parts = [one.designs(cost, volatile) for one in boxes]
    return [part.tiling(place) for part in parts for place in range(len(part))]


WRITES = st.sampled_from([None, 1, 2, 3])


@given(extents(pooling=False), prices(), st.integers(0, 1), VOLATILE, st.booleans(), WRITES)
def test_boxes_are_all_designs(
    extent: Extent, cost: Prices, form: int, volatile: int, sums: bool, writes: int | None
) -> None:
    boxes = boxes_of(form, extent, cost, volatile, sums_in_memory=sums, writes_per_byte=writes)
    found = listed(boxes, cost, volatile)
    wanted = enumerate_designs(form, extent, cost, volatile, sums_in_memory=sums, writes_per_byte=writes)
    assert len(found) == len(set(found))
    assert set(found) == {part.tiling(place) for part in wanted for place in range(len(part))}


@given(extents(pooling=False), prices(), VOLATILE)
def test_all_designs_of_a_box_cost_the_same(extent: Extent, cost: Prices, volatile: int) -> None:
    for boxes in boxes_of(0, extent, cost, volatile):
        for place in range(len(boxes)):
            box = boxes.take(np.array([place]))
            designs = box.designs(cost, volatile)
            assert 1 <= len(designs) <= int(box.sizes[0])
            for part in range(2):
                total = kernels_array.totals(box.least, cost)[part][0]
                assert set(kernels_array.totals(designs, cost)[part]) == {total}


@given(extents(pooling=False), prices(), VOLATILE, st.floats(0, 10), st.integers(1, 50), st.data())
def test_what_is_left_out_is_dearer(
    extent: Extent, cost: Prices, volatile: int, rate: float, number: int, data: st.DataObject
) -> None:
    boxes = boxes_of(0, extent, cost, volatile)
    every = [totals(part, cost, rate) for part in enumerate_designs(0, extent, cost, volatile)]
    costs = np.concatenate(every) if every else np.zeros(0)
    limit = data.draw(st.sampled_from([np.inf, *costs[:5]]))
    few = number if limit == np.inf else None
    slopes = (0.0, rate, 2.5)
    found = cheapest(boxes, cost, rate, slopes, few, float(limit))
    kept = np.concatenate([totals(one.designs(cost, volatile), cost, rate) for one in found.boxes])
    assert np.array_equal(np.sort(kept), np.sort(costs[costs <= found.dearer]))
    assert few is not None or found.dearer in (limit, np.inf)
    if len(costs):
        lean = [kernels_array.totals(one, cost) for one in enumerate_designs(0, extent, cost, volatile)]
        assert found.lean == tuple(min(int(pair[part].min()) for pair in lean if len(pair[part])) for part in (0, 1))
        sloped = [min(float((time + slope * drain).min()) for drain, time in lean if len(drain)) for slope in slopes]
        assert found.sloped == tuple(sloped)


@given(extents(pooling=False), prices(), VOLATILE)
def test_what_is_not_wanted_is_left_out(extent: Extent, cost: Prices, volatile: int) -> None:
    boxes = boxes_of(0, extent, cost, volatile)
    if not any(map(len, boxes)):
        return
    least = cheapest(boxes, cost, 0, (), None).lean
    found = cheapest(boxes, cost, 0, (), None, wanted=lambda drain, time: np.asarray(drain == least[0]))
    kept = [kernels_array.totals(one.designs(cost, volatile), cost)[0] for one in found.boxes]
    assert set(np.concatenate(kept).tolist()) == {least[0]}
    assert found.dearer in (np.inf, -np.inf)


def totals(designs: kernels_array.Designs, cost: Prices, rate: float) -> np.ndarray:
    drain, time = kernels_array.totals(designs, cost)
    return np.asarray(time + rate * drain)


def test_pooling_has_no_boxes() -> None:
    with pytest.raises(ValueError, match="pooling"):
        boxes_of(0, Extent(2, 2, 2, 1, 1, 1, pooling=True), None, 100)  # type: ignore[arg-type]
