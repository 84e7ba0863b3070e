"""What plans with small tables cost at least, of one chain of atoms: all are gone through.

A plan's table has an entry for each run of power cycles that have equally many atoms and wait for one threshold. Where
thresholds are chosen, plans grow run by run (`runs_by_threshold`). Under fixed wake, where all thresholds are one, it
is found from the last atom to the first what follows at least if a cycle begins there that continues a run, or begins
one, given how many more runs may begin.
"""

from __future__ import annotations

from itertools import accumulate

from ischedule.analysis.labels import Unproven
from ischedule.analysis.runs_by_threshold import least_by_thresholds
from ischedule.models.chain import Chain
from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.fixed_wake import FixedWakeLaw
from ischedule.models.plan import FewRuns
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.tables import MOST_STATES, longest_cycle, most_runs

BEYOND = 1 << 200
"""More than any plan costs."""


def require_few_runs(program: Program, proof: FewRuns) -> None:
    """Raise `Unproven` unless every plan whose tables are small enough costs at least the value, or there is none."""
    least = least_with_few_runs(program)
    if proof.value is None and least is not None:
        raise Unproven(f"a plan with small enough tables costs {least}")
    if proof.value is not None and least is not None and least < proof.value:
        raise Unproven(f"a plan with small enough tables costs {least}, less than {proof.value}")


def least_with_few_runs(program: Program, runs: int | None = None) -> int | None:
    """The least cost of a plan with at most so many runs, by default as many as its tables may have; None for none."""
    stage = program.stages[0]
    if len(program.stages) > 1 or not isinstance(stage, ExplicitStage) or program.storage is not None:
        raise Unproven("runs are counted of one chain of tasks only")
    allowed = most_runs(program) if runs is None else runs
    designs = [index for index in range(len(stage.designs)) if stage.fits(index)]
    if allowed is None or allowed < 1:
        raise Unproven("nothing is said of how many runs tables may have")
    costs = [_least_of(stage.chain(index), program.law, allowed) for index in designs]
    return min((cost for cost in costs if cost is not None), default=None)


def _least_of(chain: Chain, law: CycleLaw, allowed: int) -> int | None:
    if not isinstance(law, FixedWakeLaw):
        return least_by_thresholds(chain, law, allowed)
    cost = _Runs(chain, law, allowed).least()
    return cost if cost < BEYOND else None


class _Runs:
    """What must follow each place of a chain at least."""

    def __init__(self, chain: Chain, law: CycleLaw, allowed: int) -> None:
        self.chain, self.law, self.count = chain, law, len(chain)
        self.allowed = min(allowed, self.count)
        if self.count * longest_cycle(chain, law) * self.allowed > MOST_STATES:
            raise Unproven("there are too many atoms and runs to go through all cycles")
        self.drained = [*accumulate(map(int, chain.drain), initial=0)]
        self.took = [*accumulate(map(int, chain.time), initial=0)]
        self.known: dict[tuple[Position, int], int] = {}

    def least(self) -> int:
        """The least cost of all plans."""
        nothing = [0] * self.allowed
        begun: dict[int, list[int]] = {self.count: nothing}
        """For each place where a cycle may begin what follows if it begins a run, by how many more may begin later."""
        continued: dict[int, dict[int, list[int]]] = {self.count: {}}
        for start in range(self.count - 1, -1, -1):
            if start and not self.chain.cut[start - 1]:
                continue
            here: dict[int, list[int]] = {}
            for end, cost in self._cycles(start):
                behind = nothing if end == self.count else self._behind(begun, continued, end, end - start)
                here[end - start] = [cost + one for one in behind]
            continued[start] = here
            begun[start] = [min(column, default=BEYOND) for column in zip(*here.values(), strict=True)]
            begun[start] = begun[start] or [BEYOND] * self.allowed
        return begun[0][self.allowed - 1]

    def _behind(
        self, begun: dict[int, list[int]], continued: dict[int, dict[int, list[int]]], end: int, atoms: int
    ) -> list[int]:
        """What follows a cycle of so many atoms: it goes on with its run, or another one begins."""
        if end not in begun:
            return [BEYOND] * self.allowed
        other = [BEYOND, *begun[end][:-1]]
        same = continued[end].get(atoms)
        return other if same is None else list(map(min, same, other))

    def _cycles(self, start: int) -> list[tuple[int, int]]:
        """All cycles that begin with an atom and fit: where each ends, and what it costs."""
        chain, law, found = self.chain, self.law, []
        opening, opening_time = int(chain.resume_drain[start]), int(chain.resume_time[start])
        for end in range(start + 1, self.count + 1):
            run = self.drained[end] - self.drained[start]
            if run > max(law.capacity, law.first_capacity):
                break
            position = {
                (True, True): Position.ONLY,
                (True, False): Position.FIRST,
                (False, True): Position.LAST,
                (False, False): Position.MID,
            }[start == 0, end == self.count]
            drain = opening + run + int(chain.commit_drain[end - 1])
            capacity = law.first_capacity if start == 0 else law.capacity
            is_one_of_several = position is not Position.ONLY
            if drain > capacity or (is_one_of_several and law.max_cycles is not None):
                continue
            active = self.took[end] - self.took[start] + opening_time + int(chain.commit_time[end - 1])
            found.append((end, active + self._price(position, drain)))
        return found

    def _price(self, position: Position, drain: int) -> int:
        key = position, drain
        if key not in self.known:
            self.known[key] = self.law.price(position, drain)
        return self.known[key]
