"""What `ischedule explain` prints: the bottleneck with its parts and what would help, or margins and sensitivities."""

from ischedule.analysis.explain import Explanation, Margin, Sensitivity
from ischedule.analysis.remedies import Remedy
from ischedule.analysis.shortage import Shortage, amount_of
from ischedule.api import Result
from ischedule.cli.as_json import head, shortage_value, unit
from ischedule.cli.figures import facts, percent, plural, section, time
from ischedule.cli.published_report import published_report
from ischedule.cli.report import verdict_lines
from ischedule.models.conflict import Conflict, Named
from ischedule.models.quantities import show


def explain_report(result: Result, explanation: Explanation | None) -> str:
    """The explanation as text."""
    if result.exploration is not None:
        return published_report(result) + "\nOnly the project's own semantics are explained.\n"
    text = verdict_lines(result)
    if result.note is not None:
        text += f"note: {result.note}\n"
    if explanation is None:
        return text + "\nNothing is known that could be explained.\n"
    if explanation.shortage is not None:
        text += "\n" + shortage_facts(result, explanation.shortage) + parts(explanation.shortage)
        return text + conflict(result, explanation.conflict) + remedies(explanation.remedies)
    return text + margins(explanation.margins) + sensitivities(result, explanation.sensitivities)


def shortage_facts(result: Result, shortage: Shortage) -> str:
    """The bottleneck by its name, where it lies, what is demanded and what there is."""
    pairs = [("bottleneck", shortage.diagnosis.value), ("where", shortage.where), ("why", shortage.sentence)]
    if shortage.measure is not None:
        pairs.append(("demanded", show(shortage.demanded, shortage.measure)))
        pairs.append(("available", show(shortage.available, shortage.measure)))
        if shortage.demanded > shortage.available:
            pairs.append(("missing", show(shortage.demanded - shortage.available, shortage.measure)))
    if result.latency is not None:
        pairs.append(("best plan", f"takes {time(result.latency)}"))
    return facts(pairs)


def parts(shortage: Shortage) -> str:
    """What is demanded, taken apart."""
    if not shortage.parts or shortage.measure is None:
        return ""
    rows = [
        (part.value, show(amount, shortage.measure), percent(amount, shortage.demanded))
        for part, amount in shortage.parts
        if amount
    ]
    return section("what is demanded", ("part", shortage.measure.name, "share"), rows, (shortage.measure.name, "share"))


def conflict(result: Result, found: Conflict | None) -> str:
    """The requirements that no plan meets together, and what there would be without each."""
    if found is None:
        return ""
    amount = amount_of(result.case)
    is_about_time = Named.DEADLINE in found.names
    rows = [
        (
            one.without.value,
            plural(one.cycles, "power cycle"),
            show(one.largest, amount),
            time(one.latency) if is_about_time else "",
        )
        for one in found.witnesses
    ]
    title = "requirements in conflict: no plan meets all of them, and without any one there is a plan (z3)"
    header = ("requirement", "without it, for example", "the fullest", "latency" if is_about_time else "")
    return section(title, header, rows, header[2:3] + header[3:4])


def remedies(found: tuple[Remedy, ...]) -> str:
    """What would help, each alone."""
    if not found:
        return "\nNo change of a single quantity was found that would help.\n"
    rows = [
        (
            remedy.lever.name,
            "none" if remedy.before is None else remedy.lever.shown(remedy.before),
            remedy.lever.shown(remedy.value),
            "" if remedy.latency is None else time(remedy.latency),
        )
        for remedy in found
    ]
    title = "what would help, each change alone (found by search, confirmed by solving again)"
    return section(title, ("quantity", "now", "suffices", "latency then"), rows, ("now", "suffices", "latency then"))


def margins(found: tuple[Margin, ...]) -> str:
    """How much room the plan has."""
    rows = [
        (
            margin.name,
            show(margin.used, margin.measure),
            show(margin.available, margin.measure),
            show(margin.spare, margin.measure),
            percent(margin.spare, margin.available),
        )
        for margin in found
    ]
    return section(
        "margins", ("of", "used", "available", "spare", "share"), rows, ("used", "available", "spare", "share")
    )


def sensitivities(result: Result, found: tuple[Sensitivity, ...]) -> str:
    """What the latency depends on."""
    if not found or result.latency is None:
        return ""
    rows = [
        (
            one.lever.name,
            one.lever.shown(one.now),
            "unknown" if one.kept is None else change(one.kept),
            "no plan" if one.anew is None else change(one.anew),
        )
        for one in found
    ]
    title = f"sensitivities: change of the latency of {time(result.latency)} when a quantity grows by 0.1 %"
    header = ("quantity", "now", "same plan", "best plan then")
    return section(title, header, rows, header[1:])


def change(picoseconds: int) -> str:
    """A difference with its sign."""
    return f"{'+' if picoseconds > 0 else ''}{time(picoseconds)}"


def explanation_value(result: Result, explanation: Explanation | None) -> dict[str, object]:
    """The explanation as a JSON value."""
    value = head(result.case) | {
        "status": result.status.value,
        "certified": result.certified,
        "kind": None if result.kind is None else result.kind.value,
        "latency": result.latency,
        "bound": result.bound,
        "note": result.note,
        "bottleneck": None,
        "conflict": None,
        "remedies": [],
        "margins": [],
        "sensitivities": [],
    }
    if explanation is None:
        return value
    if explanation.shortage is not None:
        value["bottleneck"] = shortage_value(explanation.shortage)
    if explanation.conflict is not None:
        value["conflict"] = [
            {"without": one.without.value, "cycles": one.cycles, "largest": one.largest, "latency": one.latency}
            for one in explanation.conflict.witnesses
        ]
    value["remedies"] = [
        {
            "quantity": remedy.lever.name,
            "unit": None if remedy.lever.dimension is None else unit(remedy.lever.dimension),
            "before": remedy.before,
            "value": remedy.value,
            "latency": remedy.latency,
        }
        for remedy in explanation.remedies
    ]
    value["margins"] = [
        {"of": margin.name, "unit": unit(margin.measure), "used": margin.used, "available": margin.available}
        for margin in explanation.margins
    ]
    value["sensitivities"] = [
        {
            "quantity": one.lever.name,
            "unit": None if one.lever.dimension is None else unit(one.lever.dimension),
            "now": one.now,
            "same_plan_per_mille": one.kept,
            "best_plan_per_mille": one.anew,
        }
        for one in explanation.sensitivities
    ]
    return value
