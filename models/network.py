"""Neural networks as a case names them: layers with shapes that name their inputs.

Convolutions have stride 1 and no padding; a dense layer sees its input flattened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ischedule.models.errors import InvalidValue

if TYPE_CHECKING:
    import networkx

NETWORK_INPUT: Final = "input"
"""The name by which a layer refers to the network's own input."""

KINDS: Final = ("conv2d", "conv1d", "dense", "global_average_pool")

MAX_EXTENT: Final = 65_535
"""No channel count, height, width or kernel side exceeds what a 16-bit loop index can count."""


class NetworkError(InvalidValue):
    """A network that has no meaning, or none yet; its path starts at the network: `.layers[3].kernel`."""


@dataclass(frozen=True)
class TensorShape:
    """Channels, height and width of one tensor."""

    channels: int
    height: int
    width: int

    def __post_init__(self) -> None:
        for name in ("channels", "height", "width"):
            _check_extent(getattr(self, name), f".{name}")

    @property
    def elements(self) -> int:
        """How many values the tensor holds."""
        return self.channels * self.height * self.width

    def __str__(self) -> str:
        return f"{self.channels} x {self.height} x {self.width}"


@dataclass(frozen=True)
class Layer:
    """One layer: what it computes, which tensors it reads (by the names of the layers that make them)."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    out_channels: int | None = None
    kernel: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise NetworkError(self.kind, "is no kind of layer", f"write one of {', '.join(KINDS)}", ".kind")
        convolution = self.kind in ("conv2d", "conv1d")
        self._check_presence("kernel", self.kernel, convolution)
        self._check_presence("out_channels", self.out_channels, self.kind != "global_average_pool")
        if self.out_channels is not None:
            _check_extent(self.out_channels, ".out_channels")
        if self.kernel is not None:
            for axis, side in enumerate(self.kernel):
                _check_extent(side, f".kernel[{axis}]")
        if self.kind == "conv1d" and self.kernel is not None and self.kernel[1] != 1:
            raise NetworkError(
                list(self.kernel), "is wider than 1 in a conv1d layer", "write [length], or use conv2d", ".kernel"
            )
        if not self.inputs:
            raise NetworkError([], "names no input", f'name the layer before, or "{NETWORK_INPUT}"', ".inputs")

    def _check_presence(self, field: str, value: object, needed: bool) -> None:
        if needed and value is None:
            raise NetworkError(self.name, f"is a {self.kind} layer without {field}", f"add {field}", ".name")
        if not needed and value is not None:
            shown = list(value) if isinstance(value, tuple) else value
            raise NetworkError(shown, f"means nothing in a {self.kind} layer", f"remove {field}", f".{field}")


@dataclass(frozen=True)
class LayerShape:
    """One layer of a chain with all its extents; the kernel of dense and pooling layers is their whole input."""

    name: str
    kind: str
    in_channels: int
    in_height: int
    in_width: int
    out_channels: int
    out_height: int
    out_width: int
    kernel_height: int
    kernel_width: int

    @property
    def weights(self) -> int:
        """How many weights the layer has."""
        if self.kind == "global_average_pool":
            return 0
        return self.out_channels * self.in_channels * self.kernel_height * self.kernel_width

    @property
    def macs(self) -> int:
        """How many multiply-accumulates the layer performs; pooling has none."""
        return self.weights * self.out_height * self.out_width

    @property
    def in_elements(self) -> int:
        """How many values the layer reads as activations."""
        return self.in_channels * self.in_height * self.in_width

    @property
    def out_elements(self) -> int:
        """How many values the layer writes."""
        return self.out_channels * self.out_height * self.out_width


@dataclass(frozen=True)
class Network:
    """An input and layers that name what they read; any acyclic graph has the form, chains have plans."""

    input: TensorShape
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        if not self.layers:
            raise NetworkError([], "has no layer", "add at least one layer", ".layers")
        first: dict[str, int] = {}
        for index, layer in enumerate(self.layers):
            if layer.name == NETWORK_INPUT:
                remedy = "choose another name"
                raise NetworkError(layer.name, "is the name of the network's input", remedy, f".layers[{index}].name")
            if layer.name in first:
                problem = f"is also the name of layers[{first[layer.name]}]"
                raise NetworkError(layer.name, problem, "give each layer its own name", f".layers[{index}].name")
            first[layer.name] = index
        self._check_inputs(first)
        self._check_acyclic()

    def _check_inputs(self, index_of: Mapping[str, int]) -> None:
        for index, layer in enumerate(self.layers):
            for position, name in enumerate(layer.inputs):
                if name != NETWORK_INPUT and name not in index_of:
                    raise NetworkError(
                        name,
                        "names no layer",
                        f'name another layer, or "{NETWORK_INPUT}"',
                        f".layers[{index}].inputs[{position}]",
                    )

    def _is_in_order(self) -> bool:
        """Whether every layer reads only what stands before it: then the list is an order of the graph already."""
        known = {NETWORK_INPUT}
        for layer in self.layers:
            if not known.issuperset(layer.inputs):
                return False
            known.add(layer.name)
        return True

    def _check_acyclic(self) -> None:
        if self._is_in_order():
            return
        import networkx

        try:
            cycle = [edge[0] for edge in networkx.find_cycle(self.graph())]
        except networkx.NetworkXNoCycle:
            return
        index = min(i for i, layer in enumerate(self.layers) if layer.name in cycle)
        raise NetworkError(
            self.layers[index].name,
            f"depends on its own result through {' -> '.join(cycle)}",
            "let each layer read only earlier results",
            f".layers[{index}].inputs",
        )

    def graph(self) -> "networkx.DiGraph[str]":
        """Tensors flow along the edges: from the network's input to and between layers, by name."""
        import networkx

        graph: networkx.DiGraph[str] = networkx.DiGraph()
        graph.add_node(NETWORK_INPUT)
        graph.add_nodes_from(layer.name for layer in self.layers)
        graph.add_edges_from((source, layer.name) for layer in self.layers for source in layer.inputs)
        return graph

    def shapes(self) -> tuple[LayerShape, ...]:
        """All layers with their extents, producers before consumers."""
        tensors = {NETWORK_INPUT: self.input}
        shaped = []
        for index in self._order():
            shape = _shape(self.layers[index], index, tensors)
            tensors[shape.name] = TensorShape(shape.out_channels, shape.out_height, shape.out_width)
            shaped.append(shape)
        return tuple(shaped)

    def _order(self) -> list[int]:
        """The places of the layers, producers before consumers, otherwise as listed."""
        if self._is_in_order():
            return list(range(len(self.layers)))
        import networkx

        index_of = {layer.name: index for index, layer in enumerate(self.layers)}
        order = networkx.lexicographical_topological_sort(self.graph(), key=lambda name: index_of.get(name, -1))
        return [index_of[name] for name in order if name != NETWORK_INPUT]

    def chain(self) -> tuple[LayerShape, ...]:
        """All layers in order with their extents, if each result is read by exactly one layer after it."""
        reader: dict[str, str] = {}
        for index, layer in enumerate(self.layers):
            for position, name in enumerate(layer.inputs):
                if name in reader:
                    raise NetworkError(
                        name,
                        f"is read by both {reader[name]} and {layer.name}, and only chains can be scheduled",
                        "let every layer read the one before it",
                        f".layers[{index}].inputs[{position}]",
                    )
                reader[name] = layer.name
        return self.shapes()


