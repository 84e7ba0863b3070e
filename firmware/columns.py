"""Columns of a table in C: each in the smallest integer type that fits, and a macro where all entries are equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_UNSIGNED = (("uint8_t", 1), ("uint16_t", 2), ("uint32_t", 4))
_SIGNED = (("int8_t", 1), ("int16_t", 2), ("int32_t", 4))
_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Column:
    """A name in C and its entries; ``name[i]`` is written ``NAME(i)``, whether it is an array or a constant."""

    name: str
    values: tuple[int, ...]

    @staticmethod
    def of(name: str, values: Sequence[int]) -> Column:
        """A column of at least one entry."""
        if not values:
            raise ValueError(f"column {name} has no entry")
        return Column(name, tuple(values))

    @property
    def is_constant(self) -> bool:
        """Whether no array is needed."""
        return len(set(self.values)) == 1

    @property
    def kind(self) -> tuple[str, int]:
        """The smallest type that holds every entry, and its bytes."""
        return integer_type(min(self.values), max(self.values))

    @property
    def bytes(self) -> int:
        """What it takes in read-only memory."""
        return 0 if self.is_constant else self.kind[1] * len(self.values)

    def text(self) -> str:
        """Its definition, and the macro that reads it."""
        macro = self.name.upper()
        if self.is_constant:
            return f"#define {macro}(i) {literal(self.values[0])}\n"
        kind = self.kind[0]
        return f"{array(kind, self.name, self.values)}#define {macro}(i) {self.name}[i]\n"


def integer_type(least: int, greatest: int) -> tuple[str, int]:
    """The smallest C type that holds all from the least to the greatest, and its bytes."""
    for kind, size in _SIGNED if least < 0 else _UNSIGNED:
        low, high = (-(1 << (8 * size - 1)), 1 << (8 * size - 1)) if least < 0 else (0, 1 << (8 * size))
        if low <= least and greatest < high:
            return kind, size
    raise ValueError(f"no integer of 32 bits holds both {least} and {greatest}")


def literal(value: int) -> str:
    """An integer constant whose type does not depend on the width of `int`."""
    if value < 0:
        return f"({value})" if value >= -(1 << 15) + 1 else f"({value + 1}L - 1)"
    return f"{value}U" if value < 1 << 16 else f"{value}UL"


def array(kind: str, name: str, values: Sequence[int]) -> str:
    """A constant array of one file, its entries as `literal` writes them."""
    return wrapped_array(f"static const {kind}", name, list(map(literal, values)))


def wrapped_array(kind: str, name: str, entries: Sequence[str]) -> str:
    """The definition of an array, its entries in lines that are not too long."""
    lines, line = [], "   "
    for entry in entries:
        if len(line) + len(entry) + 2 > _WIDTH:
            lines.append(line)
            line = "   "
        line += f" {entry},"
    body = "\n".join([*lines, line])
    return f"{kind} {name}[{len(entries)}] = {{\n{body}\n}};\n"
