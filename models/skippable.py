"""What a plan lists of the commits that its runtime may skip."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Skippable:
    """The commits after power cycles ``first`` to ``last`` (counted from 1) may be skipped.

    A device that sleeps after one has been commits late once it measures less than ``reserve`` (nanovolt). It skips the
    commit of a cycle only if it measured ``start`` when that began; None where every start suffices.
    """

    first: int
    last: int
    reserve: int
    start: int | None = None
