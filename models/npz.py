"""Arrays of integers in a `.npz` file: a zip archive with one `.npy` for each, read and written without numpy.

What a file declares is known before anything of it is unpacked, and nothing but integers is ever made of it: neither a
pickled object nor a bomb gets any further than its header.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate, product
from math import prod
from operator import mul
from typing import Final, Literal, NoReturn

from ischedule.models.errors import MISSING, InputError

TYPES: Final = {
    "|i1": "int8",
    "<i2": "int16",
    "<i4": "int32",
    "<i8": "int64",
    "|u1": "uint8",
    "<u2": "uint16",
    "<u4": "uint32",
    "<u8": "uint64",
}
"""Types of integers, least byte first, by the name that files use for them."""

_CODES: Final = {name: code for code, name in TYPES.items()}
_MAGIC: Final = b"\x93NUMPY"
_MOST_HEADER: Final = 1024
_HEADER: Final = re.compile(
    r"\{'descr': *'(?P<type>[^']{1,20})', *'fortran_order': *(?P<fortran>True|False), *"
    r"'shape': *\((?P<shape>(?:\d{1,10}(?:, *\d{1,10}){0,31})?),?\),? *\} *\n?"
)
_STORED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 1
_FAULTS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What the modules of Python raise for archives that are none."""


@dataclass(frozen=True, slots=True)
class ArrayKind:
    """The type of an array's numbers, and how many there are along each axis."""

    type: str
    shape: tuple[int, ...]

    @property
    def item_bytes(self) -> int:
        """Bytes of one number."""
        return int(_CODES[self.type][2])

    @property
    def bytes(self) -> int:
        """Bytes of all."""
        return prod(self.shape) * self.item_bytes

    def __str__(self) -> str:
        return (
            f"{self.type} of {' x '.join(map(str, self.shape))}" if self.shape else f"one {self.type} without an axis"
        )


Arrays = Mapping[str, tuple[ArrayKind, bytes]]
"""Arrays by name: what they are, and their bytes with the last axis running fastest."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where an array stands in the archive, how long its header is, and whether the first axis runs fastest."""

    info: zipfile.ZipInfo
    kind: ArrayKind
    header: int
    reversed: bool


class Npz:
    """The arrays of a file: what they are is known at once, their contents are unpacked one by one."""

    def __init__(self, data: bytes, source: str) -> None:
        self._source = source
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
            infos = self._archive.infolist()
        except _FAULTS as error:
            self._refuse("$", f"is no .npz file ({error})")
        self._entries: dict[str, _Entry] = {}
        for info in infos:
            name = info.filename.removesuffix(".npy")
            if name in self._entries:
                self._refuse(name, "stands there twice")
            self._entries[name] = self._entry(name, info)

    @property
    def kinds(self) -> dict[str, ArrayKind]:
        """What the arrays are, by name."""
        return {name: entry.kind for name, entry in self._entries.items()}

    def content(self, name: str) -> bytes:
        """The numbers of an array, the last axis running fastest."""
        entry = self._entries[name]
        size = entry.header + entry.kind.bytes
        data = self._unpacked(name, entry.info, size)
        if len(data) != size:
            self._refuse(name, f"holds {len(data)} B where its header says {size} B")
        body = data[entry.header :]
        return _turned(body, entry.kind) if entry.reversed else body

    def _entry(self, name: str, info: zipfile.ZipInfo) -> _Entry:
        if not info.filename.endswith(".npy"):
            self._refuse(info.filename, "is no array")
        if info.flag_bits & _ENCRYPTED or info.compress_type not in _STORED:
            self._refuse(name, "is encrypted, or packed in a way that numpy does not use")
        head = self._unpacked(name, info, _MOST_HEADER)
        if len(head) < 12 or head[:6] != _MAGIC or head[6] not in (1, 2, 3):
            self._refuse(name, "is no .npy file")
        begin = 10 if head[6] == 1 else 12
        end = begin + int.from_bytes(head[8:begin], "little")
        found = _HEADER.fullmatch(head[begin:end].decode("latin-1")) if end <= len(head) else None
        if found is None or found["type"] not in TYPES:
            what = "has a header that is none" if found is None else f"is an array of {found['type']}"
            self._refuse(name, f"{what}, and only integers are read, least byte first")
        shape = tuple(map(int, found["shape"].split(","))) if found["shape"] else ()
        entry = _Entry(info, ArrayKind(TYPES[found["type"]], shape), end, found["fortran"] == "True")
        if info.file_size != end + entry.kind.bytes:
            self._refuse(name, f"is {info.file_size} B long, and {entry.kind} with its header is another length")
        return entry

    def _unpacked(self, name: str, info: zipfile.ZipInfo, most: int) -> bytes:
        """At most so many bytes from the beginning of an entry; read to its end, its checksum has to be right."""
        try:
            with self._archive.open(info) as stream:
                return stream.read(most)
        except _FAULTS as error:
            self._refuse(name, f"cannot be unpacked ({error})")

    def _refuse(self, name: str, problem: str) -> NoReturn:
        remedy = "write the file with numpy.savez, from arrays of integers"
        raise InputError(self._source, name, MISSING, problem, remedy) from None


def _turned(body: bytes, kind: ArrayKind) -> bytes:
    """The numbers with the last axis running fastest, from those with the first one."""
    if len(kind.shape) < 2:
        return body
    *steps, stride = accumulate(kind.shape[:-1], mul, initial=1)
    view = memoryview(body).cast(_UNITS[kind.item_bytes])
    places = product(*map(range, kind.shape[:-1]))
    return b"".join(view[sum(map(mul, place, steps)) :: stride].tobytes() for place in places)


_UNITS: Final[dict[int, Literal["B", "H", "I", "Q"]]] = {1: "B", 2: "H", 4: "I", 8: "Q"}
"""Numbers of so many bytes, as `memoryview` names them."""


def dump_npz(arrays: Arrays) -> bytes:
    """The file of some arrays; the same arrays give the same bytes."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(arrays):
            kind, body = arrays[name]
            info = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, _header(kind) + body)
    return into.getvalue()


def _header(kind: ArrayKind) -> bytes:
    shape = f"({kind.shape[0]},)" if len(kind.shape) == 1 else f"({', '.join(map(str, kind.shape))})"
    text = f"{{'descr': '{_CODES[kind.type]}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return _MAGIC + b"\x01\x00" + len(text).to_bytes(2, "little") + text.encode("ascii")
