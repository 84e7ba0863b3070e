"""A network on each board: the executor's output bit by bit wherever power fails, and what is run is the plan."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from ischedule.analysis.layout_check import side_by_side
from ischedule.firmware.boards import cortex_m, host, msp430
from ischedule.firmware.boards.outcome import Event, Outcome
from ischedule.firmware.boards.trace import executed
from ischedule.models.build import program_of
from ischedule.models.layout import layout_of
from ischedule.models.program import Program
from ischedule.models.storage import Slot
from tests.firmware.small_network import Solved, solved
from tests.firmware.tools import need

WIDTHS = ("int8", "int16")
TOOLS = ("gcc", "objcopy", "clang", "ld.lld", "llvm-nm", "mspdebug", "arm-none-eabi-gcc", "qemu-system-arm")


@pytest.fixture(params=WIDTHS)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Solved:
    """The small network with words of a width."""
    need(*TOOLS)
    return solved(request.param)


def require_sound(network: Solved, outcomes: Iterable[Outcome]) -> None:
    """The executor's output, from the atoms of the plan in the power cycles of the plan."""
    count = 0
    for one in outcomes:
        assert one.end == "done"
        assert one.output == network.output
        cycles = [atoms for _, atoms in executed(one.events)]
        assert [len(atoms) for atoms in cycles] == network.cycles
        assert [atom for atoms in cycles for atom in atoms] == list(range(sum(network.cycles)))
        count += 1
    assert count


def test_on_the_computer(network: Solved, tmp_path: Path) -> None:
    program = host.build(network.firmware(tmp_path / "c"), tmp_path)
    alone = host.run(program, [[]])[0]
    assert alone.boots == len(network.cycles) + 1 > 6
    runs = [[host.Failure(step), host.Failure(step % 5 + 1)] for step in range(1, alone.steps + 1)]
    require_sound(network, [alone, *host.run(program, runs, bus=host.ANY_ORDER)])


def test_on_a_cortex_m(network: Solved, tmp_path: Path) -> None:
    program = cortex_m.build(network.firmware(tmp_path / "c"), tmp_path)
    alone = cortex_m.run(program, [[]])[0]
    assert alone.boots == len(network.cycles) + 1
    runs = [[cortex_m.Failure(step)] for step in range(1, alone.steps + 1)]
    require_sound(network, [alone, *cortex_m.run(program, runs, byte=0x5A)])
    require_sound(network, [cortex_m.kill(program, [cortex_m.Kill(alone.steps // 2), cortex_m.Kill(9)])])


def test_on_an_msp430(network: Solved, tmp_path: Path) -> None:
    elf = msp430.build(network.firmware(tmp_path / "c"), tmp_path)
    alone = msp430.run(elf, [[]])[0]
    assert alone.boots == len(network.cycles) + 1
    runs = [[msp430.Failure(step)] for step in range(10_007, alone.steps, alone.steps // 9)]
    require_sound(network, [alone, *msp430.run(elf, runs)])


def test_what_is_written_where_is_what_the_plan_says(network: Solved, tmp_path: Path) -> None:
    program = program_of(network.case)
    board = cortex_m.build(network.firmware(tmp_path / "c", trace=2), tmp_path)
    written = writes(cortex_m.run(board, [[]])[0].events)
    where = addresses(network, program)
    assert misplaced(network, program, written, where) == []
    assert untouched(network, program, written, where) == []
    swapped = dict(zip(where, reversed(where.values()), strict=True))
    assert misplaced(network, program, written, swapped) != []


Write = tuple[int, int, int]
"""The power cycle that writes, the first address, and the bytes."""


def writes(events: Iterable[Event]) -> list[Write]:
    """What power cycles write."""
    cycle = -1
    found = []
    for event in events:
        if event.kind == "C":
            cycle = event.numbers[0]
        elif event.kind == "W" and cycle >= 0:
            _, address, size = event.numbers
            found.append((cycle, address, size))
    return found


def addresses(network: Solved, program: Program) -> dict[Slot, int]:
    """Where the plan has its buffers."""
    assert network.file.plan is not None
    return dict(network.file.addresses) or dict(side_by_side(program, network.file.plan))


def misplaced(network: Solved, program: Program, written: list[Write], where: dict[Slot, int]) -> list[Write]:
    """Writes to the plan's memory that are in no buffer that lives and that a stage of the power cycle makes."""
    assert network.file.plan is not None
    assert program.storage is not None
    layout = layout_of(program, network.file.plan)
    end = max(where[slot] + buffer.size for slot, buffer in layout.buffers.items())
    wrong = []
    for cycle, address, size in written:
        running = [stage for stage, (first, last) in layout.cycles.items() if first <= cycle <= last]
        made = {program.storage.stages[stage].writes for stage in running}
        fits = any(
            where[slot] <= address and address + size <= where[slot] + buffer.size
            for slot, buffer in layout.buffers.items()
            if slot.tensor in made and buffer.first <= cycle <= buffer.last
        )
        if not fits and address < end:
            wrong.append((cycle, address, size))
    return wrong


def untouched(network: Solved, program: Program, written: list[Write], where: dict[Slot, int]) -> list[int]:
    """Addresses of tensors that a stage makes and that nothing is written to while they live."""
    assert network.file.plan is not None
    assert program.storage is not None
    layout = layout_of(program, network.file.plan)
    made = {program.storage.stages[stage].writes for stage in layout.cycles}
    missing = []
    for slot, buffer in layout.buffers.items():
        if slot.tensor in made and slot.region == 0:
            alive = [one for one in written if buffer.first <= one[0] <= buffer.last]
            bytes_written = {at for _, address, size in alive for at in range(address, address + size)}
            every = range(where[slot], where[slot] + buffer.size)
            missing += [at for at in every if at not in bytes_written]
    return missing
