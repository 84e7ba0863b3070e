"""One way through a stage of the program: the atoms in order, and what a cycle pays to start before or end after each.

A power cycle that runs atoms i .. j of a chain drains

    resume_drain[i] + drain[i] + ... + drain[j] + commit_drain[j]

and is active for the same sum of times. ``resume`` contains booting, so that every cost of a cycle belongs to one atom
or to one of its two ends; a tiled kernel adds there what a cycle that starts in the middle of a reuse row must fetch
again. A cycle that spans stages takes its resume from the stage it starts in and its commit from the stage it ends in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chain:
    """Columns of equal length, one entry per atom, all integers of the buffer's coordinate and picoseconds.

    A cycle needs what it drains, unless an atom leaves an ``excess`` above the floor: then, if that is more, what it
    has drained when the atom ends and the excess (empty where none matters), and ``start_need`` to begin at all.
    An atom drains less than nothing where more flows in while it runs: then there is a ``ceiling``, the level above
    which nothing counts.

    ``stored`` and ``commit_stored`` are the bytes that atoms and commits write to non-volatile memory; empty where that
    is not known.
    """

    drain: Sequence[int]
    time: Sequence[int]
    resume_drain: Sequence[int]
    resume_time: Sequence[int]
    commit_drain: Sequence[int]
    commit_time: Sequence[int]
    cut: Sequence[bool]
    volatile: int
    stored: Sequence[int] = ()
    commit_stored: Sequence[int] = ()
    excess: Sequence[int] = ()
    start_need: int = 0
    ceiling: int | None = None

    def __post_init__(self) -> None:
        lengths = {
            len(column) for column in (*self.columns(), *filter(len, (self.stored, self.commit_stored, self.excess)))
        }
        if len(lengths) != 1 or not len(self.drain):
            raise ValueError(f"a chain needs columns of one length, at least 1, not {sorted(lengths)}")
        if not self.cut[-1]:
            raise ValueError("a chain ends at a cut: its last atom must allow one")

    @property
    def has_needs(self) -> bool:
        """Whether a cycle may need more than it drains."""
        return len(self.excess) > 0 or self.start_need > 0 or self.ceiling is not None

    def columns(self) -> tuple[Sequence[int], ...]:
        """The seven columns in the order of the fields."""
        return (
            self.drain,
            self.time,
            self.resume_drain,
            self.resume_time,
            self.commit_drain,
            self.commit_time,
            self.cut,
        )

    def __len__(self) -> int:
        return len(self.drain)
