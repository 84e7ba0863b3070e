"""What a verdict takes for granted, in sentences: the model's inputs, and the few parts that nothing checks."""

from __future__ import annotations

from collections.abc import Iterator

from ischedule.models.build import sum_width
from ischedule.models.case import Case
from ischedule.models.diagnosis import Unschedulable
from ischedule.models.program import Program
from ischedule.models.quantities import (
    CAPACITANCE,
    CURRENT,
    POWER,
    RESISTANCE,
    TIME,
    VOLTAGE,
    Rounding,
    round_to_integer,
    show,
)
from ischedule.models.supply import ConstantCurrent, ConstantPower, CurveSupply
from ischedule.models.wake import Mechanism, Policy, StartKind
from ischedule.models.workload import accelerator_of, keeps_memories


def trusted_of(case: Case, program: Program | Unschedulable) -> tuple[str, ...]:
    """Everything that is trusted when a plan for the case is certified."""
    return (
        *capacitor_of(case),
        *_costs(case),
        *_waiting(case),
        *_levels(program),
        *_order(program),
        *_wear(case),
        *_RESTS_ON,
    )


def ideal_clause(case: Case) -> str:
    """What a verdict adds in brackets where the case states that its capacitor lacks what real ones have; else nothing.

    It is empty, or begins with a blank, so that it can follow any claim.
    """
    buffer = case.buffer
    lacks = ["no series resistance"] if buffer.resistance.hi == 0 else []
    lacks += ["no leakage"] if buffer.leakage.is_none else []
    return f" (ideal capacitor: {', '.join(lacks)})" if lacks else ""


def capacitor_of(case: Case) -> Iterator[str]:
    """What is taken for granted of the capacitor, an ideal one first."""
    clause, buffer = ideal_clause(case), case.buffer
    if clause:
        yield f"certified{clause}"
    if buffer.resistance.hi:
        yield f"the capacitor's series resistance is at most {show(buffer.resistance.hi, RESISTANCE)} at any frequency"
    if not buffer.leakage.is_none:
        leak = round_to_integer(buffer.leakage.current_at(buffer.highest_voltage), Rounding.UP)
        yield f"at most {show(leak, CURRENT)} leaks from it"
    if buffer.curve is not None:
        yield "between two points of its curve the capacitance lies between theirs"


_RESTS_ON = (
    "the function that gives charging times, specified to the bit and tested for being a monotone upper bound",
    "the checker itself, and Python's integers",
)


def _costs(case: Case) -> Iterator[str]:
    if case.device is not None:
        yield f"the measured costs of the device {case.device.name}: no execution takes more energy or time"
    accelerator = accelerator_of(case)
    if accelerator is not None:
        yield "whole layers: none runs longer than the clock cycles computed for it, with the device's margin"
        yield "each layer can be repeated from its inputs; weights lie in memory that keeps them"
        yield "the layers run in the order in which they are listed"
        if keeps_memories(case, accelerator):
            yield "the accelerator's memories keep what they hold while the device sleeps between power cycles"
    elif case.tasks is not None:
        yield "the measured costs of the tasks: none takes more, or needs more volatile memory, than stated"
        yield "each task can be repeated: it writes nothing that its power cycle has read before writing it"
    else:
        wide = f"with sums of {8 * sum_width(case)} bits"
        yield f"the kernel models that turn layers into transfers, arithmetic and volatile memory, {wide}"
    harvest = case.while_running
    if harvest is not None:
        power, ahead = show(harvest.power, POWER), show(harvest.uneven, TIME)
        yield f"at least {power} flow into the buffer whenever the device runs, up to its highest voltage that counts"
        yield f"no activity lasts less than {float(100 * harvest.shortest):.3g} % of its stated time"
        yield f"what an activity takes is never more than {ahead} of running ahead of an even run, or behind it"
    elif isinstance(case.supply, CurveSupply):
        yield "no power cycle relies on what is harvested while it runs; waits do count it, as the curve promises it"
    else:
        yield "nothing harvested while running is counted, and running draws no more power than stated"


def _waiting(case: Case) -> Iterator[str]:
    yield "the tolerances of capacitance, turn-on and brown-out: the parts stay within their intervals"
    yield from _reading(case)
    if isinstance(case.supply, ConstantPower):
        yield "the supply delivers at least its lowest stated power whenever the device waits"
    elif isinstance(case.supply, ConstantCurrent):
        bound = "" if case.supply.up_to is None else f" up to {show(case.supply.up_to, VOLTAGE)} at the terminal"
        yield f"the supply delivers at least its lowest stated current whenever the device waits{bound}"
    elif isinstance(case.supply, CurveSupply):
        yield from _curve(case.supply)
    else:
        yield "the supply is never weaker than its lowest stated voltage behind its highest stated resistance"
    yield _MECHANISMS[case.wake.mechanism]
    if case.wake.policy is Policy.PROGRAMMABLE:
        yield "the hardware tells its threshold levels apart and wakes at the level that is set"
    yield _STARTS[case.start.kind]


def _reading(case: Case) -> Iterator[str]:
    reading, load = case.buffer.reading, case.load
    if reading.error:
        yield f"thresholds are read within {show(reading.error, VOLTAGE)} of what they are"
    if reading.decoupling:
        yield f"no more than {show(reading.decoupling, CAPACITANCE)} is connected uncharged with the load"
    if reading.redistribution:
        yield f"the capacitor's voltage falls by at most {show(reading.redistribution, VOLTAGE)} after charging"
    if case.buffer.resistance.hi:
        yield "the supply never charges with more than its greatest current, which lifts what is read"
    if load.range is not None or (case.tasks is not None and case.tasks.draws):
        yield "no activity draws more than its stated load, nor works below its stated voltage"


def _curve(supply: CurveSupply) -> Iterator[str]:
    yield "in every window, device running or waiting, the supply stores at least what its curve says, if there is room"
    if supply.outdraws:
        yield "a running device draws at least the stated load, and the supply never charges with more than its maximum"


_MECHANISMS = {
    Mechanism.LATCH: "the device switches its own load off, and nothing is drawn until the threshold is reached",
    Mechanism.BURN: (
        "the device idles down to brown-out after each power cycle, with at least the stated power, "
        "and draws no less while it runs"
    ),
    Mechanism.SENSE: "sleeping and measuring draw no more than stated, and a reached threshold is noticed in time",
}

_STARTS = {
    StartKind.COLD: "an inference starts with the buffer at or above 0 V",
    StartKind.FLOOR: "an inference starts with the buffer at or above its floor",
    StartKind.CHARGED: "an inference starts with the buffer charged to turn-on",
    StartKind.PERIODIC: "inferences start one period apart, the first with the buffer as the others find it",
}


def _levels(program: Program | Unschedulable) -> Iterator[str]:
    if isinstance(program, Program) and program.is_order_fixed:
        yield "the layers run in the order in which they are listed: more orders are possible than are searched"
    if isinstance(program, Program) and not program.law.is_minimal_optimal:
        yield "thresholds are the best of at most 128 evenly spaced ones of the levels that the hardware has"


def _order(program: Program | Unschedulable) -> Iterator[str]:
    if isinstance(program, Program) and program.is_order_fixed:
        yield "layers run in the order in which they are listed: there are more orders than are searched"


def _wear(case: Case) -> Iterator[str]:
    if case.requirements.writes_per_byte is not None:
        yield "a write wears the bytes that it writes and no others: non-volatile memory has no pages to erase"
        yield "the head of the progress records is written once per power cycle, results once per pass over them"
