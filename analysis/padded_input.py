"""Which positions of a padded input lie in the input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def runs_inside(positions: Sequence[int], before: int, size: int) -> Iterator[tuple[int, range]]:
    """The runs of positions that lie in the input behind its padding: where each begins, and its places there."""
    start: int | None = None
    for place, position in enumerate(positions):
        follows = place > 0 and position == positions[place - 1] + 1
        if not follows or not 0 <= position - before < size:
            if start is not None:
                yield start, _places(positions, start, place, before)
            start = None
        if start is None and 0 <= position - before < size:
            start = place
    if start is not None:
        yield start, _places(positions, start, len(positions), before)


def _places(positions: Sequence[int], start: int, stop: int, before: int) -> range:
    return range(positions[start] - before, positions[stop - 1] - before + 1)
