"""The case: everything about one schedulability problem, read from a JSON file, and its hash.

Shape is decided by the published schema, meaning here and in `case_sections`. Whatever is wrong with the input becomes
one `InputError`. The hash is over the resolved case: device and tasks inlined, all quantities in internal integers, so
that two ways of writing the same problem have the same hash and two problems never do.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum, StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, TypeVar

from ischedule.models import case_network, case_options, case_sections
from ischedule.models.accelerator import LayerAccelerator
from ischedule.models.buffer import EnergyBuffer
from ischedule.models.case_buffer import energy_buffer
from ischedule.models.case_load import converter, load
from ischedule.models.case_numbers import network_numbers
from ischedule.models.case_tasks import task_columns
from ischedule.models.case_values import CaseValues
from ischedule.models.cost import Effort
from ischedule.models.demand import Coordinate
from ischedule.models.device import AnyDevice, load_device
from ischedule.models.draw import UNSTATED, Draw
from ischedule.models.errors import MISSING, InputError, InvalidValue
from ischedule.models.goal import PLAIN, Criterion
from ischedule.models.layer import NETWORK_INPUT, TensorShape
from ischedule.models.lowering import Lowered, lowered
from ischedule.models.network import LayerShape, Network
from ischedule.models.network_numbers import NetworkNumbers
from ischedule.models.power_path import Converter
from ischedule.models.preservation import Kind
from ischedule.models.protocol import Protocol
from ischedule.models.quantities import MEMORY, POWER, TIME, Interval, Rounding, show_exact
from ischedule.models.schema import check_shape
from ischedule.models.strict_json import STANDARD_INPUT, parse_json, read_json
from ischedule.models.supply import Supply
from ischedule.models.tasks import TaskColumns
from ischedule.models.wake import Mechanism, Start, Until, Wake
from ischedule.models.while_running import Harvest

FORMAT_VERSION: Final = 1
"""The version of the case format that this program reads."""

MODEL_VERSION: Final = 1
"""Raised whenever a formula of kernels, buffer, supply or wake changes, so that plans from before are refused."""

T = TypeVar("T")

_EXACT_IN_JSON: Final = 2**53
_MEMORY_WORDS: Final = ("volatile_memory", "nonvolatile_memory")


class Semantics(StrEnum):
    """Whose meaning the case has: this project's, or a published tool's exactly as published."""

    ISCHEDULE = "ischedule"
    INAS_2021 = "inas-2021"
    TINAS_2025 = "tinas-2025"


@dataclass(frozen=True)
class Requirements:
    """What a plan must keep: latency (ps), memory sizes (bytes) and what all its power cycles together may spend.

    None where nothing is asked. The amount is of the buffer's coordinate, ``written`` counts bytes, and
    ``writes_per_byte`` how often any byte of non-volatile memory may be written in one inference. The tables of a plan
    may take ``table_size`` bytes.
    """

    deadline: int | None
    volatile_memory: int | None
    nonvolatile_memory: int | None
    amount: int | None = None
    written: int | None = None
    power_cycles: int | None = None
    writes_per_byte: int | None = None
    table_size: int | None = None
    failures: int = 0
    """How many failures of power outside the assumptions the latency allows for."""


@dataclass(frozen=True)
class Case:
    """One problem. Its workload is either a network, with a device, or explicit tasks.

    ``streaming`` are the groups of layers that an accelerator of layers runs interleaved.
    """

    name: str
    description: str
    device: AnyDevice | None
    boot: Effort
    buffer: EnergyBuffer
    wake: Wake
    supply: Supply
    start: Start
    until: Until
    requirements: Requirements
    semantics: Semantics
    dense_as_channels: bool
    network: Network | None
    tasks: TaskColumns | None
    source: str
    objective: tuple[Criterion, ...] = PLAIN.order
    endurance: int | None = None
    """How often a byte of non-volatile memory can be written before it fails."""
    converter: Converter | None = None
    load: Draw = UNSTATED
    """What the device draws while it runs, unless an activity says otherwise."""
    streaming: tuple[tuple[str, ...], ...] = ()
    preservation: tuple[Kind, ...] = (Kind.RECORD,)
    """How layers may keep their progress: a plan chooses for each."""
    protocol: Protocol = Protocol.RECORD
    """What publishing progress is counted as."""
    while_running: Harvest | None = None
    """What is guaranteed to flow into the buffer while the device runs; None where nothing is counted."""
    numbers: NetworkNumbers | None = None
    """The numbers of the network, where the case names their file."""

    def __post_init__(self) -> None:
        if (self.network is None) == (self.tasks is None):
            raise ValueError("a case has either a network or tasks")
        if self.network is not None and self.device is None:
            raise ValueError("a network needs a device")
        if self.network is not None and self.coordinate is not Coordinate.ENERGY:
            raise ValueError("the costs of a device are energies")

    @property
    def coordinate(self) -> Coordinate:
        """What all amounts of this case count."""
        return self.buffer.coordinate

    @property
    def restart(self) -> Effort:
        """What every power cycle begins with: booting, or waking where the device sleeps through the wait."""
        if self.wake.mechanism is Mechanism.SENSE and self.wake.sleep is not None:
            return Effort(self.wake.sleep.wake_energy, self.wake.sleep.wake_time)
        return self.boot

    def lowered(self) -> Lowered:
        """What a device runs to compute the network."""
        return self.of_network(lowered)

    def chain(self) -> tuple[LayerShape, ...]:
        """The network's layers in order, with their extents."""
        return self.of_network(Network.chain)

    def shapes(self) -> tuple[LayerShape, ...]:
        """All layers of the network with their extents."""
        return self.of_network(Network.shapes)

    def of_network(self, read: Callable[[Network], T]) -> T:
        """What is read from the network; what is wrong with it becomes an error of the file."""
        if self.network is None:
            raise InputError(self.source, "$.network", MISSING, "the case has tasks, not a network", "use its tasks")
        try:
            return read(self.network)
        except InvalidValue as error:
            raise error.located(self.source, "$.network") from None


