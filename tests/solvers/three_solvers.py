"""Programs for all three solvers, with branches, limits, objectives and memory, and what must be equal in answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from ischedule.analysis.evaluate import evaluate
from ischedule.models.chain import Chain
from ischedule.models.demand import Unanswerable
from ischedule.models.goal import PLAIN, Criterion, Goal
from ischedule.models.plan import Answer, Status
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.storage import TableSizes
from ischedule.solvers.division import UNPACKED, fits
from ischedule.solvers.goal_division import SUMS
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.solve import solve
from tests.analysis.small_programs import laws
from tests.analysis.small_programs import program as small_program
from tests.solvers.random_laws import law_pool
from tests.solvers.random_programs import random_explicit
from tests.solvers.stored_programs import plain_laws, plans_that_fit, stored_program
from tests.solvers.test_budgets import best_of, every_plan, graph_of_sums, spent_by, storing
from tests.solvers.test_graphs import branched, explicit_graph

NAMES = ("exact", "ilp", "smt")
KINDS = ("goal", "choices", "graph", "goal", "choices", "chain", "choices", "goal", "any law", "choices", "long chain")
"""What is drawn, in turn: most programs branch and have limits and objectives of several criteria."""
FEW_PLANS = 3000


@dataclass(frozen=True)
class Drawn:
    """A program of some kind; where all its plans are known, what the best one spends in order (None: no plan)."""

    kind: str
    program: Program
    best: list[int] | None = None

    @property
    def is_known(self) -> bool:
        """Whether all plans have been gone through."""
        return self.kind == "memory" or not self.program.goal.is_plain


def drawn(seed: int) -> Drawn:
    """The program of a seed."""
    random, kind = Random(seed), KINDS[seed % len(KINDS)]
    if kind == "graph":
        return Drawn(kind, explicit_graph(random))
    if kind == "any law":
        return Drawn(kind, random_explicit(random, random.choice(law_pool(200)), atoms=8))
    if kind in ("chain", "long chain"):
        return Drawn(kind, small_program(random, 20 if kind == "long chain" else 8))
    while True:
        program = branching(random) if kind == "goal" else choices(random)
        plans = list(every_plan(program))
        if len(plans) <= FEW_PLANS:
            break
    goal = tight_goal(plans, random)
    return Drawn(kind, replace(program, goal=goal), best_of(plans, goal))


def with_memory(seed: int) -> Drawn:
    """Stages with tensors between them and memory for some of their plans, mostly not for the best one.

    What does not fit holds too much in some power cycle: of addresses that do not exist although none does, and of
    tables that grow with the plan, nothing can be proven.
    """
    random = Random(seed)
    while True:
        program = storing(stored_program(random, branches=random.random() < 0.7), random)
        if program.law not in plain_laws() or not 2 <= len(program.stages) <= 3:
            continue
        assert program.storage is not None
        program = replace(program, storage=replace(program.storage, tables=TableSizes(0, 0, 0)))
        plans = list(plans_that_fit(program))
        kept = [plan.spent for plan in plans if plan.is_stored]
        goal = tight_goal(kept, random) if random.random() < 0.6 else PLAIN
        best = best_of(kept, goal)
        binds = best != best_of([plan.spent for plan in plans], goal)
        if all(plan.is_stored or plan.holds_too_much for plan in plans) and (binds or random.random() < 0.03):
            return Drawn("memory", replace(program, goal=goal), best)


def branching(random: Random) -> Program:
    """Stages that can run in several orders, with bytes that they store."""
    while True:
        program = graph_of_sums(random)
        if not program.is_chain:
            return storing(filled(program, random), random)


def choices(random: Random) -> Program:
    """Three stages of four designs each that trade time for energy and bytes; they may run in several orders.

    A power cycle holds a few of them; amounts are coarse, so that there are ties.
    """
    sums = [law for law in laws() if not law.keeps_level and not law.leaves_level and law.max_cycles is None]
    law = random.choice([law for law in sums if law.capacity >= 60])
    unit, tick = law.capacity // random.choice((12, 20, 40)), max(1, law.mid(law.capacity) // 40)

    def design() -> Chain:
        drain = random.randint(0, 12)
        time = random.randint(0, 4) + 3 * (12 - drain)
        ends = [unit * random.randint(0, 1)], [tick * random.randint(0, 3)]
        stored, saved = [random.randint(0, 6) * 5], [random.randint(0, 3)]
        return Chain([unit * drain], [tick * time], *ends, *ends, [True], 0, stored, saved)

    stages = tuple(ExplicitStage(f"s{index}", tuple(design() for _ in range(4)), 0) for index in range(3))
    return branched(filled(Program(stages, law, ""), random), random)


def filled(program: Program, random: Random) -> Program:
    """The same program, where a cycle of some designs drains all that there is, or one unit more."""

    def fill(chain: Chain) -> Chain:
        if random.random() < 0.7:
            return chain
        begin = random.randrange(len(chain))
        end = random.randint(begin + 1, len(chain))
        drain = list(chain.drain)
        whole = chain.resume_drain[begin] + sum(drain[begin:end]) + chain.commit_drain[end - 1]
        place = random.randrange(begin, end)
        drain[place] = max(0, drain[place] + program.law.capacity - whole + random.choice((0, 0, 1)))
        return replace(chain, drain=drain)

    stages = [
        replace(stage, designs=tuple(map(fill, stage.designs)))
        for stage in program.stages
        if isinstance(stage, ExplicitStage)
    ]
    return replace(program, stages=tuple(stages))


def tight_goal(plans: Sequence[dict[Criterion, int]], random: Random) -> Goal:
    """Criteria in a random order, and one or two limits: just what some good plan spends, or now and then one less."""
    order = tuple(random.sample(list(Criterion), random.randint(1, 3)))
    limits: dict[Criterion, int] = {}
    if plans:
        first = order[0]
        ranked = sorted(plans, key=lambda plan: plan[first])
        for criterion in random.sample(list(Criterion), random.randint(1, 2)):
            plan = ranked[random.randrange(max(1, len(ranked) // 3))]
            limits[criterion] = max(0, plan[criterion] - random.choice((0, 0, 0, 1)))
    else:
        limits[random.choice(list(Criterion))] = random.randint(0, 1000)
    return Goal(order, limits)


def answered(name: str, program: Program, seconds: float | None) -> Answer | None:
    """A solver's answer, None if it has not decided within its limit, or the program is too large for it."""
    try:
        answer = solve(program, Limit(seconds), solver=name)
    except (TimeUp, Unanswerable):
        return None
    is_open = answer.is_undecided or answer.status is Status.UNDECIDED or answer.note in (SUMS, UNPACKED)
    return None if is_open else answer


