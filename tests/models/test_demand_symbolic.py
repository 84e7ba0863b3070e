"""The demand algebra for all integers, not only sampled ones: z3 finds no counterexample."""

from __future__ import annotations

from typing import Any

import z3

Triple = tuple[Any, Any, Any]


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
