"""The designs of explicit stages in columns: their atoms one after the other, and side by side for each stage.

Which power cycles inside a design fit and what they wait is found once, for all passes over the layout. Read from the
end, a chain begins with its last atom and pays to resume what it paid to commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from ischedule.models.chain import Chain
from ischedule.models.criteria_array import ArrayChange
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.explicit import GROUP
from ischedule.solvers.sweep import UNREACHABLE, Integers
from ischedule.solvers.waits import Waiting


@dataclass(frozen=True)
class Part:
    """What atoms, resuming before them or committing after them take, of all designs one after the other."""

    drain: Integers
    time: Integers
    stored: Integers
    ended: int

    def turned(self) -> Part:
        """From the last to the first."""
        return Part(self.drain[::-1], self.time[::-1], self.stored[::-1], self.ended)

    def costs(self, changes: Sequence[ArrayChange]) -> Integers:
        """A row for each atom with a column for each mix, and a row of nothing at the end."""
        found = np.zeros((len(self.drain) + 1, len(changes)), dtype=np.int64)
        for place, change in enumerate(changes if len(self.drain) else ()):
            found[:-1, place] = change.array(self.drain, self.time, self.stored, self.ended)
        return found


@dataclass(frozen=True)
class Cycles:
    """Power cycles inside designs, shorter ones first: the atom that each ends with, how many it has, and its wait."""

    end: Integers
    atoms: Integers
    wait: Integers

    def turned(self, count: int) -> Cycles:
        """The same where the atoms, so many in all, are read from the last to the first."""
        return Cycles(count - 1 - (self.end - self.atoms + 1), self.atoms, self.wait)


@dataclass(frozen=True)
class Layout:
    """The designs of all stages that fit, one after the other: where their atoms start, and what these take.

    ``owners`` are the designs by their numbers in their stages, and ``lanes`` for every stage groups of designs of like
    length by their places among all. A cycle may end behind an atom with a ``cut``.
    """

    owners: list[int]
    lanes: dict[int, list[list[int]]]
    start: Integers
    atoms: Part
    resume: Part
    commit: Part
    cut: NDArray[np.bool_]
    cycles: Cycles

    @staticmethod
    def of(program: Program, waiting: Waiting) -> Layout:
        """The designs of a program of explicit stages."""
        owners: list[int] = []
        chains: list[Chain] = []
        lanes: dict[int, list[list[int]]] = {}
        for number, stage in enumerate(program.stages):
            assert isinstance(stage, ExplicitStage)
            groups = lanes[number] = []
            fitting = filter(stage.fits, range(len(stage.designs)))
            for index in sorted(fitting, key=lambda one: len(stage.designs[one])):
                if not groups or (len(groups[-1]) + 1) * len(stage.designs[index]) > GROUP:
                    groups.append([])
                groups[-1].append(len(owners))
                owners.append(index)
                chains.append(stage.designs[index])
        lengths = np.array(list(map(len, chains)), dtype=np.int64)
        start = np.concatenate([[0], np.cumsum(lengths)])

        def column(name: str) -> Integers:
            columns = map(attrgetter(name), chains)
            known = [one if len(one) else np.zeros(size) for one, size in zip(columns, lengths, strict=True)]
            return np.concatenate([np.zeros(0, dtype=np.int64), *(np.asarray(one, dtype=np.int64) for one in known)])

        atoms = Part(column("drain"), column("time"), column("stored"), 0)
        resume = Part(column("resume_drain"), column("resume_time"), np.zeros_like(atoms.drain), 0)
        commit = Part(column("commit_drain"), column("commit_time"), column("commit_stored"), 1)
        cut = column("cut").astype(bool)
        place = np.arange(len(cut)) - np.repeat(start[:-1], lengths)
        cycles = _cycles(atoms.drain, resume.drain, commit.drain, cut, place, waiting)
        return Layout(owners, lanes, start, atoms, resume, commit, cut, cycles)

    def turned(self) -> Layout:
        """Read from the end."""
        begins = np.concatenate([[True], self.cut])[:-1]
        last = len(self.owners) - 1
        return Layout(
            self.owners[::-1],
            {stage: [[last - one for one in group] for group in groups] for stage, groups in self.lanes.items()},
            self.start[-1] - self.start[::-1],
            self.atoms.turned(),
            self.commit.turned(),
            self.resume.turned(),
            begins[::-1],
            self.cycles.turned(len(self.cut)),
        )

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        """Atoms, resuming and committing."""
        return self.atoms, self.resume, self.commit

    @cached_property
    def groups(self) -> dict[int, list[Group]]:
        """For each stage its designs side by side."""
        return {stage: [Group(self, members) for members in some] for stage, some in self.lanes.items()}

    @cached_property
    def _rows(self) -> tuple[Integers, Integers, Integers]:
        """For each atom, and one more, how many waits belong to it and where they end; and the waits."""
        longest = np.zeros(len(self.cut) + 1, dtype=np.int64)
        longest[self.cycles.end] = self.cycles.atoms  # the last one counts, which is the longest
        stop = np.cumsum(longest)
        waits = np.full(int(stop[-1]) + 1, UNREACHABLE, dtype=np.int64)
        waits[stop[self.cycles.end] - self.cycles.atoms] = self.cycles.wait
        return longest, stop, waits

    def waits(self, group: Group) -> Integers:
        """For each atom and design what cycles wait that end there, the longest first; `UNREACHABLE` for none."""
        longest, stop, waits = self._rows
        back = np.arange(-int(longest[group.index].max()), 0)
        known = back >= -longest[group.index][..., None]
        return np.where(known, waits[np.where(known, stop[group.index][..., None] + back, -1)], UNREACHABLE)


def _cycles(
    atoms: Integers, resume: Integers, commit: Integers, cut: NDArray[np.bool_], place: Integers, waiting: Waiting
) -> Cycles:
    """All cycles that fit, of atoms with these places in their designs."""
    sums, begins = np.cumsum(atoms), np.concatenate([[True], cut])[:-1]
    before = sums - atoms
    alive = np.arange(0 if waiting.single else len(atoms))
    nothing = np.zeros(0, dtype=np.int64)
    ends, counts, drains = [nothing], [nothing], [nothing]
    while len(alive):
        more = len(ends) - 1
        alive = alive[place[alive] >= more]
        alive = alive[sums[alive] - before[alive - more] <= waiting.capacity]
        end = alive[cut[alive] & begins[alive - more]]
        drain = sums[end] + commit[end] - before[end - more] + resume[end - more]
        fits = drain <= waiting.capacity
        ends.append(end[fits])
        counts.append(np.full_like(ends[-1], more + 1))
        drains.append(drain[fits])
    return Cycles(np.concatenate(ends), np.concatenate(counts), waiting.mid(np.concatenate(drains)))


class Group:
    """Designs of a stage side by side: a row for each atom, a column for each design."""

    def __init__(self, layout: Layout, members: list[int]) -> None:
        self.owners = [layout.owners[member] for member in members]
        self.length = length = np.diff(layout.start)[members]
        rows = np.arange(int(length[-1]))[:, None]
        self.inside = rows < length
        self.index = np.where(self.inside, layout.start[members] + rows, len(layout.cut))
        self.cut = np.append(layout.cut, False)[self.index]
        columns = [np.append(part.drain, 0)[self.index] for part in layout.parts]
        self.sums, self.opening_drain, self.closing_drain = ends_of_cycles(*columns)
        self.drain, self.first_drain = self.sums[-1], columns[1][0]


def ends_of_cycles(atoms: Integers, resume: Integers, commit: Integers) -> tuple[Integers, Integers, Integers]:
    """Sums up to each atom; what a cycle takes that begins before it, less the sum there, and that ends after it."""
    sums = np.cumsum(atoms, axis=0)
    return sums, resume - sums + atoms, sums + commit
