"""Proof about all plans that fit non-volatile memory, by parts, checked.

A part says of the plans that a restriction leaves that none is better than a bound, or that there is none; or that a
power cycle holds too much in each of them that meets none of certain further restrictions, of which other parts speak.
Each of those asks one thing more, so that the parts rest on one another in no circle.

What a cycle holds at least is found here from ways through the program: a tensor is there if no way from the start
reaches the cycle's first step without its having been written, and none leads on from the last step to the end without
its being read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import pairwise

from ischedule.analysis.cover import require_bound
from ischedule.analysis.curve_search import require_all_under_curve
from ischedule.analysis.goal_proof import least_spent
from ischedule.analysis.label_closure import require_levels
from ischedule.analysis.labels import Unproven
from ischedule.analysis.progress import Tell, unheard
from ischedule.analysis.reach import require_bottleneck
from ischedule.analysis.repetition import require_repeated
from ischedule.analysis.runs_of_networks import require_few_runs_of_network
from ischedule.analysis.runs_search import require_few_runs
from ischedule.models.criteria import counted
from ischedule.models.curve_bound import least_response
from ischedule.models.goal import Criterion
from ischedule.models.plan import (
    Bottleneck,
    Bound,
    Division,
    FewRuns,
    Least,
    Levels,
    Overload,
    Part,
    Repeated,
    UnderCurve,
    Weighed,
)
from ischedule.models.program import Program, Step
from ischedule.models.restriction import UNRESTRICTED, Restricted, Restriction, restricted
from ischedule.models.stated import Rank, stated_rank
from ischedule.models.storage import Storage


def require_least(program: Program, proof: Least, tell: Tell = unheard) -> None:
    """Raise `Unproven` unless the proof shows that every plan that fits memory costs at least its value."""
    if isinstance(proof, UnderCurve):
        require_under_curve(program, proof, tell)
    elif isinstance(proof, FewRuns):
        if proof.bound is not None and proof.value is not None:
            require_few_runs_of_network(program, proof.value, proof.bound, tell)
        else:
            require_few_runs(program, proof)
    elif isinstance(proof, Repeated):
        require_repeated(program, proof, tell)
    elif isinstance(proof, Levels):
        require_levels(program, proof, tell)
    elif program.has_needs:
        raise Unproven("some power cycles need more than they drain, and the proof is about what they drain")
    elif isinstance(proof, Division):
        require_division(program, proof, tell)
    else:
        require_bound(program, proof, tell)


def require_under_curve(program: Program, proof: UnderCurve, tell: Tell = unheard) -> None:
    """Raise `Unproven` unless the proof shows that every plan takes so long under the curve, or that none ever ends."""
    if program.law.curve is None:
        raise Unproven("the supply of the case is no curve")
    if proof.energy is None:
        require_all_under_curve(program, proof.value, tell)
        return
    require_least(counted(program, Criterion.ENERGY), proof.energy, tell)
    drain = proof.energy.value
    least = None if drain is None else least_response(program.law, drain)
    if least != proof.value:
        raise Unproven(f"from what plans drain at least follows {least}, the certificate says {proof.value}")


def require_rank(program: Program, proof: Weighed | Division, tell: Tell = unheard) -> Rank | None:
    """What every plan that fits memory and keeps the goal's limits is proven to spend at least, None if there is none.

    Raises `Unproven`.
    """
    if isinstance(proof, Weighed):
        return least_spent(program, proof, tell)
    if any(isinstance(part.proof, Bound) for part in proof.parts):
        raise Unproven("one part is about latency alone, and another about limits and what counts")
    require_division(program, proof, tell)
    return stated_rank(program.goal, proof)


def require_division(program: Program, division: Division, tell: Tell = unheard) -> None:
    """Raise `Unproven` unless every plan that fits memory costs at least the division's value, or there is none."""
    known = {part.restriction for part in division.parts}
    if program.storage is None:
        raise Unproven("nobody says what is kept in memory, and parts are told apart by it")
    if len(known) < len(division.parts) or UNRESTRICTED not in known:
        raise Unproven("each part is about other plans, and one is about all")
    for number, part in enumerate(division.parts, 1):
        tell(f"checking part {number} of {len(division.parts)}")
        _require_known(program, part.restriction)
        view = restricted(program, part.restriction)
        if view is None:
            continue
        if part.proof is None:
            raise Unproven(f"{_name(part)} has plans, and nothing is said of them")
        if isinstance(part.proof, Bound):
            require_bound(view.program, part.proof, tell)
        elif isinstance(part.proof, Weighed):
            least_spent(view.program, part.proof, tell)
        elif isinstance(part.proof, Bottleneck):
            require_bottleneck(view.program, part.proof)
        else:
            _require_overload(program.storage, view, part, part.proof, known)


