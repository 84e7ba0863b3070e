"""Files of arrays: what numpy writes is read, what is written numpy reads, and anything else is refused in one line."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ischedule.models.errors import InputError
from ischedule.models.npz import TYPES, ArrayKind, Arrays, Npz, dump_npz

Array = np.ndarray[Any, Any]


def saved(arrays: dict[str, Array], *, packed: bool = False) -> bytes:
    """The file that numpy writes."""
    into = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(into, **arrays)  # type: ignore[arg-type]
    return into.getvalue()


def opened(data: bytes) -> Arrays:
    file = Npz(data, "mine.npz")
    return {name: (kind, file.content(name)) for name, kind in file.kinds.items()}


def as_arrays(found: Arrays) -> dict[str, Array]:
    return {name: np.frombuffer(body, kind.type).reshape(kind.shape) for name, (kind, body) in found.items()}


@st.composite
def some_arrays(draw: st.DrawFn) -> dict[str, Array]:
    """Arrays of any type and shape, some of them with the first axis running fastest."""
    found = {}
    for name in draw(st.lists(st.sampled_from(["a", "conv/weights", "ä b/c", "x/y/z"]), unique=True, max_size=3)):
        shape = tuple(draw(st.lists(st.integers(0, 4), max_size=4)))
        limits = np.iinfo(draw(st.sampled_from(sorted(TYPES.values()))))
        random = np.random.default_rng(draw(st.integers(0, 99)))
        array = random.integers(limits.min, limits.max, shape, limits.dtype, endpoint=True)
        found[name] = np.asfortranarray(array) if draw(st.booleans()) else array
    return found


@given(some_arrays(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_what_numpy_writes_is_read(arrays: dict[str, Array], packed: bool) -> None:
    found = as_arrays(opened(saved(arrays, packed=packed)))
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@given(some_arrays())
@settings(max_examples=100, deadline=None)
def test_what_is_written_numpy_reads(arrays: dict[str, Array]) -> None:
    held = {name: (ArrayKind(one.dtype.name, one.shape), one.tobytes("C")) for name, one in arrays.items()}
    data = dump_npz(held)
    assert data == dump_npz(dict(reversed(list(held.items()))))
    with np.load(io.BytesIO(data), allow_pickle=False) as read:
        assert sorted(read) == sorted(arrays)
        for name, array in arrays.items():
            assert read[name].dtype == array.dtype
            np.testing.assert_array_equal(read[name], array)
    assert opened(data) == held


PLAIN = {"a": np.arange(6, dtype=np.int16).reshape(2, 3)}


def entry(body: bytes, name: str = "a.npy", **fields: object) -> bytes:
    """An archive with one entry."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        info = zipfile.ZipInfo(name)
        for field, value in fields.items():
            setattr(info, field, value)
        archive.writestr(info, body)
    return into.getvalue()


def npy(header: str, body: bytes = b"") -> bytes:
    """An array with a header of one's own."""
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + body


def twice() -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        archive.writestr("a.npy", npy(INT8, b"1"))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.npy", npy(INT8, b"2"))
    return into.getvalue()


def wrong_checksum(numbers: int) -> bytes:
    """An array whose last number was changed."""
    array = np.arange(numbers, dtype=np.int16)
    data = saved({"a": array})
    place = data.index(array.tobytes()) + array.nbytes - 1
    return data[:place] + b"\x7f" + data[place + 1 :]


INT8 = "{'descr': '|i1', 'fortran_order': False, 'shape': (1,), }"
LARGE = "{'descr': '<i8', 'fortran_order': False, 'shape': (9999999999, 9999999999), }"

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", r"\$ = missing: is no .npz file"),
    "one array": (lambda: npy(INT8, b"1"), "is no .npz file"),
    "cut off": (lambda: saved(PLAIN)[:-40], "is no .npz file"),
    "reals": (lambda: saved({"a": np.ones(2)}), "a = missing: is an array of <f8, and only integers are read"),
    "booleans": (lambda: saved({"a": np.ones(2, bool)}), r"is an array of \|b1"),
    "most significant byte first": (lambda: saved({"a": np.ones(2, ">i2")}), "is an array of >i2"),
    "pickled": (lambda: saved({"a": np.array([{}], object)}), r"is an array of \|O"),
    "records": (lambda: saved({"a": np.zeros(2, [("x", "i2")])}), "has a header that is none"),
    "no array": (lambda: entry(b"text", "notes.txt"), "notes.txt = missing: is no array"),
    "no magic": (lambda: entry(b"\x93NUMPX\x01\x00" + npy(INT8, b"1")[8:]), "is no .npy file"),
    "an unknown version": (lambda: entry(b"\x93NUMPY\x09\x00" + npy(INT8, b"1")[8:]), "is no .npy file"),
    "an empty entry": (lambda: entry(b""), "is no .npy file"),
    "a header that runs on": (
        lambda: entry(b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + INT8.encode()),
        "header that is none",
    ),
    "code in the header": (lambda: entry(npy("__import__('os').abort()", b"1")), "has a header that is none"),
    "too few numbers": (lambda: entry(npy(INT8)), "is another length"),
    "too many numbers": (lambda: entry(npy(INT8, b"12")), "is another length"),
    "a shape that no memory holds": (lambda: entry(npy(LARGE, b"1")), "is another length"),
    "twice": (twice, "stands there twice"),
    "a wrong checksum": (lambda: wrong_checksum(6), "cannot be unpacked"),
    "a wrong checksum at the end": (lambda: wrong_checksum(9999), "cannot be unpacked"),
    "another packing": (
        lambda: entry(npy(INT8, b"1"), compress_type=zipfile.ZIP_BZIP2),
        "is encrypted, or packed in a way that numpy does not use",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_anything_else_is_refused(name: str) -> None:
    make, problem = REFUSED[name]
    data = make()
    with pytest.raises(InputError, match=problem) as caught:
        opened(data)
    assert str(caught.value).startswith("mine.npz: ")
    assert "\n" not in str(caught.value)


def test_an_encrypted_entry_is_refused() -> None:
    data = bytearray(saved(PLAIN))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InputError, match="is encrypted"):
        opened(bytes(data))


def test_a_bomb_is_not_unpacked_to_be_known() -> None:
    header = npy("{'descr': '|i1', 'fortran_order': False, 'shape': (20000000,), }")
    data = entry(header + bytes(20_000_000), compress_type=zipfile.ZIP_DEFLATED)
    assert len(data) < 30_000
    tracemalloc.start()
    try:
        assert Npz(data, "mine.npz").kinds == {"a": ArrayKind("int8", (20_000_000,))}
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


GOOD = (saved(PLAIN | {"b": np.asfortranarray(np.ones((3, 4), np.int8))}), saved(PLAIN, packed=True), dump_npz({}))


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_no_bytes_lead_to_anything_but_arrays_or_a_refusal(data: st.DataObject) -> None:
    changed = bytearray(data.draw(st.sampled_from(GOOD)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(changed) - 1))
        how = data.draw(st.sampled_from(["set", "cut", "drop", "repeat"]))
        if how == "set":
            changed[place] = data.draw(st.integers(0, 255))
        elif how == "cut":
            changed = changed[: max(place, 1)]
        elif how == "drop":
            changed = changed[:place] + changed[place + data.draw(st.integers(1, 9)) :] or bytearray(1)
        else:
            changed = changed[:place] * 2 + changed[place:]
    try:
        found = opened(bytes(changed))
    except InputError as error:
        found, said = {}, str(error)
    else:
        said = ""
    assert "\n" not in said
    assert all(len(body) == kind.bytes for kind, body in found.values())
