"""What every plan of one chain of atoms takes at least under a supply curve: the checker goes through all of them.

The states behind each cut are found from those behind the cuts before it. A state is what the rule needs of the past;
one is left out if another is no worse (`Passed.is_no_worse` says why that is safe), or if it ends so late that no plan
through it is below the claim. Behind a cycle everything is later, so that this loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from ischedule.analysis.designs import fitting_chains
from ischedule.analysis.label_closure import cycles_from
from ischedule.analysis.labels import Unproven
from ischedule.analysis.progress import Tell, unheard
from ischedule.models.chain import Chain
from ischedule.models.curve_failures import Behind, Failing, again_for, least_wait_again
from ischedule.models.cycle_law import CycleLaw, Position
from ischedule.models.program import ExplicitStage, Program
from ischedule.models.response_time import CurveRule, Work

MOST_STATES = 100_000
"""How many states are gone through before the check gives up."""


def require_all_under_curve(program: Program, value: int | None, tell: Tell = unheard) -> None:
    """Raise `Unproven` if some plan takes less than the value, or any at all where there is none."""
    stage = program.stages[0]
    if len(program.stages) != 1 or not isinstance(stage, ExplicitStage):
        raise Unproven("the plans of a network are too many to go through under a supply curve")
    if program.goal.limits:
        raise Unproven("limits on what plans spend are not looked at under a supply curve")
    for _, chain in fitting_chains(stage):
        found = _Plans(chain, program.law, program.failures, value).sooner(tell)
        if found is not None:
            raise Unproven(f"there is a plan that takes {found} ps, the claim is that none takes less than {value}")


class _Plans:
    """All plans of a chain that can end before a time (None: ever)."""

    def __init__(self, chain: Chain, law: CycleLaw, failures: int, before: int | None) -> None:
        assert law.curve is not None, "the law has a curve"
        self.chain, self.law, self.before = chain, law, before
        self.rule: CurveRule = law.curve
        self.failing, self.again = Failing.of(law, failures), least_wait_again(law)
        self.known: dict[int, list[tuple[int, int, int, int]]] = {}
        self.left = self._left()

    def sooner(self, tell: Tell) -> int | None:
        """What the first plan found takes that ends before the time."""
        begin, atoms, seen = self.failing.begin(), len(self.chain), 0
        if begin is None:
            return None
        waiting: dict[int, list[Behind]] = {0: [begin]}
        for place in range(atoms):
            tell(f"going through plans: atom {place + 1} of {atoms}")
            states = waiting.pop(place, [])
            for number, state in enumerate(states):
                if _is_covered(state, number, states):
                    continue
                for end, after in self._onward(place, state):
                    seen += 1
                    if seen > MOST_STATES:
                        raise Unproven("there are too many plans to go through")
                    if end < atoms:
                        if self._is_late(end, after):
                            continue
                        waiting.setdefault(end, []).append(after)
                    elif (whole := self._before(after)) is not None:
                        return whole
        return None

    def _is_before(self, time: int) -> bool:
        return self.before is None or time < self.before

    def _before(self, state: Behind) -> int | None:
        """What a plan takes that ends here, if it is below the claim."""
        whole = self.failing.recharged(state, self.law.recharge_target)
        return whole if whole is not None and self._is_before(whole) else None

    def _onward(self, place: int, state: Behind) -> Iterator[tuple[int, Behind]]:
        """Every cycle that begins with this atom: where it ends, and what is behind it."""
        for end, need, drain, active in self._cycles(place):
            # of all thresholds that suffice the least makes no wait longer, and changes nothing else
            threshold = self.law.threshold(need, Position.ONLY if place == 0 else Position.LAST)
            again = again_for(self.law, threshold, need)
            if again is None and self.failing.failures:
                continue
            work = Work(threshold.high, drain, active)
            after = self.failing.after(state, work, again or threshold.high, is_first=place == 0)
            if after is not None and self._is_before(after.latest):
                yield end, after

    def _cycles(self, place: int) -> list[tuple[int, int, int, int]]:
        """The cycles that begin with this atom: where each ends, what it needs and drains, how long it is active."""
        if place not in self.known:
            self.known[place] = list(self._listed(place))
        return self.known[place]

    def _listed(self, place: int) -> Iterator[tuple[int, int, int, int]]:
        chain, law, atoms = self.chain, self.law, len(self.chain)
        most = law.first_capacity if place == 0 else law.capacity
        for end, run, whole in cycles_from(chain, place, law.charging.buffer.coordinate):
            if run.need > most:
                return
            if whole.need > most or not chain.cut[end - 1]:
                continue
            if law.max_cycles is not None and (place > 0 or end < atoms):
                continue
            yield end, whole.need, whole.drain, whole.time

    def _left(self) -> list[int | None]:
        """Behind each cut what all cycles to come drain at least, the last one's threshold in place of its drain.

        With a level to come back to, that and all drains. None where no way leads to the end.
        """
        atoms, target = len(self.chain), self.law.recharge_target
        found: list[int | None] = [None] * atoms + [0]
        for place in range(atoms - 1, 0, -1):
            sums = []
            for end, need, drain, _ in self._cycles(place):
                behind = found[end]
                if end == atoms:
                    last = self.law.threshold(need, Position.LAST).high
                    sums.append(last if target is None else target + drain)
                elif behind is not None:
                    sums.append(drain + behind)
            found[place] = min(sums, default=None)
        return found

    def _is_late(self, place: int, state: Behind) -> bool:
        """Whether no plan that goes on from a state can end before the time: all that is left must be stored first."""
        left = self.left[place]
        if left is None:
            return True
        if self.before is None or self.rule.bottom is not None:
            return False
        # failures that have not come yet can come as the last cycle ends
        for number, some in enumerate(reversed(state.states)):
            for one in some:
                stored = self.rule.at_least(one, left)
                if stored is None or stored + number * self.again >= self.before:
                    return True
        return False


def _is_covered(state: Behind, number: int, states: list[Behind]) -> bool:
    """Whether another state is no worse; of equal ones the first counts."""
    return any(
        other.is_no_worse(state) and (place < number or not state.is_no_worse(other))
        for place, other in enumerate(states)
        if place != number
    )
