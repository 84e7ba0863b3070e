"""Small networks for Hypothesis: any graph of all kinds of layers, with shapes that fit."""

from __future__ import annotations

from hypothesis import strategies as st

from ischedule.models.layer import ACTIVATIONS, NETWORK_INPUT, Layer, TensorShape, shape_of
from ischedule.models.network import Network

KINDS = (
    "conv2d",
    "depthwise",
    "dense",
    "max_pool",
    "average_pool",
    "global_average_pool",
    "global_max_pool",
    "add",
    "add",
    "concat",
    "concat",
    "batch_norm",
    "activation",
    "flatten",
    "reshape",
    "pad",
    "softmax",
)


@st.composite
def networks(draw: st.DrawFn, most_layers: int = 8, most_extent: int = 4) -> Network:
    """An input and a few layers, each of which reads any tensors before it."""
    small = st.integers(1, most_extent)
    tensors = {NETWORK_INPUT: TensorShape(draw(small), draw(small), draw(small))}
    layers: list[Layer] = []
    for index in range(draw(st.integers(1, most_layers))):
        layer = draw(layer_reading(f"l{index}", tensors))
        tensors[layer.name] = _result(layer, [tensors[name] for name in layer.inputs])
        layers.append(layer)
    if all(layer.kind in ("flatten", "reshape") for layer in layers):
        layers.append(Layer("end", "softmax", (layers[-1].name,)))
    width, sums = draw(st.sampled_from([(None, None), (None, 4), (1, None), (1, 2), (2, 8)]))
    return Network(tensors[NETWORK_INPUT], tuple(layers), width, draw(st.booleans()), sums=sums)


def _result(layer: Layer, sources: list[TensorShape]) -> TensorShape:
    shape = shape_of(layer, sources)
    return TensorShape(shape.out_channels, shape.out_height, shape.out_width)


@st.composite
def layer_reading(draw: st.DrawFn, name: str, tensors: dict[str, TensorShape]) -> Layer:
    """A layer that reads some of these tensors, most often the latest."""
    latest = list(tensors)[-1]
    source = latest if draw(st.booleans()) else draw(st.sampled_from(list(tensors)))
    shape, kind = tensors[source], draw(st.sampled_from(KINDS))
    activation = draw(st.sampled_from([None, *ACTIVATIONS]))
    if kind in ("add", "concat"):
        fitting = [one for one, other in tensors.items() if (other.height, other.width) == (shape.height, shape.width)]
        if kind == "add":
            fitting = [one for one in fitting if tensors[one].channels == shape.channels]
        others = draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=2))
        return Layer(name, kind, (source, *others), activation=activation if kind == "add" else None)
    if kind == "activation":
        return Layer(name, kind, (source,), activation=draw(st.sampled_from(ACTIVATIONS)))
    if kind == "batch_norm":
        return Layer(name, kind, (source,), activation=activation)
    if kind == "dense":
        out = draw(st.integers(1, 4))
        return Layer(name, kind, (source,), out, bias=draw(st.booleans()), activation=activation)
    if kind == "reshape":
        turned = TensorShape(shape.channels, shape.width, shape.height)
        return Layer(name, kind, (source,), shape=draw(st.sampled_from([turned, shape])))
    if kind == "pad":
        sides = st.integers(0, 1)
        return Layer(name, kind, (source,), padding=(draw(sides), draw(sides), draw(sides), draw(sides)))
    if kind in ("conv2d", "depthwise", "max_pool", "average_pool"):
        return draw(_windowed(name, kind, source, shape, activation))
    return Layer(name, kind, (source,))


@st.composite
def _windowed(draw: st.DrawFn, name: str, kind: str, source: str, shape: TensorShape, activation: str | None) -> Layer:
    kernel = (draw(st.integers(1, min(3, shape.height))), draw(st.integers(1, min(3, shape.width))))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 2)))
    padding = "same" if draw(st.booleans()) else (0, 0, 0, 0)
    if kind in ("max_pool", "average_pool"):
        return Layer(name, kind, (source,), None, kernel, stride, padding)
    groups = draw(st.sampled_from([g for g in range(1, shape.channels + 1) if shape.channels % g == 0]))
    out = groups * draw(st.integers(1, 2))
    if kind == "depthwise":
        groups = out = shape.channels
    bias = draw(st.booleans())
    ends = {"groups": groups, "bias": bias, "activation": activation}
    return Layer(name, "conv2d", (source,), out, kernel, stride, padding, **ends)  # type: ignore[arg-type]
