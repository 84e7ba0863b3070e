"""A program as constraints, written from the meaning of a plan alone.

A plan is read atom by atom. Slot k of it runs some stage by some design; after each of its atoms a power cycle may end.
Beside the atoms run six quantities: whether a cycle is in progress, whether it is the first, what it has drained, the
time, the level left by the cycle before, and the time that the level is worth. They are integers of the model; no
power cycle is listed, and nothing is searched here. At a closed boundary a cycle ends behind the last atom; along a
broken step one ends behind some atom, unless none was in progress before it.

What a cycle comes to behind its last atom, and what the next one begins with, are different variables. They are equal
where the cycles are ``linked``, as those of a plan are. Without that literal one cycle can be asked about by itself:
it is ``judged``, and those before it are known by the bounds that have been added on what it begins with.

Charging time is a function of a level that has no formula in linear arithmetic. It is a variable with bounds: at given
levels it is what it is there, and between them it is monotone (`Curves`). Bounds only ever make waiting shorter than
it is, so that what has no solution has no plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ischedule.models.conflict import Named
from ischedule.models.program import Program
from ischedule.solvers.smt_context import Z3
from ischedule.solvers.smt_options import COMMIT, COMMIT_TIME, CUT, DRAIN, RESUME, RESUME_TIME, TIME, Option
from ischedule.solvers.smt_rule import Rule


@dataclass
class Place:
    """The variables behind one atom of a slot; ``options`` are those that have this atom.

    A cycle that ends here comes to ``done`` and leaves ``left``, which is ``worth`` some time; the next one begins with
    ``time``, ``level`` and ``level_worth``.
    """

    slot: int
    atom: int
    options: list[int]
    ends: Any
    judged: Any
    need: Any
    is_first: Any
    asked: Any
    threshold: Any
    high: Any
    rise: Any
    left: Any
    worth: Any
    choices: list[Any]
    level: Any
    level_worth: Any
    done: Any = None
    time: Any = None


@dataclass
class _State:
    """What runs along the atoms."""

    closed: Any
    none_ended: Any
    is_first: Any
    drained: Any
    active: Any
    time: Any
    level: Any
    worth: Any


class Encoding:
    """The constraints of a program, slot by slot; ``solver`` holds them.

    With ``guards`` each named requirement holds only if its literal does; ``dropped`` ones never do.
    """

    def __init__(
        self,
        program: Program,
        slots: list[list[Option]],
        guards: bool = False,
        dropped: frozenset[Named] = frozenset(),
    ) -> None:
        z3 = Z3()
        self.z3, self.program, self.slots = z3, program, slots
        self.rule = replace(Rule.of(program.law), dropped=dropped)
        self.solver = z3.Solver()
        self.solver.set("arith.solver", 2)
        self.solver.set("relevancy", 0)
        self.solver.set("phase_selection", 0)
        self.linked = z3.Bool("linked")
        self.guards = {name: z3.Bool(f"require {name.value}") for name in Named} if guards else {}
        self.picks: list[list[Any]] = []
        self.places: list[Place] = []
        self.state = self._start()

    def require(self, formula: Any, name: Named | None = None) -> None:
        """Add a constraint, on its guard if it is named and there are guards."""
        if name in self.rule.dropped:
            return
        guard = self.guards.get(name) if name is not None else None
        self.solver.add(formula if guard is None else self.z3.Implies(guard, formula))

    def link(self) -> None:
        """From now on every cycle begins with what the one before it comes to."""
        self.solver.add(self.linked)

    def _drops(self, name: Named) -> bool:
        """Whether a requirement never counts."""
        return name in self.rule.dropped

    def _start(self) -> _State:
        z3, head = self.z3, self.program.law.head
        level, worth, time = z3.Int("level"), z3.Real("worth"), z3.Real("time")
        self.require(level == head.level, Named.START)
        self.require(level <= max(head.level, self.rule.top))
        self.require(time >= head.delay, Named.START)
        self.require(time >= 0)
        if self.program.law.charging.reaches(head.level):
            self.require(worth <= self.rule.down(head.level), Named.START)
        else:
            self.require(worth <= 0, Named.START)
        highest = max(head.level, self.rule.top)
        self.require(worth <= (self.rule.down(highest) if self.program.law.charging.reaches(highest) else 0))
        true = z3.BoolVal(True)
        return _State(true, true, true, z3.IntVal(0), z3.IntVal(0), time, level, worth)

    def slot(self, number: int) -> Iterator[Place]:
        """Add the constraints of the next slot, place by place."""
        options, z3 = self.slots[number], self.z3
        picks = [z3.Bool(f"pick {number} {index}") for index in range(len(options))]
        if len(options) == 1 and number == 0:
            picks = [z3.BoolVal(True)]
        self.solver.add(*(z3.Not(z3.And(one, other)) for i, one in enumerate(picks) for other in picks[:i]))
        ended = self._ended()
        self.solver.add(z3.Or(ended, *picks))
        for pick, option in zip(picks, options, strict=True):
            self.require(z3.Implies(pick, option.fits), Named.VOLATILE)
            if number:
                self.solver.add(z3.Implies(pick, self.at(number, self.program.steps[option.step].source)))
        self.picks.append(picks)
        is_between, ends = self.state.closed, []
        for atom in range(max(map(len, options))):
            place = self._atom(number, atom)
            self.places.append(place)
            ends.append(place.ends)
            yield place
        for pick, option in zip(picks, options, strict=True):
            if self.program.breaks(option.step):
                self.solver.add(z3.Implies(pick, self._is_over(is_between, ends[: len(option)])))

    def at(self, number: int, boundary: int) -> Any:
        """Whether the slot before this one ends at a boundary."""
        steps = self.program.steps
        before = zip(self.slots[number - 1], self.picks[number - 1], strict=True)
        return self.z3.Or(*(pick for option, pick in before if steps[option.step].target == boundary))

    def _ended(self) -> Any:
        """Whether the plan has ended with a slot before the next."""
        return self.z3.Or(*(self.at(number + 1, self.program.end) for number in range(len(self.picks))))

    def _atom(self, slot: int, atom: int) -> Place:
        """One more atom: what it does to the cycle in progress, and the cycle that may end behind it."""
        z3, before = self.z3, self.state
        has = [index for index, option in enumerate(self.slots[slot]) if len(option) > atom]
        present = z3.simplify(z3.Or(*(self.picks[slot][index] for index in has)))
        value = self._values(slot, atom, has)
        begins = z3.And(present, before.closed)
        name = f"{slot} {atom}"
        ends, judged = z3.Bool(f"ends {name}"), z3.Bool(f"judged {name}")
        drained, is_first, need = z3.Int(f"drained {name}"), z3.Bool(f"first {name}"), z3.Int(f"need {name}")
        self.solver.add(
            z3.Implies(ends, present),
            z3.Implies(z3.And(self.linked, ends), judged),
            z3.Implies(begins, drained == value(RESUME) + value(DRAIN)),
            z3.Implies(z3.And(present, z3.Not(before.closed)), drained == before.drained + value(DRAIN)),
            z3.Implies(z3.Not(present), drained == before.drained),
            is_first == z3.If(begins, before.none_ended, before.is_first),
            need == drained + value(COMMIT) + self.program.law.upkeep.reserve,
        )
        self.require(z3.Implies(ends, value(CUT) == 1), Named.CUTS)
        for index in has:
            if self._is_closed(self.slots[slot][index], atom):
                self.solver.add(z3.Implies(self.picks[slot][index], ends))
        if self.program.law.max_cycles == 1:
            self.require(z3.Implies(begins, before.none_ended), Named.SUPPLY)
        place = self._cycle(slot, atom, has, ends, judged, need, is_first, before)
        active = self._clock(place, before, begins, present, value)
        self.state = _State(
            z3.If(present, ends, before.closed),
            z3.And(before.none_ended, z3.Not(ends)),
            is_first,
            drained,
            active,
            place.time,
            place.level,
            place.level_worth,
        )
        return place

    def _clock(self, place: Place, before: _State, begins: Any, present: Any, value: Any) -> Any:
        """How long the cycle in progress has run, and what has passed when the last one has ended."""
        z3, name = self.z3, f"{place.slot} {place.atom}"
        active, done, time = z3.Int(f"active {name}"), z3.Real(f"done {name}"), z3.Real(f"time {name}")
        ends, wait = place.ends, self._wait(place, before)
        self.solver.add(
            z3.Implies(begins, active == value(RESUME_TIME) + value(TIME)),
            z3.Implies(z3.And(present, z3.Not(before.closed)), active == before.active + value(TIME)),
            z3.Implies(z3.Not(present), active == before.active),
            done == before.time + active + value(COMMIT_TIME) + wait,
            z3.Implies(z3.And(ends, self.linked), time == done),
            z3.Implies(z3.Not(ends), time == before.time),
        )
        place.done, place.time = done, time
        return active

    def _values(self, slot: int, atom: int, has: list[int]) -> Any:
        """The columns of the atom of the option that is picked; of an absent one everything is 0."""
        z3, options, picks = self.z3, self.slots[slot], self.picks[slot]
        known: dict[int, Any] = {}

        def value(column: int) -> Any:
            if column not in known:
                values = [options[index].columns[column][atom] for index in has]
                if len(set(values)) == 1 and len(has) == len(options) and slot == 0:
                    known[column] = z3.IntVal(int(values[0]))
                else:
                    variable = z3.Int(f"value {column} {slot} {atom}")
                    for index, one in zip(has, values, strict=True):
                        self.solver.add(z3.Implies(picks[index], variable == int(one)))
                    nothing = z3.Not(z3.Or(*(picks[index] for index in has)))
                    self.solver.add(z3.Implies(nothing, variable == 0))
                    known[column] = variable
            return known[column]

        return value

    def _cycle(
        self, slot: int, atom: int, has: list[int], ends: Any, judged: Any, need: Any, is_first: Any, before: _State
    ) -> Place:
        """A power cycle that ends here: its threshold, the level at which it starts, and what it leaves."""
        z3, law, rule, name = self.z3, self.program.law, self.rule, f"{slot} {atom}"
        threshold, high, rise = z3.Int(f"threshold {name}"), z3.Int(f"high {name}"), z3.Real(f"rise {name}")
        left, worth, begun = z3.Int(f"left {name}"), z3.Real(f"worth {name}"), z3.Int(f"begun {name}")
        level, level_worth = z3.Int(f"level {name}"), z3.Real(f"level worth {name}")
        lasts = [self.picks[slot][index] for index in has if self._is_end(self.slots[slot][index], atom)]
        asked, choices = self._threshold(name, judged, need, is_first, z3.Or(*lasts), (threshold, high, rise))
        self.require(z3.Implies(judged, threshold <= rule.top), Named.WAKE)
        waits = z3.BoolVal(True) if law.head.waits else z3.Not(is_first)
        bottom = rule.bottom
        rest, at_hand = begun - need, before.level
        if self._drops(Named.WAKE):
            at_hand = z3.If(need > before.level, need, before.level)
        if self._drops(Named.ENERGY):
            rest = z3.If(rest < 0, 0, rest)
        self.solver.add(
            z3.Implies(z3.And(waits, threshold > before.level), begun == threshold),
            z3.Implies(z3.Not(z3.And(waits, threshold > before.level)), begun == at_hand),
            left == (rest if bottom is None else bottom),
            z3.Implies(z3.And(ends, self.linked), z3.And(level == left, level_worth == worth)),
            z3.Implies(z3.Not(ends), z3.And(level == before.level, level_worth == before.worth)),
        )
        self.require(z3.Implies(judged, need <= begun), Named.ENERGY)
        self.require(z3.Implies(z3.And(judged, z3.Not(is_first)), need <= threshold), Named.ENERGY)
        if bottom is not None:
            self.solver.add(worth <= rule.down(bottom))
        return Place(
            slot, atom, has, ends, judged, need, is_first, asked, threshold, high, rise, left, worth, choices,
            level, level_worth,
        )  # fmt: skip

    def _is_closed(self, option: Option, atom: int) -> bool:
        """Whether a power cycle has to end behind an atom of an option."""
        return atom == len(option) - 1 and self.program.steps[option.step].target in self.program.closed

    def _is_over(self, is_between: Any, ends: list[Any]) -> Any:
        """Whether no cycle from before a slot is open behind it: one ends behind some atom, or there was none."""
        return self.z3.Or(is_between, *ends)

    def _is_end(self, option: Option, atom: int) -> bool:
        """Whether the plan ends with an atom, and its end is that of the last cycle."""
        return option.is_last and atom == len(option) - 1 and self.program.law.recharge_target is None

    def _threshold(
        self, name: str, judged: Any, need: Any, is_first: Any, is_last: Any, variables: tuple[Any, Any, Any]
    ) -> tuple[Any, list[Any]]:
        """What a cycle waits for: turn-on, or what its need asks of a threshold; the literals of a choice, if any."""
        z3, law, rule = self.z3, self.program.law, self.rule
        threshold, high, rise = variables
        sought = need
        if self._drops(Named.ENERGY) and not self._drops(Named.WAKE):
            sought = z3.If(need > rule.top, rule.top, need)
        asked = z3.If(z3.And(is_first, need <= law.head.level), 0, sought)
        if not rule.is_fixed:
            if self._drops(Named.WAKE):
                self.solver.add(z3.Implies(asked > rule.top, threshold == asked))
            least = z3.Bool(f"least {name}") if rule.choices else z3.BoolVal(True)
            if not rule.has_least:
                may = z3.Or(is_last, z3.And(is_first, need <= law.head.level), need > rule.top)
                self.solver.add(z3.Implies(least, may))
            return asked, [least, *self._choices(name, judged, least, asked, need, is_first, variables)]
        turn_on = rule.turn_on
        self.require(threshold == turn_on.level, Named.WAKE)
        if self._drops(Named.WAKE):
            self.solver.add(threshold == z3.If(need > turn_on.level, need, turn_on.level))
        self.solver.add(high == turn_on.high)
        if law.charging.reaches(turn_on.high):
            self.solver.add(rise >= rule.up(turn_on.high))
        return asked, []

    def _choices(
        self, name: str, judged: Any, least: Any, asked: Any, need: Any, is_first: Any, variables: tuple[Any, Any, Any]
    ) -> list[Any]:
        """Under programmable wake: the least sufficient threshold, or one of the stated set; the literals of these."""
        z3, rule, head = self.z3, self.rule, self.program.law.head.level
        threshold, high, rise = variables
        choices = [z3.Bool(f"choice {name} {index}") for index in range(len(rule.choices))]
        self.solver.add(z3.Or(z3.Not(judged), least, *choices))
        if rule.is_continuous:
            self.solver.add(z3.Implies(least, z3.And(threshold == asked, high == asked)))
        for choice, one in zip(choices, rule.choices, strict=True):
            is_worth = z3.And(need <= one.level, z3.Or(z3.Not(is_first), head < one.level))
            exactly = z3.And(threshold == one.level, high == one.high, rise >= rule.up(one.high))
            self.solver.add(z3.Implies(choice, z3.And(is_worth, exactly)))
        return choices

    def _wait(self, place: Place, before: _State) -> Any:
        """What is waited before a cycle that ends at a place, at least."""
        z3, law = self.z3, self.program.law
        wait = z3.Real(f"wait {place.slot} {place.atom}")
        waits = z3.BoolVal(True) if law.head.waits else z3.Not(place.is_first)
        pause, latency = law.upkeep.pause, law.upkeep.latency
        charges = z3.And(place.judged, waits, place.high > before.level)
        self.require(z3.Implies(charges, wait >= place.rise - before.worth + latency), Named.SUPPLY)
        if pause:
            later = z3.And(charges, z3.Not(place.is_first))
            self.require(z3.Implies(later, wait >= place.rise - before.worth + latency + pause), Named.SUPPLY)
            self.solver.add(z3.Implies(z3.Not(place.is_first), wait >= latency + pause))
        self.solver.add(wait >= 0, z3.Implies(waits, wait >= latency))
        return wait

    def within_capacity(self) -> Any:
        """Whether what is in progress behind the last slot has drained no more than a cycle can."""
        z3, law, state = self.z3, self.program.law, self.state
        room = z3.If(state.is_first, law.first_capacity, law.capacity)
        return z3.Or(state.closed, state.drained <= room)

    def in_progress(self) -> Any:
        """Whether a power cycle is in progress behind the last slot."""
        return self.z3.Not(self.state.closed)

    def finished(self) -> Any:
        """What makes the slots so far a whole plan."""
        return self.z3.And(self._ended(), self.state.closed)

    def total(self) -> Any:
        """The time until the plan has ended, at least."""
        return self._recharged("back", self.state.time, self.state.level, self.state.worth)

    def total_at(self, place: Place) -> Any:
        """The time until the plan has ended whose last cycle ends at a place, at least."""
        return self._recharged(f"back {place.slot} {place.atom}", place.done, place.left, place.worth)

    def _recharged(self, name: str, time: Any, level: Any, worth: Any) -> Any:
        """A time, or if the buffer has to be recharged then the one when it is."""
        law, target = self.program.law, self.program.law.recharge_target
        if target is None:
            return time
        back = self.z3.Real(name)
        self.solver.add(back >= 0)
        self.require(self.z3.Implies(target > level, back >= self.rule.up(target) - worth), Named.SUPPLY)
        return time + back + law.upkeep.pause + law.upkeep.latency

    def ended_places(self, model: Any) -> Iterator[Place]:
        """The places where the cycles of a model end."""
        return (one for one in self.places if self.z3.is_true(model.eval(one.ends, model_completion=True)))
