"""What a device's primitives cost, what every power cycle pays besides its atoms, and rows of priced atoms."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ischedule.models.tiling import Arithmetic, Extent, Order

Price = tuple[int, int]
"""Energy (or charge) and time."""


@dataclass(frozen=True, slots=True)
class Prices:
    """What the primitives of a device cost, addressing included.

    Sums, stored before they are results, and biases can be wider than words: each takes ``sum_words`` of them, and has
    prices of its own to be read and written.
    """

    read: Price
    write: Price
    read_sum: Price
    write_sum: Price
    input_command: Price
    weight_command: Price
    sums_command: dict[Order, Price]
    store_command: dict[Order, Price]
    multiply: Price
    multiply_command: Price
    tile: Price
    pool: Price
    multiple: int
    word_bytes: int
    sum_words: int = 1
    add: Price = (0, 0)
    softmax: Price = (0, 0)
    finish: Price = (0, 0)
    counts_tiles: bool = False
    """Whether tiles differ in something that these prices do not show."""
    each: Price = (0, 0)
    """What every atom pays besides."""
    last: Price = (0, 0)
    """What the last atom pays besides."""
    begin: Price = (0, 0)
    """What a cycle that starts with the first atom pays besides the ends that all cycles share."""
    inside: Price = (0, 0)
    """What one pays that starts with any other atom."""
    probe: Price = (0, 0)
    """What it pays besides for each further time that the number of atoms must be halved to come to one."""
    markers: int = 0
    """Values, as wide as sums, that stand behind the results of each pixel."""
    beside: int = 0
    """What a cycle that runs some atom drains at least besides its steps, what it fetches again and the shared ends."""

    @property
    def is_plain(self) -> bool:
        """Whether atoms pay for their steps alone, and all cycles the same ends."""
        return all(price == (0, 0) for price in (self.each, self.last, self.begin, self.inside))

    @property
    def of_steps(self) -> Prices:
        """The same, with nothing paid besides the steps of atoms."""
        if self.is_plain:
            return self
        return replace(self, each=(0, 0), last=(0, 0), begin=(0, 0), inside=(0, 0), probe=(0, 0), beside=0)

    def starts_inside(self, atoms: int) -> Price:
        """What a cycle pays besides that starts with another atom than the first of so many."""
        further = max(0, (atoms - 1).bit_length() - 1)
        return self.inside[0] + further * self.probe[0], self.inside[1] + further * self.probe[1]

    @property
    def sum_bytes(self) -> int:
        """Bytes of a sum."""
        return self.word_bytes * self.sum_words

    @property
    def wider(self) -> Price:
        """What storing a sum costs more than storing a result."""
        return self.write_sum[0] - self.write[0], self.write_sum[1] - self.write[1]

    def words_of(self, extent: Extent) -> int:
        """Words that each result takes in volatile memory, while it is a sum if it is one."""
        return self.sum_words if extent.adds_up else 1

    @property
    def tiles_are_free(self) -> bool:
        """Whether nothing is paid per tile."""
        return self.tile == (0, 0) and not self.counts_tiles

    def element(self, extent: Extent) -> Price:
        """The work for each result of a nest that multiplies nothing."""
        prices = {Arithmetic.POOL: self.pool, Arithmetic.ADD: self.add, Arithmetic.SOFTMAX: self.softmax}
        energy, time = prices.get(extent.arithmetic, (0, 0))
        return extent.steps * energy, extent.steps * time

    def finish_of(self, extent: Extent) -> Price:
        """What is done to each result of a nest before it is stored."""
        return self.finish if extent.finish else (0, 0)


@dataclass(frozen=True, slots=True)
class Ends:
    """What every power cycle pays besides its atoms: booting and reading the progress record, and writing it.

    ``record`` is what the record has in bytes.
    """

    resume: Price
    commit: Price
    record: int = 0


def padded(channels: int, multiple: int) -> int:
    """The length of a vector operation on this many channels."""
    return -(-channels // multiple) * multiple


@dataclass(frozen=True, slots=True)
class Row:
    """One pass of the innermost loop: its atoms, and what a cycle that starts inside it fetches again.

    ``start`` is what a cycle that starts with its first atom pays besides the ends that all cycles share; ``again``
    includes it for those that start inside.
    """

    atoms: list[Price]
    again: Price
    start: Price = (0, 0)
