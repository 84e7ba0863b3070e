"""Layers for microcontrollers: they compile without a warning, and their tables are as large as they are said to be."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from random import Random

import pytest

from ischedule.firmware.layer_source import RUNTIME as FILES
from ischedule.firmware.layer_source import network_source
from ischedule.firmware.source import WorkSource
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from tests.firmware.layer_driver import CONFIG, RUNTIME, WARNINGS
from tests.firmware.layer_trials import NETWORKS, WIDTHS, case_of, drawn_plan
from tests.firmware.test_emitted_networks import Network, file_of, network_of, schedule_of
from tests.firmware.tools import need
from tests.house.tree import ROOT

COMPILERS = {
    "msp430": ("clang", "--target=msp430"),
    "cortex-m0plus": ("arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb"),
}
READERS = {"msp430": "llvm-nm", "cortex-m0plus": "arm-none-eabi-nm"}
POINTER = {"msp430": 2, "cortex-m0plus": 4}

MOST_CODE = {"msp430": 16_500, "cortex-m0plus": 8_000}
"""Bytes of code that run layers, all kernels of one arithmetic included."""


@cache
def network(name: str) -> tuple[Network, WorkSource]:
    """A network under some plan, and its C."""
    case = load_case(str(ROOT / "cases" / f"{name}.json"))
    program = program_of(case)
    found = network_of(case, file_of(drawn_plan(program, Random(name), 60)), 4)
    return found, network_source(case, program, found.file, found.numbers)


def compiled(folder: Path, header: str, sources: dict[str, str], target: str) -> None:
    """Compile texts, and the runtime's layers, for a target."""
    need(COMPILERS[target][0], READERS[target])
    for name, text in {"schedule.h": header, "isched_config.h": CONFIG, **sources}.items():
        (folder / name).write_text(text)
    flags = [
        *WARNINGS,
        f"-DISCHED_WEIGHTS_ELSEWHERE={int(target == 'msp430')}",
        "-Os",
        "-ffreestanding",
        "-fno-builtin",
        f"-I{folder}",
        f"-I{RUNTIME}",
        "-c",
    ]
    files = [name for name in sources if name.endswith(".c")]
    files += [str(RUNTIME / file) for file in FILES if file.endswith(".c")]
    subprocess.run([*COMPILERS[target], *flags, *files], cwd=folder, check=True)


def symbols(folder: Path, file: str, target: str) -> dict[str, tuple[str, int]]:
    """What an object defines: kind and bytes of each name."""
    run = [READERS[target], "-S", "--defined-only", f"{file}.o"]
    lines = subprocess.run(run, cwd=folder, check=True, capture_output=True, text=True).stdout.splitlines()
    parts = [line.split() for line in lines]
    return {one[3]: (one[2].lower(), int(one[1], 16)) for one in parts if len(one) == 4}


@pytest.mark.parametrize("target", COMPILERS)
@pytest.mark.parametrize("name", ["kws-inas-1mF-ts1", "resnet-8-cortex-m4"])
def test_tables_of_layers_take_what_is_said(name: str, target: str, tmp_path: Path) -> None:
    found, work = network(name)
    header, source = schedule_of(work, found.plan)
    compiled(tmp_path, header, {"schedule.c": source, **work.files}, target)
    columns = symbols(tmp_path, "schedule", target)
    layers = {key: size for key, (kind, size) in columns.items() if kind == "r" and key.startswith("isched_layers_")}
    pointers = layers.pop("isched_layers_kernel", 0)
    assert pointers in (0, POINTER[target] * len(found.plan.stages))
    said = work.table_bytes + work.descriptor_bytes - 4 * pointers // POINTER[target]
    taken = sum(layers.values())
    # clang keeps equal columns once
    assert taken == said if target != "msp430" else said // 2 < taken <= said
    numbers = {key: size for key, (kind, size) in symbols(tmp_path, "schedule_weights", target).items() if kind == "r"}
    elsewhere = found.program.storage.weights if target == "msp430" and found.program.storage else 0
    kept = sum(size for key, size in numbers.items() if not key.endswith("_tables"))
    assert kept == work.weight_bytes - elsewhere


@pytest.mark.parametrize("target", COMPILERS)
@pytest.mark.parametrize("width", WIDTHS)
def test_layers_of_every_arithmetic_compile_to_little_code(width: object, target: str, tmp_path: Path) -> None:
    case = case_of(next(iter(NETWORKS)), width)  # type: ignore[arg-type]
    program = program_of(case)
    found = network_of(case, file_of(drawn_plan(program, Random(1), 60)), 5)
    work = network_source(case, program, found.file, found.numbers)
    header, _ = schedule_of(work, found.plan)
    compiled(tmp_path, header, {}, target)
    code = 0
    for file in FILES:
        if file.endswith(".c"):
            defined = symbols(tmp_path, file.removesuffix(".c"), target)
            code += sum(size for kind, size in defined.values() if kind in "tw")
            assert not any(kind in "db" and name != "isched_arena" for name, (kind, _) in defined.items())
    assert 1000 < code <= MOST_CODE[target]
