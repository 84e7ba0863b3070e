"""What `ischedule solve` prints for a case with published semantics: computed as published, and nothing certified."""

from ischedule.api import Result
from ischedule.cli.figures import bullets, facts, percent, plural, section
from ischedule.compat.exploration import Exploration
from ischedule.models.quantities import ENERGY, TIME, Dimension, show

HEADER = ("layer", "design", "cycles", "energy", "time", "share")


def shown(value: float, dimension: Dimension) -> str:
    """A float in SI units, four digits of it."""
    return show(round(value / 10**dimension.exponent), dimension)


def published_report(result: Result) -> str:
    """The exploration's outcome in the published terms."""
    exploration = result.exploration
    assert exploration is not None
    case, deadline = result.case, result.case.requirements.deadline
    text = f"{case.name}: {result.status.value}, computed as published ({case.semantics.value}), not certified\n"
    if not exploration.feasible:
        return text + "\n" + bullets(list(refusals(exploration)))
    latency = exploration.latency
    pairs = [
        ("latency", f"{shown(latency, TIME)}, with the last recharge"),
        ("energy", f"{shown(exploration.energy, ENERGY)} in {plural(round(exploration.cycles), 'power cycle')}"),
    ]
    if deadline is not None:
        met = "met" if result.status.value == "schedulable" else "missed"
        pairs.insert(1, ("deadline", f"{show(deadline, TIME)}, {met}"))
    rows = [
        (
            layer.layer,
            str(layer.design),
            f"{layer.cycles:,.0f}",
            shown(layer.energy, ENERGY),
            shown(layer.latency, TIME),
            percent(round(layer.latency * 10**12), round(latency * 10**12)),
        )
        for layer in exploration.results
    ]
    title = "layers: rows_columns_outputs_inputs of a tile, the operand reused, tiles in a power cycle"
    return text + "\n" + facts(pairs) + section(title, HEADER, rows, right=("cycles", "energy", "time", "share"))


def refusals(exploration: Exploration) -> list[str]:
    """Why the published model has no solution: an enumeration of all of its designs is behind each sentence."""
    found = [str(refusal) for refusal in exploration.refusals]
    if exploration.nonvolatile_bytes > exploration.nonvolatile_memory:
        needed, there = exploration.nonvolatile_bytes, exploration.nonvolatile_memory
        found.append(f"the network takes {needed} bytes of non-volatile memory, there are {there}")
    return found
