"""Results as JSON values: every figure of a report in integers of the units that stand beside them.

An integer beyond 2^53, which other readers of JSON would round, is written as a text of its digits, as in plan files.
"""

import json
from collections.abc import Mapping, Sequence

from ischedule import __version__
from ischedule.analysis.check import Verdict
from ischedule.analysis.cycle_runs import cycle_runs
from ischedule.analysis.evaluate import Evaluation
from ischedule.analysis.parts import plan_parts, task_runs
from ischedule.analysis.physical_bound import physical_bound
from ischedule.analysis.shortage import Shortage
from ischedule.api import Result
from ischedule.cli.published_report import refusals
from ischedule.cli.skipping_report import skipping_value
from ischedule.compat.exploration import Exploration
from ischedule.memory import PackedMemory
from ischedule.models.case import Case, case_hash
from ischedule.models.demand import Coordinate
from ischedule.models.goal import Criterion
from ischedule.models.plan import Plan
from ischedule.models.plan_file import dump_plan_file
from ischedule.models.plan_node import EXACT
from ischedule.models.program import Program
from ischedule.models.quantities import DIMENSIONS, Dimension
from ischedule.models.rounding import rounding_of
from ischedule.models.tables import table_bytes
from ischedule.models.tiling import Tiling

UNITS = {"time": "ps", "energy": "fJ", "charge": "fC", "voltage": "nV", "memory": "B"}


def dumped(value: object) -> str:
    """A JSON text on lines of its own."""
    return json.dumps(_exact(value), indent=2, ensure_ascii=False) + "\n"


