"""Proof about plans with a goal: by a mix of criteria a bound on what they spend, and by search that none is better.

A mix turns limits into prices. The program whose times are the mix has a bound like any other, proved in the same way;
what is left of it without the weighted limits is a bound for every plan that keeps them.

To show that no plan at all is better than one at hand, everything is searched that such a plan can be made of. A plan
that is as good and keeps the limits comes to at most so much by the mix. So of a network's designs only those count
through which the labels of the mix's bound lead to no more than that; the others are discharged, in boxes as ever. What
remains is searched with states of several numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ischedule.analysis.cover import require_bound
from ischedule.analysis.crossing import Crossing
from ischedule.analysis.dominance import undominated
from ischedule.analysis.goal_search import Fence, better_plan
from ischedule.analysis.labels import Found, Unproven
from ischedule.analysis.progress import Tell, unheard
from ischedule.analysis.second_cycle import second_last_cost
from ischedule.analysis.tiled_cover import crossings, shared_ends
from ischedule.models.criteria import weighed, with_stores
from ischedule.models.goal import Criterion
from ischedule.models.plan import Boundary, Weighed
from ischedule.models.program import ExplicitStage, Program, TiledStage
from ischedule.models.stated import Rank, left_of, stated_rank
from ischedule.models.tiling import Tiling


def least_spent(program: Program, proof: Weighed, tell: Tell = unheard) -> Rank | None:
    """What every plan that keeps the goal's limits is proven to spend at least, of the first criterion or of all.

    None where it is proven that there is no such plan; latency is without the law's offset. Raises `Unproven`.
    """
    goal, weights = program.goal, _weights(proof)
    if not program.has_bounds:
        raise Unproven("levels can be left that the next cycle begins on, and cycles must end in certain places")
    if proof.is_exact:
        require_none_better(program, proof, tell)
        return proof.spent
    if proof.spent is not None:
        raise Unproven("what the best plan spends is not proven by the weights alone")
    unlimited = [name.value for name in weights if name is not goal.first and name not in goal.limits]
    if unlimited:
        raise Unproven(f"{unlimited[0]} has a weight, and no limit")
    require_bound(mixed(program, proof), proof.bound, tell)
    least = stated_rank(goal, proof)
    if least is None and goal.first not in weights and left_of(goal, proof) <= 0:
        raise Unproven("the limits come to no less than the bound: a plan may keep them")
    return least


def _weights(proof: Weighed) -> Mapping[Criterion, int]:
    weights = dict(proof.weights)
    if proof.scale < 1 or not weights or len(weights) < len(proof.weights) or min(weights.values()) < 1:
        raise Unproven("a mix has different criteria with weights above zero over a scale above zero")
    if Criterion.LATENCY in weights and weights[Criterion.LATENCY] != proof.scale:
        raise Unproven("latency counts one to one in a mix, or not at all")
    return weights


def mixed(program: Program, proof: Weighed) -> Program:
    """The program whose cost is at most the mix over its scale, whatever the plan."""
    return weighed(program, _weights(proof), proof.scale)


def require_none_better(program: Program, proof: Weighed, tell: Tell = unheard) -> None:
    """Raise `Unproven` if some plan keeps all limits and spends less, in the goal's order, than the proof says."""
    goal, spent = program.goal, proof.spent
    if spent is not None and len(spent) != len(goal.order):
        raise Unproven(f"{len(spent)} amounts are given for {len(goal.order)} criteria")
    most = dict(goal.limits)
    if spent is not None:
        most[goal.first] = min(spent[0], most.get(goal.first, spent[0]))
    fences = [Fence({name: 1}, 1, value) for name, value in most.items()]
    small = program
    if all(name in most for name in _weights(proof)):
        mix = Fence(_weights(proof), proof.scale, sum(weight * most[name] for name, weight in proof.weights))
        if len(proof.weights) > 1:
            fences.append(mix)
        small = small_program(program, proof, mix.most // proof.scale, tell)
    elif any(isinstance(stage, TiledStage) for stage in program.stages):
        raise Unproven("a criterion of the mix is not limited by anything")
    better = better_plan(small, goal, spent, fences, tell)
    if better is not None:
        raise Unproven(f"a plan spends {better} of {', '.join(name.value for name in goal.order)}, not {spent}")


def small_program(program: Program, proof: Weighed, most: int, tell: Tell) -> Program:
    """The program with only the designs of plans that come to at most so much by the mix, as explicit stages.

    Those are left out that others are as good as in everything.
    """
    kept = kept_designs(program, proof, most, tell)
    if kept is None:
        return program
    stages = []
    for stage, designs in zip(program.stages, kept, strict=True):
        assert isinstance(stage, TiledStage), "other stages have no designs to keep"
        chains = [with_stores(stage, tiling) for tiling in designs]
        stages.append(ExplicitStage(stage.name, tuple(chains[one] for one in undominated(chains)), stage.volatile))
    return replace(program, stages=tuple(stages))


def kept_designs(program: Program, proof: Weighed, most: int, tell: Tell) -> list[set[Tiling]] | None:
    """For each tiled stage the designs of plans that come to at most so much by the mix, None without such stages.

    Those that the lemmas of the kernels make redundant are not among them.
    """
    mix = mixed(program, proof)
    ends = shared_ends(mix)
    if ends is None:
        return None
    bound = replace(proof.bound, value=most + 1)
    if len(bound.boundaries) != program.end - 1:
        raise Unproven(f"{len(bound.boundaries)} boundaries are given, {program.end - 1} lie between the stages")
    kept: list[set[Tiling]] = [set() for _ in program.stages]
    for stage, crossing in crossings(mix, ends, bound, tell, _Gathering):
        assert isinstance(crossing, _Gathering)
        crossing.require()
        kept[stage].update(crossing.kept)
    return kept


class _Gathering(Crossing):
    """A crossing that keeps the designs through which a plan may cost less than the value."""

    kept: list[Tiling]

    def require(self) -> None:
        self.kept = []
        super().require()

    def _require_covered(self, tiling: Tiling, after: Boundary) -> None:
        if self.after is not None:
            super()._require_covered(tiling, after)
        if self._leads_on(after):
            self.kept.append(tiling)

    def _leads_on(self, after: Boundary) -> bool:
        grounds, resume, commit = self.grounds, self.grounds.ends.resume, self.grounds.ends.commit
        if self.after is None:
            law = grounds.law
            costs = [cost + commit[1] + law.only(drain + commit[0]) for drain, cost in after.first]
            costs += [cost + commit[1] + law.last(drain + commit[0]) for drain, cost in after.later]
            costs += [
                commit[1] + second_last_cost(law, drain + commit[0], cost, passed)
                for drain, cost, passed in after.ahead
            ]
            return min(costs, default=grounds.value) < grounds.value
        states = [] if after.closed is None else [Found("closed", None, after.closed, None, False)]
        states += [Found("first", *label, None, True) for label in after.first]
        states += [Found("later", *label, None, False) for label in after.later]
        states += [Found("kept", None, cost, passed, False) for cost, passed in after.kept]
        states += [Found("second", *label, False) for label in after.ahead]
        for state in states:
            started = (0, state.cost) if state.drain is None else (state.drain - resume[0], state.cost - resume[1])
            if not self._is_dear(*started, state.elapsed, state.is_first):
                return True
        return False
