"""Devices whose unit of execution is a whole layer: an accelerator that is configured, given weights, and left to run.

Such a device has no tiles and no loop orders. What it costs is what goes in and out of it, byte by byte, and the clock
cycles for which it runs; what it cannot do is stated as limits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from ischedule.models.cost import Cost, Effort, LinearCost
from ischedule.models.device_document import DeviceDocument
from ischedule.models.errors import InvalidValue
from ischedule.models.quantities import MEMORY, POWER, Rounding, parse_ratio, to_integer

LAYER_ACCELERATOR = "layer_accelerator"
"""What a device file of this kind states as its `kind`."""


class Loading(StrEnum):
    """When weights are brought to the accelerator, whose own memory of them is lost with power.

    LAYER: each layer is a network of its own, configured and given its weights before it runs. CYCLE: a power cycle
    configures the layers that it runs as one network, and gives that their weights. NETWORK: whatever a power cycle
    will run, it begins with the weights of all layers that are left.
    """

    LAYER = "layer"
    CYCLE = "cycle"
    NETWORK = "network"


@dataclass(frozen=True)
class Limits:
    """What the accelerator can hold and do; sizes in bytes, a streaming group in layers.

    ``activations`` are the functions that a layer may end with, ``pooling`` the largest side and stride of a window,
    ``side`` the largest height or width of a tensor.
    """

    layers: int
    channels: int
    side: int
    weight_memory: int
    bias_memory: int
    kernels_2d: tuple[tuple[int, int], ...]
    kernel_1d: int
    padding: int
    pooling: int
    operands: int
    streaming: int
    activations: tuple[str, ...]


@dataclass(frozen=True)
class PowerMode:
    """A way in which the device waits: power in femtowatt, what survives in it, and what leaving it takes."""

    name: str
    power: int
    keeps_weights: bool
    keeps_data: bool
    wake: Effort


@dataclass(frozen=True)
class LayerAccelerator:
    """What one board takes to run layers on its accelerator.

    ``processors`` channels are worked on at once. ``cycle`` is one clock cycle of a run, ``start`` what each run takes
    besides, ``configure`` preparing the accelerator for one network. Weights and data go into and out of it at costs
    for each byte: ``weights``, ``input`` (from where the inference's input lies), ``save`` and ``restore`` (to and from
    non-volatile memory), ``result`` (publishing what the network computes, ``result_word`` bytes for each value).
    """

    name: str
    title: str
    sources: tuple[tuple[str, str], ...]
    word_bytes: int
    result_word: int
    processors: int
    loading: Loading
    limits: Limits
    volatile_memory: int
    nonvolatile_memory: int
    record_bytes: int
    boot: Effort
    cycle: Cost
    start: Cost
    configure: Cost
    weights: LinearCost
    input: LinearCost
    save: LinearCost
    restore: LinearCost
    result: LinearCost
    modes: tuple[PowerMode, ...]
    endurance: int | None = None
    """Not stated: what tasks write is not counted."""

    def powers(self) -> tuple[int, int]:
        """The least and the most (fW) that it draws while it boots and runs, as the energies and times say."""
        linear = (self.weights, self.input, self.save, self.restore, self.result)
        costs = [
            self.cycle,
            self.start,
            self.configure,
            *(part for one in linear for part in (one.per_element, one.fixed)),
        ]
        pairs = [(cost.energy * 10**12, cost.time) for cost in costs]
        pairs.append((self.boot.amount * 10**12, self.boot.time))
        found = [(energy // time, -(-energy // time)) for energy, time in pairs if time]
        return min(least for least, _ in found), max(most for _, most in found)

    def retention(self, *, weights: bool, data: bool) -> PowerMode | None:
        """The mode of least power that keeps what is asked for; None if there is none."""
        fit = [mode for mode in self.modes if mode.keeps_weights >= weights and mode.keeps_data >= data]
        return min(fit, key=lambda mode: mode.power, default=None)


class AcceleratorReader(DeviceDocument):
    """The document of a layer accelerator being resolved."""

    def __init__(self, document: object, source: str, path: str) -> None:
        super().__init__(document, source, path, LAYER_ACCELERATOR)

    def _bytes(self, text: str, path: str) -> int:
        size = self.quantity(text, MEMORY, path)
        if size.denominator != 1:
            raise self.error(path, text, "is no whole number of bytes", "write a whole number of B")
        return int(size)

    def _limits(self) -> Limits:
        stated = self.document["limits"]
        return Limits(
            weight_memory=self._bytes(stated["weight_memory"], ".limits.weight_memory"),
            bias_memory=self._bytes(stated["bias_memory"], ".limits.bias_memory"),
            kernels_2d=tuple((height, width) for height, width in stated["kernels_2d"]),
            activations=tuple(stated["activations"]),
            **{key: stated[key] for key in _COUNTS},
        )

    def _cycle(self) -> Cost:
        """One clock cycle of a run, lengthened by the stated margin."""
        run, path = self.document["run"], ".run"
        if self.clock is None:
            raise self.error(".clock", "missing", "is required", 'add "clock", for example "50 MHz"')
        margin = Fraction(0)
        if "margin" in run:
            try:
                margin = parse_ratio(run["margin"])
            except InvalidValue as error:
                raise error.located(self.source, f"{self.path}{path}.margin") from None
            if margin < 0:
                raise self.error(f"{path}.margin", run["margin"], "is negative", 'write for example "3 %"')
        seconds = (1 + margin) / self.clock
        return Cost.of(seconds * self.quantity(run["power"], POWER, f"{path}.power"), seconds)

    def _mode(self, mode: Mapping[str, Any], path: str) -> PowerMode:
        power = to_integer(self.quantity(mode["power"], POWER, f"{path}.power"), POWER, Rounding.UP)
        wake = self.effort(mode["wake"], f"{path}.wake")
        return PowerMode(mode["name"], power, mode["keeps_weights"], mode["keeps_data"], wake)

    def device(self) -> LayerAccelerator:
        """The resolved device."""
        document = self.document
        return LayerAccelerator(
            name=document["name"],
            title=document.get("title", document["name"]),
            sources=tuple(document.get("sources", {}).items()),
            word_bytes=self.size("word", 1),
            result_word=self.size("result_word", 1),
            processors=document["processors"],
            loading=Loading(document["loading"]),
            limits=self._limits(),
            volatile_memory=self.size("volatile_memory"),
            nonvolatile_memory=self.size("nonvolatile_memory"),
            record_bytes=self.size("record"),
            boot=self.effort(document["boot"], ".boot"),
            cycle=self._cycle(),
            start=Cost.of(*self.figures(document["run"]["start"], ".run.start")),
            configure=Cost.of(*self.figures(document["configure"], ".configure")),
            modes=tuple(self._mode(mode, f".modes[{index}]") for index, mode in enumerate(document.get("modes", ()))),
            weights=self.linear("weights"),
            input=self.linear("input"),
            save=self.linear("save"),
            restore=self.linear("restore"),
            result=self.linear("result"),
        )


_COUNTS = ("layers", "channels", "side", "kernel_1d", "padding", "pooling", "operands", "streaming")
