"""Bugs seeded on the solver's side of blocks: the checker, which has its own figures, does not accept what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from ischedule.analysis.cover import Unproven, require_bound
from ischedule.analysis.evaluate import evaluate
from ischedule.analysis.power_cycles import InvalidPlan
from ischedule.models import block, block_prices, blocks_array
from ischedule.models.demand import Overflow
from ischedule.models.plan import Answer
from ischedule.models.program import Program
from ischedule.models.tiling import Tiling
from ischedule.solvers.solve import solve
from tests.solvers.blocked_networks import blocked
from tests.solvers.random_laws import law_pool
from tests.solvers.test_blocks import block_of_all, conv_and_pool, inverted_residual

Patch = Callable[[pytest.MonkeyPatch], None]
LAWS = tuple(law for law in law_pool(200) if law.max_cycles is None and not law.keeps_level)


def programs() -> list[Program]:
    """Filters with a pooling behind them, where the block is the only way or one of two; inverted residuals as one."""
    found = []
    for seed in range(16):
        random = Random(seed)
        program = blocked(conv_and_pool(random), random.choice(LAWS), random)
        if len(program.stages) == 3:
            found.append(replace(program, stages=program.stages[2:], steps=()))
            found.append(program)
    for seed in range(30):
        block = block_of_all(blocked(inverted_residual(Random(seed)), LAWS[seed % len(LAWS)], Random(seed)))
        found += [] if block is None else [block]
    return found


def is_accepted(program: Program, answer: Answer) -> bool:
    """Whether the plan can be run, takes what is said, and the proof that none takes less holds."""
    if answer.plan is None or answer.bound is None:
        return True
    try:
        if evaluate(program, answer.plan).latency != answer.latency:
            return False
        require_bound(program, answer.bound)
    except (InvalidPlan, Unproven):
        return False
    return True


def is_rejected(program: Program) -> bool:
    """Whether what the solver says is not accepted; where it notices that its own figures disagree, it says nothing."""
    try:
        return not is_accepted(program, solve(program))
    except (RuntimeError, Overflow):
        return False


def without_overlap(axis: block.Axis, tile: int) -> tuple[tuple[int, ...], ...]:
    """The lengths of patches as if what two of them need were computed once."""
    reached = [0] * len(axis.reaches)
    found = []
    for (fetched, *_), spans in zip(block.lengths(axis, tile), block.patches(axis, tile), strict=True):
        found.append((fetched, *(max(0, span.stop - stop) for span, stop in zip(spans, reached, strict=True))))
        reached = [max(span.stop, stop) for span, stop in zip(spans, reached, strict=True)]
    return tuple(found)


def atoms_without_halo(patch: pytest.MonkeyPatch) -> None:
    """Atoms compute no more than what no patch before has computed."""
    real = block_prices.block_rows

    def rows(*arguments: Any) -> Any:
        with pytest.MonkeyPatch.context() as inner:
            inner.setattr(block_prices, "lengths", without_overlap)
            yield from list(real(*arguments))

    patch.setattr(blocks_array, "block_rows", rows)


def totals_with_halo_twice(patch: pytest.MonkeyPatch) -> None:
    """Totals are too high, so that good designs are left out."""

    def twice(axis: block.Axis, tile: int) -> tuple[int, ...]:
        return tuple(2 * value for value in block.sums(axis, tile))

    patch.setattr(blocks_array, "sums", twice)


def without_the_inner_map(patch: pytest.MonkeyPatch) -> None:
    """What lies between the kernels takes no memory."""
    real = blocks_array.memory_line

    def less(*arguments: Any) -> tuple[int, ...]:
        weights, first, *inner, last = real(*arguments)
        return (weights, first, *(0 for _ in inner), last)

    patch.setattr(blocks_array, "memory_line", less)


def without_weights_again(patch: pytest.MonkeyPatch) -> None:
    """A cycle that begins inside a row fetches nothing again."""
    real = blocks_array.block_rows

    def rows(*arguments: Any) -> Any:
        return ((replace(row, again=(0, 0)), repeats) for row, repeats in real(*arguments))

    patch.setattr(blocks_array, "block_rows", rows)


def with_one_patch_only(patch: pytest.MonkeyPatch) -> None:
    """Only designs of one tile of rows are searched."""
    real = blocks_array.block_designs

    def few(*arguments: Any) -> Any:
        return [some.take(some.rows == some.extent.rows) for some in real(*arguments)]

    patch.setattr("ischedule.models.kernels_array.block_designs", few)


def without_what_is_fetched_for_all_tiles(patch: pytest.MonkeyPatch) -> None:
    """What the first of two kernels reads that add up over channels takes no memory."""
    real = blocks_array.memory_line

    def less(block: block.Block, *arguments: Any) -> tuple[int, ...]:
        weights, *each = real(block, *arguments)
        if block.widening is not None:
            each[block.widening] = 0
        return (weights, *each)

    patch.setattr(blocks_array, "memory_line", less)


def with_all_of_the_middle_at_once(patch: pytest.MonkeyPatch) -> None:
    """Only designs are searched that have all middle channels in one tile."""
    real = blocks_array.block_designs

    def few(*arguments: Any) -> Any:
        return [
            some.take(some.inputs == some.extent.inputs) if some.extent.widening is not None else some
            for some in real(*arguments)
        ]

    patch.setattr("ischedule.models.kernels_array.block_designs", few)


def atoms_of_a_middle_in_one_tile(patch: pytest.MonkeyPatch) -> None:
    """Atoms cost what they would with all middle channels in one tile."""
    real = blocks_array.block_rows

    def rows(block: block.Block, tiling: Tiling, *arguments: Any) -> Any:
        whole = tiling if block.widening is None else replace(tiling, inputs=block.inputs, batch=1)
        return real(block, whole, *arguments)

    patch.setattr(blocks_array, "block_rows", rows)


MUTANTS: list[Patch] = [
    without_what_is_fetched_for_all_tiles,
    with_all_of_the_middle_at_once,
    atoms_of_a_middle_in_one_tile,
    atoms_without_halo,
    totals_with_halo_twice,
    without_the_inner_map,
    without_weights_again,
    with_one_patch_only,
]


@pytest.fixture(scope="module")
def unchanged() -> list[Program]:
    return programs()


def test_without_a_bug_everything_is_accepted(unchanged: list[Program]) -> None:
    assert all(is_accepted(program, solve(program)) for program in unchanged)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_what_a_bug_leads_to_is_not_accepted(
    mutant: Patch, unchanged: list[Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    assert any(is_rejected(program) for program in reversed(unchanged))
