"""The plan file: a plan, the certificate that belongs to it and the claim that both together support, as JSON.

    {"ischedule-plan": 1, "tool": ..., "case": SHA-256 of the resolved case,
     "claim": {"status", "latency", "bound", "certified"}, "plan": {"stages", "designs", "cycles"}, "certificate": ...}

The stages are named, by their numbers, only where they do not run in the order in which they are listed.

Every number is an integer; one whose magnitude exceeds 2^53 is written as a string of its digits, because other readers
of JSON would round it. There is one way to write each value, so that equal files are equal plans.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from ischedule.models.diagnosis import Diagnosis
from ischedule.models.errors import MISSING, InputError
from ischedule.models.goal import Criterion
from ischedule.models.plan import (
    AheadLabel,
    Bottleneck,
    Bound,
    Boundary,
    Division,
    Label,
    Overload,
    Part,
    Plan,
    PowerCycles,
    Status,
    Weighed,
)
from ischedule.models.program import Design
from ischedule.models.restriction import Restriction
from ischedule.models.storage import Slot
from ischedule.models.strict_json import key_path, parse_json, read_bytes
from ischedule.models.tiling import Order, Tiling

FORMAT: Final = 1
EXACT: Final = 1 << 53
"""Up to this magnitude every reader of JSON keeps an integer exactly."""

_DIGITS: Final = re.compile(r"-?[1-9][0-9]{15,38}")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_TOOL: Final = re.compile(r"[!-~]{1,64}")
_RESTRICTION: Final = ("closed", "broken", "without-sums", "barred")
_TILING: Final = ("form", "order", "rows", "columns", "outputs", "inputs", "batch")


class Certified(Enum):
    """What the certificate shows: the plan is the best one, or within a gap, or a plan; or there is none (in time)."""

    OPTIMAL = "optimal"
    WITHIN = "within"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a plan file says: status, latency of its plan, and a lower bound on that of every plan (both in ps)."""

    status: Status
    latency: int | None
    bound: int | None
    certified: Certified


@dataclass(frozen=True, slots=True)
class PlanFile:
    """All of a plan file: the version of the tool that wrote it, the case it is for, the claim and its support."""

    tool: str
    case: str
    claim: Claim
    plan: Plan | None
    certificate: Bound | Weighed | Bottleneck | Division | None
    addresses: tuple[tuple[Slot, int], ...] = ()
    """Where the plan keeps its buffers in non-volatile memory; without, one after the other in the order of slots."""


class _Node:
    """A value in the parsed file that knows where it stands."""

    __slots__ = ("path", "source", "value")

    def __init__(self, value: object, source: str, path: str = "$") -> None:
        self.value, self.source, self.path = value, source, path

    def wrong(self, problem: str, remedy: str) -> InputError:
        return InputError(self.source, self.path, self.value, problem, remedy)

    def entry(self, key: str) -> _Node:
        """A member of an object that has been checked."""
        assert isinstance(self.value, dict)
        return _Node(self.value[key], self.source, self.path + key_path(key))

    def object(self, *required: str, optional: tuple[str, ...] = ()) -> _Node:
        """This value, which is an object with all the required keys and none but these and the optional ones."""
        if not isinstance(self.value, dict):
            raise self.wrong("is no object", f"write an object with {', '.join(required)}")
        for key in self.value:
            if key not in required and key not in optional:
                node = self.entry(key)
                raise node.wrong("is an unknown key", f"write only {', '.join(required + optional)}")
        for key in required:
            if key not in self.value:
                path = self.path + key_path(key)
                raise InputError(self.source, path, MISSING, "is required", f"write all of {', '.join(required)}")
        return self

    def has(self, key: str) -> bool:
        """Whether an object has this key."""
        return isinstance(self.value, dict) and key in self.value

    def list(self) -> list[_Node]:
        """The entries of a list."""
        if not isinstance(self.value, list):
            raise self.wrong("is no list", "write a list")
        return [_Node(value, self.source, f"{self.path}[{index}]") for index, value in enumerate(self.value)]

    def integer(self, least: int | None = None) -> int:
        """An integer in the one form that is allowed for it."""
        value = self.value
        if type(value) is str and _DIGITS.fullmatch(value) and abs(int(value)) > EXACT:
            value = int(value)
        elif type(value) is not int:
            raise self.wrong("is no integer", "write an integer, as a string only if it exceeds 2^53")
        elif abs(value) > EXACT:
            raise self.wrong("is an integer that other readers would round", "write its digits as a string")
        assert isinstance(value, int)
        if least is not None and value < least:
            raise self.wrong("is too small", f"write an integer of at least {least}")
        return value

    def optional(self, least: int | None = None) -> int | None:
        """An integer, or None for null."""
        return None if self.value is None else self.integer(least)

    def truth(self) -> bool:
        """True or false."""
        if type(self.value) is not bool:
            raise self.wrong("is neither true nor false", "write true or false")
        return self.value

    def text(self, pattern: re.Pattern[str], meaning: str) -> str:
        """A string of a certain form."""
        if type(self.value) is not str or not pattern.fullmatch(self.value):
            raise self.wrong(f"is not {meaning}", f"write {meaning}")
        return self.value

    def choice(self, kind: type[Enum]) -> Any:
        """A member of an enumeration by its value."""
        names = [member.value for member in kind]
        if type(self.value) is not str or self.value not in names:
            raise self.wrong("is none of the choices", f"write one of {', '.join(names)}")
        return kind(self.value)


