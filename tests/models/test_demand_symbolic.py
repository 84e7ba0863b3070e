"""The demand algebra for all integers, not only sampled ones: z3 finds no counterexample."""

from __future__ import annotations

from typing import Any

import z3

Triple = tuple[Any, Any, Any]
Rising = tuple[Any, Any, Any, Any]


def symbolic(name: str) -> tuple[Triple, list[Any]]:
    """Any demand: need at least drain, drain and time not negative."""
    need, drain, time = z3.Ints(f"need_{name} drain_{name} time_{name}")
    return (need, drain, time), [need >= drain, drain >= 0, time >= 0]


def larger(first: Any, second: Any) -> Any:
    return z3.If(first >= second, first, second)


def then(first: Triple, second: Triple) -> Triple:
    """The definition of model section 3."""
    return larger(first[0], second[0] + first[1]), first[1] + second[1], first[2] + second[2]


def holds(claim: Any, *assumptions: Any) -> bool:
    solver = z3.Solver()
    solver.add(*assumptions, z3.Not(claim))
    return bool(solver.check() == z3.unsat)


def equal(first: Triple, second: Triple) -> Any:
    return z3.And(*(a == b for a, b in zip(first, second, strict=True)))


def test_one_after_the_other_is_associative_for_all_demands() -> None:
    (a, ra), (b, rb), (c, rc) = symbolic("a"), symbolic("b"), symbolic("c")
    assert holds(equal(then(then(a, b), c), then(a, then(b, c))), *ra, *rb, *rc)


def test_nothing_is_the_identity_on_both_sides() -> None:
    demand, assumed = symbolic("a")
    nothing = (z3.IntVal(0), z3.IntVal(0), z3.IntVal(0))
    assert holds(z3.And(equal(then(nothing, demand), demand), equal(then(demand, nothing), demand)), *assumed)


def test_the_sum_needs_at_least_what_it_drains_and_no_less_than_its_first_part() -> None:
    (a, ra), (b, rb) = symbolic("a"), symbolic("b")
    both = then(a, b)
    assert holds(z3.And(both[0] >= both[1], both[0] >= a[0]), *ra, *rb)


def test_a_smaller_part_never_makes_the_sum_larger() -> None:
    (a, ra), (b, rb), (c, rc) = symbolic("a"), symbolic("b"), symbolic("c")
    smaller = [b[k] <= a[k] for k in range(3)]
    before = z3.And(*(then(b, c)[k] <= then(a, c)[k] for k in range(3)))
    after = z3.And(*(then(c, b)[k] <= then(c, a)[k] for k in range(3)))
    assert holds(z3.And(before, after), *ra, *rb, *rc, *smaller)


def test_with_need_equal_to_drain_only_the_sum_counts() -> None:
    (a, ra), (b, rb) = symbolic("a"), symbolic("b")
    assert holds(then(a, b)[0] == a[1] + b[1], *ra, *rb, a[0] == a[1], b[0] == b[1])


def test_the_proof_can_fail() -> None:
    """Adding needs instead of taking the larger is not what running one after the other needs."""
    (a, ra), (b, rb) = symbolic("a"), symbolic("b")
    assert not holds(then(a, b)[0] == a[0] + b[0], *ra, *rb)


def symbolic_rising(name: str) -> tuple[Rising, list[Any]]:
    """Any demand where more may flow in than is drawn: need, drain, rise and height."""
    need, drain, rise, height = z3.Ints(f"need_{name} drain_{name} rise_{name} height_{name}")
    return (need, drain, rise, height), [need >= 0, need >= drain, rise >= 0, rise >= -drain, height >= need]


def then_rising(first: Rising, second: Rising) -> Rising:
    """What `Demand.then` computes, without the time."""
    lowered = first[2] + first[1]
    return (
        larger(first[0], second[0] + first[1]),
        first[1] + second[1],
        larger(first[2], second[2] - first[1]),
        larger(larger(first[3], second[3]), second[0] + lowered),
    )


def left(demand: Rising, level: Any, ceiling: Any) -> Any:
    """The level that a demand leaves below a ceiling."""
    top = ceiling - demand[2]
    return z3.If(level <= top, level, top) - demand[1]


def possible(demand: Rising, level: Any, ceiling: Any) -> Any:
    return z3.And(level >= demand[0], ceiling >= demand[3])


def test_rising_demands_are_associative_and_stay_possible() -> None:
    (a, ra), (b, rb), (c, rc) = symbolic_rising("a"), symbolic_rising("b"), symbolic_rising("c")
    one, other = then_rising(then_rising(a, b), c), then_rising(a, then_rising(b, c))
    assert holds(z3.And(*(x == y for x, y in zip(one, other, strict=True))), *ra, *rb, *rc)
    both = then_rising(a, b)
    assert holds(
        z3.And(both[0] >= 0, both[0] >= both[1], both[2] >= 0, both[2] >= -both[1], both[3] >= both[0]), *ra, *rb
    )


def test_one_after_the_other_below_a_ceiling_is_what_the_sum_says() -> None:
    (a, ra), (b, rb) = symbolic_rising("a"), symbolic_rising("b")
    level, ceiling = z3.Ints("level ceiling")
    both, between = then_rising(a, b), left(a, level, ceiling)
    in_turn = z3.And(possible(a, level, ceiling), possible(b, between, ceiling))
    assert holds(in_turn == possible(both, level, ceiling), *ra, *rb, level <= ceiling)
    assert holds(left(b, between, ceiling) == left(both, level, ceiling), *ra, *rb)


def test_more_at_the_start_never_leaves_less() -> None:
    """So that a buffer which holds more than is counted on is no worse."""
    a, ra = symbolic_rising("a")
    level, more, ceiling = z3.Ints("level more ceiling")
    assert holds(left(a, level, ceiling) <= left(a, more, ceiling), *ra, level <= more)
