"""What compilers and analyzers say of the runtime: nothing, but for the deviations from MISRA that are listed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.firmware.protocol import ROOT, RUNTIME, WARNINGS
from tests.firmware.small_network import solved
from tests.firmware.tools import need

DOCUMENT = ROOT.parent / "docs" / "firmware-misra.md"

CHECKS = [
    "-*",
    "bugprone-*",
    "cert-*",
    "clang-analyzer-*",
    "portability-*",
    "-bugprone-easily-swappable-parameters",  # a step and the next one are of one type
    "-bugprone-narrowing-conversions",  # takes the choice between two words for an int; -Wconversion tells them apart
    "-clang-analyzer-core.DivideZero",  # a mean is over the places of a window inside the map, of which there is one
]

ANALYZER = ["-Xclang", "-analyzer-config", "-Xclang", "max-nodes=20000"]
"""How much of each function the path-sensitive checks go through; the loop nests of layers have no end otherwise."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network, emitted with the runtime, for the computer that plays a device."""
    place = tmp_path_factory.mktemp("static") / "emitted"
    solved("int16").firmware(place)
    shutil.copy(ROOT / "ports" / "host" / "isched_config.h", place)
    return place


def sources(folder: Path) -> list[str]:
    """Every C file of the emitted folder."""
    found = sorted(path.name for path in folder.glob("*.c"))
    assert {path.name for path in RUNTIME.glob("*.c")} <= set(found)
    return found


def said(folder: Path, *command: str) -> tuple[int, str]:
    """The exit code of a tool and all that it prints."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("memory", ["in place", "log"])
def test_compilers_have_nothing_to_say(compiler: str, memory: str, folder: Path) -> None:
    need(compiler)
    defines = {
        "in place": [],
        "log": ["-DISCHED_DATA_TORN=ISCHED_TORN_ANY"],
    }
    code, text = said(folder, compiler, *WARNINGS, "-O2", "-c", *defines[memory], "-I.", *sources(folder))
    assert (code, text) == (0, "")


def cppcheck(folder: Path, *names: str) -> tuple[int, str]:
    """Everything that it can find; of one emitted network, functions and branches may be without use."""
    quiet = [
        "missingInclude",
        "missingIncludeSystem",
        "unusedFunction",
        "duplicateValueTernary",
        "unmatchedSuppression",
    ]
    words = ["--enable=all", "--inconclusive", "--std=c99", "--error-exitcode=1", "--quiet", "-I."]
    return said(folder, "cppcheck", *words, *(f"--suppress={one}" for one in quiet), *names)


def test_cppcheck_finds_nothing(folder: Path) -> None:
    need("cppcheck")
    assert cppcheck(folder, *sources(folder)) == (0, "")


def clang_tidy(folder: Path, *names: str, define: str = "ISCHED_DATA_UNIT=2U") -> tuple[int, str]:
    """All warnings are errors."""
    words = ["--quiet", f"-checks={','.join(CHECKS)}", "-warnings-as-errors=*"]
    code, text = said(folder, "clang-tidy", *words, *names, "--", "-std=c99", "-I.", f"-D{define}", *ANALYZER)
    return code, "\n".join(line for line in text.splitlines() if "warnings generated" not in line)


def test_clang_tidy_finds_nothing(folder: Path) -> None:
    need("clang-tidy")
    assert clang_tidy(folder, *(name for name in sources(folder) if name != "schedule_weights.c")) == (0, "")
    assert clang_tidy(folder, "isched_store_log.c", define="ISCHED_DATA_TORN=ISCHED_TORN_ANY") == (0, "")


WRONG = """#include <stdint.h>
int isched_wrong(int count);
int isched_wrong(int count)
{
    int values[4] = {0, 1, 2, 3};
    int sum;
    for (int at = 0; at <= 4; ++at) {
        sum += values[at];
    }
    return (count = 0) ? sum : count;
}
"""


def test_analyzers_find_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    need("cppcheck", "clang-tidy", "gcc")
    (tmp_path / "wrong.c").write_text(WRONG)
    assert cppcheck(tmp_path, "wrong.c")[0] != 0
    assert clang_tidy(tmp_path, "wrong.c")[0] != 0
    assert said(tmp_path, "gcc", *WARNINGS, "-O2", "-c", "wrong.c")[0] != 0


def deviations(folder: Path, *names: str) -> Counter[str]:
    """The rules of MISRA C:2012 that files of the runtime deviate from; the emitted files and ports are not meant."""
    _, text = said(folder, "cppcheck", "--addon=misra", "--std=c99", "--quiet", "-I.", *names)
    found = re.findall(r"^(isched\w*\.[ch]):\d+:\d+: .*\[misra-c2012-([\d.]+)\]", text, re.MULTILINE)
    return Counter(rule for file, rule in found if file != "isched_config.h")


def test_deviations_from_misra_are_those_listed(folder: Path) -> None:
    need("cppcheck")
    listed = set(re.findall(r"^\| (\d+\.\d+) \|", DOCUMENT.read_text(), re.MULTILINE))
    found = deviations(folder, *(name for name in sources(folder) if name.startswith("isched")))
    assert found
    assert set(found) <= listed


def test_a_deviation_is_found(tmp_path: Path) -> None:
    need("cppcheck")
    text = (
        "int isched_goes(int a);\nint isched_goes(int a)\n{\n    if (a) {\n        goto end;\n    }\n    a = 1;\nend:\n"
    )
    (tmp_path / "isched_goes.c").write_text(f"{text}    return a;\n}}\n")
    assert {"15.1", "17.8"} <= set(deviations(tmp_path, "isched_goes.c"))