def load_case(case: str | Path | Mapping[str, Any], base_dir: Path | None = None) -> Case:
    """The case in a file, on standard input ("-"), or in a value as JSON would give it.

    Files that the case names are found relative to its own folder, or to `base_dir` where that is given.
    """
    if isinstance(case, Mapping):
        source, folder = "case", Path()
        document = _as_json(case, source)
    else:
        source = str(case)
        folder = Path() if source == STANDARD_INPUT else Path(source).parent
        document = read_json(source)
    return _Loader(document, source, base_dir or folder).case()


def _as_json(value: Mapping[str, Any], source: str) -> object:
    """The value as if it had been read from a file, so that both ways accept the same."""
    try:
        return parse_json(json.dumps(value).encode(), source)
    except (TypeError, ValueError, RecursionError) as error:
        problem = f"is no JSON value ({error})"
        raise InputError(source, "$", MISSING, problem, "use texts, integers, lists and objects") from None


class _Loader:
    """One document on its way to a case."""

    def __init__(self, document: object, source: str, base_dir: Path) -> None:
        check_shape(_without_tasks(document), source)
        assert isinstance(document, dict)
        self.document: dict[str, Any] = document
        self.base_dir = base_dir
        self.values = CaseValues(source, case_sections.coordinate(document["power_path"]))
        self.is_opaque = False
        """Whether the work is of tasks, which do not say what they write."""

    def case(self) -> Case:
        """The case, or the first thing that is wrong with it."""
        document, values = self.document, self.values
        self._check_workload()
        device = self._device()
        self.is_opaque = "tasks" in document or isinstance(device, LayerAccelerator)
        error = case_sections.threshold_error(document["wake"], values)
        buffer = energy_buffer(document["buffer"], values, error)
        supply = case_sections.supply(document["supply"], values, self.base_dir)
        start = case_sections.start(document.get("start", "cold"), values)
        tasks = task_columns(document["tasks"], values, self.base_dir) if "tasks" in document else None
        network = case_network.network(document["network"], values) if "network" in document else None
        return Case(
            name=document["name"],
            description=document.get("description", ""),
            device=device,
            boot=self._boot(device),
            buffer=buffer,
            wake=case_sections.wake(document["wake"], values, buffer, start),
            supply=supply,
            start=start,
            until=Until(document.get("until", "published")),
            requirements=self._requirements(device, tasks),
            semantics=Semantics(document.get("semantics", "ischedule")),
            dense_as_channels=document.get("options", {}).get("dense_as_channels", True),
            network=network,
            tasks=tasks,
            source=values.source,
            objective=self._objective(),
            endurance=self._endurance(device),
            converter=converter(document["converter"], values) if "converter" in document else None,
            load=self._load(device),
            streaming=case_options.streaming(document, values, device),
            preservation=case_options.preservation(document, values, device),
            protocol=case_options.protocol(document, values, device),
            while_running=case_sections.while_running(document.get("while_running", "none"), values, buffer, supply),
            numbers=network_numbers(document, network, device, values, self.base_dir),
        )

    def _load(self, device: AnyDevice | None) -> Draw:
        """What is drawn: as stated, or else, on an accelerator of layers, what its figures say."""
        stated = load(self.document.get("load", {}), self.values, "$.load")
        if not isinstance(device, LayerAccelerator) or "network" not in self.document:
            return stated
        least, most = device.powers()
        if stated.range is None:
            return replace(stated, range=Interval(least, most))
        if stated.range.lo > least or stated.range.hi < most:
            shown = [show_exact(least, POWER), show_exact(most, POWER)]
            problem = f"does not cover what the device draws, {shown[0]} to {shown[1]}"
            raise self.values.error(
                "$.load.power", self.document["load"]["power"], problem, "state more, or leave it out"
            )
        return stated

    def _check_workload(self) -> None:
        document, values = self.document, self.values
        if "tasks" in document and "network" in document:
            raise values.error("$.tasks", document["tasks"], "stands beside a network", "keep one of the two")
        if "tasks" not in document and "network" not in document:
            raise values.error("$.network", MISSING, "is required", 'add "network", or explicit "tasks"')
        if "network" in document and values.coordinate is Coordinate.CHARGE:
            problem = "counts charge, and a network's costs on a device are energies"
            remedy = 'write "converter", or state the charges of explicit tasks'
            raise values.error("$.power_path", document["power_path"], problem, remedy)
        semantics = document.get("semantics", "ischedule")
        gains = document.get("while_running", "none")
        if gains != "none" and semantics != "ischedule":
            remedy = 'write "none", or the semantics "ischedule"'
            raise values.error("$.while_running", gains, "is not part of the published model", remedy)
        if "tasks" in document and semantics != "ischedule":
            remedy = 'write "ischedule", or give a network'
            raise values.error("$.semantics", semantics, "has no meaning for explicit tasks", remedy)

    def _device(self) -> AnyDevice | None:
        if "device" in self.document:
            return load_device(self.document["device"], self.base_dir, self.values.source, "$.device")
        if "network" in self.document:
            remedy = 'add "device", for example "msp430fr5994-lea-2021"'
            raise self.values.error("$.device", MISSING, "is required for a network", remedy)
        return None

    def _boot(self, device: AnyDevice | None) -> Effort:
        if "boot" in self.document:
            section = self.document["boot"]
            drawn = load(section["load"], self.values, "$.boot.load") if "load" in section else None
            return replace(self.values.effort(section, "$.boot"), draw=drawn)
        if device is not None and self.values.coordinate is Coordinate.ENERGY:
            return device.boot
        why = "is required without a device" if device is None else "is required as a charge behind a regulator"
        word, example = self.values.amount_dimension.name, self.values.amount_dimension.example
        raise self.values.error("$.boot", MISSING, why, f'add {{"{word}": "{example}", "time": "70 ms"}}')

    def _requirements(self, device: AnyDevice | None, tasks: TaskColumns | None) -> Requirements:
        section, values = self.document.get("requirements", {}), self.values
        deadline = None
        if "deadline" in section:
            deadline = values.integer(section["deadline"], TIME, Rounding.DOWN, "$.requirements.deadline")
            if deadline == 0:
                raise values.error("$.requirements.deadline", section["deadline"], "is zero", "write a time above 0 s")
        sizes = {word: None if device is None else getattr(device, word) for word in _MEMORY_WORDS}
        for word in _MEMORY_WORDS:
            if word in section:
                sizes[word] = values.integer(section[word], MEMORY, Rounding.DOWN, f"$.requirements.{word}")
        if tasks is not None and sizes["volatile_memory"] is None and max(tasks.volatile) > 0:
            problem = "is required: tasks use volatile memory, and no device says how much there is"
            remedy = 'add "volatile_memory", for example "2048 B"'
            raise values.error("$.requirements.volatile_memory", MISSING, problem, remedy)
        if section.get("failures") and self.document.get("objective", "latency") not in ("latency", ["latency"]):
            problem = "are allowed for in the latency, and that is not what counts"
            remedy = 'leave out "objective", or "failures"'
            raise values.error("$.requirements.failures", section["failures"], problem, remedy)
        writes = self._writes(section, self._endurance(device))
        return Requirements(
            deadline,
            **sizes,
            **self._budgets(section),
            writes_per_byte=writes,
            failures=section.get("failures", 0),
        )

    def _budgets(self, section: Mapping[str, Any]) -> dict[str, int | None]:
        """The most that a plan may spend of its energy or charge, of writing and of power cycles."""
        values, path = self.values, "$.requirements"
        word = values.amount_dimension.name
        for name in ("energy", "charge"):
            if name in section and name != word:
                problem = f"is not what the buffer counts behind this power path, which is {word}"
                raise values.error(f"{path}.{name}", section[name], problem, f'state "{word}"')
        found: dict[str, int | None] = {"amount": None, "written": None, "power_cycles": section.get("power_cycles")}
        if "table_size" in section:
            found["table_size"] = values.integer(section["table_size"], MEMORY, Rounding.DOWN, f"{path}.table_size")
        if word in section:
            found["amount"] = values.integer(section[word], values.amount_dimension, Rounding.DOWN, f"{path}.{word}")
        if "written" in section:
            if self.is_opaque:
                raise values.error(f"{path}.written", section["written"], _UNWRITTEN, _COUNT_CYCLES)
            found["written"] = values.integer(section["written"], MEMORY, Rounding.DOWN, f"{path}.written")
        return found

    def _writes(self, section: Mapping[str, Any], endurance: int | None) -> int | None:
        """How often a byte may be written in one inference: as stated, and so that it bears what is asked for."""
        values, path = self.values, "$.requirements"
        found = [section["writes_per_byte"]] if "writes_per_byte" in section else []
        for name in ("writes_per_byte", "inferences"):
            if name in section and self.is_opaque:
                raise values.error(f"{path}.{name}", section[name], _UNWRITTEN, _LIMIT_CYCLES)
        if "inferences" in section:
            wanted = section["inferences"]
            if endurance is None:
                remedy = 'add "endurance" to the case: how often a byte can be written, for example 100000'
                raise values.error("$.endurance", MISSING, "is required where inferences are asked for", remedy)
            if wanted > endurance:
                problem = f"is more than memory bears: each writes some byte, and the endurance is {endurance}"
                raise values.error(f"{path}.inferences", wanted, problem, f"write at most {endurance}")
            found.append(endurance // wanted)
        return min(found, default=None)

    def _endurance(self, device: AnyDevice | None) -> int | None:
        """What the case says replaces the device's figure."""
        stated: int | None = self.document.get("endurance")
        if stated is not None and self.is_opaque:
            raise self.values.error("$.endurance", stated, _UNWRITTEN, "leave it out")
        return device.endurance if stated is None and device is not None else stated

    def _objective(self) -> tuple[Criterion, ...]:
        given = self.document.get("objective", "latency")
        names = [given] if isinstance(given, str) else given
        for place, name in enumerate(names):
            path = "$.objective" if isinstance(given, str) else f"$.objective[{place}]"
            if name in names[:place]:
                raise self.values.error(path, name, "stands there twice", "name each criterion once")
            if name == "written" and self.is_opaque:
                raise self.values.error(path, name, _UNWRITTEN, _COUNT_CYCLES)
        return tuple(map(Criterion, names))


_UNWRITTEN: Final = "cannot be counted: tasks do not say what they write"
_COUNT_CYCLES: Final = "count power cycles: each writes one progress record"
_LIMIT_CYCLES: Final = 'limit "power_cycles": each writes one progress record, and tasks write the same in every plan'


def _without_tasks(document: object) -> object:
    """The document as the schema checks it as a whole; entries of a list of tasks are checked one by one later."""
    if not isinstance(document, dict) or not isinstance(document.get("tasks"), (list, dict)):
        return document
    tasks = document["tasks"]
    if isinstance(tasks, list):
        return {**document, "tasks": [_ANY_TASK] * min(1, len(tasks))}
    if isinstance(tasks.get("list"), list):
        return {**document, "tasks": {**tasks, "list": [_ANY_TASK] * min(1, len(tasks["list"]))}}
    return document


_ANY_TASK: Final = {"time": "1 s"}


def layer_of(case: Case, name: str) -> Case:
    """The case of one layer by itself: what the layers before it make is its input.

    Raises `InputError` where the case has no such layer.
    """
    if case.network is None:
        raise InputError("command line", "--layer", name, "is asked for, and the case has tasks", "leave it out")
    shapes = {shape.name: shape for shape in case.shapes()}
    if name not in shapes:
        remedy = f"write {' or '.join(shapes)}"
        raise InputError("command line", "--layer", name, "is no layer of the network", remedy)
    shape = shapes[name]
    if shape.sources > 1:
        raise InputError("command line", "--layer", name, "reads several tensors", "name a layer that reads one")
    layer = next(layer for layer in case.network.layers if layer.name == name)
    tensor = TensorShape(shape.in_channels, shape.in_height, shape.in_width)
    alone = replace(case.network, input=tensor, layers=(replace(layer, inputs=(NETWORK_INPUT,)),))
    return replace(case, name=f"{case.name}, {name} alone", network=alone, streaming=(), numbers=None)


def resolve(case: Case) -> dict[str, object]:
    """What the case means, as a canonical JSON value: integers in internal units (texts above 2**53), keys sorted.

    Name, description and file of the case, and title and sources of the device, mean nothing and are left out. So is
    endurance: what decides is how many writes it leaves to one inference; streaming groups where there are none, kinds
    of preservation where there is no choice, the protocol where it is a record alone, and a network's numbers where it
    has none; where it has some, their digest counts.
    """
    silent = _SILENT if case.streaming else _SILENT | {"streaming"}
    if case.preservation == (Kind.RECORD,):
        silent |= {"preservation"}
    if case.protocol is Protocol.RECORD:
        silent |= {"protocol"}
    if case.numbers is None:
        silent |= {"numbers"}
    plain = {field.name: _plain(getattr(case, field.name)) for field in fields(case) if field.name not in silent}
    plain |= {"ischedule": FORMAT_VERSION, "model": MODEL_VERSION}
    return dict(sorted(plain.items()))


def case_hash(case: Case) -> str:
    """SHA-256 of the resolved case's canonical bytes."""
    text = json.dumps(resolve(case), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


_SILENT: Final = frozenset({"name", "description", "source", "title", "sources", "endurance"})


def _plain(value: object) -> object:
    if isinstance(value, TaskColumns):
        return {"count": len(value), "sha256": value.digest()}
    if isinstance(value, NetworkNumbers):
        return {"sha256": value.sha256}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if is_dataclass(value):
        silent = _SILENT if isinstance(value, AnyDevice) else frozenset()
        names = sorted(field.name for field in fields(value) if field.name not in silent)
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT_IN_JSON:
        return str(value)
    return value
