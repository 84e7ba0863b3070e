"""The released loop nest walked job by job, with nothing shared with the code that counts it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

WORD = 2


@dataclass(frozen=True)
class Shape:
    """A convolution without padding, at stride 1."""

    rows: int
    columns: int
    outputs: int
    inputs: int
    kernel_rows: int
    kernel_columns: int


@dataclass
class Tally:
    """What has been moved and computed so far; ``cycles`` of the accelerator hidden behind writes."""

    reads: int = 0
    words_read: int = 0
    writes: int = 0
    words_written: int = 0
    products: int = 0
    cycles: float = 0.0
    jobs: list[str] = field(default_factory=list)

    def read(self, words: int) -> None:
        self.reads += 1
        self.words_read += words
        self.cycles += 424 + 64 * words

    def write(self, words: int) -> float:
        self.writes += 1
        self.words_written += words
        return 422.2 + 64 * words


def weight_tiles(shape: Shape) -> Iterator[tuple[list[tuple[int, int]], int, int, bool, bool]]:
    """The pixels, output and input channels of each weight tile, and whether it is first and last of its results."""
    for r in range(0, shape.rows, 4):
        for c in range(0, shape.columns, 4):
            for m in range(0, shape.outputs, 8):
                for n in range(0, shape.inputs, 8):
                    for kr in range(shape.kernel_rows):
                        for kc in range(shape.kernel_columns):
                            pixels = [
                                (y, x)
                                for y in range(r, min(r + 4, shape.rows))
                                for x in range(c, min(c + 4, shape.columns))
                            ]
                            first = n == 0 and kr == 0 and kc == 0
                            last = n + 8 >= shape.inputs and (kr, kc) == (
                                shape.kernel_rows - 1,
                                shape.kernel_columns - 1,
                            )
                            outputs, inputs = min(8, shape.outputs - m), min(8, shape.inputs - n)
                            yield pixels, outputs, inputs, first, last


def markers(channels: int, granularity: int) -> int:
    """One after every so many channels, also after the last ones."""
    return sum(1 for channel in range(channels) if (channel + 1) % granularity == 0 or channel == channels - 1)


def even(length: int) -> int:
    return length + length % 2


def fetch_weights(tally: Tally, outputs: int, inputs: int) -> None:
    for _ in range(inputs):
        tally.read(outputs)
    tally.jobs.append("a fetch of weights")


def multiply_cycles(rows: int, columns: int) -> float:
    return 600 + columns * (16 + 1.5 * rows)


def walk_hawaii(shape: Shape, granularity: int, *, overlapped: bool) -> Tally:
    """A 4-byte counter after every group of results."""
    tally = Tally()

    def kept(outputs: int) -> float:
        time = 0.0
        for start in range(0, outputs, granularity):
            time += tally.write(min(granularity, outputs - start))
            time += tally.write(2)
        return time

    for pixels, outputs, inputs, first, _ in weight_tiles(shape):
        fetch_weights(tally, outputs, inputs)
        for _ in pixels:
            tally.read(inputs)
            tally.products += inputs * outputs
            spend(tally, multiply_cycles(inputs, outputs), kept(outputs), overlapped)
            tally.jobs.append("a multiplication")
        for _ in pixels:
            if first:
                tally.cycles += tally.write(outputs) + tally.write(2)
            else:
                tally.read(outputs)
                spend(tally, 600 + 1.5 * even(outputs), kept(outputs), overlapped)
            tally.jobs.append("an addition")
    return tally


def walk_japari(shape: Shape, granularity: int, *, overlapped: bool) -> Tally:
    """Markers in further channels; the input has them too."""
    tally = Tally()
    for pixels, outputs, inputs, first, _ in weight_tiles(shape):
        fetch_weights(tally, outputs, inputs)
        channels = outputs + markers(outputs, granularity)
        rows = inputs + 2 if inputs % 2 == 0 else inputs + 1
        for _ in pixels:
            tally.read(inputs + markers(inputs, granularity))
            tally.products += rows * even(channels)
            spend(tally, multiply_cycles(rows, even(channels)), tally.write(channels), overlapped)
            tally.jobs.append("a multiplication")
        for _ in pixels:
            if first:
                tally.cycles += tally.write(channels)
            else:
                tally.read(channels)
                spend(tally, 600 + 1.5 * even(channels), tally.write(even(channels)), overlapped)
            tally.jobs.append("an addition")
    return tally


def spend(tally: Tally, accelerator: float, writing: float, overlapped: bool) -> None:
    tally.cycles += max(accelerator, writing) if overlapped else accelerator + writing
