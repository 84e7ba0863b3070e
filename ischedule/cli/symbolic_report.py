"""What `ischedule check --symbolic` adds: of each power cycle what was proven of every behaviour, or what breaks it."""

from itertools import groupby

from ischedule.analysis.shortage import amount_of
from ischedule.analysis.symbolic import Counterexample, CycleProof, Obligation, Proof
from ischedule.cli.figures import section, time
from ischedule.models.case import Case
from ischedule.models.quantities import CAPACITANCE, VOLTAGE, show


def symbolic_report(case: Case, proof: Proof) -> str:
    """The proof as text."""
    amount = amount_of(case)
    runs = [list(run) for _, run in groupby(proof.cycles, lambda one: (one.shown, one.broken is None))]
    rows = [
        (
            _range(run),
            show(min(one.cycle.need for one in run), amount),
            show(max(one.cycle.need for one in run), amount),
            "proven" if run[0].broken is None else f"not proven: {run[0].broken.obligation.name.lower()}",
        )
        for run in runs
    ]
    header = ("cycle", "takes from", "to", "for every behaviour")
    text = section("symbolic proof", header, rows, header[1:3])
    if proof.holds:
        shown = "\n".join(f"- {one.name.lower()}: {one.value}" for one in Obligation)
        text += f"\nshown of each cycle, with z3\n\n{shown}\n"
        if proof.latency is not None:
            text += f"\nproven latency: {time(proof.latency)} at most without failures\n"
        return text
    if proof.broken is not None:
        text += f"\nbroken: {proof.broken.sentence}\n"
    first = next((one for one in proof.cycles if one.broken is not None), None)
    return text if first is None or first.broken is None else text + _counterexample(case, first, first.broken)


def _range(run: list[CycleProof]) -> str:
    first, last = run[0].cycle.number, run[-1].cycle.number
    return str(first) if first == last else f"{first} to {last}"


def _counterexample(case: Case, one: CycleProof, broken: Counterexample) -> str:
    """The behaviour that breaks a cycle."""
    text = f"\ncounterexample in cycle {one.cycle.number}: {broken.sentence}\n"
    if broken.voltage is None:
        return text
    start = f"at {show(round(broken.voltage), VOLTAGE)}"
    if broken.capacitance is None:
        return text + f"  {start}\n"
    amount = amount_of(case)
    text += f"  it begins {start}, with {show(round(broken.capacitance), CAPACITANCE)}\n"
    for moment in broken.moments[-3:]:
        if moment.voltage is None:
            text += f"  {moment.activity.name}: {show(-int(moment.above_floor // 1), amount)} are missing\n"
        else:
            text += f"  after {moment.activity.name}: {show(round(moment.voltage), VOLTAGE)}\n"
    return text


def symbolic_value(proof: Proof) -> dict[str, object]:
    """The proof as a JSON value: capacitance in fF, voltage in nV, latency in ps."""

    def broken(one: Counterexample | None) -> dict[str, object] | None:
        if one is None:
            return None
        return {
            "obligation": one.obligation.name.lower(),
            "sentence": one.sentence,
            "capacitance": None if one.capacitance is None else round(one.capacitance),
            "voltage": None if one.voltage is None else round(one.voltage),
            "activity": one.moments[-1].activity.name if one.moments else None,
        }

    return {
        "holds": proof.holds,
        "latency": proof.latency,
        "broken": broken(proof.broken),
        "cycles": [
            {
                "cycle": one.cycle.number,
                "shown": [shown.name.lower() for shown in one.shown],
                "broken": broken(one.broken),
            }
            for one in proof.cycles
        ],
    }