def _exact(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _exact(entry) for key, entry in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_exact(entry) for entry in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT:
        return str(value)
    return value


def result_value(result: Result, written: str | None) -> dict[str, object]:
    """All that a result says; `written` is the plan file's name where one was written."""
    value = head(result.case) | {
        "status": result.status.value,
        "certified": result.certified,
        "kind": None if result.kind is None else result.kind.value,
        "latency": result.latency,
        "bound": result.bound,
        "objective": [criterion.value for criterion in result.case.objective],
        "limits": limits(result),
        "gap": None if result.gap is None else float(result.gap),
        "deadline": result.deadline,
        "deadline_margin": _margin(result),
        "note": result.note,
        "bottleneck": None if result.shortage is None else shortage_value(result.shortage),
        "figures": None,
        "memory_layout": None if result.memory is None else memory_value(result.memory),
        "wear": None if result.memory is None else wear_value(result.case, result.memory),
        "trusted": [] if result.verdict is None else list(result.verdict.trusted),
        "plan_file": written,
        "plan": None if result.plan_file is None else json.loads(dump_plan_file(result.plan_file)),
    }
    if isinstance(result.program, Program) and result.plan is not None and result.evaluation is not None:
        value["figures"] = figures(result.case, result.program, result.plan, result.evaluation)
        if result.plan_file is not None:
            file = result.plan_file
            value["skipping"] = skipping_value(
                result.case, result.program, result.plan, file.skippable, dict(file.addresses)
            )
    if result.exploration is not None:
        value["published"] = published_value(result.exploration)
    return value


def memory_value(memory: PackedMemory) -> dict[str, object]:
    """What a plan keeps in non-volatile memory and where; power cycles count from 1, and both ends are used."""
    constants = memory.layout.constants
    return {
        "size": memory.size,
        "bound": memory.bound,
        "unshared": memory.unshared,
        "available": memory.available,
        "weights": constants.weights,
        "records": constants.records,
        "tables": constants.tables,
        "buffers": [
            {
                "name": buffer.name,
                "first_cycle": buffer.first + 1,
                "last_cycle": buffer.last + 1,
                "size": buffer.size,
                "address": memory.addresses[slot],
            }
            for slot, buffer in memory.layout.buffers.items()
        ],
    }


def wear_value(case: Case, memory: PackedMemory) -> dict[str, object]:
    """How often the most worn byte is written in one inference, what lies there, and how many inferences it bears."""
    wear = memory.wear
    return {
        "writes_per_byte": wear.writes,
        "where": list(wear.names),
        "allowed": case.requirements.writes_per_byte,
        "endurance": case.endurance,
        "inferences": None if case.endurance is None else case.endurance // wear.writes,
    }


def limits(result: Result) -> dict[str, int]:
    """The most that a plan may spend of each criterion that is limited; of latency, the deadline."""
    goal = {} if not isinstance(result.program, Program) else result.program.goal.limits
    found = {criterion.value: most for criterion, most in goal.items() if criterion is not Criterion.LATENCY}
    return found if result.deadline is None else {"latency": result.deadline, **found}


def head(case: Case) -> dict[str, object]:
    """Which case, in which units, by which version."""
    amount = "energy" if case.coordinate is Coordinate.ENERGY else "charge"
    hashed = case_hash(case)
    return {
        "tool": __version__,
        "case": case.name,
        "hash": hashed,
        "semantics": case.semantics.value,
        "amounts": amount,
        "units": UNITS,
    }


def _margin(result: Result) -> int | None:
    return None if result.deadline is None or result.latency is None else result.deadline - result.latency


def figures(case: Case, program: Program, plan: Plan, evaluation: Evaluation) -> dict[str, object]:
    """Everything that a plan comes to."""
    parts = plan_parts(case, program, plan, evaluation)
    return {
        "power_cycles": evaluation.cycles,
        "drain": evaluation.drain,
        "fullest_cycle": evaluation.largest_cycle,
        "capacity": max(program.law.capacity, program.law.first_capacity),
        "written": evaluation.written,
        "tables": table_bytes(program, plan),
        "physical_bound": None if program.law.curve else physical_bound(program.law, evaluation),
        **({} if program.law.curve is None else {"overflow": program.law.curve.overflow.value}),
        "rounding": None if program.law.curve else rounding_of(program, evaluation.latency),
        "layers": [
            {
                "name": total.name,
                "design": design_value(design),
                "atoms": total.atoms,
                "power_cycles": total.cycles,
                "drain": total.drain,
                "running": total.active,
                "waiting": total.waiting,
                "share": (total.active + total.waiting) / evaluation.latency if evaluation.latency else 0.0,
                "written": total.written,
            }
            for design, total in zip(plan.designs, evaluation.stages, strict=True)
        ],
        "tasks": [
            {"name": run.name, "times": run.times, "drain": run.drain, "running": run.running}
            for run in task_runs(case)
        ],
        "cycles": [
            {
                "first": run.first,
                "count": run.count,
                "atoms": run.atoms,
                "layers": list(run.stages),
                "least_drain": run.least_drain,
                "most_drain": run.most_drain,
                "level": run.threshold.level,
                "code": run.threshold.code,
                "voltage": run.threshold.voltage,
            }
            for run in cycle_runs(program, plan)
        ],
        "parts": {part.value: {"drain": spent.drain, "time": spent.time} for part, spent in parts.items()},
    }


def design_value(design: object) -> dict[str, object]:
    """A design as a plan file writes it."""
    if not isinstance(design, Tiling):
        return {"index": design}
    names = ("form", "rows", "columns", "outputs", "inputs", "batch")
    return {"order": design.order.value} | {name: getattr(design, name) for name in names}


def shortage_value(shortage: Shortage) -> dict[str, object]:
    """A bottleneck with its parts."""
    return {
        "diagnosis": shortage.diagnosis.value,
        "where": shortage.where,
        "sentence": shortage.sentence,
        "demanded": shortage.demanded,
        "available": shortage.available,
        "unit": None if shortage.measure is None else unit(shortage.measure),
        "parts": {part.value: amount for part, amount in shortage.parts},
    }


def unit(dimension: Dimension) -> str:
    """The internal unit of a dimension."""
    assert dimension in DIMENSIONS
    return {0: "", -3: "m", -6: "u", -9: "n", -12: "p", -15: "f"}[dimension.exponent] + dimension.symbol


def verdict_value(case: Case, verdict: Verdict) -> dict[str, object]:
    """What the checker says."""
    return head(case) | {
        "accepted": verdict.accepted,
        "reason": verdict.reason,
        "status": verdict.claim.status.value,
        "kind": verdict.claim.certified.value,
        "claimed_latency": verdict.claim.latency,
        "latency": verdict.latency,
        "bound": verdict.bound,
        "trusted": list(verdict.trusted),
    }


def published_value(exploration: Exploration) -> dict[str, object]:
    """An exploration in SI floats, as published."""
    feasible = exploration.feasible
    return {
        "feasible": feasible,
        "latency_s": exploration.latency if feasible else None,
        "energy_J": exploration.energy if feasible else None,
        "power_cycles": exploration.cycles if feasible else None,
        "layers": [
            {
                "name": layer.layer,
                "design": str(layer.design),
                "latency_s": layer.latency,
                "energy_J": layer.energy,
                "power_cycles": layer.cycles,
            }
            for layer in exploration.results
        ],
        "refusals": refusals(exploration),
    }
