"""The plan file: a plan, the certificate that belongs to it and the claim that both together support, as JSON.

    {"ischedule-plan": 1, "tool": ..., "case": SHA-256 of the resolved case,
     "claim": {"status", "latency", "bound", "certified"},
     "plan": {"stages", "designs", "preservation", "cycles"}, "certificate": ...}

The stages are named, by their numbers, only where they do not run in the order in which they are listed; so is how each
of them keeps progress, where some do it otherwise than by records. "addresses" and "skippable" follow where there are
any.

There is one way to write each value, so that equal files are equal plans.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ischedule.models.certificate_file import Certificate, certificate_value, read_certificate
from ischedule.models.plan import Plan, PowerCycles, Status
from ischedule.models.plan_node import Node, plain
from ischedule.models.preservation import Kind
from ischedule.models.program import Design
from ischedule.models.skippable import Skippable
from ischedule.models.storage import Slot
from ischedule.models.strict_json import parse_json, read_bytes
from ischedule.models.tiling import Order, Tiling

FORMAT: Final = 1

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_TOOL: Final = re.compile(r"[!-~]{1,64}")
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
    certificate: Certificate | None
    addresses: tuple[tuple[Slot, int], ...] = ()
    """Where the plan keeps its buffers in non-volatile memory; without, one after the other in the order of slots."""
    skippable: tuple[Skippable, ...] = ()
    """The commits that may be skipped while the device sleeps with its memory retained."""
    preservation: tuple[Kind, ...] = ()
    """How each stage that the plan runs keeps progress; without, by records."""


def read_plan_file(source: str) -> PlanFile:
    """The plan file of this name, or on standard input for "-"; raises `InputError`."""
    return parse_plan_file(read_bytes(source), source)


def parse_plan_file(data: bytes, source: str) -> PlanFile:
    """The plan file in these bytes; raises `InputError`."""
    root = Node(parse_json(data, source), source)
    root.object("ischedule-plan", "tool", "case", "claim", "plan", "certificate", optional=("addresses", "skippable"))
    if root.entry("ischedule-plan").integer() != FORMAT:
        raise root.entry("ischedule-plan").wrong("is a format that this version does not read", f"write {FORMAT}")
    return PlanFile(
        root.entry("tool").text(_TOOL, "a version of 1 to 64 plain characters"),
        root.entry("case").text(_HASH, "a SHA-256 hash of 64 lower-case hexadecimal digits"),
        _claim(root.entry("claim")),
        None if root.entry("plan").value is None else _plan(root.entry("plan")),
        None if root.entry("certificate").value is None else read_certificate(root.entry("certificate")),
        _addresses(root.entry("addresses")) if root.has("addresses") else (),
        _skippable(root.entry("skippable")) if root.has("skippable") else (),
        _preservation(root.entry("plan")),
    )


def _claim(node: Node) -> Claim:
    node.object("status", "latency", "bound", "certified")
    return Claim(
        node.entry("status").choice(Status),
        node.entry("latency").optional(),
        node.entry("bound").optional(),
        node.entry("certified").choice(Certified),
    )


def _plan(node: Node) -> Plan:
    node.object("designs", "cycles", optional=("stages", "preservation"))
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


def _preservation(plan: Node) -> tuple[Kind, ...]:
    if not plan.has("preservation"):
        return ()
    node = plan.entry("preservation")
    found = tuple(entry.choice(Kind) for entry in node.list())
    if len(found) != len(plan.entry("designs").list()):
        raise node.wrong("is not as long as the list of designs", "name one kind for each design")
    if set(found) == {Kind.RECORD}:
        raise node.wrong("is what plans do without", 'leave out "preservation"')
    return found


def _design(node: Node) -> Design:
    if node.has("index"):
        return node.object("index").entry("index").integer(0)
    node.object(*_TILING)
    rows, columns, outputs, inputs, batch = (node.entry(name).integer(1) for name in _TILING[2:])
    form, order = node.entry("form").integer(0), node.entry("order").choice(Order)
    return Tiling(form, order, rows, columns, outputs, inputs, batch)


def _cycles(node: Node) -> PowerCycles:
    node.object("repeat", "atoms", "level", optional=("code",))
    code = node.entry("code").integer(0) if node.has("code") else None
    return PowerCycles(
        node.entry("repeat").integer(1), node.entry("atoms").integer(1), node.entry("level").integer(0), code
    )


def _addresses(node: Node) -> tuple[tuple[Slot, int], ...]:
    found = tuple(_address(entry) for entry in node.list())
    if not found:
        raise node.wrong("is empty", 'leave out "addresses"')
    if len(dict(found)) < len(found):
        raise node.wrong("names a buffer twice", "write one address for each buffer")
    return found


def _address(node: Node) -> tuple[Slot, int]:
    node.object("tensor", "address", optional=("stage", "region"))
    tensor, address = node.entry("tensor").integer(0), node.entry("address").integer(0)
    if node.has("stage") != node.has("region"):
        raise node.wrong("has only one of stage and region", "write both for a further region of a stage's sums")
    if not node.has("stage"):
        return Slot(tensor), address
    return Slot(tensor, node.entry("stage").integer(0), node.entry("region").integer(1)), address


def _skippable(node: Node) -> tuple[Skippable, ...]:
    found = tuple(_skippable_entry(entry) for entry in node.list())
    if not found:
        raise node.wrong("is empty", 'leave out "skippable"')
    return found


def _skippable_entry(node: Node) -> Skippable:
    node.object("first", "last", "reserve", optional=("start",))
    start = node.entry("start").integer(0) if node.has("start") else None
    return Skippable(
        node.entry("first").integer(1), node.entry("last").integer(1), node.entry("reserve").integer(0), start
    )


def dump_plan_file(file: PlanFile) -> str:
    """The one text of a plan file; `parse_plan_file` gives the same value back."""
    claim = file.claim
    value: dict[str, object] = {
        "ischedule-plan": FORMAT,
        "tool": file.tool,
        "case": file.case,
        "claim": {
            "status": claim.status.value,
            "latency": plain(claim.latency),
            "bound": plain(claim.bound),
            "certified": claim.certified.value,
        },
        "plan": None if file.plan is None else _plan_value(file.plan, file.preservation),
        "certificate": certificate_value(file.certificate),
    }
    if file.addresses:
        value["addresses"] = [_address_value(slot, address) for slot, address in file.addresses]
    if file.skippable:
        value["skippable"] = [_skippable_value(one) for one in file.skippable]
    return _render(value, "") + "\n"


def _plan_value(plan: Plan, preservation: tuple[Kind, ...]) -> dict[str, object]:
    order = {} if plan.stages == tuple(range(len(plan.stages))) else {"stages": list(map(plain, plan.stages))}
    return {
        **order,
        "designs": [_design_value(design) for design in plan.designs],
        **({"preservation": [kind.value for kind in preservation]} if preservation else {}),
        "cycles": [
            {"repeat": plain(run.repeat), "atoms": plain(run.atoms), "level": plain(run.level)}
            | ({} if run.code is None else {"code": plain(run.code)})
            for run in plan.cycles
        ],
    }


def _design_value(design: Design) -> dict[str, object]:
    if isinstance(design, int):
        return {"index": plain(design)}
    values = {name: getattr(design, name) for name in _TILING}
    return {name: value.value if isinstance(value, Order) else plain(value) for name, value in values.items()}


def _address_value(slot: Slot, address: int) -> dict[str, object]:
    further = {} if slot.stage is None else {"stage": plain(slot.stage), "region": plain(slot.region)}
    return {"tensor": plain(slot.tensor), **further, "address": plain(address)}


def _skippable_value(one: Skippable) -> dict[str, object]:
    start = {} if one.start is None else {"start": plain(one.start)}
    return {"first": plain(one.first), "last": plain(one.last), "reserve": plain(one.reserve), **start}


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
