"""Bugs seeded in what the search takes kinds of preservation to cost: none leads to a claim that the checker takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from ischedule import api
from ischedule.models import atoms_array, kernels_array
from ischedule.models.case import Case
from ischedule.models.plan_file import Certified
from ischedule.models.primitives import Prices
from tests.policies.cases import layer_case
from tests.solvers.test_preservation import band, small

Mutant = Callable[[Prices], Prices]

EVERY = {"options": {"preservation": ["record", "footprint", "augmented"]}}
LAID_OUT: dict[str, Mutant] = {
    "counters cost nothing": lambda prices: replace(prices, each=(0, 0)),
    "the record that a layer begins with costs nothing": lambda prices: replace(prices, last=(0, 0)),
    "records are begun at like counters": lambda prices: replace(prices, begin=(0, 0)),
    "records are begun at like counters inside layers": lambda prices: replace(prices, inside=(0, 0), probe=(0, 0)),
    "counters are as long as records": lambda prices: replace(prices, inside=prices.begin),
    "counters cost twice as much": lambda prices: replace(prices, each=(2 * prices.each[0], 2 * prices.each[1])),
}


def cases() -> list[Case]:
    filters = [{"kind": "conv2d", "out_channels": 2, "kernel": [1, 1]} for _ in range(2)]
    buffers = [band((77.88 + spare) * 1e-6) for spare in (1.9, 6.5)]
    return [
        *(small(2, 2, 6, spare, **EVERY) for spare in (1.9, 2.1, 2.8)),
        *(layer_case(2, 1, 4, *filters, buffer=buffer, start="charged", **EVERY) for buffer in buffers),
    ]


@cache
def truth() -> list[int]:
    found = [api.solve(case) for case in cases()]
    assert all(one.kind is Certified.OPTIMAL for one in found)
    return [one.latency for one in found]  # type: ignore[misc]


def is_noticed() -> bool:
    """Whether some case has no certified optimum any more; what is certified must be true."""
    noticed = False
    for case, latency in zip(cases(), truth(), strict=True):
        try:
            result = api.solve(case)
        except Exception:
            noticed = True
            continue
        if result.kind is Certified.OPTIMAL and result.certified:
            assert result.latency == latency
        else:
            noticed = True
            if result.verdict is not None and result.verdict.bound is not None:
                assert result.verdict.bound <= latency
    return noticed


@pytest.mark.parametrize("name", LAID_OUT)
def test_wrong_atoms_and_starts_are_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    truth()
    whole: Any = atoms_array._preserving
    monkeypatch.setattr(atoms_array, "_preserving", lambda found, prices: whole(found, LAID_OUT[name](prices)))
    assert is_noticed()


def test_totals_without_counters_lead_to_no_false_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    truth()
    whole = kernels_array.totals
    monkeypatch.setattr(
        kernels_array, "totals", lambda designs, prices: whole(designs, replace(prices, each=(0, 0), last=(0, 0)))
    )
    is_noticed()
