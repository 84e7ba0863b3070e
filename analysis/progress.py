"""Telling whoever waits what a proof is about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

Tell = Callable[[str], None]
"""Told, now and then, in a few words what is being checked."""

Row = TypeVar("Row")
STRIDE = 1 << 15


def unheard(_: str) -> None:
    """Nobody waits."""


def told(rows: Iterable[Row], size: int, tell: Tell) -> Iterator[Row]:
    """The rows of a long walk, told now and then."""
    source = iter(rows)
    for start in range(0, size, STRIDE):
        tell(f"checking the bound: atom {start} of {size}")
        yield from islice(source, STRIDE)
