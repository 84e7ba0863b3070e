"""The certificate of a plan file: a bound, a mix's bound, a division into parts, or why there is no plan."""

from __future__ import annotations

from typing import Final

from ischedule.models.diagnosis import Diagnosis
from ischedule.models.goal import Criterion
from ischedule.models.plan import (
    AheadLabel,
    Bottleneck,
    Bound,
    Boundary,
    Division,
    FewRuns,
    Label,
    Levels,
    Overload,
    Part,
    Repeated,
    Segment,
    UnderCurve,
    Weighed,
)
from ischedule.models.plan_node import Node, plain
from ischedule.models.restriction import Restriction

Certificate = Bound | Weighed | Bottleneck | Division | FewRuns | Levels | Repeated | UnderCurve

_RESTRICTION: Final = ("closed", "broken", "without-sums", "barred")


def read_certificate(node: Node) -> Certificate:
    """A certificate of any kind."""
    if node.has("bottleneck"):
        return _bottleneck(node)
    if node.has("division"):
        return Division(tuple(_part(entry) for entry in node.object("division").entry("division").list()))
    if node.has("under-curve"):
        return _under_curve(node)
    if node.has("few-runs"):
        inner = node.object("few-runs").entry("few-runs").object("value", "bound")
        bound = inner.entry("bound")
        return FewRuns(inner.entry("value").optional(), None if bound.value is None else _bound(bound))
    if node.has("levels"):
        inner = node.object("levels").entry("levels").object("value", "cuts")
        cuts = (tuple(_pair(label, 0, None) for label in cut.list()) for cut in inner.entry("cuts").list())
        return Levels(inner.entry("value").optional(), tuple(cuts))
    if node.has("repeated"):
        return Repeated(node.object("repeated").entry("repeated").object("value").entry("value").integer())
    if node.has("weighed"):
        return _weighed(node)
    return _bound(node.object("bound").entry("bound"))


def _under_curve(node: Node) -> UnderCurve:
    inner = node.object("under-curve").entry("under-curve").object("value", "energy")
    value, energy = inner.entry("value").optional(), inner.entry("energy")
    if energy.value is None:
        return UnderCurve(value, None)
    proof = read_certificate(energy)
    if not isinstance(proof, Bound | Division):
        raise energy.wrong("is no proof of what plans drain", 'write a "bound", a "division" or null')
    return UnderCurve(value, proof)


def _bottleneck(node: Node) -> Bottleneck:
    inner = node.object("bottleneck").entry("bottleneck").object("stage", "diagnosis")
    return Bottleneck(inner.entry("stage").integer(0), inner.entry("diagnosis").choice(Diagnosis).value)


def _part(node: Node) -> Part:
    node.object("closed", "broken", "without-sums", "barred", "proof")
    restriction = Restriction(*(_places(node.entry(name)) for name in _RESTRICTION))
    proof = node.entry("proof")
    if proof.value is None:
        return Part(restriction, None)
    if proof.has("bottleneck"):
        return Part(restriction, _bottleneck(proof))
    if proof.has("weighed"):
        return Part(restriction, _weighed(proof))
    if proof.has("overload"):
        inner = proof.object("overload").entry("overload").object("steps", "sums")
        steps, sums = (tuple(entry.integer(0) for entry in inner.entry(name).list()) for name in ("steps", "sums"))
        return Part(restriction, Overload(steps, sums))
    return Part(restriction, _bound(proof.object("bound").entry("bound")))


def _places(node: Node) -> frozenset[int]:
    found = [entry.integer(0) for entry in node.list()]
    if found != sorted(set(found)):
        raise node.wrong("is not in ascending order", "write each number once, the least first")
    return frozenset(found)


def _weighed(outer: Node) -> Weighed:
    node = outer.object("weighed").entry("weighed").object("weights", "scale", "bound", "spent", "exact")
    weights = node.entry("weights").object(optional=tuple(criterion.value for criterion in Criterion))
    assert isinstance(weights.value, dict)
    spent = node.entry("spent")
    return Weighed(
        tuple((Criterion(name), weights.entry(name).integer(1)) for name in weights.value),
        node.entry("scale").integer(1),
        _bound(node.entry("bound")),
        None if spent.value is None else tuple(entry.integer() for entry in spent.list()),
        node.entry("exact").truth(),
    )


def _bound(node: Node) -> Bound:
    inner = node.object("value", "rate", "boundaries", "lines", "floors", optional=("follows-levels", "segments"))
    return Bound(
        inner.entry("value").integer(),
        _pair(inner.entry("rate"), 0, 1),
        tuple(_boundary(entry) for entry in inner.entry("boundaries").list()),
        tuple(_pair(entry, None, None) for entry in inner.entry("lines").list()),
        tuple(entry.integer() for entry in inner.entry("floors").list()),
        inner.has("follows-levels") and inner.entry("follows-levels").truth(),
        tuple(_segment(entry) for entry in inner.entry("segments").list()) if inner.has("segments") else (),
    )