def _name(part: Part) -> str:
    asked = part.restriction
    lists = map(sorted, (asked.closed, asked.broken, asked.without_sums, asked.barred))
    return "the part with boundaries {} closed, steps {} broken, stages {} without sums, steps {} left out".format(
        *lists
    )


def _require_known(program: Program, asked: Restriction) -> None:
    """What is restricted must be the program's."""
    for places, least, count in (
        (asked.closed, 1, program.end),
        (asked.broken, 0, len(program.steps)),
        (asked.without_sums, 0, len(program.stages)),
        (asked.barred, 0, len(program.steps)),
    ):
        if any(not least <= place < count for place in places):
            raise Unproven("a part names what the program does not have")


def _require_overload(
    storage: Storage, view: Restricted, part: Part, overload: Overload, known: Iterable[Restriction]
) -> None:
    """Raise `Unproven` unless plans that fit do one of the things that other parts are about."""
    here, program, asked = list(view.steps), view.program, part.restriction
    if not overload.steps or any(step not in here for step in overload.steps):
        raise Unproven(f"{_name(part)} is said to have a cycle along steps that it does not have")
    path = [program.steps[here.index(step)] for step in overload.steps]
    if any(before.target != after.source for before, after in pairwise(path)):
        raise Unproven(f"{_name(part)} is said to have a cycle along steps that do not follow one another")
    stages = [step.stage for step in path]
    if len(set(overload.sums)) < len(overload.sums) or not set(overload.sums) <= set(stages) - asked.without_sums:
        raise Unproven(f"{_name(part)} is said to store sums that its cycle does not store")
    if not all(program.stages[stage].can_do_without_sums for stage in overload.sums):
        raise Unproven(f"{_name(part)} is said to store sums, and may have one region all the same")
    least = least_held(storage, program, path, overload.sums)
    if least <= storage.available:
        raise Unproven(f"{_name(part)} is said to hold too much: {least} B, there are {storage.available} B")
    ways_out = [asked.and_closed(view.boundaries[path[0].target])] if len(path) == 2 else []
    ways_out += [asked.and_broken(step) for step in overload.steps[1:-1]]
    ways_out += [asked.and_without_sums(stage) for stage in overload.sums]
    for place in {0, len(path) - 1}:
        if _can_be_avoided(program, path, place):
            ways_out.append(asked.and_barred(overload.steps[place]))
    for way in ways_out:
        if way == asked or way not in known:
            raise Unproven(f"of {_name(part)} some plans are in no other part")


def _can_be_avoided(program: Program, path: Sequence[Step], place: int) -> bool:
    """Whether a way leads through the boundaries inside the path and not along its first step, or its last."""
    start = path[place].source if place else 0
    end = path[place].target if place < len(path) - 1 else program.end
    reached = {start}
    for step in sorted(program.steps, key=lambda step: step.source):
        if step != path[place] and step.source in reached:
            reached.add(step.target)
    return end in reached


def least_held(storage: Storage, program: Program, path: Sequence[Step], sums: Sequence[int]) -> int:
    """The bytes that are in use at least during a power cycle along these steps, two regions each for some stages."""
    begin, stop = path[0].source, path[-1].target
    written = {stage.writes for stage in storage.stages}
    read = {tensor for stage in storage.stages for tensor in stage.reads}
    held = 0
    for tensor, size in enumerate(storage.tensors):
        writers = {index for index, stage in enumerate(storage.stages) if stage.writes == tensor}
        readers = {index for index, stage in enumerate(storage.stages) if tensor in stage.reads}
        is_touched = any(step.stage in writers | readers for step in path)
        is_there = tensor not in written or not _leads(program, 0, begin, writers)
        is_awaited = tensor not in read or not _leads(program, stop, program.end, readers)
        held += size if is_touched or (is_there and is_awaited) else 0
    tables = storage.tables
    entries = [
        tables.layer * one.kernels + tables.address * (len(one.reads) + 1 + one.weights) for one in storage.stages
    ]
    regions = sum(storage.stages[stage].region + tables.address for stage in sums)
    return held + regions + storage.weights + storage.records + tables.run + _shortest(program, entries)


def _leads(program: Program, start: int, end: int, left_out: Set[int]) -> bool:
    """Whether a way leads from a boundary to a later one along none of the stages that are left out."""
    reached = {start}
    for step in _ordered(program):
        if step.source in reached and step.stage not in left_out:
            reached.add(step.target)
    return end in reached


def _shortest(program: Program, lengths: Sequence[int]) -> int:
    """The least sum of the stages' lengths along any way."""
    least = {0: 0}
    for step in _ordered(program):
        length = least[step.source] + lengths[step.stage]
        least[step.target] = min(length, least.get(step.target, length))
    return least[program.end]


def _ordered(program: Program) -> Iterator[Step]:
    yield from sorted(program.steps, key=lambda step: step.source)
