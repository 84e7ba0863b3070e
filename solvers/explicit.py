"""The exact solver for explicit stages: a case's tasks, or any small set of chains per stage.

Nothing is discarded: every design of every stage is crossed in exact integers. A single chain of a million atoms is one
crossing, in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ischedule.models.chain import Chain
from ischedule.models.demand import Overflow
from ischedule.models.plan import Bound
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.ahead import Promising
from ischedule.solvers.frontier import Crossing, Discharge, Hopes, Reached, cross, finish
from ischedule.solvers.graph_pass import Numbering, cross_graph
from ischedule.solvers.levels import patient
from ischedule.solvers.lift import plan_of
from ischedule.solvers.limit import Limit, TimeUp
from ischedule.solvers.longest import longest_cycles
from ischedule.solvers.outcome import Outcome, Pass, boundary_of
from ischedule.solvers.sweep import Exits, Integers, Kind, Lanes
from ischedule.solvers.waits import Waiting, exact_waiting, followed_waiting

GROUP = 20_000
"""Cuts that one group of designs may hold side by side; one design may have any number."""


def solve_explicit(program: Program, limit: Limit) -> Outcome:
    """The optimal plan of a program of explicit stages, or within a time limit a plan and a proven bound."""
    stages = [stage for stage in program.stages if isinstance(stage, ExplicitStage)]
    waiting = exact_waiting(program.law)
    try:
        ended = crossed(program, waiting, limit)
    except TimeUp:
        return longest_cycles(program)
    count = sum(stage.fits(index) for stage in stages for index in range(len(stage.designs)))
    if ended.finish is None:
        _require_stuck(program, waiting)
        return Outcome(None, None, None, None, count, _stuck(program, ended))
    outcome = _outcome(program, ended, waiting, count)
    if not program.has_bounds:
        return replace(outcome, bound=None)
    if outcome.latency is None or outcome.is_attained(program.law):
        return outcome
    # no plan attains this sum of prices: the same search behind the levels that cycles leave
    waiting = followed_waiting(program.law)
    limit.announce("levels that cycles leave")
    try:
        ended = crossed(program, waiting, patient(limit), _hopes(program, outcome.latency - program.law.offset))
    except TimeUp:
        return outcome
    return outcome if ended.finish is None else _outcome(program, ended, waiting, count)


def _outcome(program: Program, ended: Pass, waiting: Waiting, count: int) -> Outcome:
    assert ended.finish is not None
    cost = int(ended.finish.cost)
    plan, latency = plan_of(program, ended, [int] * len(program.stages), waiting)
    boundaries = tuple(map(boundary_of, ended.reached[1:-1]))
    bound = Bound(cost, (0, 1), boundaries, follows_levels=waiting.levels is not None)
    return Outcome(plan, latency, cost, bound, count)


def _stages(program: Program) -> list[ExplicitStage]:
    return [stage for stage in program.stages if isinstance(stage, ExplicitStage)]


def _hopes(program: Program, most: int) -> list[Hopes]:
    """For each boundary which cycles may belong to a plan that costs no more, given the time of what must follow."""

    def quickest(stage: ExplicitStage) -> int:
        return min(int(sum(stage.chain(index).time)) for index in filter(stage.fits, _designs(stage)))

    def within(rest: int) -> Hopes:
        def starts(_: NDArray[np.intp], lanes: Lanes) -> Promising:
            whole = lanes.time[-1] + rest
            return lambda rows: np.asarray(np.maximum(rows.cost, rows.elapsed) + whole[rows.column] <= most)

        return Hopes(starts=starts)

    return [within(rest) for rest in program.behind(list(map(quickest, _stages(program))))]


def _designs(stage: ExplicitStage) -> range:
    return range(len(stage.designs))


def crossed(program: Program, waiting: Waiting, limit: Limit, hopes: Sequence[Hopes] = ()) -> Pass:
    """All steps crossed by all designs that fit."""
    stages, steps, end = _stages(program), program.steps, program.end
    numbering = Numbering.of(steps, [len(stage.designs) for stage in stages])

    def ways(step: int, entry: Reached) -> Iterator[Crossing]:
        way = steps[step]
        limit.tell(f"stage {step + 1} of {len(steps)}")
        ends, hope = (way.source == 0, way.target == end), hopes[way.target] if hopes else None
        return _ways(stages[way.stage], entry, ends, waiting, limit, hope)

    def wanted(_: int) -> Discharge:
        return _all

    passed = cross_graph(program, numbering, ways, wanted, waiting, 0, keep=True)
    found = finish(passed.reached[-1], _committed, waiting)
    return Pass(passed.reached, passed.useful, passed.crossings, numbering, found)


def _stuck(program: Program, ended: Pass) -> int:
    """The stage of the last step whose source is reached: nothing gets through it."""
    reached = [not entry.is_empty or boundary == 0 for boundary, entry in enumerate(ended.reached)]
    return max((step for step in program.steps if reached[step.source]), key=lambda step: step.source).stage


def _require_stuck(program: Program, waiting: Waiting) -> None:
    """Raise ``Overflow`` if there are plans after all, each so long that it counted as none."""

    def nothing(drains: Integers) -> Integers:
        return np.zeros_like(drains)

    def at_once(chain: Chain) -> Chain:
        none = np.zeros(len(chain), dtype=np.int64)
        return replace(chain, time=none, resume_time=none, commit_time=none)  # type: ignore[arg-type]

    free = replace(waiting, first=nothing, mid=nothing, last=nothing, only=nothing, ahead=None)
    quick = [replace(stage, designs=tuple(map(at_once, stage.designs))) for stage in _stages(program)]
    if crossed(replace(program, stages=tuple(quick)), free, Limit()).finish is not None:
        raise Overflow("every plan takes 2**61 ps (27 days) or more, which is more than can be added up exactly")


def _all(exits: Exits, _: Kind) -> NDArray[np.bool_]:
    return np.ones(len(exits.drain), dtype=bool)


def _committed(design: Integers) -> tuple[Integers, Integers]:
    """Behind the last stage nothing is left to pay."""
    return np.zeros_like(design), np.zeros_like(design)


def _ways(
    stage: ExplicitStage,
    entry: Reached,
    ends: tuple[bool, bool],
    waiting: Waiting,
    limit: Limit,
    hopes: Hopes | None,
) -> Iterator[Crossing]:
    """The stage crossed by each design; ``ends`` says whether the plan begins and whether it ends with it."""
    begins, last = ends
    for group in _groups(stage):
        lanes = _lanes(stage, group)
        crossing = cross(
            np.array(group), lanes, entry, begins, waiting, keep=True, limit=limit, least_commit=0, hopes=hopes
        )
        yield _ended(crossing, waiting) if last else crossing


def _groups(stage: ExplicitStage) -> Iterator[list[int]]:
    """The designs that fit, in groups of like length that lie side by side in not too many rows."""
    group: list[int] = []
    for index in sorted(filter(stage.fits, _designs(stage)), key=lambda index: len(stage.chain(index))):
        if group and len(stage.chain(index)) * (len(group) + 1) > GROUP:
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _ended(crossing: Crossing, waiting: Waiting) -> Crossing:
    """What is in progress behind the last stage commits there: designs differ in what that takes."""

    def committed(kind: Kind, exits: Exits) -> Exits:
        if kind is Kind.KEPT:
            return exits
        drain = exits.drain + crossing.lanes.commit_drain[-1, exits.design]
        time = crossing.lanes.commit_time[-1, exits.design]
        elapsed = None if exits.elapsed is None else exits.elapsed + time
        done = replace(exits, drain=drain, cost=exits.cost + time, elapsed=elapsed)
        return done.select(drain <= (waiting.first_capacity if kind is Kind.FIRST else waiting.capacity))

    return replace(crossing, exits={kind: committed(kind, exits) for kind, exits in crossing.exits.items()})


def _lanes(stage: ExplicitStage, group: list[int]) -> Lanes:
    """The chains of some designs side by side, the shorter ones padded with atoms that are nothing."""
    chains = [stage.chain(index) for index in group]
    most = max(map(len, chains))
    parts: list[list[Integers]] = [[] for _ in range(6)]
    cuts = np.zeros((most, len(chains)), dtype=bool)
    for place, chain in enumerate(chains):
        cuts[: len(chain), place] = np.asarray(chain.cut, dtype=bool)
        for part, column in zip(parts, chain.columns()[:6], strict=True):
            values = np.asarray(column, dtype=np.int64)
            if part is parts[0] or part is parts[1]:
                values = np.cumsum(np.concatenate([[0], values]))
            beyond = most - len(chain)
            part.append(np.pad(values, (0, beyond), mode="edge") if beyond else values)
    drain, time, *ends = (np.stack(part, axis=1) for part in parts)
    return Lanes(np.array([len(chain) for chain in chains]), drain, time, ends[0], ends[1], ends[2], ends[3], cuts)