def _check_extent(value: object, path: str) -> None:
    if type(value) is not int or not 1 <= value <= MAX_EXTENT:
        raise NetworkError(value, "is not a possible extent", f"write an integer from 1 to {MAX_EXTENT}", path)


def _shape(layer: Layer, index: int, tensors: Mapping[str, TensorShape]) -> LayerShape:
    """The layer's extents from its single input's."""
    if len(layer.inputs) > 1:
        raise NetworkError(
            list(layer.inputs),
            f"gives {len(layer.inputs)} inputs to a {layer.kind} layer, which reads one",
            "name one input",
            f".layers[{index}].inputs",
        )
    source = tensors[layer.inputs[0]]
    kernel = layer.kernel or (source.height, source.width)
    for axis, side in enumerate(("height", "width")):
        if kernel[axis] > getattr(source, side):
            raise NetworkError(
                list(kernel),
                f"is larger than the layer's input, which is {source} (channels x height x width)",
                f"use a kernel of {side} at most {getattr(source, side)}",
                f".layers[{index}].kernel",
            )
    return LayerShape(
        name=layer.name,
        kind=layer.kind,
        in_channels=source.channels,
        in_height=source.height,
        in_width=source.width,
        out_channels=source.channels if layer.out_channels is None else layer.out_channels,
        out_height=source.height - kernel[0] + 1,
        out_width=source.width - kernel[1] + 1,
        kernel_height=kernel[0],
        kernel_width=kernel[1],
    )
