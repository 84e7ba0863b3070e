"""The drawing of a simulated run: voltage over time, with what ran as bands. The one user of matplotlib."""

import importlib.util
import io
from pathlib import Path

from ischedule.models.case import Case
from ischedule.models.errors import InputError
from ischedule.simulation.machine import Outcome


def require_drawing(file: str) -> None:
    """Refuse a drawing that cannot be made, before anything is simulated."""
    if Path(file).suffix not in (".png", ".svg"):
        raise InputError("command line", "--plot", file, "is neither .png nor .svg", "name a file with such an ending")
    if importlib.util.find_spec("matplotlib") is None:
        remedy = "install it with `pip install ischedule[plot]`, or leave out --plot"
        raise InputError("command line", "--plot", file, "needs matplotlib, which is not installed", remedy)


def drawn(outcome: Outcome, case: Case, kind: str) -> bytes:
    """The drawing as the bytes of a file of a kind (png or svg)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot([time for time, _ in outcome.samples], [voltage for _, voltage in outcome.samples], "k", linewidth=1)
    names = list(dict.fromkeys(event.name or event.what for event in outcome.events if event.what != "charge"))
    colours = {name: f"C{place % 10}" for place, name in enumerate(name for name in names if name != "brown-out")}
    for event in outcome.events:
        name = event.name or event.what
        if event.what == "brown-out":
            axes.plot([event.time], [case.buffer.brown_out.hi * 1e-9], "rx", markersize=9)
        elif event.what != "charge":
            axes.axvspan(event.time, event.time + event.lasted, color=colours[name], alpha=0.4, linewidth=0)
    off = axes.axhline(case.buffer.brown_out.hi * 1e-9, color="r", linestyle="--", linewidth=1, label="brown-out")
    bands = [Patch(color=colour, alpha=0.4, label=name) for name, colour in list(colours.items())[:20]]
    axes.legend(handles=[off, *bands], loc="center left", bbox_to_anchor=(1, 0.5), fontsize="small")
    axes.set(xlabel="time (s)", ylabel="terminal voltage (V)", title=case.name)
    axes.margins(x=0)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=120, metadata={"Date": None} if kind == "svg" else None)
    return buffer.getvalue()
