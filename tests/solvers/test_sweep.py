"""Shortcuts of the forward pass find what the plain way finds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ischedule.solvers.frontier import through
from ischedule.solvers.sweep import UNREACHABLE, Integers, Lanes, enter, enter_straight, frontier, joined, passed

CAPACITY = 60


@st.composite
def lanes(draw: st.DrawFn) -> Lanes:
    """A few designs of a few atoms each."""
    width, atoms = draw(st.integers(1, 4)), draw(st.integers(1, 6))

    def matrix(low: int, high: int) -> Integers:
        return np.array(draw(st.lists(st.integers(low, high), min_size=width * atoms, max_size=width * atoms))).reshape(
            atoms, width
        )

    length = np.array(draw(st.lists(st.integers(1, atoms), min_size=width, max_size=width)))
    on = np.arange(atoms)[:, None] < length
    drain, time = (
        np.concatenate([np.zeros((1, width), dtype=np.int64), np.cumsum(matrix(1, 30) * on, axis=0)]) for _ in "ab"
    )
    commits = matrix(0, 3), matrix(0, 9)
    return Lanes(length, drain, time, matrix(0, 5), matrix(0, 9), *commits, matrix(0, 1).astype(np.bool_))


@st.composite
def labels(draw: st.DrawFn) -> tuple[Integers, Integers]:
    """Drains and costs of cycles in progress, none below another in both."""
    number = draw(st.integers(0, 6))
    drains = np.array(draw(st.lists(st.integers(0, 70), min_size=number, max_size=number)), dtype=np.int64)
    costs = np.array(draw(st.lists(st.integers(0, 200), min_size=number, max_size=number)), dtype=np.int64)
    kept = frontier(drains, costs)
    return drains[kept], costs[kept]


@given(lanes(), labels(), st.integers(0, 5), st.integers(0, 40))
def test_where_the_price_is_a_line_all_cuts_are_entered_at_once(
    some: Lanes, entry: tuple[Integers, Integers], slope: int, constant: int
) -> None:
    drains, costs = entry

    def price(loads: Integers) -> Integers:
        return constant + slope * loads

    plain = np.full((some.atoms + 1, len(some)), float(UNREACHABLE))
    quick = plain.copy()
    enter(plain, some, drains[:, None], costs[:, None].astype(float), CAPACITY, price)
    enter_straight(quick, some, drains[:, None], costs[:, None].astype(float), CAPACITY, price, float(slope))
    assert (plain == quick).all()


@given(lanes(), labels(), st.integers(0, 20))
def test_no_state_is_lost_that_is_within_the_slack_of_all_others(
    some: Lanes, entry: tuple[Integers, Integers], slack: int
) -> None:
    drains, costs = (part[:, None] for part in entry)
    room = np.full(len(some), CAPACITY)
    every = passed(some, drains, costs, room)
    kept = through(some, drains, costs, room, slack)
    found = set(zip(kept.drain.tolist(), kept.cost.tolist(), kept.design.tolist(), kept.origin.tolist(), strict=True))
    near = every.select(frontier(every.drain, every.cost, slack)) if len(every) else every
    wanted = set(zip(near.drain.tolist(), near.cost.tolist(), near.design.tolist(), near.origin.tolist(), strict=True))
    assert wanted <= found
    assert len(joined([kept])) <= len(every)
