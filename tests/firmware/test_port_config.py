"""What would break progress on a board does not compile, and a device that has nothing to do does not wear out."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from ischedule.firmware.boards.host import PORT
from ischedule.firmware.boards.source import RUNTIME
from tests.firmware.tools import need
from tests.firmware.toy_schedule import HERE, WANTED

FOLDERS = [f"-I{RUNTIME}", f"-I{HERE}", f"-I{PORT}"]
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
FLASH = {"ISCHED_OTHER_UNIT": "8U", "ISCHED_OTHER_APPENDS": "1"}


def compiled(compiler: str, defines: Mapping[str, str], folder: Path) -> str:
    """What the compiler complains about."""
    said = []
    for name in WANTED[:-1]:
        macros = [f"-D{macro}={value}" for macro, value in defines.items()]
        command = [compiler, *STRICT, *macros, *FOLDERS, "-c", str(RUNTIME / name), "-o", str(folder / "one.o")]
        said.append(subprocess.run(command, capture_output=True, text=True).stderr)
    return "".join(said)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize(
    ("defines", "requirement"),
    [
        ({}, ""),
        ({"ISCHED_STUCK": "7U", "ISCHED_META_ADDRESS": "88U"}, ""),
        (FLASH | {"ISCHED_META_SECTOR": "48U"}, ""),
        (FLASH | {"ISCHED_OTHER_UNIT": "64U", "ISCHED_META_SECTOR": "256U"}, ""),
        ({"ISCHED_ADDRESS_T": "uint16_t", "ISCHED_META_ADDRESS": "65500U"}, ""),
        ({"ISCHED_ADDRESS_T": "uint16_t", "ISCHED_META_ADDRESS": "65534U"}, "addresses_reach_progress"),
        (FLASH | {"ISCHED_ADDRESS_T": "uint16_t", "ISCHED_META_SECTOR": "0x8008U"}, "addresses_reach_progress"),
        ({"ISCHED_ALIGNMENT": "2U", "ISCHED_DATA_UNIT": "8U"}, ""),
        ({"ISCHED_ALIGNMENT": "2U", "ISCHED_DATA_TORN": "ISCHED_TORN_ANY"}, ""),
        (
            {"ISCHED_ALIGNMENT": "2U", "ISCHED_DATA_TORN": "ISCHED_TORN_ANY", "ISCHED_DATA_UNIT": "4U"},
            "data_is_written_in_whole_units",
        ),
        ({"ISCHED_META_ADDRESS": "89U"}, "progress_begins_with_a_unit"),
        ({"ISCHED_META_ADDRESS": "86U"}, "progress_is_apart_from_buffers"),
        ({"ISCHED_STUCK": "8U"}, "boots_are_counted_up_to_7"),
        ({"ISCHED_PATIENCE": "8U"}, "boots_are_counted_up_to_7"),
        (FLASH | {"ISCHED_META_SECTOR": "40U"}, "sectors_hold_two_entries"),
        (FLASH | {"ISCHED_META_SECTOR": "28U"}, "sectors_begin_with_a_unit"),
        (FLASH | {"ISCHED_OTHER_UNIT": "128U", "ISCHED_META_SECTOR": "1024U"}, "units_are_of_64_bytes_at_most"),
        ({"ISCHED_DATA_TORN": "ISCHED_TORN_ANY", "ISCHED_META_ADDRESS": "0U"}, "progress_is_apart_from_buffers"),
    ],
)
def test_what_would_break_progress_does_not_compile(
    compiler: str, defines: Mapping[str, str], requirement: str, tmp_path: Path
) -> None:
    need(compiler)
    said = compiled(compiler, defines, tmp_path)
    assert (said == "") is (requirement == ""), said
    assert requirement in said


def test_addresses_are_wide_enough(tmp_path: Path) -> None:
    """A plan of more than 64 KiB on a board whose addresses have 16 bits."""
    need("gcc")
    schedule = (HERE / "schedule.h").read_text()
    old = "#define ISCHED_NV_BYTES ((ISCHED_ATOMS + 1U) * TOY_BYTES + TOY_MORE)"
    assert old in schedule
    for size, fits in ((0x10000, True), (0x10001, False)):
        (tmp_path / "schedule.h").write_text(schedule.replace(old, f"#define ISCHED_NV_BYTES {size}UL"))
        macros = ["-DISCHED_ADDRESS_T=uint16_t", *(f"-D{name}={value}" for name, value in FLASH.items())]
        command = ["gcc", *STRICT, *macros, f"-I{tmp_path}", *FOLDERS, "-c", str(RUNTIME / "isched_record.c"), "-o"]
        done = subprocess.run([*command, str(tmp_path / "one.o")], capture_output=True, text=True)
        assert ("addresses_reach_all_buffers" not in done.stderr) is fits, done.stderr


@pytest.mark.parametrize("defines", [{}, FLASH, {"ISCHED_DATA_TORN": "ISCHED_TORN_ANY"}], ids=["cell", "flash", "torn"])
def test_a_new_device_that_is_asked_again_and_again_writes_nothing(defines: Mapping[str, str], tmp_path: Path) -> None:
    need("gcc")
    sources = [*(str(RUNTIME / name) for name in WANTED[:-1]), str(HERE / "schedule.c"), str(PORT / "port.c")]
    macros = [f"-D{macro}={value}" for macro, value in defines.items()]
    program = tmp_path / "polled"
    mine = str(Path(__file__).with_name("polled.c"))
    command = ["gcc", "-std=c99", "-fsanitize=address,undefined", *macros, *FOLDERS, mine, *sources, "-o", str(program)]
    subprocess.run(command, check=True)
    first, others = map(int, subprocess.run([program], capture_output=True, text=True, check=True).stdout.split())
    assert first > 0
    assert others == 0