def read_plan_file(source: str) -> PlanFile:
    """The plan file of this name, or on standard input for "-"; raises `InputError`."""
    return parse_plan_file(read_bytes(source), source)


def parse_plan_file(data: bytes, source: str) -> PlanFile:
    """The plan file in these bytes; raises `InputError`."""
    root = _Node(parse_json(data, source), source)
    root.object("ischedule-plan", "tool", "case", "claim", "plan", "certificate", optional=("addresses",))
    if root.entry("ischedule-plan").integer() != FORMAT:
        raise root.entry("ischedule-plan").wrong("is a format that this version does not read", f"write {FORMAT}")
    return PlanFile(
        root.entry("tool").text(_TOOL, "a version of 1 to 64 plain characters"),
        root.entry("case").text(_HASH, "a SHA-256 hash of 64 lower-case hexadecimal digits"),
        _claim(root.entry("claim")),
        None if root.entry("plan").value is None else _plan(root.entry("plan")),
        None if root.entry("certificate").value is None else _certificate(root.entry("certificate")),
        _addresses(root.entry("addresses")) if root.has("addresses") else (),
    )


def _claim(node: _Node) -> Claim:
    node.object("status", "latency", "bound", "certified")
    return Claim(
        node.entry("status").choice(Status),
        node.entry("latency").optional(),
        node.entry("bound").optional(),
        node.entry("certified").choice(Certified),
    )


def _plan(node: _Node) -> Plan:
    node.object("designs", "cycles", optional=("stages",))
    designs = tuple(_design(entry) for entry in node.entry("designs").list())
    cycles = tuple(_cycles(entry) for entry in node.entry("cycles").list())
    if not node.has("stages"):
        return Plan(designs, cycles)
    stages = tuple(entry.integer(0) for entry in node.entry("stages").list())
    if len(stages) != len(designs):
        raise node.entry("stages").wrong("is not as long as the list of designs", "name one stage for each design")
    if stages == tuple(range(len(stages))):
        raise node.entry("stages").wrong("is the order in which stages are listed", 'leave out "stages"')
    return Plan(designs, cycles, stages)


def _design(node: _Node) -> Design:
    if node.has("index"):
        return node.object("index").entry("index").integer(0)
    node.object(*_TILING)
    rows, columns, outputs, inputs, batch = (node.entry(name).integer(1) for name in _TILING[2:])
    form, order = node.entry("form").integer(0), node.entry("order").choice(Order)
    return Tiling(form, order, rows, columns, outputs, inputs, batch)


def _cycles(node: _Node) -> PowerCycles:
    node.object("repeat", "atoms", "level", optional=("code",))
    code = node.entry("code").integer(0) if node.has("code") else None
    return PowerCycles(
        node.entry("repeat").integer(1), node.entry("atoms").integer(1), node.entry("level").integer(0), code
    )


def _addresses(node: _Node) -> tuple[tuple[Slot, int], ...]:
    found = tuple(_address(entry) for entry in node.list())
    if not found:
        raise node.wrong("is empty", 'leave out "addresses"')
    if len(dict(found)) < len(found):
        raise node.wrong("names a buffer twice", "write one address for each buffer")
    return found


