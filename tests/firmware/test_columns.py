"""Columns hold what they are given, in types that are no wider than need be."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.firmware.columns import Column, integer_type, literal
from tests.firmware.tools import need

LIMITS = {
    kind: (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    for bits in (8, 16, 32)
    for kind, signed in ((f"int{bits}_t", True), (f"uint{bits}_t", False))
}

WORDS = st.one_of(
    st.integers(0, (1 << 32) - 1), st.integers(-(1 << 31), (1 << 31) - 1), st.sampled_from([-(1 << 15), 1 << 16])
)


@given(st.lists(WORDS, min_size=1, max_size=8))
def test_the_smallest_type_that_holds_every_entry(values: list[int]) -> None:
    if min(values) < 0 and max(values) >= 1 << 31:
        with pytest.raises(ValueError, match="no integer of 32 bits"):
            integer_type(min(values), max(values))
        return
    kind, size = integer_type(min(values), max(values))
    least, greatest = LIMITS[kind]
    assert least <= min(values)
    assert max(values) <= greatest
    narrower = [
        (low, high) for name, (low, high) in LIMITS.items() if int("".join(filter(str.isdigit, name))) < 8 * size
    ]
    assert not any(low <= min(values) and max(values) <= high for low, high in narrower)


def test_a_column_without_entries_is_refused() -> None:
    with pytest.raises(ValueError, match="no entry"):
        Column.of("empty", [])


def test_equal_entries_are_a_macro() -> None:
    column = Column.of("isched_x", [7, 7, 7])
    assert column.bytes == 0
    assert "[" not in column.text()


SPREAD = [0, 1, 255, 256, 65535, 65536, (1 << 32) - 1, -1, -128, -129, -(1 << 15), -(1 << 15) - 1, -(1 << 31)]


def test_a_compiler_reads_what_was_written(tmp_path: Path) -> None:
    need("gcc")
    columns = [
        Column.of(f"column_{number}", values)
        for number, values in enumerate(
            [[value, 0, 1] for value in SPREAD] + [[value] * 2 for value in SPREAD] + [list(range(500, 900))]
        )
    ]
    getters = "\n".join(
        f"long long get_{number}(unsigned i) {{ (void)i; return (long long){column.name.upper()}(i); }}\n"
        f"unsigned bytes_{number}(void) {{ return {f'sizeof {column.name}' if column.bytes else '0'}; }}"
        for number, column in enumerate(columns)
    )
    source = tmp_path / "columns.c"
    source.write_text("#include <stdint.h>\n" + "".join(column.text() for column in columns) + getters)
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-shared", "-fPIC"]
    subprocess.run(["gcc", *flags, source, "-o", tmp_path / "columns.so"], check=True)
    library = ctypes.CDLL(str(tmp_path / "columns.so"))
    for number, column in enumerate(columns):
        get = library[f"get_{number}"]
        get.restype = ctypes.c_longlong
        assert tuple(get(i) for i in range(len(column.values))) == column.values
        assert library[f"bytes_{number}"]() == column.bytes


def test_literals_do_not_depend_on_the_width_of_int() -> None:
    assert literal(70000) == "70000UL"
    assert literal(-(1 << 31)) == "(-2147483647L - 1)"
