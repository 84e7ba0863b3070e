"""States that no other is as good as: what is kept of them, and that whatever comes behind a worse one is worse."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.conflict import Named
from ischedule.solvers.smt_front import Front
from ischedule.solvers.smt_options import Option, options_of
from ischedule.solvers.smt_plan import Beginning
from ischedule.solvers.smt_rule import Rule
from tests.analysis.small_programs import laws, leaving_laws
from tests.analysis.small_programs import program as small_program
from tests.solvers.random_laws import law_pool

SEEDS = st.integers(0, 10**9)
LAWS = [*laws(), *leaving_laws(), *law_pool(200)]


def rule_of(random: Random) -> Rule:
    dropped = random.choice(((), (), (), (Named.SUPPLY,)))
    return replace(Rule.of(random.choice(LAWS)), dropped=frozenset(dropped))


def state(random: Random, rule: Rule, options: tuple[Option, ...] = ()) -> Beginning:
    """A beginning of one cycle that leaves anything; levels and times are few, so that there are equals."""
    level = rule.bottom if rule.bottom is not None else random.choice((0, rule.top, random.randint(0, rule.top)))
    whole = max(1, rule.law.charging.elapsed_up(rule.top)) if rule.law.charging.reaches(rule.top) else 100
    time = random.choice((rule.worth(level), random.randint(0, whole), whole * random.randint(0, 4) // 4))
    return Beginning(options, (0,), (0,), (rule.least(0),), time, level)


def is_as_good(rule: Rule, one: Beginning, other: Beginning) -> bool:
    """Earlier and higher; or both are below every threshold, and the first is ready no later."""
    if one.time <= other.time and one.level >= other.level:
        return True
    both = rule.ground is not None and max(one.level, other.level) < rule.ground
    return both and one.cost(rule) <= other.cost(rule)


@given(SEEDS)
def test_what_is_kept_is_what_no_other_is_as_good_as(seed: int) -> None:
    random = Random(seed)
    rule = rule_of(random)
    ones = [state(random, rule) for _ in range(random.randint(1, 12))]
    front = Front(rule)
    for one in ones:
        known = any(is_as_good(rule, other, one) for other in front)
        assert front.has(one.time, one.level) == known
        assert front.add(one) != known
    kept = list(front)
    assert [one.level for one in kept] == sorted(one.level for one in kept)
    for one in ones:
        assert any(is_as_good(rule, other, one) for other in kept)
        better = front.as_good_as(one.time, one.level, rule.worth(one.level))
        assert is_as_good(rule, better, one)
    for place, one in enumerate(kept):
        others = [*kept[:place], *kept[place + 1 :]]
        assert front.is_low(one.level) or not any(is_as_good(rule, other, one) for other in others)


@given(SEEDS)
def test_behind_a_state_that_is_as_good_nothing_is_worse(seed: int) -> None:
    """Whatever cycle comes next at whatever threshold, and if the plan ends there."""
    random = Random(seed)
    program = replace(small_program(random), law=random.choice(LAWS))
    rule = replace(Rule.of(program.law), dropped=frozenset(random.choice(((), (), (Named.SUPPLY,)))))
    option = random.choice(options_of(program)[0])
    columns = [list(column) for column in option.columns]
    scale = max(1, rule.top // random.choice((1, 4, 16)))
    columns[0] = [random.randint(0, scale) for _ in range(len(option))]
    option = replace(option, columns=tuple(map(tuple, columns)))
    one, other = state(random, rule, (option,)), state(random, rule, (option,))
    if not is_as_good(rule, one, other):
        one, other = other, one
    if not is_as_good(rule, one, other):
        return
    assert one.latency(rule) <= other.latency(rule) or max(one.level, other.level) < (rule.ground or 0)
    for end in range(1, len(option) + 1):
        for choice in range(len(rule.choices) + 1):
            behind = other.extended(rule, end, choice)
            if behind is not None:
                better = one.extended(rule, end, choice)
                assert better is not None
                assert better.time <= behind.time
                assert better.level >= behind.level


@pytest.mark.parametrize("cost", [True, False])
def test_a_comparison_that_is_wrong_would_be_seen(cost: bool) -> None:
    """By cost alone, or by time alone, states are lost behind which there is something better."""
    lost = 0
    for seed in range(300):
        random = Random(seed)
        rule = rule_of(random)
        one, other = state(random, rule), state(random, rule)
        as_good = one.cost(rule) <= other.cost(rule) if cost else one.time <= other.time
        lost += as_good and not is_as_good(rule, one, other)
    assert lost