def _address(node: _Node) -> tuple[Slot, int]:
    node.object("tensor", "address", optional=("stage", "region"))
    tensor, address = node.entry("tensor").integer(0), node.entry("address").integer(0)
    if node.has("stage") != node.has("region"):
        raise node.wrong("has only one of stage and region", "write both for a further region of a stage's sums")
    if not node.has("stage"):
        return Slot(tensor), address
    return Slot(tensor, node.entry("stage").integer(0), node.entry("region").integer(1)), address


def _certificate(node: _Node) -> Bound | Weighed | Bottleneck | Division:
    if node.has("bottleneck"):
        return _bottleneck(node)
    if node.has("division"):
        return Division(tuple(_part(entry) for entry in node.object("division").entry("division").list()))
    if node.has("weighed"):
        return _weighed(node.object("weighed").entry("weighed").object("weights", "scale", "bound", "spent", "exact"))
    return _bound(node.object("bound").entry("bound"))


def _bottleneck(node: _Node) -> Bottleneck:
    inner = node.object("bottleneck").entry("bottleneck").object("stage", "diagnosis")
    return Bottleneck(inner.entry("stage").integer(0), inner.entry("diagnosis").choice(Diagnosis).value)


def _part(node: _Node) -> Part:
    node.object("closed", "broken", "without-sums", "barred", "proof")
    restriction = Restriction(*(_places(node.entry(name)) for name in _RESTRICTION))
    proof = node.entry("proof")
    if proof.value is None:
        return Part(restriction, None)
    if proof.has("bottleneck"):
        return Part(restriction, _bottleneck(proof))
    if proof.has("overload"):
        inner = proof.object("overload").entry("overload").object("steps", "sums")
        steps, sums = (tuple(entry.integer(0) for entry in inner.entry(name).list()) for name in ("steps", "sums"))
        return Part(restriction, Overload(steps, sums))
    return Part(restriction, _bound(proof.object("bound").entry("bound")))


def _places(node: _Node) -> frozenset[int]:
    found = [entry.integer(0) for entry in node.list()]
    if found != sorted(set(found)):
        raise node.wrong("is not in ascending order", "write each number once, the least first")
    return frozenset(found)


def _weighed(node: _Node) -> Weighed:
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


def _bound(node: _Node) -> Bound:
    inner = node.object("value", "rate", "boundaries", "lines", "floors", optional=("follows-levels",))
    return Bound(
        inner.entry("value").integer(),
        _pair(inner.entry("rate"), 0, 1),
        tuple(_boundary(entry) for entry in inner.entry("boundaries").list()),
        tuple(_pair(entry, None, None) for entry in inner.entry("lines").list()),
        tuple(entry.integer() for entry in inner.entry("floors").list()),
        inner.has("follows-levels") and inner.entry("follows-levels").truth(),
    )


def _boundary(node: _Node) -> Boundary:
    node.object("closed", "first", "later", optional=("kept", "ahead"))
    first, later = (tuple(_pair(entry, 0, None) for entry in node.entry(name).list()) for name in ("first", "later"))
    kept = tuple(_pair(entry, None, None) for entry in node.entry("kept").list()) if node.has("kept") else ()
    ahead = tuple(_ahead(entry) for entry in node.entry("ahead").list()) if node.has("ahead") else ()
    return Boundary(node.entry("closed").optional(), first, later, kept, ahead)


def _ahead(node: _Node) -> AheadLabel:
    entries = node.list()
    if len(entries) != 3:
        raise node.wrong("is no triple", "write a list of three integers")
    return entries[0].integer(0), entries[1].integer(), entries[2].integer()


def _pair(node: _Node, least: int | None, least_second: int | None) -> Label:
    entries = node.list()
    if len(entries) != 2:
        raise node.wrong("is no pair", "write a list of two integers")
    return entries[0].integer(least), entries[1].integer(least_second)


