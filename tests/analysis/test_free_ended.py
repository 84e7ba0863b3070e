"""What is kept of a stage's designs from one question to the next: against every design, and with defects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from ischedule.analysis import free_ended
from ischedule.analysis.design_classes import Classes
from ischedule.analysis.free_ended import FreeEnded, Known
from ischedule.analysis.grounds import Grounds
from ischedule.analysis.potential import Walked
from ischedule.models.kernels import totals
from ischedule.models.tiling import Tiling
from tests.analysis import small_networks, test_tiled_cover
from tests.analysis.small_networks import Network
from tests.analysis.test_potential import FAR

SEEDS = range(60)
QUESTIONS = 8


@cache
def network(seed: int) -> Network:
    return small_networks.network(Random(2000 + seed), 1, unusual=seed % 2 == 1)


@cache
def grounds(seed: int) -> Grounds:
    return Grounds(network(seed).law, network(seed).ends, small_networks.certificate(network(seed), 0, Random(seed)))


@cache
def costs(seed: int) -> dict[Tiling, int]:
    """What every design that some cycle holds costs with free ends."""
    net = network(seed)
    found = {tiling: small_networks.free_ended(net, chain) for tiling, chain in small_networks.chains(net.keys[0])}
    return {tiling: cost for tiling, cost in found.items() if cost < FAR}


def questions(seed: int) -> list[int]:
    """Limits in any order, many of them close to a design's cost or just above it."""
    random, found = Random(seed), sorted(costs(seed).values())
    return [random.choice(found) + random.choice((0, 1, -1, random.randint(-9999, 9999))) for _ in range(QUESTIONS)]


def is_right(seed: int) -> bool:
    """Whether to every question exactly the designs below it are found, of those with equal atoms any one."""
    net, ground, wanted = network(seed), grounds(seed), costs(seed)
    stage = net.keys[0].stage
    designs = FreeEnded(ground, stage, Classes(stage, ground.cost.widest))
    for limit in questions(seed):
        found: dict[Tiling, int] = {}
        for listed in designs.below(limit):
            for known in designs.cheaper(listed, limit):
                drain, time = totals(stage.forms[known.tiling.form], known.tiling, stage.prices)
                sums = ((drain, time), ground.rate[1] * time + ground.rate[0] * drain)
                if known.tiling in found or (listed.totals, listed.box.reduced) != sums:
                    return False
                found[known.tiling] = known.bound
        if any(wanted.get(tiling) != bound for tiling, bound in found.items()):
            return False
        below = {tiling: cost for tiling, cost in wanted.items() if cost < limit}
        pools = any(extent.pooling for extent in stage.forms)
        if set(found.values()) != set(below.values()) or (found.keys() != below.keys() and not pools):
            return False
    return True


def asked() -> list[int]:
    return [seed for seed in SEEDS if costs(seed)]


def test_exactly_the_designs_below_a_limit_are_found_whatever_was_asked_before() -> None:
    assert len(asked()) > len(SEEDS) // 2
    for seed in asked():
        assert is_right(seed), seed


Mutate = Callable[[pytest.MonkeyPatch], None]


def gives_up_early(patch: pytest.MonkeyPatch) -> None:
    """A walk is believed to have gone further than it has."""
    walk = free_ended.walk
    patch.setattr(free_ended, "walk", lambda *given: walk(*given[:4], given[4] * 3 // 4))


def believed_for_ever(patch: pytest.MonkeyPatch) -> None:
    """A design that costs more than one limit is discharged whatever is asked later."""
    sharpen = FreeEnded._sharpen

    def wrong(self: FreeEnded, reduced: int, known: Known, limit: int) -> None:
        sharpen(self, reduced, known, limit)
        known.bound = known.bound if known.is_exact else FAR

    patch.setattr(FreeEnded, "_sharpen", wrong)


def never_sharpened_again(patch: pytest.MonkeyPatch) -> None:
    """What one walk has found is taken for the exact cost."""
    sharpen = FreeEnded._sharpen

    def wrong(self: FreeEnded, reduced: int, known: Known, limit: int) -> None:
        sharpen(self, reduced, known, limit)
        known.is_exact = True

    patch.setattr(FreeEnded, "_sharpen", wrong)


def last_piece_is_charged(patch: pytest.MonkeyPatch) -> None:
    """The last cycle of a design is counted as if it ended there, though the next layer may share it."""

    def wrong(found: Walked) -> int:
        return FAR if found.closed is None else found.closed

    patch.setattr(free_ended, "_freely", wrong)


def first_piece_is_charged(patch: pytest.MonkeyPatch) -> None:
    """The first cycle of a design wastes something, though the layer before may share it."""
    patch.setattr(free_ended, "_nothing", lambda load: 1000 + load)


def boxes_are_lost(patch: pytest.MonkeyPatch) -> None:
    """Boxes just above one limit are not listed for the next."""
    below = Classes.below
    patch.setattr(
        Classes, "below", lambda self, rate, limit, start=0: below(self, rate, limit, start + start // 20 + 1)
    )


def boxes_are_listed_twice(patch: pytest.MonkeyPatch) -> None:
    """Boxes below one limit are listed once more for the next."""
    below = Classes.below
    patch.setattr(Classes, "below", lambda self, rate, limit, start=0: below(self, rate, limit))


def listed_up_to_one_limit(patch: pytest.MonkeyPatch) -> None:
    """No boxes are listed but for the first limit."""
    below = Classes.below
    patch.setattr(Classes, "below", lambda self, rate, limit, start=0: () if start else below(self, rate, limit))


MUTANTS: dict[str, Mutate] = {
    mutate.__name__: mutate
    for mutate in (
        gives_up_early,
        believed_for_ever,
        never_sharpened_again,
        last_piece_is_charged,
        first_piece_is_charged,
        boxes_are_lost,
        boxes_are_listed_twice,
        listed_up_to_one_limit,
    )
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_memory_of_designs_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[name](monkeypatch)
    assert not all(is_right(seed) for seed in asked())


@pytest.mark.parametrize("seed", [36, 58])
def test_a_proof_that_rests_on_a_walk_not_gone_to_its_end_would_claim_too_much(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = test_tiled_cover.optimum(seed)
    assert value is not None
    bound = small_networks.certificate(test_tiled_cover.network(seed), value + 1, Random(seed))
    floors_only = replace(test_tiled_cover.bare(seed, value + 1), floors=bound.floors)
    assert not any(test_tiled_cover.proves(seed, one) for one in (bound, floors_only))
    gives_up_early(monkeypatch)
    assert any(test_tiled_cover.proves(seed, one) for one in (bound, floors_only))
