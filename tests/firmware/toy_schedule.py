"""A schedule by hand for tests of boards: ten atoms in six power cycles, and what must come out of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ischedule.firmware.boards.outcome import Outcome
from ischedule.firmware.boards.source import RUNTIME, Firmware
from ischedule.firmware.boards.trace import Disorder, executed

HERE: Final = Path(__file__).parent / "toy"
DATA: Final = bytes(range(5, 13))
ATOMS: Final = 10
CYCLES: Final = [(5, [0]), (5, [1]), (5, [2]), (7, [3, 4]), (7, [5, 6]), (9, [7, 8, 9])]
"""The level of each power cycle and its atoms."""

HIGHEST: Final = 9
"""The level that the runtime waits for after a power cycle has failed a few times."""


def toy(*, trace: int = 0, runtime: Path = RUNTIME, **defines: str) -> Firmware:
    """The firmware; TOY_IN_PLACE="1" makes it overwrite what it reads."""
    sources = [*sorted(runtime.glob("isched*.c")), HERE / "schedule.c"]
    wanted = [path for path in sources if path.name in WANTED]
    return Firmware(wanted, [runtime, HERE], DATA, trace, defines)


WANTED: Final = ("isched.c", "isched_record.c", "isched_store_cell.c", "isched_store_log.c", "schedule.c")


def stages() -> list[bytes]:
    """What each atom makes, by the rule of the toy's atoms."""
    made = []
    data = list(DATA)
    for atom in range(ATOMS):
        data = [(data[i] * 3 + data[(i + 1) % 8] + atom) % 256 for i in range(8)]
        made.append(bytes(data))
    return made


def expected() -> bytes:
    """The output: what the last atom makes."""
    return stages()[-1]


def is_sound(outcome: Outcome) -> bool:
    """Whether the output is right and no power cycle that was published was run again."""
    try:
        done = executed(outcome.events)
    except Disorder:
        return False
    waited = all(level in (asked, HIGHEST) for (level, _), (asked, _) in zip(done, CYCLES, strict=False))
    atoms = [atoms for _, atoms in done] == [atoms for _, atoms in CYCLES]
    return outcome.is_right(expected()) and waited and atoms


def mutant(folder: Path, file: str, right: str, wrong: str) -> Path:
    """A copy of the runtime in `folder` in which one piece of text of one file is replaced."""
    folder.mkdir(parents=True)
    for path in RUNTIME.glob("*.[ch]"):
        text = path.read_text()
        if path.name == file:
            assert text.count(right) == 1, f"{file} no longer has the text that this mutant changes"
            text = text.replace(right, wrong)
        (folder / path.name).write_text(text)
    return folder
