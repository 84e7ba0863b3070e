"""Deliberate defects in lifetimes, packing and the check of addresses: each is noticed by one of the others."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from ischedule.analysis import layout_check
from ischedule.analysis.accesses import first_conflict, passes
from ischedule.models import layout
from ischedule.models.layout import Buffer, Layout
from ischedule.models.storage import Slot
from ischedule.models.tiling import stores_partial_sums
from ischedule.solvers import packing
from tests.analysis.test_layout_check import BRANCHED, Question, addresses_of, clash, fault_of, planned
from tests.models.test_layout import random_design
from tests.solvers.test_packing import full, least_height, require_apart

Change = tuple[str, str]


@contextmanager
def mutated(module: ModuleType, change: Change) -> Iterator[ModuleType]:
    """The module with one place of its text changed, beside the right one."""
    assert module.__file__ is not None
    text = Path(module.__file__).read_text("utf-8")
    assert text.count(change[0]) == 1, change[0]
    found = ModuleType(f"{module.__name__}_mutant")
    sys.modules[found.__name__] = found
    try:
        exec(compile(text.replace(*change), found.__name__, "exec"), found.__dict__)
        yield found
    finally:
        del sys.modules[found.__name__]


@cache
def small_instances() -> list[tuple[list[Buffer], int]]:
    """Few buffers, and the least height by trying every order; two with more, whose load of 8 does not do."""
    found = []
    for seed in range(150):
        random = Random(seed)
        starts = [random.randrange(5) for _ in range(6)]
        buffers = [Buffer("b", at, at + random.randrange(4), random.randint(1, 4)) for at in starts]
        found.append((buffers, least_height(buffers)))
    found += [(full(Random(seed), 8, 8), 8) for seed in range(60) if seed != 16]
    return [*found, (full(Random(16), 8, 8), 9), (full(Random(568), 8, 8), 9)]


def packs(module: ModuleType) -> bool:
    """Whether all instances get right addresses of the least height, and a proof."""
    for buffers, height in small_instances():
        try:
            found = module.pack(buffers)
            require_apart(buffers, found)
        except (AssertionError, IndexError, ValueError):
            return False
        if not found.height == found.bound == height:
            return False
    return True


@cache
def questions() -> list[tuple[Question, Layout]]:
    found = [planned(BRANCHED, seed) for seed in range(60)]
    return [(question, layout.layout_of(*question)) for question in found]


def lays_out(module: ModuleType) -> bool:
    """Whether the checker accepts what is packed for the buffers of the module."""
    for question, _ in questions():
        wrong = module.layout_of(*question)
        slots = wrong.buffers
        buffers = [Buffer(one.name, one.first, one.last, one.size) for one in slots.values()]
        start = wrong.constants.total
        addresses = {slot: start + at for slot, at in zip(slots, packing.pack(buffers).addresses, strict=True)}
        if fault_of(question, addresses) is not None:
            return False
    return True


def checks(module: ModuleType) -> bool:
    """Whether the module's verdicts on moved addresses and on regions are the right ones."""

    def refuses(question: Question, addresses: dict[Slot, int], capacity: int) -> bool:
        try:
            module.require_layout(*question, addresses, capacity)
        except module.InvalidLayout:
            return True
        return False

    for seed, (question, right) in enumerate(questions()):
        random = Random(seed)
        addresses = addresses_of(right)
        used = max(addresses[slot] + buffer.size for slot, buffer in right.buffers.items())
        if refuses(question, addresses, used) or not refuses(question, addresses, used - 1):
            return False
        lower = {slot: address - 1 for slot, address in addresses.items()}
        if not refuses(question, lower, used):
            return False
        apart = {slot: used + 10_000 * place for place, slot in enumerate(addresses)}
        for place in range(60):
            base = (addresses, apart)[place % 2]
            slot, other = random.choice(list(base)), random.choice(list(base))
            at = base[other] + random.choice((-right.buffers[slot].size, right.buffers[other].size))
            moved = {**base, slot: max(right.constants.total, at + random.choice((-1, 0, 1)))}
            if refuses(question, moved, 2**40) != clash(right, moved):
                return False
    for seed in range(300):
        extent, tiling, ends = random_design(Random(seed))
        if stores_partial_sums(extent, tiling):
            histories = module.histories(extent, tiling, ends[:-1])
            for regions in (1, 2, 3):
                found = all(module.can_be_repeated(tuple(history), regions) for history in histories.values())
                if found != (first_conflict(passes(extent, tiling), ends, regions) is None):
                    return False
    return True


