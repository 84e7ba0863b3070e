"""What the commands take that published runtimes are made of: transfers, accelerator commands, processor operations.

Transfers and vector operations are the device's own figures, with the addressing that its kernels pay for. What a
device file does not say is known for one family of devices, and is read from the figures at hand for others:

    matrix command    an accelerator that multiplies a vector by a matrix pays its overhead once, and little for each
                      result; elsewhere each result is a vector operation of its own
    processor         one multiplication and one addition
    index memory      where loop indices live: byte-addressable internal memory, elsewhere the non-volatile memory
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ischedule.models.cost import Cost
from ischedule.models.device import Device

FAMILY: Final = "msp430fr5994-lea"
"""Devices whose names begin with this have the figures below; clock 16 MHz."""

_NANO: Final = Fraction(1, 10**9)
CYCLE: Final = Fraction(1, 16 * 10**6)
_ACTIVE: Final = Fraction(118 * 16 * 3, 10**6)
"""Watt: 118 uA per MHz (data sheet SLASE54) at 16 MHz; 3 V are assumed."""

RESULT_CYCLES: Final = 16
"""Cycles of a matrix command for each result, besides 1.5 for each product (SLAA698B, as Stateful-CNN quotes it)."""

ADD: Final = Cost.of(Fraction("3.936") * _NANO, 12 * CYCLE)
MULTIPLY: Final = Cost.of(Fraction("19.253") * _NANO, 44 * CYCLE)
"""Processor operations as iNAS measured them (microbench_measurements.py at 18bb84e)."""

FRAM_READ: Final = Cost.of(Fraction("10.26") * _NANO, Fraction("10.26") * _NANO / _ACTIVE)
FRAM_WRITE: Final = Cost.of(Fraction("9.6") * _NANO, Fraction("9.6") * _NANO / _ACTIVE)
"""The processor moves a word from or to internal FRAM: energies of the TiNAS profile (16e5c14); times follow from the
active power, since none are published."""

FRAM_DMA: Final = Cost.of(_ACTIVE * 3 * CYCLE, 3 * CYCLE)
"""A word moved by the DMA controller: an estimate of 3 cycles (2, and 1 wait state) at the active power."""

PACE_CYCLES: Final = 6
"""HAWAII moves an output every 6 cycles and one more for each tap (timer A1, CCR0)."""


@dataclass(frozen=True)
class Internal:
    """Internal non-volatile memory, word by word: through the processor, and through the DMA controller."""

    read: Cost
    write: Cost
    dma: Cost


NOTHING: Final = Cost(0, 0)


@dataclass(frozen=True)
class Figures:
    """The commands of one device. Counts of transfers are in its words.

    A matrix command takes its ``overhead``, what each product takes, and a ``result`` for each of its results; an
    ``addition`` is what a command takes that adds vectors, besides its elements.
    """

    device: Device
    overhead: Cost
    result: Cost
    addition: Cost
    internal: Internal | None
    cpu_multiply: Cost
    cpu_add: Cost

    @property
    def word(self) -> int:
        """Bytes of a word."""
        return self.device.word_bytes

    def even(self, length: int) -> int:
        """The length of a vector that the accelerator works on."""
        return -(-length // self.device.vector_multiple) * self.device.vector_multiple

    def matrix(self, inputs: int, results: int) -> Cost:
        """A vector by a matrix."""
        each = self.result + self.device.mac.per_element.times(inputs)
        return self.overhead + each.times(results)

    def vector(self, length: int) -> Cost:
        """An addition of two vectors, which is one command and makes no sum."""
        return self.addition + self.device.mac.per_element.times(length)

    def product(self, length: int) -> Cost:
        """One sum of products, the vector operation that devices state."""
        return self.device.mac.of(length) + self.device.mac_step

    @property
    def local_read(self) -> Cost:
        """A word read by the processor: from internal memory, or by a command of its own."""
        return self.device.read.of(1) if self.internal is None else self.internal.read

    @property
    def local_write(self) -> Cost:
        """A word written by the processor."""
        return self.device.write.of(1) if self.internal is None else self.internal.write

    def fetched(self, words: int) -> Cost:
        """A vector read from where values live."""
        return self.device.read.of(words) if self.internal is None else self.internal.dma.times(words)

    def stored(self, words: int) -> Cost:
        """A vector written there."""
        return self.device.write.of(words) if self.internal is None else self.internal.dma.times(words)


def figures_of(device: Device, *, matrix_commands: bool = True) -> Figures:
    """The figures of a device of the known family, or what follows from those of any other."""
    if not device.name.startswith(FAMILY):
        step = device.mac.of(1) + device.mac_step
        each = device.mac.fixed + device.mac_step
        return Figures(device, NOTHING, each, each, None, step, device.add_step or step)
    fixed, internal = device.mac.fixed, Internal(FRAM_READ, FRAM_WRITE, FRAM_DMA)
    if not matrix_commands:
        each = fixed + device.mac_step
        return Figures(device, NOTHING, each, each, internal, MULTIPLY, ADD)
    share = RESULT_CYCLES * CYCLE * 10**21 / fixed.time if fixed.time else Fraction(0)
    result = Cost(int(fixed.energy * share), int(fixed.time * share))
    overhead = Cost(fixed.energy - result.energy, fixed.time - result.time) + device.mac_step
    return Figures(device, overhead, result, overhead, internal, MULTIPLY, ADD)
