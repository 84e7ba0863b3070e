"""The layers of a plan as the runtime walks them: what each computes, in which tiles, and where its tensors lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from ischedule.analysis.arithmetic import AnyWidth
from ischedule.analysis.executor import arithmetic_of
from ischedule.analysis.layout_check import side_by_side
from ischedule.models.block import Block
from ischedule.models.build import sum_width
from ischedule.models.case import Case
from ischedule.models.device import Device
from ischedule.models.errors import InputError
from ischedule.models.kernels import volatile_bytes
from ischedule.models.layout import atoms_of_design
from ischedule.models.lowering import Kernel, Lowered
from ischedule.models.plan import Plan
from ischedule.models.program import Program, TiledStage
from ischedule.models.storage import Slot, Storage
from ischedule.models.tiling import Arithmetic, Extent, Tiling, stores_partial_sums

MOST = 0xFFFF
"""The runtime counts positions, channels and places of an axis in 16 bits."""


@dataclass(frozen=True, slots=True)
class LayerImage:
    """One layer in the order of the plan.

    ``place`` is its kernel's among those of the network; ``reads`` are the sizes of a tensor as it sees it: rows,
    columns, channels. ``addresses`` are its sources, the tensor that it writes (of so many channels, from the first),
    and the further regions of its sums. ``volatile`` are the bytes that its design takes of volatile memory.
    """

    place: int
    kernel: Kernel
    extent: Extent
    tiling: Tiling
    reads: tuple[int, int, int]
    addresses: tuple[int, ...]
    sources: int
    out_channels: int
    first_channel: int
    atoms: int
    volatile: int

    @property
    def regions(self) -> int:
        """How many regions its results have, the tensor included."""
        return len(self.addresses) - self.sources

    @property
    def stores_sums(self) -> bool:
        """Whether sums pass through non-volatile memory."""
        return stores_partial_sums(self.extent, self.tiling)

    @property
    def takes_maximum(self) -> bool:
        """Whether it pools the greatest words, not their mean."""
        return self.kernel.shape.kind in ("max_pool", "global_max_pool")

    @property
    def has_weights(self) -> bool:
        """Whether it multiplies."""
        return self.extent.arithmetic is Arithmetic.MULTIPLY and not self.extent.pooling


@dataclass(frozen=True, slots=True)
class NetworkImage:
    """The layers of a plan, what their words are, and the length that vectors have a multiple of."""

    width: AnyWidth
    layers: tuple[LayerImage, ...]
    vector: int

    @property
    def ends(self) -> tuple[int, ...]:
        """How many atoms there are up to the end of each layer."""
        return tuple(accumulate(layer.atoms for layer in self.layers))

    @property
    def arena(self) -> int:
        """Bytes of volatile memory."""
        return max(layer.volatile for layer in self.layers)


def image_of(case: Case, program: Program, plan: Plan, addresses: Mapping[Slot, int]) -> NetworkImage:
    """The layers of an accepted plan of a network; raises `InputError` for what the runtime does not carry out."""
    width, network = arithmetic_of(case), case.lowered()
    assert isinstance(case.device, Device), "a network that is run in tiles has a device for it"
    assert program.storage is not None, "a network says what it keeps"
    where = dict(addresses) or side_by_side(program, plan)
    layers = []
    for index, design in zip(plan.stages, plan.designs, strict=True):
        stage = program.stages[index]
        assert isinstance(stage, TiledStage), "a network's stages are tiled"
        assert isinstance(design, Tiling), "a tiled stage's design is a tiling"
        extent = stage.forms[design.form]
        if isinstance(extent, Block):
            problem = "is a block of layers, which the runtime's kernels do not run"
            raise InputError(case.source, "$.network.fuse", stage.name, problem, 'leave out "fuse", and solve it again')
        place = program.kernels_of(index)[0]
        kernel = network.kernels[place]
        layer = LayerImage(
            place,
            kernel,
            extent,
            design,
            _seen(kernel, design),
            _addresses(program.storage, index, where),
            len(kernel.reads),
            _channels(network, kernel),
            kernel.first_channel,
            atoms_of_design(extent, design),
            volatile_bytes(extent, design, stage.prices),
        )
        _require_counted(case, layer, sum_width(case))
        assert layer.volatile <= stage.volatile, "an accepted plan fits volatile memory"
        layers.append(layer)
    return NetworkImage(width, tuple(layers), case.device.vector_multiple)


def _seen(kernel: Kernel, design: Tiling) -> tuple[int, int, int]:
    """The shape under which a layer sees its input: flattened, all of it is the channels of one pixel."""
    shape = kernel.shape
    if design.form:
        return 1, 1, shape.in_elements
    return shape.in_height, shape.in_width, shape.in_channels


def _channels(network: Lowered, kernel: Kernel) -> int:
    """The channels of the tensor that a kernel writes, by itself or with others."""
    return sum(other.shape.out_channels for other in network.kernels if other.writes == kernel.writes)


def _addresses(storage: Storage, index: int, where: Mapping[Slot, int]) -> tuple[int, ...]:
    kept = storage.stages[index]
    found = [where[Slot(tensor)] for tensor in (*kept.reads, kept.writes)]
    region = 1
    while Slot(kept.writes, index, region) in where:
        found.append(where[Slot(kept.writes, index, region)])
        region += 1
    return tuple(found)


def _require_counted(case: Case, layer: LayerImage, sum_bytes: int) -> None:
    """Refuse what 16 bits do not count: padded maps, channels of all groups, tiles along a row, bytes of a transfer."""
    shape, extent = layer.kernel.shape, layer.extent
    top, bottom, left, right = shape.padding
    counted = {
        "rows with their padding": top + layer.reads[0] + bottom,
        "columns with their padding": left + layer.reads[1] + right,
        "input channels": layer.reads[2],
        "output channels": layer.out_channels,
        "taps": extent.taps,
        "bytes in the results of a pixel": layer.out_channels * sum_bytes,
        "pixels": extent.rows * extent.columns if extent.pooling else 1,
    }
    for what, number in counted.items():
        if number > MOST:
            problem = f"has {number} {what}, and the runtime counts up to {MOST}"
            names = [one.name for one in case.network.layers] if case.network else []
            path = f"$.network.layers[{names.index(layer.kernel.layers[0])}].name"
            raise InputError(case.source, path, layer.kernel.name, problem, "give the layer a smaller input")
