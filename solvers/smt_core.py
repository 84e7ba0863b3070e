"""Which requirements are in conflict: a core of them that no plan meets, each of which is needed for that.

Every named requirement stands behind a literal of its own, and z3 says which of them a refutation uses. Then each is
left out in turn: if the others are still in conflict it does not belong to the core; if not, what z3 finds is the plan
that there would be without it, which shows that it does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ischedule.models.conflict import Conflict, Named, Witness
from ischedule.models.program import ExplicitStage, Program
from ischedule.solvers.limit import Limit
from ischedule.solvers.smt_curves import Curves
from ischedule.solvers.smt_encoding import Encoding
from ischedule.solvers.smt_options import CUT, options_of
from ischedule.solvers.smt_plan import Beginning
from ischedule.solvers.smt_rule import Rule
from ischedule.solvers.smt_search import Search

MOST_ATOMS = 60
"""A program with more atoms along its ways is not asked about."""

FIRST_MILLISECONDS = 1000
"""For a first refutation; a conflict about time is seldom found so."""


def conflict_of(program: Program, deadline: int | None, limit: Limit) -> Conflict | None:
    """The conflict of a program without a plan that ends by a deadline; None if it has one, or is too large to ask.

    Raises ``TimeUp`` where the limit is reached before it is known.
    """
    if not all(isinstance(stage, ExplicitStage) for stage in program.stages):
        return None
    if sum(max(map(len, slot)) for slot in options_of(program)) > MOST_ATOMS:
        return None
    return _Cores(program, deadline, limit).conflict()


@dataclass
class _Cores:
    """One program and its deadline, asked with some of its requirements."""

    program: Program
    deadline: int | None
    limit: Limit

    def conflict(self) -> Conflict | None:
        """The core, minimised: a first one by z3's refutation, then every requirement left out in turn."""
        core = self.refuted()
        if core is None or self.decide(core) is not None:
            core = frozenset(Named) - self.irrelevant()
            if self.decide(core) is not None:
                return None
        witnesses: list[Witness] = []
        for name in sorted(core, key=list(Named).index):
            self.limit.announce(f"without {name.value}")
            found = self.decide(core - {name})
            if found is None:
                core = core - {name}
            else:
                witnesses.append(_witness(name, *found))
        return Conflict(tuple(witnesses))

    def irrelevant(self) -> frozenset[Named]:
        """The requirements that every plan meets."""
        options = [option for slot in options_of(self.program) for option in slot]
        found = {Named.DEADLINE} if self.deadline is None else set()
        found |= {Named.VOLATILE} if all(option.fits for option in options) else set()
        found |= {Named.CUTS} if all(all(option.columns[CUT]) for option in options) else set()
        return frozenset(found)

    def refuted(self) -> frozenset[Named] | None:
        """The requirements that a refutation of all of them uses, None if z3 finds none soon."""
        encoding = Encoding(self.program, options_of(self.program), guards=True)
        curves = Curves(encoding)
        for number in range(len(encoding.slots)):
            for place in encoding.slot(number):
                curves.seed(place)
        encoding.link()
        encoding.solver.add(encoding.finished())
        if self.deadline is not None:
            encoding.require(encoding.total() <= self.deadline, Named.DEADLINE)
        encoding.solver.set("timeout", FIRST_MILLISECONDS)
        names = {str(literal): name for name, literal in encoding.guards.items()}
        if encoding.solver.check(*encoding.guards.values()) != encoding.z3.unsat:
            return None
        return frozenset(names[str(one)] for one in encoding.solver.unsat_core())

    def decide(self, kept: frozenset[Named]) -> tuple[Beginning, Rule] | None:
        """A plan that meets some requirements, and the rule by which it does; None if z3 shows that there is none."""
        dropped = frozenset(Named) - kept
        found = self.search(dropped).suggestion()
        rule = replace(Rule.of(self.program.law), dropped=dropped)
        deadline = None if Named.DEADLINE in dropped else self.deadline
        if found is None or (deadline is not None and found.latency(rule) > deadline):
            search = self.search(dropped)
            found = search.any() if deadline is None else search.run()
        if found is None or (deadline is not None and found.latency(rule) > deadline):
            return None
        return found, rule

    def search(self, dropped: frozenset[Named]) -> Search:
        """The program without some requirements."""
        return Search(self.program, options_of(self.program), self.limit, dropped)


def _witness(name: Named, found: Beginning, rule: Rule) -> Witness:
    """A plan without a requirement in figures."""
    return Witness(name, len(found.ends), max(found.drains), found.latency(rule))
