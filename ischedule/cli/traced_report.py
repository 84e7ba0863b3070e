"""What `ischedule compare --trace` prints besides: the plan and the policies as they went on one trace."""

from __future__ import annotations

from collections.abc import Sequence

from ischedule.cli.figures import amount_dimension, bullets, number, percent, section
from ischedule.comparison import Comparison
from ischedule.models.quantities import TIME, show
from ischedule.traced import Traced


def traced_report(found: Comparison, rows: Sequence[Traced], trace: str) -> str:
    """The rows as a table."""
    amount = amount_dimension(found.result.case)
    header = ("policy", "latency", amount.name, "cycles", "run again", "saved", "skipped", "bytes saved", "brown-outs")
    lines = []
    for row in rows:
        one = row.outcome
        if one is None:
            lines.append((row.name, "not simulated", *[""] * 7))
            continue
        lines.append(
            (
                row.name,
                show(round(one.latency * 1e12), TIME) if one.finished else "did not end",
                show(round(one.used * 1e15), amount),
                number(one.cycles),
                percent(round(one.repeated * 1e15), round(one.used * 1e15)),
                number(one.checkpoints),
                number(one.skipped),
                number(one.written),
                number(one.brown_outs),
            )
        )
    text = section(f"simulated on {trace}, on the worst board of the stated tolerances", header, lines, header[1:])
    reasons = [f"{row.name}: {why}" for row in rows if (why := row.why or (row.outcome.why if row.outcome else ""))]
    return text + ("\n" + bullets(reasons) if reasons else "")


def traced_value(rows: Sequence[Traced]) -> list[dict[str, object]]:
    """The same as a JSON value: seconds, joules (or coulombs) and counts."""
    return [
        {
            "policy": row.name,
            "simulated": row.outcome is not None,
            "finished": row.outcome is not None and row.outcome.finished,
            "latency": row.outcome.latency if row.outcome is not None and row.outcome.finished else None,
            "used": None if row.outcome is None else row.outcome.used,
            "run_again": None if row.outcome is None else row.outcome.repeated,
            "power_cycles": None if row.outcome is None else row.outcome.cycles,
            "checkpoints": None if row.outcome is None else row.outcome.checkpoints,
            "checkpoints_skipped": None if row.outcome is None else row.outcome.skipped,
            "written_by_checkpoints": None if row.outcome is None else row.outcome.written,
            "brown_outs": None if row.outcome is None else row.outcome.brown_outs,
            "why": row.why or (row.outcome.why if row.outcome is not None else ""),
        }
        for row in rows
    ]
