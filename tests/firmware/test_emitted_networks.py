"""Whole networks from their emitted C: the words of the executor, bit by bit, from volatile memory full of garbage."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import pytest

import ischedule
from ischedule.analysis.executor import arithmetic_of, run
from ischedule.analysis.layer_numbers import LayerNumbers, random_network, random_tensor
from ischedule.analysis.layout_check import side_by_side
from ischedule.firmware.cycle_source import cycle_source
from ischedule.firmware.layer_image import image_of
from ischedule.firmware.layer_source import RUNTIME as FILES
from ischedule.firmware.layer_source import network_source
from ischedule.firmware.number_image import numbers_of
from ischedule.firmware.source import WorkSource
from ischedule.models.build import program_of
from ischedule.models.case import Case, load_case
from ischedule.models.plan import Plan, Status
from ischedule.models.plan_file import Certified, Claim, PlanFile
from ischedule.models.program import Program
from ischedule.models.storage import TABLES, Slot
from tests.firmware.layer_driver import CONFIG, MEMORIES, RUNTIME, WARNINGS, run_in
from tests.firmware.layer_trials import drawn_plan
from tests.firmware.tools import need
from tests.house.tree import ROOT

SMALL = ("ds-cnn-cortex-m4", "resnet-8-cortex-m4", "kws-inas-1mF-ts1")


def schedule_of(work: WorkSource, plan: Plan) -> tuple[str, str]:
    """The header and the source of a schedule with nothing but layers and cycles."""
    cycles = cycle_source(plan.cycles, [0] * len(plan.cycles), [])
    header = "#ifndef SCHEDULE_H\n#define SCHEDULE_H\n#include <stdint.h>\n#define ISCHED_SKIPS 0\n"
    header += "typedef uint32_t isched_step_t;\ntypedef uint16_t isched_atom_t;\n"
    return f"{header}{work.declarations}\n#endif\n", f'#include "isched_plan.h"\n{cycles.text}\n{work.tables}'


def built(work: WorkSource, plan: Plan) -> ctypes.CDLL:
    """The emitted C of a network, compiled with the memories of the tests."""
    need("gcc")
    header, source = schedule_of(work, plan)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = {"schedule.h": header, "schedule.c": source, "isched_config.h": CONFIG, "memories.c": MEMORIES}
        for file, text in {**texts, **work.files}.items():
            (folder / file).write_text(text)
        sources = [str(path) for path in folder.glob("*.c")]
        sources += [str(RUNTIME / file) for file in FILES if file.endswith(".c")]
        command = ["gcc", *WARNINGS, "-O1", "-fPIC", "-shared", f"-I{folder}", f"-I{RUNTIME}", "-o", f"{folder}/a.so"]
        subprocess.run([*command, *sources], check=True)
        return ctypes.CDLL(f"{folder}/a.so")


@dataclass(frozen=True)
class Network:
    """A network with numbers and an input, and a plan of it."""

    case: Case
    program: Program
    file: PlanFile
    numbers: Sequence[LayerNumbers]
    words: np.ndarray

    @property
    def plan(self) -> Plan:
        assert self.file.plan is not None
        return self.file.plan

    def require_equal(self, lib: ctypes.CDLL) -> None:
        """What the compiled network leaves is what the executor does."""
        expected = run(self.case, self.plan, self.words, self.numbers)
        where = dict(self.file.addresses) or side_by_side(self.program, self.plan)
        image = image_of(self.case, self.program, self.plan, where)
        assert self.program.storage is not None
        (output,), (given,) = self.program.storage.outputs, self.program.storage.inputs
        place = (where[Slot(output)], expected.output.size)
        found = run_in(lib, len(self.plan.cycles), image.arena, (where[Slot(given)], self.words), place, failures=1)
        assert len(np.unique(expected.output)) > 2
        np.testing.assert_array_equal(found, expected.output.ravel())
        volatile = [expected.volatile_bytes(layer) for layer in range(len(image.layers))]
        assert volatile == [layer.volatile for layer in image.layers]


def network_of(case: Case, file: PlanFile, seed: int) -> Network:
    random, width = np.random.default_rng(seed), arithmetic_of(case)
    assert case.network is not None
    numbers = random_network([kernel.shape for kernel in case.lowered().kernels], width, random)
    return Network(case, program_of(case), file, numbers, random_tensor(case.network.input, width, random))


def file_of(plan: Plan) -> PlanFile:
    """A plan file around a plan that nobody claims anything of."""
    return PlanFile("0", "0" * 64, Claim(Status.SCHEDULABLE, None, None, Certified.FEASIBLE), plan, None)


def test_a_solved_network_runs_from_its_emitted_tables() -> None:
    case = load_case(str(ROOT / "cases" / "kws-inas-1mF-ts1.json"))
    file = ischedule.solve(case).plan_file
    assert file is not None
    network = network_of(case, file, 1)
    work = network_source(case, network.program, file, network.numbers)
    network.require_equal(built(work, network.plan))


@pytest.mark.parametrize("name", SMALL)
def test_drawn_plans_run_from_their_emitted_tables(name: str) -> None:
    case = load_case(str(ROOT / "cases" / f"{name}.json"))
    program = program_of(case)
    file = file_of(drawn_plan(program, Random(name), 60))
    network = network_of(case, file, 2)
    work = network_source(case, program, file, network.numbers)
    network.require_equal(built(work, network.plan))


def test_buffers_are_aligned_to_the_words_of_the_network() -> None:
    for name, alignment in (("kws-inas-1mF-ts1", 2), ("ds-cnn-cortex-m4", 1)):
        case = load_case(str(ROOT / "cases" / f"{name}.json"))
        program = program_of(case)
        work = network_source(case, program, file_of(drawn_plan(program, Random(1), 60)), None)
        assert f"#define ISCHED_ALIGNMENT {alignment}U\n" in work.declarations


@pytest.mark.parametrize("name", SMALL)
def test_tables_are_deterministic_and_no_larger_than_plans_assume(name: str) -> None:
    case = load_case(str(ROOT / "cases" / f"{name}.json"))
    program = program_of(case)
    for seed in range(8):
        plan = drawn_plan(program, Random(seed), 60)
        file = file_of(plan)
        network = network_of(case, file, 3)
        work = network_source(case, program, file, network.numbers)
        assert work == network_source(case, program, file, network.numbers)
        assert program.storage is not None
        addresses = side_by_side(program, plan)
        assumed = 0
        for stage in plan.stages:
            others = sum(slot.stage == stage for slot in addresses)
            assumed += program.storage.table_bytes(stage, others)
        assert 0 < work.table_bytes <= assumed
        assert TABLES.layer * len(plan.stages) < assumed
        assert numbers_of(image_of(case, program, plan, {}), network.numbers).bytes == program.storage.weights
