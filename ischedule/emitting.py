"""A plan file made firmware: checked, emitted, and written with the runtime and a port."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from ischedule.analysis.check import Verdict, check
from ischedule.api import program_or_reason
from ischedule.firmware.emission import Emission, emission, require_emittable
from ischedule.firmware.source import WorkSource
from ischedule.models.case import Case
from ischedule.models.errors import InputError
from ischedule.models.plan import Status
from ischedule.models.plan_file import PlanFile
from ischedule.models.program import Program
from ischedule.models.workload import explicit_tasks

if TYPE_CHECKING:
    from ischedule.analysis.layer_numbers import LayerNumbers

TARGETS = {"msp430": "msp430-fram", "cortex-m": "cortex-m-mps2", "host": "host"}
"""The folders of the ports that come with the package; a generic target brings its own."""


@dataclass(frozen=True)
class Emitted:
    """What became of a plan file: the checker's verdict, and the C if that is favourable."""

    case: Case
    verdict: Verdict
    emission: Emission | None

    @property
    def refusal(self) -> str | None:
        """Why there is nothing, in one sentence."""
        if not self.verdict.accepted:
            return self.verdict.reason
        if self.emission is None:
            return "the plan does not meet the requirements of the case"
        return None


def emitted(
    case: Case, file: PlanFile, tell: Callable[[str], None], seed: int | None = None, *, integrity: bool = False
) -> Emitted:
    """The C of a plan that the checker accepts; with a seed a network has weights (`numbers_of`), otherwise none.

    ``integrity`` seals tensors with CRCs.
    """
    if file.plan is None:
        problem, remedy = "is a file without a plan", "solve the case again, or see `ischedule explain`"
        raise InputError("command line", "PLAN", file.claim.status.value, problem, remedy)
    require_emittable(case, file)
    program = program_or_reason(case)
    verdict = check(case, program, file, tell)
    if not verdict.accepted or file.claim.status is Status.UNSCHEDULABLE or not isinstance(program, Program):
        return Emitted(case, verdict, None)
    tell("emitting the plan")
    work = _work(case, program, file, seed)
    return Emitted(case, verdict, emission(case, program, file, verdict, work, integrity=integrity))


def _work(case: Case, program: Program, file: PlanFile, seed: int | None) -> WorkSource | None:
    if explicit_tasks(case) is not None:
        return None
    from ischedule.firmware.layer_source import network_source

    return network_source(case, program, file, None if seed is None else numbers_of(case, seed))


def numbers_of(case: Case, seed: int) -> list[LayerNumbers]:
    """Numbers for the layers of a network: those that the case names, or random ones where it has shapes only."""
    import numpy as np

    from ischedule.analysis.executor import arithmetic_of
    from ischedule.analysis.network_zeros import drawn_numbers
    from ischedule.analysis.numbers_file import read_numbers

    width = arithmetic_of(case)
    if case.numbers is not None:
        return read_numbers(case, width)
    return drawn_numbers(case.lowered(), width, np.random.default_rng(seed))


def runtime_folder() -> Traversable:
    """Where the runtime's sources are."""
    return importlib.resources.files("ischedule.firmware") / "runtime"


def port_folder(target: str) -> Traversable:
    """Where the sources of a target's port are."""
    return importlib.resources.files("ischedule.firmware") / "ports" / TARGETS[target]


def runtime_files(emission: Emission) -> dict[str, str]:
    """The parts of the runtime that an emission needs, by name."""
    return {name: (runtime_folder() / name).read_text(encoding="utf-8") for name in emission.runtime}


def port_files(target: str, folder: Path) -> dict[str, str]:
    """The files of a port that are not in a folder yet: a port is the firmware engineer's own once it is there."""
    found = {one.name: one for one in port_folder(target).iterdir() if one.is_file()}
    return {
        name: one.read_text(encoding="utf-8") for name, one in sorted(found.items()) if not (folder / name).exists()
    }