def spent_in_order(program: Program, answer: Answer) -> list[int] | None:
    """What an answer's plan spends of the criteria that count."""
    if answer.plan is None:
        return None
    spent = spent_by(program, answer.plan)
    return [spent[name] for name in program.goal.order]


def fault(one: Drawn, name: str, answer: Answer, exact: Answer | None) -> str | None:
    """What is wrong with a solver's answer beside the exact one's, or beside all plans where they are known."""
    program = one.program
    if answer.plan is not None and program.goal.is_plain:
        latency = evaluate(program, answer.plan).latency
        if latency != answer.latency:
            return f"{name}'s plan takes {latency}, not {answer.latency}"
    if answer.plan is not None and not fits(program, answer.plan):
        return f"{name}'s plan does not fit memory"
    if one.is_known:
        spent, status = spent_in_order(program, answer), answer.status
        if answer.plan is not None:
            evaluate(program, answer.plan)
        wanted = Status.UNSCHEDULABLE if one.best is None else Status.SCHEDULABLE
        if (spent, status) != (one.best, wanted):
            return f"the best plan spends {one.best}, {name} has {spent} ({status.value})"
        return None
    if exact is None:
        return None
    if (answer.status, answer.bottleneck) != (exact.status, exact.bottleneck):
        return f"exact {exact.status.value} {exact.bottleneck}, {name} {answer.status.value} {answer.bottleneck}"
    if answer.latency == exact.latency:
        return None
    if name == "ilp" and exact.bound is not None and exact.bound.follows_levels:
        # levels that later cycles leave are priced as time gained, so that there it is held to its bound only
        bound = None if answer.bound is None else answer.bound.value + program.law.offset
        return f"exact {exact.latency} is below ILP's bound {bound}" if bound and (exact.latency or 0) < bound else None
    return f"exact {exact.latency}, {name} {answer.latency}"


def faults(one: Drawn, seconds: float | None, names: Sequence[str] = NAMES) -> tuple[list[str], list[str]]:
    """What differs between the solvers' answers, and which of them have not decided. A failure is a difference."""
    found: list[str] = []
    undecided: list[str] = []
    answers: dict[str, Answer] = {}
    for name in names:
        try:
            answer = answered(name, one.program, seconds if name == "smt" else None)
        except Exception as problem:
            found.append(f"{name} fails: {problem!r}")
            continue
        if answer is None:
            undecided.append(name)
        else:
            answers[name] = answer
    for name, answer in answers.items():
        try:
            wrong = fault(one, name, answer, answers.get("exact"))
        except Exception as problem:
            wrong = f"{name}'s plan is none: {problem!r}"
        if wrong is not None:
            found.append(wrong)
    return found, undecided
