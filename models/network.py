"""Neural networks as a case names them: an input, and layers that name what they read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ischedule.models.layer import (
    KINDS,
    MAX_EXTENT,
    NETWORK_INPUT,
    Layer,
    LayerShape,
    NetworkError,
    TensorShape,
    shape_of,
)

if TYPE_CHECKING:
    import networkx

__all__ = ["KINDS", "MAX_EXTENT", "NETWORK_INPUT", "Layer", "LayerShape", "Network", "NetworkError", "TensorShape"]

SUMS_OF_BYTES: Final = 4
"""Bytes of a sum of products of single bytes, as common runtimes keep it."""


@dataclass(frozen=True)
class Network:
    """An input and layers that name what they read: any graph without cycles.

    ``width`` is the bytes of one weight or activation (None: a word of the device), ``sums`` those of a partial sum or
    a bias (None: as usual with such words); ``fold`` tells whether batch
    normalisations and activations that stand alone are computed by the layer before them, ``fuse`` whether a plan may
    run several layers as one block, patch by patch.
    """

    input: TensorShape
    layers: tuple[Layer, ...]
    width: int | None = None
    fold: bool = True
    fuse: bool = False
    sums: int | None = None

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
            layer = self.layers[index]
            try:
                shape = shape_of(layer, [tensors[name] for name in layer.inputs])
            except NetworkError as error:
                path = f".layers[{index}]{error.path}"
                raise NetworkError(error.value, error.problem, error.remedy, path) from None
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
