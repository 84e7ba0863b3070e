"""The examples that come with the package: built as they stand, run, and compared with the reference executor."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import numpy as np
import pytest

from ischedule import api
from ischedule.analysis.executor import arithmetic_of, run
from ischedule.analysis.layer_numbers import random_tensor
from ischedule.emitting import numbers_of
from ischedule.firmware.emission import RUNTIME
from ischedule.firmware.layer_source import RUNTIME as LAYERS
from ischedule.models.case import load_case
from tests.firmware.projects import CMAKE, EXAMPLES, STRICT, Project
from tests.firmware.tools import need

SEED = 7
"""Draws the weights of the examples."""

CROSS = {"msp430-fram": "msp430-clang", "cortex-m-mps2": "cortex-m4-gcc"}
"""The toolchain file of each example that is not for this computer."""


@functools.cache
def scores(example: str) -> list[int]:
    """What the reference executor makes of the input of an example."""
    case = load_case(str(EXAMPLES / example / "case.json"))
    plan = api.solve(case).plan
    assert plan is not None
    assert case.network is not None
    shape = random_tensor(case.network.input, arithmetic_of(case), np.random.default_rng()).shape
    samples = (np.arange(int(np.prod(shape))) * 37).astype(np.uint8).view(np.int8).reshape(shape)
    return [int(word) for word in run(case, plan, samples, numbers_of(case, SEED)).output.ravel()]


def configured(example: str, folder: Path) -> Project:
    """A project of an example, configured with CMake."""
    project = Project.of_example(example, folder)
    files = project.succeed("ischedule", "emit", "--folder", "cmake").strip()
    options = [f"-Dischedule_DIR={files}", "-G", "Ninja"]
    if example in CROSS:
        options += ["--toolchain", f"{files}/{CROSS[example]}.cmake"]
        project.succeed("cmake", "-B", "build", *options)
    else:
        project.succeed(*CMAKE, *options)
    return project


def built(example: str, folder: Path) -> Project:
    project = configured(example, folder)
    project.succeed("ninja", "-C", "build")
    return project


def hexadecimal(words: list[int]) -> str:
    return "".join(f"{word & 0xFF:02x}" for word in words)


def test_the_host_recognises_the_same_whenever_power_fails(tmp_path: Path) -> None:
    need("cmake", "ninja", "gcc")
    project = built("host", tmp_path)
    expected = "scores " + " ".join(map(str, scores("host")))
    boots = 1 + int(re.findall(r"ISCHED_CYCLES (\d+)UL", next(project.folder.rglob("schedule.h")).read_text())[0])
    assert project.succeed("build/activity") == f"{expected} after {boots} boots\n"
    failed = [project.succeed("build/activity", str(store)) for store in range(1, 300, 13)]
    assert failed == [f"{expected} after {boots + 1} boots\n"] * len(failed)


def test_the_makefile_of_the_host_builds_the_same(tmp_path: Path) -> None:
    need("make", "gcc")
    project = Project.of_example("host", tmp_path)
    project.succeed("make", f"CFLAGS={STRICT}")
    assert project.succeed("build/activity").startswith("scores " + " ".join(map(str, scores("host"))))


def test_the_msp430_recognises_the_same_in_its_simulator(tmp_path: Path) -> None:
    need("cmake", "ninja", "clang", "ld.lld", "llvm-nm", "mspdebug")
    project = built("msp430-fram", tmp_path)
    end = re.findall(r"(\w+) \w board_end", project.succeed("llvm-nm", "build/activity.elf"))[0]
    console = ["simio add console con", "simio config con base 0xF0"]
    commands = ["prog build/activity.elf", *console, "reset", f"setbreak 0x{end}", "run", "exit"]
    assert f"\n{hexadecimal(scores('msp430-fram'))}\n" in project.succeed("mspdebug", "-q", "sim", *commands)


def test_the_cortex_m_recognises_the_same_in_its_emulator(tmp_path: Path) -> None:
    need("cmake", "ninja", "arm-none-eabi-gcc", "qemu-system-arm")
    project = built("cortex-m-mps2", tmp_path)
    with (project.folder / "memory.bin").open("wb") as file:
        file.truncate(1 << 24)
    memory = "memory-backend-file,id=fram,size=16M,mem-path=memory.bin,share=on"
    screen = ["-display", "none", "-monitor", "none", "-serial", "stdio"]
    program = ["-semihosting-config", "enable=on,target=native", "-kernel", "build/activity.elf"]
    board = ["qemu-system-arm", "-M", "mps2-an386,memory-backend=fram", "-object", memory]
    for _ in range(2):
        printed = project.succeed(*board, *screen, *program)
        assert printed.split() == [hexadecimal(scores("cortex-m-mps2"))]


@pytest.mark.parametrize(("example", "files"), [("own-tasks", RUNTIME), ("host", (*RUNTIME, *LAYERS))])
def test_a_target_has_the_parts_of_the_runtime_that_its_schedule_needs(
    example: str, files: tuple[str, ...], tmp_path: Path
) -> None:
    need("cmake", "ninja", "gcc")
    project = configured(example, tmp_path)
    rules = (project.folder / "build/build.ninja").read_text("utf-8")
    compiled = set(re.findall(r"/runtime/(\w+\.c)\.o", rules))
    assert compiled == {name for name in files if name.endswith(".c")}


def test_a_board_of_ones_own_takes_the_place_of_the_emulated_one(tmp_path: Path) -> None:
    need("cmake", "ninja", "arm-none-eabi-gcc")
    project = Project.of_example("cortex-m-mps2", tmp_path)
    (project.folder / "own.c").write_text('#include "board.h"\n')
    project.edit("CMakeLists.txt", "TARGET cortex-m", 'TARGET cortex-m BOARD "${CMAKE_CURRENT_SOURCE_DIR}/own.c"')
    files = project.succeed("ischedule", "emit", "--folder", "cmake").strip()
    toolchain = f"{files}/{CROSS['cortex-m-mps2']}.cmake"
    project.succeed("cmake", "-B", "build", "-G", "Ninja", f"-Dischedule_DIR={files}", "--toolchain", toolchain)
    rules = (project.folder / "build/build.ninja").read_text("utf-8")
    assert "own.c" in rules
    assert "board_emulated.c" not in rules


def test_a_port_needs_no_header_from_elsewhere(tmp_path: Path) -> None:
    """What `--target` writes beside a schedule compiles there."""
    need("gcc", "arm-none-eabi-gcc", "clang")
    project = Project.of_example("host", tmp_path)
    project.succeed("ischedule", "emit", "case.json", "-o", "schedule", "--weights")
    compilers = {
        "host": ["gcc"],
        "msp430-fram": ["clang", "--target=msp430", "-ffreestanding"],
        "cortex-m-mps2": ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-ffreestanding"],
    }
    for port, compiler in compilers.items():
        folder = EXAMPLES.parent / "ports" / port
        sources = [str(path) for path in [*folder.glob("*.c"), *(project.folder / "schedule").glob("*.c")]]
        project.succeed(*compiler, *STRICT.split(), "-fsyntax-only", "-I", "schedule", f"-I{folder}", *sources)
