"""What `ischedule simulate` prints: distributions over all runs, and the first run's events for a trace viewer."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from ischedule.cli.figures import plural
from ischedule.models.case import Case
from ischedule.models.quantities import ENERGY, TIME, Dimension, show
from ischedule.simulation.machine import Outcome

ROWS: tuple[tuple[str, Callable[[Outcome], float], Dimension | None, float], ...] = (
    ("latency", lambda one: one.latency, TIME, 1e12),
    ("power cycles", lambda one: one.cycles, None, 1),
    ("brown-outs", lambda one: one.brown_outs, None, 1),
    ("boots", lambda one: one.boots, None, 1),
    ("energy harvested", lambda one: one.harvested, ENERGY, 1e15),
    ("energy used", lambda one: one.used, ENERGY, 1e15),
    ("energy repeated", lambda one: one.repeated, ENERGY, 1e15),
    ("energy leaked", lambda one: one.leaked, ENERGY, 1e15),
    ("energy heated", lambda one: one.heated, ENERGY, 1e15),
    ("energy clamped", lambda one: one.clamped, ENERGY, 1e15),
    ("checkpoints taken", lambda one: one.checkpoints, None, 1),
    ("checkpoints skipped", lambda one: one.skipped, None, 1),
    ("bytes by checkpoints", lambda one: one.written, None, 1),
)
"""What is told of every run: its name, where it stands, what it counts, and its internal units."""

CERTIFIED = ("planned", "planned-skipping")
"""The policies of which the certified latency holds."""

MARKS = (("min", 0.0), ("median", 0.5), ("95 %", 0.95), ("max", 1.0))


def _marks(values: Sequence[float]) -> list[float]:
    """The least, the median, what 95 % stay at or below, and the greatest."""
    ordered = sorted(values)
    return [ordered[min(len(ordered) - 1, int(share * len(ordered)))] for _, share in MARKS]


def simulation_text(
    case: Case,
    policy: str,
    outcomes: Sequence[Outcome],
    certified: int | None,
    table: Callable[..., str],
    note: str | None = None,
) -> str:
    """The report for a person."""
    finished = [one for one in outcomes if one.finished]
    lines = [f"{case.name}: {policy}, {plural(len(outcomes), 'run')}, {len(finished)} finished"]
    reasons = sorted({one.why for one in outcomes if one.why})
    lines += [f"  {reason}: {sum(one.why == reason for one in outcomes)}" for reason in reasons]
    if policy in CERTIFIED and certified is not None:
        lines.append(f"certified latency {show(certified, TIME)}")
    if note is not None:
        lines.append(note)
    rows = []
    for name, read, dimension, units in ROWS:
        marks = _marks([read(one) for one in finished or outcomes])
        if dimension is None:
            rows.append((name, *(f"{round(mark):,}" for mark in marks)))
        else:
            rows.append((name, *(show(round(mark * units), dimension) for mark in marks)))
    heads = tuple(name for name, _ in MARKS)
    return "\n".join(lines) + "\n\n" + table(("of a run", *heads), rows, right=heads)


def simulation_value(
    case: Case, policy: str, outcomes: Sequence[Outcome], certified: int | None, note: str | None = None
) -> dict[str, Any]:
    """The same for a program: seconds, joules and counts."""
    finished = [one for one in outcomes if one.finished]
    figures = {
        name: dict(zip((mark for mark, _ in MARKS), _marks([read(one) for one in finished or outcomes]), strict=True))
        for name, read, _, _ in ROWS
    }
    return {
        "case": case.name,
        "policy": policy,
        "runs": len(outcomes),
        "finished": len(finished),
        "unfinished": sorted({one.why for one in outcomes if one.why}),
        "brown_outs": sum(one.brown_outs for one in outcomes),
        "certified_latency_ps": certified if policy in CERTIFIED else None,
        "note": note,
        "largest_imbalance_J": max(abs(one.imbalance) for one in outcomes),
        "figures": figures,
    }


def chrome_trace(outcome: Outcome, name: str) -> str:
    """The events in the Trace Event Format, which Perfetto and Chrome read: microseconds, spans, a voltage counter."""
    rows: list[dict[str, Any]] = [{"name": "process_name", "ph": "M", "pid": 1, "tid": 1, "args": {"name": name}}]
    for event in outcome.events:
        shown = event.name or event.what
        row = {"name": shown, "cat": event.what, "pid": 1, "tid": 1, "ts": event.time * 1e6}
        if event.what == "brown-out":
            rows.append(row | {"ph": "i", "s": "p"})
        else:
            rows.append(row | {"ph": "X", "dur": event.lasted * 1e6})
    for time, voltage in outcome.samples:
        rows.append({"name": "voltage", "ph": "C", "pid": 1, "tid": 1, "ts": time * 1e6, "args": {"V": voltage}})
    return json.dumps({"displayTimeUnit": "ms", "traceEvents": rows}) + "\n"