def dump_plan_file(file: PlanFile) -> str:
    """The one text of a plan file; `parse_plan_file` gives the same value back."""
    claim = file.claim
    value: dict[str, object] = {
        "ischedule-plan": FORMAT,
        "tool": file.tool,
        "case": file.case,
        "claim": {
            "status": claim.status.value,
            "latency": _plain(claim.latency),
            "bound": _plain(claim.bound),
            "certified": claim.certified.value,
        },
        "plan": None if file.plan is None else _plan_value(file.plan),
        "certificate": _certificate_value(file.certificate),
    }
    if file.addresses:
        value["addresses"] = [_address_value(slot, address) for slot, address in file.addresses]
    return _render(value, "") + "\n"


def _plain(value: int | None) -> int | str | None:
    return str(value) if value is not None and abs(value) > EXACT else value


def _plan_value(plan: Plan) -> dict[str, object]:
    order = {} if plan.stages == tuple(range(len(plan.stages))) else {"stages": list(map(_plain, plan.stages))}
    return {
        **order,
        "designs": [_design_value(design) for design in plan.designs],
        "cycles": [
            {"repeat": _plain(run.repeat), "atoms": _plain(run.atoms), "level": _plain(run.level)}
            | ({} if run.code is None else {"code": _plain(run.code)})
            for run in plan.cycles
        ],
    }


def _design_value(design: Design) -> dict[str, object]:
    if isinstance(design, int):
        return {"index": _plain(design)}
    values = {name: getattr(design, name) for name in _TILING}
    return {name: value.value if isinstance(value, Order) else _plain(value) for name, value in values.items()}


def _address_value(slot: Slot, address: int) -> dict[str, object]:
    further = {} if slot.stage is None else {"stage": _plain(slot.stage), "region": _plain(slot.region)}
    return {"tensor": _plain(slot.tensor), **further, "address": _plain(address)}


def _certificate_value(certificate: Bound | Weighed | Bottleneck | Division | None) -> dict[str, object] | None:
    if certificate is None:
        return None
    if isinstance(certificate, Division):
        return {"division": list(map(_part_value, certificate.parts))}
    if isinstance(certificate, Bottleneck):
        return {"bottleneck": {"stage": _plain(certificate.stage), "diagnosis": certificate.diagnosis}}
    if isinstance(certificate, Weighed):
        value: dict[str, object] = {
            "weights": {criterion.value: _plain(weight) for criterion, weight in certificate.weights},
            "scale": _plain(certificate.scale),
            "bound": _bound_value(certificate.bound),
            "spent": None if certificate.spent is None else list(map(_plain, certificate.spent)),
            "exact": certificate.is_exact,
        }
        return {"weighed": value}
    return {"bound": _bound_value(certificate)}


def _part_value(part: Part) -> dict[str, object]:
    asked, proof = part.restriction, part.proof
    if isinstance(proof, Overload):
        shown: dict[str, object] | None = {"overload": {"steps": list(proof.steps), "sums": list(proof.sums)}}
    else:
        shown = _certificate_value(proof)
    lists = asked.closed, asked.broken, asked.without_sums, asked.barred
    return {**{name: sorted(places) for name, places in zip(_RESTRICTION, lists, strict=True)}, "proof": shown}


def _bound_value(certificate: Bound) -> dict[str, object]:
    boundaries = [
        {
            "closed": _plain(boundary.closed),
            "first": [[_plain(part) for part in label] for label in boundary.first],
            "later": [[_plain(part) for part in label] for label in boundary.later],
        }
        | {
            name: [[_plain(part) for part in label] for label in labels]
            for name, labels in (("kept", boundary.kept), ("ahead", boundary.ahead))
            if labels
        }
        for boundary in certificate.boundaries
    ]
    value: dict[str, object] = {
        "value": _plain(certificate.value),
        "rate": [_plain(part) for part in certificate.rate],
        "boundaries": boundaries,
        "lines": [[_plain(part) for part in line] for line in certificate.lines],
        "floors": [_plain(floor) for floor in certificate.floors],
    }
    if certificate.follows_levels:
        value["follows-levels"] = True
    return value


def _render(value: object, indent: str) -> str:
    """JSON with a line for each entry of what holds lists or objects, so that plans can be compared line by line."""
    entries = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if not any(isinstance(entry, dict | list) for entry in entries):
        return json.dumps(value)
    inner = indent + " "
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key)}: {_render(entry, inner)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    lines = [inner + _render(entry, inner) for entry in entries]
    return "[\n" + ",\n".join(lines) + f"\n{indent}]"
