"""What several layers together cost at least, when the first and last cycles among them waste nothing.

The floors of single layers say nothing about cycles that cross from one to the next, and there is a little waste in
each of these. A segment of some layers is a program of its own under a law by which its first and last cycles cost the
rate: its optimum is what all designs of its layers come to at least, the waste of cycles that cross inside it
included. It is found by the search for networks itself. Segments of few layers rest on the floors, those of more on
shorter ones, so that little is left open in each; their labels belong to the proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, pairwise, takewhile

from ischedule.models.free_ends import FreeEnds
from ischedule.models.kernels import Ends
from ischedule.models.plan import Segment
from ischedule.solvers.limit import Limit
from ischedule.solvers.network_pass import Search, run
from ischedule.solvers.outcome import boundary_of
from ischedule.solvers.passes import first_pass, pass_of_all, pass_of_some, slack_of
from ischedule.solvers.rate import Rate, rate_of
from ischedule.solvers.space import Space
from ischedule.solvers.waits import Waiting, exact_waiting, steering_waiting

FACTOR = 4
"""Segments are so many times as long as those before."""
CUTS = 400
"""Cuts per layer of the pass that looks for an upper bound."""
MANY = 4
"""Power cycles of a layer, on average, from which segments are worth their while."""


def segmented(search: Search, steer: Waiting, limit: Limit) -> Iterator[Search]:
    """The search with one more segment each time, short ones first."""
    narrows = search.program.narrows
    if steer.single or not _are_many(search, steer, len(narrows) - 1):
        return
    sharp = {id(floor): floor.to_sharpen() for floor in search.floors}
    search = replace(search, floors=tuple(sharp[id(floor)] for floor in search.floors))
    laws, known = _laws(search), list[tuple[Search, Segment]]()
    sizes = takewhile(lambda size: size < len(narrows) - 1, (FACTOR**power for power in count(1)))
    for size in sizes:
        # no plan asks what lies behind the start
        ends = [*narrows[size:-1:size], narrows[-1]]
        for source, target in pairwise(ends):
            if narrows.index(target) - narrows.index(source) <= size // FACTOR:
                continue
            limit.tell(f"bounds of layers from boundary {source} to {target} of {search.program.end}")
            inner = _between(search, source, target, laws)
            like = (one for other, one in known if inner.program.is_like(other.program))
            found = next(like, None) or _solved(inner, laws, limit)
            if found is not None:
                known.append((inner, found))
                search = replace(search, segments=(*search.segments, found.moved(-source)))
                yield search


def _are_many(search: Search, steer: Waiting, parts: int) -> bool:
    """Whether cycles are many for the number of parts that segments are made of."""
    room = max(1, steer.capacity - search.resume[0] - search.commit[0])
    return parts > FACTOR and search.rests[0].drain >= MANY * parts * room


@dataclass(frozen=True)
class _Laws:
    """The law of segments: its prices in double precision and exactly, and its rate."""

    law: FreeEnds
    steer: Waiting
    exact: Waiting
    rate: Rate


def _laws(search: Search) -> _Laws:
    ends = Ends(search.resume, search.commit)
    law = FreeEnds(search.program.law, ends, search.rate.fraction)
    steer = steering_waiting(law)
    return _Laws(law, steer, exact_waiting(law), rate_of(ends, steer))


def _between(search: Search, source: int, target: int, laws: _Laws) -> Search:
    """The search between two boundaries as one of its own."""
    program, places = search.program.between(source, target, laws.law)
    opening = {step.stage for step in program.steps if step.source == 0}
    spaces = [search.spaces[place] for place in places]
    return Search(
        program,
        tuple(_entered(space) if stage in opening else space for stage, space in enumerate(spaces)),
        tuple(search.floors[place] for place in places),
        laws.rate,
        search.resume,
        search.commit,
        tuple(one.moved(source) for one in search.segments if source <= one.source and one.target <= target),
    )


def _entered(space: Space) -> Space:
    """The same designs where the first cycle began before them, so that nothing is known of how it did."""
    stage = space.stage
    return replace(space, stage=replace(stage, prices=replace(stage.prices, begin=(0, 0))))


def _solved(inner: Search, laws: _Laws, limit: Limit) -> Segment | None:
    """The optimum of a segment with its labels; None where no plan gets through."""
    cost = first_pass(inner, laws.steer, limit).cost
    cost = min(cost, pass_of_some(inner, cost, laws.steer, limit, CUTS).cost)
    found = pass_of_all(inner, cost, laws.steer, limit)
    decided = run(inner, lambda step, _: found.useful[step], laws.exact, cost + 2 * slack_of(cost), 0, limit)
    if decided.finish is None:
        return None
    return Segment(0, inner.program.end, int(decided.finish.cost), tuple(map(boundary_of, decided.reached[1:-1])))
