"""The beginning of a plan, followed from level to level in exact integers: what a solution of the constraints means."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ischedule.models.conflict import Named
from ischedule.models.cycle_law import Threshold
from ischedule.models.plan import Plan, PowerCycles
from ischedule.models.program import Program
from ischedule.solvers.smt_options import COMMIT, COMMIT_TIME, CUT, DRAIN, RESUME, RESUME_TIME, TIME, Option
from ischedule.solvers.smt_rule import Rule


@dataclass(frozen=True)
class Cycle:
    """One more cycle of a beginning: up to which atom it goes, what it drains and needs, and how long it is active.

    A threshold has to guarantee what is ``asked``; ``may_be_least`` tells whether the least one that does is allowed.
    """

    end: int
    drain: int
    need: int
    active: int
    is_first: bool
    asked: int
    may_be_least: bool


@dataclass(frozen=True)
class Beginning:
    """The power cycles of a plan up to some cut: where they end (in atoms), how long it took, and the level left.

    ``options`` may go on behind the last end: their atoms are then not run yet.
    """

    options: tuple[Option, ...]
    ends: tuple[int, ...]
    drains: tuple[int, ...]
    thresholds: tuple[Threshold, ...]
    time: int
    level: int

    @classmethod
    def of(cls, rule: Rule) -> Beginning:
        """Nothing yet."""
        return cls((), (), (), (), rule.first_time, rule.first_level)

    @property
    def begin(self) -> int:
        """The atom with which the next cycle begins."""
        return self.ends[-1] if self.ends else 0

    def through(self, option: Option) -> Beginning:
        """The same, with one more option behind the others."""
        return replace(self, options=(*self.options, option))

    def column(self, part: int) -> list[int]:
        """A column of all atoms in a row."""
        return [value for option in self.options for value in option.columns[part]]

    def cycle(self, rule: Rule, end: int) -> Cycle | None:
        """One more cycle up to an atom; None where no cycle may end, or where it drains more than there is."""
        dropped = rule.dropped
        if end <= self.begin or (not self.column(CUT)[end - 1] and Named.CUTS not in dropped):
            return None
        begin, law, is_first = self.begin, rule.law, not self.ends
        drain, active = (
            self.column(resume)[begin] + sum(self.column(run)[begin:end]) + self.column(commit)[end - 1]
            for resume, run, commit in ((RESUME, DRAIN, COMMIT), (RESUME_TIME, TIME, COMMIT_TIME))
        )
        need = drain + law.upkeep.reserve
        if need > rule.most(is_first) and not dropped & {Named.ENERGY, Named.WAKE}:
            return None
        if law.max_cycles == 1 and not is_first and Named.SUPPLY not in dropped:
            return None
        asked = rule.asked(need, is_first)
        if asked > rule.top and Named.WAKE not in dropped:
            asked = rule.top
        is_end = self.options[-1].is_last and end == sum(map(len, self.options)) and law.recharge_target is None
        may_be_least = rule.has_least or is_end or need > rule.top or (is_first and need <= law.head.level)
        return Cycle(end, drain, need, active, is_first, asked, may_be_least)

    def behind(self, rule: Rule, cycle: Cycle, choice: int) -> tuple[Threshold, int, int] | None:
        """The threshold of one more cycle (0: the least sufficient, else one of the rule's choices), with the time and
        the level behind it; None where it starts with too little.
        """
        if not choice and not cycle.may_be_least:
            return None
        threshold = rule.choices[choice - 1] if choice else rule.least(cycle.asked)
        wait, start = self._begun(rule, cycle.need, threshold)
        has_enough = cycle.need <= (start if cycle.is_first else threshold.level)
        if not has_enough and Named.ENERGY not in rule.dropped:
            return None
        left = rule.law.level_left(start, cycle.drain)
        if Named.ENERGY in rule.dropped and rule.bottom is None:
            left = max(0, left)
        return threshold, self.time + wait + cycle.active, left

    def ways(self, rule: Rule, cycle: Cycle, until: int | None = None) -> Iterator[tuple[int, int, int]]:
        """The choices of a threshold for one more cycle, each with the time and the level behind it.

        Of those that are reached without waiting one, and of those that are waited for none above a level ``until``.
        """
        levels = rule.levels
        enough, reached = bisect_left(levels, cycle.need), bisect_right(levels, self.level)
        last = len(levels) if until is None else bisect_right(levels, until)
        for choice in (0, *range(enough + 1, reached + 1)[:1], *range(max(enough, reached) + 1, last + 1)):
            behind = self.behind(rule, cycle, choice)
            if behind is not None:
                yield choice, behind[1], behind[2]

    def extended(self, rule: Rule, end: int, choice: int) -> Beginning | None:
        """One more cycle up to an atom, at a threshold; None where there is no such cycle."""
        cycle = self.cycle(rule, end)
        behind = None if cycle is None else self.behind(rule, cycle, choice)
        if cycle is None or behind is None:
            return None
        threshold, time, left = behind
        return Beginning(
            self.options,
            (*self.ends, end),
            (*self.drains, cycle.drain),
            (*self.thresholds, threshold),
            time,
            left,
        )

    def _begun(self, rule: Rule, need: int, threshold: Threshold) -> tuple[int, int]:
        """What is waited before the next cycle, and the level at which it starts."""
        law, dropped, is_first = rule.law, rule.dropped, not self.ends
        wait, start = 0, self.level
        if law.head.waits or not is_first:
            pause = 0 if is_first else law.upkeep.pause
            charging = 0 if Named.SUPPLY in dropped else law.charging.charge_time(self.level, threshold.high)
            wait = pause + charging + law.upkeep.latency
            start = max(self.level, threshold.level)
        return wait, max(start, need) if Named.WAKE in dropped else start

    def cost(self, rule: Rule) -> int:
        """The time so far, less what the level left is worth."""
        return self.time - rule.worth(self.level)

    def latency(self, rule: Rule) -> int:
        """What it takes as a whole plan."""
        return rule.ended(self.time, self.level)

    def plan(self, program: Program) -> Plan:
        """The same as a plan."""
        runs: list[PowerCycles] = []
        begin = 0
        for end, threshold in zip(self.ends, self.thresholds, strict=True):
            one = PowerCycles(1, end - begin, threshold.level, threshold.code)
            if runs and replace(runs[-1], repeat=1) == one:
                runs[-1] = replace(one, repeat=runs[-1].repeat + 1)
            else:
                runs.append(one)
            begin = end
        designs = tuple(option.design for option in self.options)
        return Plan(designs, tuple(runs), tuple(program.steps[option.step].stage for option in self.options))
