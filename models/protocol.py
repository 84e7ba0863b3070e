"""What publishing progress takes: one transfer of a record, as published models count, or what the runtime does.

The runtime that plans are emitted with looks at the head and its record when a power cycle begins, and counts the boot
in the head. It publishes by writing a record and then the head. What it has written it reads back. Each is a command of
its own.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ischedule.models.cost import Cost
    from ischedule.models.device import Device

RECORD_BYTES: Final = 12
"""A record of the runtime: plan, step, and a CRC, four bytes each (a step may take two)."""

HEAD_WRITES: Final = 2
"""How often the runtime writes the head in a power cycle: it counts the boot, and it publishes."""


class Protocol(Enum):
    """Whose transfers are counted."""

    RECORD = "record"
    RUNTIME = "runtime"

    def words(self, device: Device) -> int:
        """How long a record is, in words of the device."""
        return device.record_words if self is Protocol.RECORD else -(-RECORD_BYTES // device.word_bytes)

    def record_bytes(self, device: Device) -> int:
        """What the record takes in memory."""
        return self.words(device) * device.word_bytes

    def stored_bytes(self, device: Device, records: int) -> int:
        """What so many records take in memory, with what says which one counts."""
        return records * self.record_bytes(device) + (0 if self is Protocol.RECORD else device.word_bytes)

    def written_bytes(self, device: Device) -> int:
        """What a power cycle writes to publish its progress."""
        heads = 0 if self is Protocol.RECORD else HEAD_WRITES
        return self.record_bytes(device) + heads * device.word_bytes

    @property
    def writes_of_a_byte(self) -> int:
        """How often the byte that is written most is written in a power cycle."""
        return 1 if self is Protocol.RECORD else HEAD_WRITES

    def resuming(self, device: Device) -> Cost:
        """What finding the last published record takes."""
        read = device.read.of(self.words(device))
        return read if self is Protocol.RECORD else device.read.of(1) + read + _kept(device, 1)

    def committing(self, device: Device) -> Cost:
        """What publishing another one takes."""
        if self is Protocol.RECORD:
            return device.write.of(self.words(device))
        return _kept(device, self.words(device)) + _kept(device, 1)


def _kept(device: Device, words: int) -> Cost:
    """Writing words and reading them back."""
    return device.write.of(words) + device.read.of(words)
