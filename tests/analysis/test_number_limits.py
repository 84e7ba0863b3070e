"""The limits of what kernels add up, to the number: what is allowed still computes, one more is refused."""

from __future__ import annotations

import numpy as np
import pytest

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Scaling, Width
from ischedule.analysis.number_limits import require_added, require_shares
from ischedule.models.errors import InvalidValue


@pytest.mark.parametrize("channels", [1, 3, 200])
@pytest.mark.parametrize(
    ("width", "most"), [(Width.INT8, 2**32 - 1), (FixedPoint.Q15, 2**32 - 1), (Width.INT16, 2**64 - 1)]
)
def test_shares_fit_what_kernels_compute_them_in(width: AnyWidth, most: int, channels: int) -> None:
    """On the way to the share of a count c among n of at most c stand 2 c r + n c, of a range r of words, and 2 n c."""
    steps = width.greatest - width.least
    largest = min(most // (2 * steps + 2 * channels), 2**32 - 1)
    counts = np.full(256, largest, np.int64)
    assert 2 * largest * steps + channels * largest <= most
    require_shares(width, counts, channels)
    counts[7] += 1
    with pytest.raises(InvalidValue, match=f"/exponentials = {largest + 1}: "):
        require_shares(width, counts, channels)
    counts[7] = 0
    with pytest.raises(InvalidValue, match="/exponentials = 0: is what a word counts for, from 1 to 4294967295"):
        require_shares(width, counts, channels)


@pytest.mark.parametrize("sources", [2, 5])
def test_sums_of_words_fit_what_kernels_compute_them_in(sources: int) -> None:
    shift = 20
    most = ((1 << 31) - 1 - (1 << shift - 1)) // (sources << 15)
    require_added(FixedPoint.Q15, Scaling(np.array([most, 1]), np.array([1, shift]), 0), sources)
    with pytest.raises(InvalidValue, match=f"/multiplier = {most + 1}: times sums of {sources} words leave 32 bits"):
        require_added(FixedPoint.Q15, Scaling(np.array([most + 1, 1]), np.array([1, shift]), 0), sources)
    most = ((1 << 63) - 1 - (1 << shift - 1)) // (255 * sources)
    require_added(Width.INT8, Scaling(np.array([most, 1]), np.array([1, shift]), 0), sources)
    with pytest.raises(InvalidValue, match=f"/multiplier = {most + 1}: "):
        require_added(Width.INT8, Scaling(np.array([most + 1, 1]), np.array([1, shift]), 0), sources)
