"""Power cycles and lists of skips in C: whatever their numbers are, compilers have nothing to say."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ischedule.firmware.cycle_source import cycle_source
from ischedule.firmware.levels import SkipEntry
from ischedule.models.plan import PowerCycles
from tests.firmware.protocol import RUNTIME, WARNINGS
from tests.firmware.tools import need
from tests.firmware.toy_schedule import HERE

LISTS = {
    "none": [],
    "the first cycle, whatever it began with": [SkipEntry(0, 0, 3, 0)],
    "some, from the highest level on": [SkipEntry(1, 2, 3, 0xFFFF)],
    "several": [SkipEntry(0, 1, 3, 7), SkipEntry(3, 4, 5, 0)],
}


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("name", LISTS)
def test_compilers_have_nothing_to_say(name: str, compiler: str, tmp_path: Path) -> None:
    need(compiler)
    source = cycle_source([PowerCycles(5, 1, 0), PowerCycles(1, 2, 0)], [0, 7], LISTS[name])
    (tmp_path / "schedule.c").write_text(f'#include "isched_plan.h"\n{source.text}')
    skips = int(bool(LISTS[name]))
    header = (HERE / "schedule.h").read_text()
    assert "#define ISCHED_SKIPS 0" in header
    (tmp_path / "schedule.h").write_text(header.replace("#define ISCHED_SKIPS 0", f"#define ISCHED_SKIPS {skips}"))
    command = [compiler, *WARNINGS, "-O2", f"-I{tmp_path}", f"-I{RUNTIME}", "-c", str(tmp_path / "schedule.c")]
    done = subprocess.run([*command, "-o", str(tmp_path / "o")], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
