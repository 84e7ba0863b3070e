"""The front of two criteria as a table, as JSON, and as a plot."""

from io import BytesIO
from pathlib import Path

from ischedule.analysis.front import CheckedFront
from ischedule.analysis.trust import ideal_clause
from ischedule.cli.as_json import head
from ischedule.cli.figures import amount_dimension, number, percent, section
from ischedule.cli.output import write_whole
from ischedule.models.case import Case
from ischedule.models.demand import Coordinate
from ischedule.models.errors import InputError
from ischedule.models.goal import Criterion
from ischedule.models.quantities import TIME, show

DIGITS = 7
"""Neighbours of a front can differ by little."""
ENDINGS = (".svg", ".png", ".pdf")


def pareto_report(case: Case, found: CheckedFront | None) -> str:
    """The plans of the front, and what is proven about all others."""
    if found is None:
        return f"{case.name}: no plan was found, so there is no front; `ischedule solve` says more\n"
    first, second = (criterion.value for criterion in found.names)
    text = f"{case.name}: the front of {first} and {second}\n{proven(case, found)}\n"
    rows: list[tuple[str, ...]] = [
        (
            str(place),
            show(point.evaluation.latency, TIME, DIGITS),
            show(point.evaluation.drain, amount_dimension(case), DIGITS),
            number(point.evaluation.written),
            number(point.evaluation.cycles),
            "" if case.requirements.deadline is None else _in_time(case, point.evaluation.latency),
        )
        for place, point in enumerate(found.points, 1)
    ]
    energy = "energy" if case.coordinate is Coordinate.ENERGY else "charge"
    header: tuple[str, ...] = ("plan", "latency", energy, "written (B)", "power cycles", "deadline")
    if case.requirements.deadline is None:
        header, rows = header[:-1], [row[:-1] for row in rows]
    title = "plans that are best in one of the two for what they spend of the other, along the hull of the front"
    return text + section(title, header, rows, header[:-1] if len(header) == 6 else header)


def _in_time(case: Case, latency: int) -> str:
    assert case.requirements.deadline is not None
    return "met" if latency <= case.requirements.deadline else "missed"


def proven(case: Case, found: CheckedFront) -> str:
    """What is certified, in one line."""
    if not found.is_whole:
        return "not certified as a whole: a limit was reached, or a proof does not hold"
    ideal = ideal_clause(case)
    if not found.below:
        return f"certified: this plan is best in both{ideal}"
    furthest = percent(found.furthest, 1) if found.furthest else "0 %"
    return f"certified: no plan lies below the lines between neighbours by more than {furthest}{ideal}"


def pareto_value(case: Case, found: CheckedFront | None) -> dict[str, object]:
    """The same as a JSON value."""
    if found is None:
        return head(case) | {"criteria": [], "points": [], "certified": False}
    return head(case) | {
        "criteria": [criterion.value for criterion in found.names],
        "certified": found.is_whole,
        "least": list(found.least),
        "below": [None if part is None else float(part) for part in found.below],
        "points": [
            {
                "latency": point.evaluation.latency,
                "energy": point.evaluation.drain,
                "written": point.evaluation.written,
                "power_cycles": point.evaluation.cycles,
            }
            for point in found.points
        ],
    }


def require_plot(path: str) -> None:
    """Refuse a plot that cannot be drawn before anything is searched."""
    if Path(path).suffix not in ENDINGS:
        raise InputError("command line", "--plot", path, "names no kind of plot", f"end it in {' or '.join(ENDINGS)}")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        remedy = "install it with `pip install matplotlib`"
        raise InputError("command line", "--plot", path, "needs matplotlib, which is not installed", remedy) from None


SCALES = {
    Criterion.LATENCY: (1e12, "latency (s)"),
    Criterion.ENERGY: (1e12, "energy (mJ)"),
    Criterion.WRITTEN: (1, "written to non-volatile memory (B)"),
    Criterion.CYCLES: (1, "power cycles"),
}


def plot(case: Case, found: CheckedFront, path: str) -> None:
    """The plans and the lines between them, below which no plan lies."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "ischedule"
    figure, axes = pyplot.subplots(figsize=(6, 4))
    scales, labels = zip(*(_scale(case, criterion) for criterion in found.names), strict=True)
    columns = [[point.spent[place] / scales[place] for point in found.points] for place in (0, 1)]
    axes.plot(*columns, marker="o", linewidth=1)
    axes.set(xlabel=labels[0], ylabel=labels[1], title=case.name)
    axes.ticklabel_format(useOffset=False)
    axes.grid(alpha=0.3)
    figure.tight_layout()
    buffer = BytesIO()
    ending = Path(path).suffix[1:]
    figure.savefig(buffer, format=ending, metadata={"Date": None} if ending == "svg" else None)
    pyplot.close(figure)
    write_whole(Path(path), buffer.getvalue())


def _scale(case: Case, criterion: Criterion) -> tuple[float, str]:
    scale, label = SCALES[criterion]
    if criterion is Criterion.ENERGY and case.coordinate is Coordinate.CHARGE:
        return scale, "charge (mC)"
    return scale, label