def _segment(node: Node) -> Segment:
    node.object("source", "target", "value", "boundaries")
    source, target = (node.entry(name).integer(0) for name in ("source", "target"))
    return Segment(
        source,
        target,
        node.entry("value").integer(),
        tuple(_boundary(entry) for entry in node.entry("boundaries").list()),
    )


def _boundary(node: Node) -> Boundary:
    node.object("closed", "first", "later", optional=("kept", "ahead"))
    first, later = (tuple(_pair(entry, 0, None) for entry in node.entry(name).list()) for name in ("first", "later"))
    kept = tuple(_pair(entry, None, None) for entry in node.entry("kept").list()) if node.has("kept") else ()
    ahead = tuple(_ahead(entry) for entry in node.entry("ahead").list()) if node.has("ahead") else ()
    return Boundary(node.entry("closed").optional(), first, later, kept, ahead)


def _ahead(node: Node) -> AheadLabel:
    entries = node.list()
    if len(entries) != 3:
        raise node.wrong("is no triple", "write a list of three integers")
    return entries[0].integer(0), entries[1].integer(), entries[2].integer()


def _pair(node: Node, least: int | None, least_second: int | None) -> Label:
    entries = node.list()
    if len(entries) != 2:
        raise node.wrong("is no pair", "write a list of two integers")
    return entries[0].integer(least), entries[1].integer(least_second)


def certificate_value(certificate: Certificate | None) -> dict[str, object] | None:
    """What is written of it."""
    if certificate is None:
        return None
    if isinstance(certificate, Division):
        return {"division": list(map(_part_value, certificate.parts))}
    if isinstance(certificate, UnderCurve):
        return {"under-curve": {"value": plain(certificate.value), "energy": certificate_value(certificate.energy)}}
    if isinstance(certificate, FewRuns):
        bound = None if certificate.bound is None else _bound_value(certificate.bound)
        return {"few-runs": {"value": plain(certificate.value), "bound": bound}}
    if isinstance(certificate, Repeated):
        return {"repeated": {"value": plain(certificate.value)}}
    if isinstance(certificate, Levels):
        cuts = [[list(map(plain, label)) for label in cut] for cut in certificate.cuts]
        return {"levels": {"value": plain(certificate.value), "cuts": cuts}}
    if isinstance(certificate, Bottleneck):
        return {"bottleneck": {"stage": plain(certificate.stage), "diagnosis": certificate.diagnosis}}
    if isinstance(certificate, Weighed):
        value: dict[str, object] = {
            "weights": {criterion.value: plain(weight) for criterion, weight in certificate.weights},
            "scale": plain(certificate.scale),
            "bound": _bound_value(certificate.bound),
            "spent": None if certificate.spent is None else list(map(plain, certificate.spent)),
            "exact": certificate.is_exact,
        }
        return {"weighed": value}
    return {"bound": _bound_value(certificate)}


def _part_value(part: Part) -> dict[str, object]:
    asked, proof = part.restriction, part.proof
    if isinstance(proof, Overload):
        shown: dict[str, object] | None = {"overload": {"steps": list(proof.steps), "sums": list(proof.sums)}}
    else:
        shown = certificate_value(proof)
    lists = asked.closed, asked.broken, asked.without_sums, asked.barred
    return {**{name: sorted(places) for name, places in zip(_RESTRICTION, lists, strict=True)}, "proof": shown}


def _bound_value(certificate: Bound) -> dict[str, object]:
    value: dict[str, object] = {
        "value": plain(certificate.value),
        "rate": [plain(part) for part in certificate.rate],
        "boundaries": list(map(_boundary_value, certificate.boundaries)),
        "lines": [[plain(part) for part in line] for line in certificate.lines],
        "floors": [plain(floor) for floor in certificate.floors],
    }
    if certificate.segments:
        value["segments"] = [
            {
                "source": one.source,
                "target": one.target,
                "value": plain(one.value),
                "boundaries": list(map(_boundary_value, one.boundaries)),
            }
            for one in certificate.segments
        ]
    if certificate.follows_levels:
        value["follows-levels"] = True
    return value


def _boundary_value(boundary: Boundary) -> dict[str, object]:
    value: dict[str, object] = {"closed": plain(boundary.closed)}
    for name in ("first", "later", "kept", "ahead"):
        labels = getattr(boundary, name)
        if labels or name in ("first", "later"):
            value[name] = [[plain(part) for part in label] for label in labels]
    return value