PACKING = {
    "blocks that touch in time are apart": ("self.begin < other.end and", "self.begin < other.end - 1 and"),
    "lifetimes end a section early": ("bisect_left(begins, one.last + 1)", "max(1, bisect_left(begins, one.last))"),
    "gaps one too small are taken": ("if size <= address - top", "if size <= address - top + 1"),
    "the height searched for is one too low": ("aim = bound if room is None", "aim = bound - 1 if room is None"),
    "a block with room below it is allowed no more": ("address >= limit", "address >= limit - 1"),
    "equal addresses in any order but theirs": ("index < last)", "index > last)"),
    "one unit too much waits": ("some + floor > self._height", "some + floor >= self._height"),
    "a failed search proves nothing": ("bound = aim + 1", "bound = aim"),
}
LAYOUT = {
    "inputs end with the reader's first cycle": ("max((cycles_of[stage][1] for", "max((cycles_of[stage][0] for"),
    "results begin with the writer's last cycle": ("min((cycles_of[stage][0] for", "min((cycles_of[stage][1] for"),
    "the last reader is forgotten": (
        "(cycles_of[stage][1] for stage in users)",
        "(cycles_of[stage][1] for stage in users[:2])",
    ),
    "the output ends when it is made": (
        "ends = last if tensor in storage.outputs",
        "ends = begins if tensor in storage.outputs",
    ),
    "the last atom is forgotten": (
        "bisect_right(ends, end - 1))\n        for",
        "bisect_right(ends, end - 2))\n        for",
    ),
    "tensors lose a byte": ("begins, ends, size, written)", "begins, ends, size - 1)"),
    "sums lose a byte": ("first, last, kept.region, writes", "first, last, kept.region - 1, writes"),
    "sums end early": ("Buffer(name, first, last, kept", "Buffer(name, first, max(first, last - 1), kept"),
    "two regions do for all": ("return 3", "return 2"),
    "weights are forgotten": ("Constants(storage.weights,", "Constants(0,"),
    "the tables are forgotten": ("storage.records, tables)", "storage.records, 0)"),
}
CHECKING = {
    "the last byte may be shared": ("begin < stop and start < end", "begin < stop - 1 and start < end"),
    "a cycle forgets what it touched": ("touched.update(reads, writes)", "touched = {*reads, *writes}"),
    "what is read may be written over": ("touched.update(reads, writes)", "touched.update(writes)"),
    "nothing is ever lost": ("self._holds -= gone", "pass"),
    "the other regions are not written": ("[Slot(kept.writes), *self._others[index]]", "[Slot(kept.writes)]"),
    "what was lost may be added to": ("if slot in self._lost:", "if slot in ():"),
    "the output is not asked for": ("slot.stage is None and slot.tensor not in read:", "slot in ():"),
    "one byte above the capacity": ("or stop > capacity", "or stop > capacity + 1"),
    "one byte in the constants": ("if not begin <= address", "if not begin - 1 <= address"),
    "cycles do not begin anew": ("if is_another else (read, written)", "if False else (read, written)"),
    "a pass may write what it reads": ("and not (reads and region == holds)", ""),
    "what is read is forgotten": ("before |= {holds}", "before |= set()"),
}


def mutants(table: dict[str, Change]) -> Callable[..., pytest.MarkDecorator]:
    return pytest.mark.parametrize("change", table.values(), ids=table.keys())  # type: ignore[return-value]


@mutants(PACKING)
def test_defects_of_the_packer_are_caught(change: Change) -> None:
    with mutated(packing, change) as module:
        assert not packs(module)


@mutants(LAYOUT)
def test_defects_of_lifetimes_and_sizes_are_caught(change: Change) -> None:
    with mutated(layout, change) as module:
        assert not lays_out(module)


@mutants(CHECKING)
def test_defects_of_the_checker_are_caught(change: Change) -> None:
    with mutated(layout_check, change) as module:
        assert not checks(module)


def test_the_right_ones_are_right() -> None:
    assert packs(packing)
    assert lays_out(layout)
    assert checks(layout_check)
