"""What firmware reported while it ran on a board: see isched_trace.h for the lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_LINE: Final = re.compile(r"~([A-Z])((?: [^;~\n]*)?);")
DONE: Final = "done"
FAULT: Final = "fault"
HUNG: Final = "hung"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a report: its kind and its numbers."""

    kind: str
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: ``done``, ``fault``, ``hung``, or what the firmware did that no memory allows.

    ``boots`` counts the planned ones too, ``failures`` are the power failures that did happen. ``steps`` is how often
    the board's own measure of time went by since the last failure: instructions or stores.
    """

    end: str
    output: bytes
    boots: int
    events: tuple[Event, ...]
    steps: int = 0
    failures: int = 0

    def is_right(self, output: bytes) -> bool:
        """Whether the run came to its end with this output."""
        return self.end == DONE and self.output == output


def outcome_of(text: str, steps: int = 0) -> Outcome:
    """The outcome that a text reports, whatever stands between its lines."""
    end, output, boots, failures = HUNG, b"", 0, 0
    events = []
    for kind, rest in _LINE.findall(text):
        if kind == "O":
            output = bytes.fromhex(rest.strip())
        elif kind == "X":
            end = rest.strip()
        elif kind == "E" and end == HUNG:
            end = DONE
        elif kind == "F":
            end = FAULT
        elif kind == "Z":
            steps = int(rest, 16)
        elif kind == "H":
            end = HUNG
        elif kind == "P":
            failures += 1
        elif kind == "B":
            boots += 1
            events.append(Event("B"))
        else:
            events.append(Event(kind, tuple(int(number, 16) for number in rest.split())))
    return Outcome(end, output, boots, tuple(events), steps, failures)
