"""What `ischedule compare` prints: a row for the plan and for each policy, and a picture of their latencies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

from ischedule.cli.figures import amount_dimension, bullets, number, percent, section, time
from ischedule.cli.output import write_whole
from ischedule.comparison import PLAN, SKIPPING, Comparison, Row
from ischedule.models.quantities import show

NEVER = "never ends"
INTERNAL = """\
* keeps all values in the controller's own FRAM, not in the memory whose figures the device states: what
  it gains is that of other memory, not of a better policy"""


def compare_report(found: Comparison) -> str:
    """The comparison as text."""
    result = found.result
    amount = amount_dimension(result.case)
    header = ("policy", "latency", "of the plan's", amount.name, "cycles", "run again", "written (B)", "certified")
    rows = [_row(found, row) for row in found.rows]
    text = f"{result.case.name}: {result.status.value}\n"
    meanwhile = "nothing" if result.case.while_running is None else "no more than is guaranteed"
    title = "if all costs what is stated, every power cycle waits for a full buffer"
    title += f", and {meanwhile} is harvested meanwhile"
    text += section(title, header, rows, header[1:-1])
    if any(row.is_internal for row in found.rows):
        text += f"\n{INTERNAL}\n"
    reasons = {row.guarantee: [one.name for one in found.rows if one.guarantee == row.guarantee] for row in found.rows}
    sentences = [f"{', '.join(who)}: {why}" for why, who in reasons.items()]
    text += "\nguarantees\n\n" + bullets(sentences)
    if found.inapplicable:
        others: dict[str, list[str]] = {}
        for name, why in found.inapplicable:
            others.setdefault(why, []).append(name)
        text += "\nleft out\n\n" + bullets([f"{', '.join(who)}: {why}" for why, who in others.items()])
    return text


def _row(found: Comparison, row: Row) -> tuple[str, ...]:
    plan, amount = found.rows[0].latency, amount_dimension(found.result.case)
    if row.latency is None:
        never = "none" if row.name == PLAN else NEVER
        return (name_of(row), never, "", "", "", "", "" if row.written is None else number(row.written), "no")
    share = "" if plan is None else f"{row.latency / plan:.2f}"
    again = "" if not row.again or not row.amount else percent(row.again, row.amount)
    written = "" if row.written is None else number(row.written)
    spent = "" if row.amount is None else show(row.amount, amount)
    cycles = "" if row.cycles is None else number(row.cycles)
    return (name_of(row), time(row.latency), share, spent, cycles, again, written, "yes" if row.certified else "no")


def name_of(row: Row) -> str:
    """The name, marked where figures are of other hardware."""
    return f"{row.name} *" if row.is_internal else row.name


def comparison_value(found: Comparison) -> dict[str, object]:
    """The same as a JSON value: picoseconds, femtojoules or femtocoulombs, and bytes."""
    return {
        "case": found.result.case.name,
        "status": found.result.status.value,
        "policies": [
            {
                "policy": row.name,
                "latency": row.latency,
                amount_dimension(found.result.case).name: row.amount,
                "power_cycles": row.cycles,
                "run_again": row.again,
                "written": row.written,
                "certified": row.certified,
                "internal_memory": row.is_internal,
                "guarantee": row.guarantee,
            }
            for row in found.rows
        ],
        "inapplicable": dict(found.inapplicable),
    }


def plot(found: Comparison, path: str, traced: Mapping[str, float] | None = None) -> None:
    """Latencies as bars; a policy that never ends has none. What they took on a trace (seconds, by name) is marked."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "ischedule"
    rows = list(reversed(found.rows))
    seconds = [0.0 if row.latency is None else row.latency * 1e-12 for row in rows]
    figure, axes = pyplot.subplots(figsize=(7, 0.8 + 0.3 * len(rows)))
    axes.barh([name_of(row) for row in rows], seconds, color=list(map(_colour, rows)))
    marks = {place: (traced or {})[row.name] for place, row in enumerate(rows) if row.name in (traced or {})}
    if marks:
        axes.plot(list(marks.values()), list(marks), "D", color="black", markersize=4, label="on the trace")
        axes.legend(frameon=False)
    axes.set_xscale("log")
    axes.set_xlim(left=min([value for value in (*seconds, *marks.values()) if value] or [1.0]) / 2)
    for place, text in _labels(rows, seconds):
        axes.annotate(
            text, (max(seconds[place], axes.get_xlim()[0]), place), (3, 0), textcoords="offset points", va="center"
        )
    marked = any(row.is_internal for row in rows)
    axes.set(
        xlabel="latency (s)" + ("; * in the controller's own FRAM, which is other hardware" if marked else ""),
        title=found.result.case.name,
    )
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    buffer, ending = BytesIO(), Path(path).suffix[1:]
    figure.savefig(buffer, format=ending, metadata={"Date": None} if ending == "svg" else None)
    pyplot.close(figure)
    write_whole(Path(path), buffer.getvalue())


def _colour(row: Row) -> str:
    if row.name in (PLAN, SKIPPING):
        return "tab:green"
    return "lightgray" if row.is_internal else "tab:gray"


def _labels(rows: list[Row], seconds: list[float]) -> Iterator[tuple[int, str]]:
    for place, row in enumerate(rows):
        if row.latency is None:
            yield place, "no plan" if row.name == PLAN else NEVER
        else:
            yield place, f"{seconds[place]:.3g} s" + (", certified" if row.certified else "")
