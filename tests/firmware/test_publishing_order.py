"""In compiled firmware the store that publishes comes after all that it publishes, however much a compiler moves."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import pytest

from ischedule.firmware.boards import cortex_m, msp430
from ischedule.firmware.boards.tool import call
from tests.firmware.mutants import MUTANTS
from tests.firmware.tools import need
from tests.firmware.toy_schedule import CYCLES, DATA, is_sound, mutant, stages, toy

WHOLE_PROGRAM = ("-O2 -flto", "-Os -flto")
"""Nothing that a compiler could know is hidden in another file from it."""

STORE = "isched_store_cell.c"
RECORD = "isched_record.c"
KEEP = "isched_record_keep"


def sequence(listing: str, of: str = "isched_store_publish") -> str:
    """What a function does, in order: D barrier, C complete, W write, B read back, R record kept, H head kept.

    What it calls in the same file counts as if it were in line. A record has ten bytes, a head has two.
    """
    letters = {
        "isched_port_nv_complete": "C",
        "isched_port_nv_write": "W",
        "isched_port_nv_read": "B",
        "write_head": ".",
    }
    kept = {"10": "R", "2": "H"}
    functions: dict[str, str] = {}
    name = size = ""
    for line in listing.splitlines():
        if start := re.match(r"[0-9a-f]+ <(\w+)>:", line):
            name = start[1]
            functions[name] = ""
        elif re.search(r"\tdmb\b", line):
            functions[name] += "D"
        elif count := re.search(r"\tmovs?\t(?:#(\d+), r14|r2, #(\d+))", line):
            size = count[1] or count[2]
        elif target := re.search(r"R_\w+\s+(?:\.text\.)?(\w+)$", line):
            functions[name] += kept[size] if target[1] == KEEP else letters.get(target[1], "")
    return functions[of].replace(".", functions.get("write_head", ""))


def compiled(source: Path, optimise: str, target: str, out: Path) -> str:
    """The instructions of one file of the runtime."""
    boards = {
        "msp430": (["clang", "--target=msp430", "-ffreestanding"], ["llvm-objdump", "-dr"], msp430.PORT),
        "cortex-m": (["arm-none-eabi-gcc", *cortex_m.CPU], ["arm-none-eabi-objdump", "-dr"], cortex_m.PORT),
    }
    compiler, lister, port = boards[target]
    firmware = toy(runtime=source.parent)
    options = ["-std=c99", optimise, "-ffunction-sections", *firmware.folders(port)]
    call([*compiler, *options, "-c", str(source), "-o", str(out / "object.o")])
    return call([*lister, str(out / "object.o")])


ORDER = {"cortex-m": r"DC(RDHD)+", "msp430": r"C(RH)+"}
"""Data complete; a record kept, then the head; tried as often as the compiler unrolls."""


@pytest.mark.parametrize("optimise", ["-Os", "-O2", "-O3"])
@pytest.mark.parametrize("target", sorted(ORDER))
def test_object_code_keeps_the_order_of_the_protocol(tmp_path: Path, target: str, optimise: str) -> None:
    need("clang", "llvm-objdump", "arm-none-eabi-gcc", "arm-none-eabi-objdump")
    source = toy().sources[0].parent / STORE
    assert re.fullmatch(ORDER[target], sequence(compiled(source, optimise, target, tmp_path)))


@pytest.mark.parametrize("optimise", ["-Os", "-O2", "-O3"])
@pytest.mark.parametrize("target", sorted(ORDER))
def test_what_is_kept_is_written_and_complete_before_it_is_read_back(
    tmp_path: Path, target: str, optimise: str
) -> None:
    need("clang", "llvm-objdump", "arm-none-eabi-gcc", "arm-none-eabi-objdump")
    source = toy().sources[0].parent / RECORD
    assert re.fullmatch(r"WCB+", sequence(compiled(source, optimise, target, tmp_path), KEEP))


@pytest.mark.parametrize("target", sorted(ORDER))
@pytest.mark.parametrize("name", ["head before record", "data not complete"])
def test_another_order_is_seen_in_object_code(tmp_path: Path, target: str, name: str) -> None:
    need("clang", "llvm-objdump", "arm-none-eabi-gcc", "arm-none-eabi-objdump")
    one = MUTANTS[name]
    source = mutant(tmp_path / "runtime", one.file, one.right, one.wrong) / STORE
    assert not re.fullmatch(ORDER[target], sequence(compiled(source, "-O2", target, tmp_path)))


def test_a_missing_barrier_is_seen_in_object_code(tmp_path: Path) -> None:
    need("arm-none-eabi-gcc", "arm-none-eabi-objdump")
    text = "    const head_t head = head_of(current);\n    uint8_t kept;\n    ISCHED_BARRIER();\n"
    source = mutant(tmp_path / "runtime", STORE, text, text.replace("    ISCHED_BARRIER();\n", "")) / STORE
    assert not re.fullmatch(ORDER["cortex-m"], sequence(compiled(source, "-O2", "cortex-m", tmp_path)))


@pytest.mark.parametrize("optimise", WHOLE_PROGRAM)
def test_a_cortex_m_optimised_as_one_program_survives_every_store(tmp_path: Path, optimise: str) -> None:
    need("gcc", "arm-none-eabi-gcc", "arm-none-eabi-nm", "qemu-system-arm")
    program = cortex_m.build(replace(toy(trace=1), optimise=optimise), tmp_path)
    stores = cortex_m.run(program, [[]])[0].steps
    outcomes = cortex_m.run(program, [[cortex_m.Failure(step)] for step in range(1, stores + 1)])
    assert all(is_sound(one) for one in outcomes)


HEAD = 0
BANK_BYTES = 10
BUFFERS = 32
"""Where the first buffer is, behind progress."""


WRITTEN = 1 + 1 + 2 * len(CYCLES) + 1
"""Heads: that the device is idle, that an inference begins, twice in each power cycle, and that the output is taken."""


def memories(elf: Path) -> list[bytes]:
    """FRAM from the head on, each time when the head has just been written, until the run ends."""
    names = msp430.symbols(elf)
    watched = [f"setwatch_w {names['isched_progress'] + HEAD} 1", f"setbreak {names['board_end']} 0"]
    steps = ["run", f"md {names['isched_progress']} 128"] * WRITTEN
    commands = [f"prog {elf}", "reset", *watched, *steps, "exit"]
    said = call(["mspdebug", "-q", "sim", *commands])
    rows = re.findall(r"^ {4}0[0-9a-f]{4}:((?: [0-9a-f]{2}){1,16}) *\|", said, re.MULTILINE)
    dumped = bytes.fromhex("".join(rows))
    assert len(dumped) == WRITTEN * 128
    return [dumped[at : at + 128] for at in range(0, len(dumped), 128)]


def is_whole(memory: bytes) -> bool:
    """Whether what the head publishes is there: its record, and the bytes of every atom up to its step."""
    sequence_number = memory[HEAD] & 3
    bank = HEAD + 2 + (sequence_number & 1) * BANK_BYTES
    record = memory[bank : bank + BANK_BYTES]
    step = int.from_bytes(record[4:6], "little")
    if zlib.crc32(record[:6], sequence_number) != int.from_bytes(record[6:10], "little"):
        return False
    if step > len(CYCLES):
        return step == len(CYCLES) + 1
    atoms = [0, *accumulate(len(atoms) for _, atoms in CYCLES)][step]
    return memory[BUFFERS : BUFFERS + (atoms + 1) * 8] == b"".join([DATA, *stages()[:atoms]])


@pytest.mark.parametrize("optimise", ["-Os", "-O2", *WHOLE_PROGRAM])
def test_an_msp430_has_written_all_that_it_publishes(tmp_path: Path, optimise: str) -> None:
    need("clang", "ld.lld", "llvm-nm", "mspdebug")
    elf = msp430.build(replace(toy(), optimise=optimise), tmp_path, ram=0x200)
    assert [is_whole(memory) for memory in memories(elf)] == [True] * WRITTEN


@pytest.mark.parametrize("name", ["head before data", "head before record"])
def test_an_msp430_that_publishes_too_early_is_seen(tmp_path: Path, name: str) -> None:
    need("clang", "ld.lld", "llvm-nm", "mspdebug")
    one = MUTANTS[name]
    runtime = mutant(tmp_path / "runtime", one.file, one.right, one.wrong)
    elf = msp430.build(toy(runtime=runtime), tmp_path, ram=0x200)
    assert not all(is_whole(memory) for memory in memories(elf))
