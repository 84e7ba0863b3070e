"""Devices as data: the measured primitive costs, memories and boot of one board, read from a JSON file.

A file without `kind` is of a device that runs tiles of layers and states the primitives of which kernels are made,
processor work as counts of operations too. Another kind has a type of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any, Final

from ischedule.models.accelerator import AcceleratorReader, LayerAccelerator
from ischedule.models.cost import Cost, Effort, LinearCost, PerOrder
from ischedule.models.device_document import DeviceDocument
from ischedule.models.errors import InputError
from ischedule.models.quantities import ENERGY
from ischedule.models.strict_json import key_path, parse_json, read_json

_PACKAGE: Final = "ischedule.models.devices"
_SUFFIX: Final = ".json"


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


AnyDevice = Device | LayerAccelerator
"""What a device file describes."""


def built_in_devices() -> list[str]:
    """The names of the devices that come with the package."""
    files = (entry.name for entry in resources.files(_PACKAGE).iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX))


def load_device(
    reference: str | Path | Mapping[str, object],
    base_dir: Path | None = None,
    source: str = "device",
    path: str = "$",
) -> AnyDevice:
    """The device that a reference stands for: a built-in name, a file, `{"path": file}`, or the device's own content.

    `base_dir` is where relative file names start; `source` and `path` say where the reference itself stands.
    """
    if isinstance(reference, Path):
        return _from_file(reference)
    if isinstance(reference, str):
        return _built_in(reference, source, path)
    if set(reference) == {"path"} and isinstance(reference["path"], str):
        return _from_file((base_dir or Path()) / reference["path"])
    return _read(reference, source, path)


def _read(document: object, source: str, path: str) -> AnyDevice:
    if isinstance(document, Mapping) and "kind" in document:
        return AcceleratorReader(document, source, path).device()
    return _Reader(document, source, path).device()


def _from_file(file: Path) -> AnyDevice:
    return _read(read_json(str(file)), str(file), "$")


def _built_in(name: str, source: str, path: str) -> AnyDevice:
    known = built_in_devices()
    if name not in known:
        remedy = f'write one of {", ".join(known)}, or {{"path": "FILE"}}'
        raise InputError(source, path, name, "is no built-in device", remedy)
    file = name + _SUFFIX
    return _read(parse_json((resources.files(_PACKAGE) / file).read_bytes(), file), file, "$")


class _Reader(DeviceDocument):
    """One device document being resolved: remembers where it stands, its operations too."""

    def __init__(self, document: object, source: str, path: str) -> None:
        super().__init__(document, source, path, "device")
        self.operations = {
            name: self.figures(cost, f".operations{key_path(name)}")
            for name, cost in self.document.get("operations", {}).items()
        }

    def _work(self, work: str | Mapping[str, int], column: int, path: str) -> Fraction:
        """Joules (column 0) or seconds (column 1) of a measured figure or of counted operations."""
        if isinstance(work, str):
            return self.time(work, path) if column else self.quantity(work, ENERGY, path)
        total = Fraction(0)
        for name, count in work.items():
            if name not in self.operations:
                remedy = f"write one of {', '.join(self.operations)}" if self.operations else 'add it to "operations"'
                raise self.error(path + key_path(name), count, "counts an unknown operation", remedy)
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
        return Device(
            name=document["name"],
            title=document.get("title", document["name"]),
            sources=tuple(document.get("sources", {}).items()),
            word_bytes=self.size("word", 1),
            volatile_memory=self.size("volatile_memory"),
            nonvolatile_memory=self.size("nonvolatile_memory"),
            boot=self.effort(document["boot"], ".boot"),
            read=self.linear("read"),
            write=self.linear("write"),
            mac=self.linear("multiply_accumulate"),
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
