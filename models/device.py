"""Devices as data: the measured primitive costs, memories and boot of one board, read from a JSON file.

Files keep the figures as they were measured or published (joules, clock cycles, counts of processor operations);
reading resolves them exactly and rounds each primitive up once. Energy and time come each from their own figures.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any, Final

from ischedule.models.cost import Cost, Effort, LinearCost, PerOrder
from ischedule.models.errors import InputError, InvalidValue
from ischedule.models.quantities import ENERGY, FREQUENCY, MEMORY, TIME, Dimension, Rounding, parse, to_integer
from ischedule.models.schema import check_shape
from ischedule.models.strict_json import key_path, parse_json, read_json

_PACKAGE: Final = "ischedule.models.devices"
_SUFFIX: Final = ".json"
_CYCLES: Final = re.compile(r"\s*(\S*)\s*cycles?\s*")


@dataclass(frozen=True)
class Device:
    """What one board takes for each primitive that a kernel is made of.

    `mac_step` is the processor work beside each vector multiply-accumulate, `tile` that of each tile, `pool_step` that
    of each value a pooling layer reads, `add_step` that of each value an add layer reads, `activation_step` and
    `softmax_step` that of each result such a function makes; None is a figure that the device does not state. The
    `fetch_...` and `store_...` costs are the addressing of one command and come on top of the transfer itself; those
    that depend on the loop order are indexed by the reused operand.
    """

    name: str
    title: str
    sources: tuple[tuple[str, str], ...]
    word_bytes: int
    volatile_memory: int
    nonvolatile_memory: int
    boot: Effort
    read: LinearCost
    write: LinearCost
    mac: LinearCost
    vector_multiple: int
    record_words: int
    fetch_input: Cost
    fetch_weight: Cost
    fetch_output: PerOrder
    store_output: PerOrder
    mac_step: Cost
    tile: Cost
    pool_step: Cost
    add_step: Cost | None = None
    activation_step: Cost | None = None
    softmax_step: Cost | None = None
    endurance: int | None = None
    """How often a byte of non-volatile memory can be written before it fails, None where that is not stated."""


def built_in_devices() -> list[str]:
    """The names of the devices that come with the package."""
    files = (entry.name for entry in resources.files(_PACKAGE).iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX))


def load_device(
    reference: str | Path | Mapping[str, object],
    base_dir: Path | None = None,
    source: str = "device",
    path: str = "$",
) -> Device:
    """The device that a reference stands for: a built-in name, a file, `{"path": file}`, or the device's own content.

    `base_dir` is where relative file names start; `source` and `path` say where the reference itself stands.
    """
    if isinstance(reference, Path):
        return _from_file(reference)
    if isinstance(reference, str):
        return _built_in(reference, source, path)
    if set(reference) == {"path"} and isinstance(reference["path"], str):
        return _from_file((base_dir or Path()) / reference["path"])
    return _Reader(reference, source, path).device()


def _from_file(file: Path) -> Device:
    return _Reader(read_json(str(file)), str(file), "$").device()


def _built_in(name: str, source: str, path: str) -> Device:
    known = built_in_devices()
    if name not in known:
        remedy = f'write one of {", ".join(known)}, or {{"path": "FILE"}}'
        raise InputError(source, path, name, "is no built-in device", remedy)
    file = name + _SUFFIX
    return _Reader(parse_json((resources.files(_PACKAGE) / file).read_bytes(), file), file, "$").device()


class _Reader:
    """One device document being resolved: remembers where it stands, its clock and its operations."""

    def __init__(self, document: object, source: str, path: str) -> None:
        check_shape(document, source, path, "device")
        assert isinstance(document, Mapping)
        self.document: Mapping[str, Any] = document
        self.source = source
        self.path = path
        self.clock: Fraction | None = None
        if "clock" in document:
            self.clock = self._quantity(document["clock"], FREQUENCY, ".clock")
            if self.clock == 0:
                raise self._error(".clock", document["clock"], "is no clock", 'write for example "16 MHz"')
        self.operations = {
            name: self._figures(cost, f".operations{key_path(name)}")
            for name, cost in document.get("operations", {}).items()
        }

    def _error(self, path: str, value: object, problem: str, remedy: str) -> InputError:
        return InputError(self.source, self.path + path, value, problem, remedy)

    def _quantity(self, text: object, dimension: Dimension, path: str) -> Fraction:
        try:
            return parse(text, dimension)
        except InvalidValue as error:
            raise error.located(self.source, self.path + path) from None

    def _bytes(self, key: str, least: int = 0) -> int:
        text = self.document[key]
        size = self._quantity(text, MEMORY, key_path(key))
        if size.denominator != 1 or size < least:
            raise self._error(
                key_path(key), text, "is no possible number of bytes", f"write a whole number from {least} B"
            )
        return int(size)

    def _time(self, text: str, path: str) -> Fraction:
        """Seconds, from a time or from clock cycles."""
        cycles = _CYCLES.fullmatch(text)
        if cycles is None:
            return self._quantity(text, TIME, path)
        if self.clock is None:
            raise self._error(path, text, "counts cycles of an unknown clock", 'add "clock", for example "16 MHz"')
        try:
            return parse(f"{cycles.group(1)} Hz", FREQUENCY) / self.clock
        except InvalidValue:
            remedy = 'write for example "12 cycles"'
            raise self._error(path, text, "is no possible number of cycles", remedy) from None

    def _figures(self, cost: Mapping[str, str], path: str) -> tuple[Fraction, Fraction]:
        """Joules and seconds."""
        return self._quantity(cost["energy"], ENERGY, f"{path}.energy"), self._time(cost["time"], f"{path}.time")

    def _linear(self, key: str) -> LinearCost:
        parts = self.document[key]
        per_element, fixed = (
            Cost.of(*self._figures(parts[part], f".{key}.{part}")) for part in ("per_element", "fixed")
        )
        return LinearCost(per_element, fixed)

    def _work(self, work: str | Mapping[str, int], column: int, path: str) -> Fraction:
        """Joules (column 0) or seconds (column 1) of a measured figure or of counted operations."""
        if isinstance(work, str):
            return self._time(work, path) if column else self._quantity(work, ENERGY, path)
        total = Fraction(0)
        for name, count in work.items():
            if name not in self.operations:
                remedy = f"write one of {', '.join(self.operations)}" if self.operations else 'add it to "operations"'
                raise self._error(path + key_path(name), count, "counts an unknown operation", remedy)
            total += count * self.operations[name][column]
        return total

    def _steps(self, steps: list[Mapping[str, Any]], path: str) -> Cost:
        joules = seconds = Fraction(0)
        for index, step in enumerate(steps):
            joules += self._work(step["energy"], 0, f"{path}[{index}].energy")
            seconds += self._work(step["time"], 1, f"{path}[{index}].time")
        return Cost.of(joules, seconds)

    def _named_steps(self, key: str) -> Cost:
        return self._steps(self.document[key], key_path(key))

    def _optional_steps(self, key: str) -> Cost | None:
        return self._named_steps(key) if key in self.document else None

    def _per_order(self, key: str) -> PerOrder:
        orders = self.document[key]
        return PerOrder(*(self._steps(orders[order], f".{key}.{order}") for order in ("input", "weight", "output")))

    def device(self) -> Device:
        """The resolved device."""
        document = self.document
        joules, seconds = self._figures(document["boot"], ".boot")
        return Device(
            name=document["name"],
            title=document.get("title", document["name"]),
            sources=tuple(document.get("sources", {}).items()),
            word_bytes=self._bytes("word", 1),
            volatile_memory=self._bytes("volatile_memory"),
            nonvolatile_memory=self._bytes("nonvolatile_memory"),
            boot=Effort(to_integer(joules, ENERGY, Rounding.UP), to_integer(seconds, TIME, Rounding.UP)),
            read=self._linear("read"),
            write=self._linear("write"),
            mac=self._linear("multiply_accumulate"),
            vector_multiple=document["vector_multiple"],
            record_words=document["record_words"],
            fetch_input=self._named_steps("fetch_input"),
            fetch_weight=self._named_steps("fetch_weight"),
            fetch_output=self._per_order("fetch_output"),
            store_output=self._per_order("store_output"),
            mac_step=self._named_steps("mac_step"),
            tile=self._named_steps("tile"),
            pool_step=self._named_steps("pool_step"),
            add_step=self._optional_steps("add_step"),
            activation_step=self._optional_steps("activation_step"),
            softmax_step=self._optional_steps("softmax_step"),
            endurance=document.get("endurance"),
        )
