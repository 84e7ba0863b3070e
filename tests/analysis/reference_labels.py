"""Certificates made the plain way: all states at every boundary, of which those are kept that no other one beats."""

from __future__ import annotations

from ischedule.models.chain import Chain
from ischedule.models.plan import Bound, Boundary, Label
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.waiting import CycleLaw


def pareto(labels: list[Label]) -> tuple[Label, ...]:
    """The labels that no other one beats in both, by drain."""
    kept: list[Label] = []
    for label in sorted(set(labels)):
        if not kept or label[1] < kept[-1][1]:
            kept.append(label)
    return tuple(kept)


def step(law: CycleLaw, chain: Chain, before: Boundary | None) -> tuple[int | None, list[Label], list[Label]]:
    """All states after a design, atom by atom, each atom run from every state."""
    closed = None if before is None else before.closed
    first = [(chain.resume_drain[0], chain.resume_time[0])] if before is None else list(before.first)
    later = [] if before is None else list(before.later)
    for drain, time, resume, resume_time, commit, commit_time, cut in zip(*chain.columns(), strict=True):
        if closed is not None:
            later.append((resume, closed + resume_time))
        first = [(d + drain, c + time) for d, c in first]
        later = [(d + drain, c + time) for d, c in later]
        ends = []
        if cut and law.max_cycles is None:
            ends += [c + commit_time + law.first(d + commit) for d, c in first if d + commit <= law.first_capacity]
            ends += [c + commit_time + law.mid(d + commit) for d, c in later if d + commit <= law.capacity]
        closed = min(ends, default=None)
    first = [label for label in first if label[0] <= law.first_capacity]
    return closed, first, [label for label in later if label[0] <= law.capacity]


def boundaries(program: Program) -> tuple[Boundary, ...]:
    """What is reachable after each stage but the last."""
    found: list[Boundary] = []
    for stage in program.stages[:-1]:
        assert isinstance(stage, ExplicitStage)
        before = found[-1] if found else None
        steps = [step(program.law, one, before) for one in stage.designs if one.volatile <= stage.volatile]
        closed = min((cost for cost, _, _ in steps if cost is not None), default=None)
        first = pareto([label for _, labels, _ in steps for label in labels])
        later = pareto([label for _, _, labels in steps for label in labels])
        found.append(Boundary(closed, first, later))
    return tuple(found)


def certificate(program: Program, value: int) -> Bound:
    """A certificate of a bound: it proves the bound if the bound holds."""
    return Bound(value, (0, 1), boundaries(program))
