"""Plans run on one flat memory through power failures: at addresses that the checker accepts no wrong word is read.

The device of this test knows nothing of lifetimes. Words hold tokens that say what they are; every atom reads the whole
of its inputs and the sums that it goes on from, and asks for exactly these tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ischedule.analysis.accesses import Pass, passes
from ischedule.models.layout import layout_of
from ischedule.models.lowering import Lowered
from ischedule.models.network import Network
from ischedule.models.plan import Plan
from ischedule.models.program import Program, TiledStage
from ischedule.models.storage import Slot
from ischedule.models.tiling import Tiling
from tests.analysis.test_layout_check import BRANCHED, NETWORKS, addresses_of, clash, fault_of, planned
from tests.models.test_layout import case_of

SEEDS = st.integers(0, 10**9)
Token = tuple[object, ...]


class WrongWord(Exception):
    """A word is read that holds something else."""


class PowerFailure(Exception):
    """Power fails before an access."""


@dataclass(frozen=True)
class Atom:
    """One atom: its kernel, its pass, how many passes over its results come before, and whether it is the last one."""

    kernel: int
    one: Pass
    number: int
    is_last: bool
    region: int
    read_from: int


class Device:
    """A memory of words, which the atoms of a plan read and write."""

    def __init__(self, network: Lowered, program: Program, plan: Plan, addresses: Mapping[Slot, int]) -> None:
        stage = program.stages[0]
        assert isinstance(stage, TiledStage)
        self.word, self.sum = stage.prices.word_bytes, stage.prices.sum_bytes
        self.network, self.addresses = network, addresses
        self.memory: dict[int, Token] = {}
        self.widths: dict[int, int] = {}
        self.ends = list(accumulate(run.atoms for run in plan.cycles for _ in range(run.repeat)))
        self.counts: dict[int, int] = {}
        self.atoms: list[Atom] = []
        for index, design in zip(plan.stages, plan.designs, strict=True):
            tiled = program.stages[index]
            assert isinstance(tiled, TiledStage)
            assert isinstance(design, Tiling)
            self._append(index, list(passes(tiled.forms[design.form], design)))
        self.bases = self._bases()
        self.budget = 0

    def _bases(self) -> list[int]:
        """Where the results of each kernel begin in its tensor: one after the other."""
        filled: dict[int, int] = {}
        bases = []
        for kernel in self.network.kernels:
            bases.append(filled.get(kernel.writes, 0))
            filled[kernel.writes] = bases[-1] + kernel.stored_elements
        return bases

    def _append(self, kernel: int, found: Sequence[Pass]) -> None:
        """The atoms of a kernel, with regions chosen so that each cycle can be repeated."""
        begin = len(self.atoms)
        cycles = [sum(end <= begin + place for end in self.ends) for place in range(len(found))]
        by_results: dict[int, list[int]] = {}
        for place, one in enumerate(found):
            by_results.setdefault(one.results, []).append(place)
        self.counts[kernel] = len(by_results)
        regions = 1 + sum(slot.stage == kernel for slot in self.addresses)
        atoms: dict[int, Atom] = {}
        for places in by_results.values():
            reads = [
                found[place].reads and (not found[place].keeps or place == 0 or cycles[place] != cycles[place - 1])
                for place in places
            ]
            chosen = _choice([cycles[place] for place in places], reads, regions, self.sum > self.word)
            for number, place in enumerate(places):
                before = chosen[number - 1] if reads[number] else -1
                is_last = number == len(places) - 1
                atoms[place] = Atom(kernel, found[place], number, is_last, chosen[number], before)
        self.atoms += [atoms[place] for place in range(len(found))]

    def fill(self) -> None:
        """The input is there."""
        for word in range(self.network.tensors[0]):
            at = self._at(Slot(0), word)
            self.memory[at], self.widths[at] = ("tensor", 0, word), self.word

    def run(self, random: Random) -> None:
        """All cycles, each of which fails twice somewhere before it is published; raises `WrongWord`."""
        self.fill()
        start = 0
        for end in self.ends:
            accesses = self._attempt(start, end, 10**9)
            for _ in range(2):
                self._attempt(start, end, random.randint(0, accesses))
            self._attempt(start, end, 10**9)
            start = end
        self.require_output()

    def require_output(self) -> None:
        """What no kernel reads is there."""
        read = {tensor for kernel in self.network.kernels for tensor in kernel.reads}
        for tensor, words in enumerate(self.network.tensors):
            for word in range(words if tensor not in read else 0):
                self._read(Slot(tensor), word, ("tensor", tensor, word))

    def _attempt(self, start: int, end: int, budget: int) -> int:
        """Run a cycle until it ends or has made so many accesses; how many it made."""
        self.budget = budget
        kept: set[tuple[int, int]] = set()
        try:
            for atom in self.atoms[start:end]:
                self._run(atom, kept)
        except PowerFailure:
            pass
        return budget - self.budget

    def _run(self, atom: Atom, kept: set[tuple[int, int]]) -> None:
        kernel, results = self.network.kernels[atom.kernel], (atom.kernel, atom.one.results)
        for tensor in kernel.reads:
            for word in range(self.network.tensors[tensor]):
                self._read(Slot(tensor), word, ("tensor", tensor, word))
        first, stop = self._words(atom)
        if atom.read_from >= 0:
            for word in range(first, stop):
                slot, place = self._place(atom, atom.read_from, word)
                self._read(slot, place, ("sum", *results, atom.number - 1, word))
        elif atom.one.reads:
            assert results in kept
        kept.add(results)
        for word in range(first, stop):
            slot, place = self._place(atom, atom.region, word)
            base = self.bases[atom.kernel]
            token = ("tensor", kernel.writes, base + word) if atom.is_last else ("sum", *results, atom.number, word)
            self._write(slot, place, token)

    def _words(self, atom: Atom) -> tuple[int, int]:
        elements, count = self.network.kernels[atom.kernel].stored_elements, self.counts[atom.kernel]
        return atom.one.results * elements // count, (atom.one.results + 1) * elements // count

    def _place(self, atom: Atom, region: int, word: int) -> tuple[Slot, int]:
        tensor = self.network.kernels[atom.kernel].writes
        return (Slot(tensor, atom.kernel, region), word) if region else (Slot(tensor), self.bases[atom.kernel] + word)

    def _width(self, slot: Slot) -> int:
        return self.word if slot.stage is None else self.sum

    def _at(self, slot: Slot, word: int) -> int:
        return self.addresses[slot] + self._width(slot) * word

    def _access(self) -> None:
        if not self.budget:
            raise PowerFailure
        self.budget -= 1

    def _read(self, slot: Slot, word: int, expected: Token) -> None:
        self._access()
        at, width = self._at(slot, word), self._width(slot)
        found = [self.memory.get(at + byte) for byte in range(width)]
        if found != [expected, *[None] * (width - 1)]:
            raise WrongWord(f"{slot} word {word} holds {found}, not {expected}")

    def _write(self, slot: Slot, word: int, token: Token) -> None:
        """A word that power fails in holds garbage; one that overlaps with others ruins them."""
        at = self._at(slot, word)
        for byte in range(1, self._width(slot)):
            self.memory.pop(at + byte, None)
        for byte in range(1, self.sum):
            if at - byte in self.memory and self.widths[at - byte] > byte:
                self.memory[at - byte] = ("ruined",)
        self.widths[at] = self._width(slot)
        self.memory[at] = ("torn",)
        self._access()
        self.memory[at] = token


def _choice(cycles: Sequence[int], reads: Sequence[bool], regions: int, apart: bool) -> list[int]:
    """Regions for passes: the last one writes region 0, and where sums are kept apart no other does."""

    def follow(place: int, holds: int, read: frozenset[int], written: frozenset[int]) -> list[int] | None:
        if place == len(cycles):
            return [] if holds == 0 else None
        if place and cycles[place] != cycles[place - 1]:
            read, written = frozenset(), frozenset()
        if reads[place] and holds not in written:
            read |= {holds}
        for region in range(int(apart and place < len(cycles) - 1), regions):
            if region not in read and not (reads[place] and region == holds):
                rest = follow(place + 1, region, read, written | {region})
                if rest is not None:
                    return [region, *rest]
        return None

    found = follow(0, -1, frozenset(), frozenset())
    assert found is not None, "the layout has as many regions as the passes need"
    return found


@given(NETWORKS, SEEDS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
def test_accepted_addresses_survive_power_failures(net: Network, seed: int) -> None:
    program, plan = question = planned(net, seed)
    addresses = addresses_of(layout_of(*question))
    assert fault_of(question, addresses) is None
    Device(case_of(net).lowered(), program, plan, addresses).run(Random(seed))


def test_what_goes_wrong_is_refused() -> None:
    """Moved at random, addresses that make a device read wrong words are refused; most that are refused do."""
    wrong = refused = 0
    for seed in range(60):
        program, plan = question = planned(BRANCHED, seed)
        layout = layout_of(*question)
        random = Random(seed)
        addresses = addresses_of(layout)
        slot = random.choice(list(addresses))
        addresses[slot] = layout.constants.total + 2 * random.randrange(60)
        try:
            Device(case_of(BRANCHED).lowered(), program, plan, addresses).run(random)
        except WrongWord:
            assert fault_of(question, addresses) is not None
            wrong += 1
        refused += clash(layout, addresses)
    assert wrong > 20
    assert wrong > refused / 2
