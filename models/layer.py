"""The vocabulary of networks: kinds of layers, what each of them states, and the extents that follow from its inputs.

A tensor has channels, height and width, and lies in memory channels last. A dense layer sees its input flattened;
flatten and reshape keep the order of memory. Padding is zeros; a pooling window looks only at those of its pixels that
lie inside the input. Concatenation joins channels, softmax runs over the channels of each pixel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ischedule.models.errors import InvalidValue

NETWORK_INPUT: Final = "input"
"""The name by which a layer refers to the network's own input."""

MAX_EXTENT: Final = 65_535
"""No channel count, height, width or kernel side exceeds what a 16-bit loop index can count."""

ACTIVATIONS: Final = ("relu", "relu6", "hard_sigmoid", "hard_swish", "sigmoid", "tanh")

Pair = tuple[int, int]
Sides = tuple[int, int, int, int]
"""Top, bottom, left, right."""

_CONVOLUTION: Final = {
    "out_channels": True,
    "kernel": True,
    "stride": False,
    "padding": False,
    "dilation": False,
    "groups": False,
    "bias": False,
    "activation": False,
}
_WINDOW: Final = {"kernel": True, "stride": False, "padding": False}
_FIELDS: Final[dict[str, dict[str, bool]]] = {
    "conv2d": _CONVOLUTION,
    "conv1d": _CONVOLUTION,
    "dense": {"out_channels": True, "bias": False, "activation": False},
    "max_pool": _WINDOW,
    "average_pool": _WINDOW,
    "global_average_pool": {},
    "global_max_pool": {},
    "add": {"activation": False},
    "concat": {},
    "batch_norm": {"activation": False},
    "activation": {"activation": True},
    "flatten": {},
    "reshape": {"shape": True},
    "pad": {"padding": True},
    "softmax": {},
}
"""The fields that each kind of layer has besides name and inputs, and whether they must be stated."""

KINDS: Final = tuple(_FIELDS)
CONVOLUTIONS: Final = ("conv2d", "conv1d")
WINDOW_POOLS: Final = ("max_pool", "average_pool")
GLOBAL_POOLS: Final = ("global_average_pool", "global_max_pool")
JOINS: Final = ("add", "concat")


class NetworkError(InvalidValue):
    """A network that has no meaning, or none yet; its path starts at the network: `.layers[3].kernel`."""


def _a(kind: str) -> str:
    """The kind with its article."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _check_extent(value: object, path: str) -> None:
    if type(value) is not int or not 1 <= value <= MAX_EXTENT:
        raise NetworkError(value, "is not a possible extent", f"write an integer from 1 to {MAX_EXTENT}", path)


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
    """One layer: what it computes, which tensors it reads (by the names of the layers that make them).

    Fields that mean nothing for its kind are None; of the others those that were left out are set to their defaults:
    stride and dilation 1 (the stride of a pooling layer is its kernel), no padding, one group, no bias.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    out_channels: int | None = None
    kernel: Pair | None = None
    stride: Pair | None = None
    padding: Sides | Literal["same"] | None = None
    dilation: Pair | None = None
    groups: int | None = None
    bias: bool | None = None
    activation: str | None = None
    shape: TensorShape | None = None

    def __post_init__(self) -> None:
        if self.kind not in _FIELDS:
            raise NetworkError(self.kind, "is no kind of layer", f"write one of {', '.join(KINDS)}", ".kind")
        fields = _FIELDS[self.kind]
        for field in _ORDER:
            self._check_presence(field, getattr(self, field), fields.get(field))
        self._check_values()
        if not self.inputs:
            raise NetworkError([], "names no input", f'name the layer before, or "{NETWORK_INPUT}"', ".inputs")
        if self.kind not in JOINS and len(self.inputs) > 1:
            problem = f"gives {len(self.inputs)} inputs to {_a(self.kind)} layer, which reads one"
            raise NetworkError(list(self.inputs), problem, "name one input", ".inputs")
        if self.kind in JOINS and len(self.inputs) < 2:
            problem = f"gives one input to {_a(self.kind)} layer, which joins several"
            raise NetworkError(list(self.inputs), problem, "name two inputs or more", ".inputs")
        for field, default in (("stride", self.kernel if self.kind in WINDOW_POOLS else (1, 1)), *_DEFAULTS):
            if field in fields and getattr(self, field) is None:
                object.__setattr__(self, field, default)

    def _check_presence(self, field: str, value: object, needed: bool | None) -> None:
        """Refuse a field that is missing (needed is True) or means nothing (needed is None)."""
        if needed and value is None:
            raise NetworkError(self.name, f"is {_a(self.kind)} layer without {field}", f"add {field}", ".name")
        if needed is None and value is not None:
            shown = list(value) if isinstance(value, tuple) else str(value) if field == "shape" else value
            raise NetworkError(shown, f"means nothing in {_a(self.kind)} layer", f"remove {field}", f".{field}")

    def _check_values(self) -> None:
        for field in ("out_channels", "groups"):
            if getattr(self, field) is not None:
                _check_extent(getattr(self, field), f".{field}")
        for field in ("kernel", "stride", "dilation"):
            pair = getattr(self, field)
            for axis, side in enumerate(pair or ()):
                _check_extent(side, f".{field}[{axis}]")
            if self.kind == "conv1d" and pair is not None and pair[1] != 1:
                what = "is wider than 1" if field == "kernel" else "has a second axis"
                problem = f"{what} in a conv1d layer"
                raise NetworkError(list(pair), problem, "write [length], or use conv2d", f".{field}")
        if isinstance(self.padding, tuple):
            for side, size in enumerate(self.padding):
                if type(size) is not int or not 0 <= size <= MAX_EXTENT:
                    remedy = f"write an integer from 0 to {MAX_EXTENT}"
                    raise NetworkError(size, "is no possible padding", remedy, f".padding[{side}]")
        elif self.padding is not None and (self.padding != "same" or self.kind == "pad"):
            remedy = "write [top, bottom, left, right]" + ("" if self.kind == "pad" else ', "same" or "valid"')
            raise NetworkError(self.padding, "is no possible padding", remedy, ".padding")
        if self.bias is not None and type(self.bias) is not bool:
            raise NetworkError(self.bias, "is neither true nor false", "write true or false", ".bias")
        if self.activation is not None and self.activation not in ACTIVATIONS:
            remedy = f"write one of {', '.join(ACTIVATIONS)}"
            raise NetworkError(self.activation, "is no known activation", remedy, ".activation")


_ORDER: Final = (
    "kernel",
    "out_channels",
    "stride",
    "padding",
    "dilation",
    "groups",
    "bias",
    "activation",
    "shape",
)
"""The order in which fields are checked."""

_DEFAULTS: Final[tuple[tuple[str, object], ...]] = (
    ("dilation", (1, 1)),
    ("padding", (0, 0, 0, 0)),
    ("groups", 1),
    ("bias", False),
)


@dataclass(frozen=True)
class LayerShape:
    """One layer with all its extents; the kernel of dense and global pooling layers is their whole input.

    ``in_channels`` are those of one input, except that a concatenation counts the channels of all. ``padding`` is in
    pixels at the top, bottom, left and right.
    """

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
    stride: Pair = (1, 1)
    padding: Sides = (0, 0, 0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    bias: bool = False
    activation: str | None = None
    sources: int = 1

    @property
    def weights(self) -> int:
        """How many weights the layer multiplies with; biases and the parameters of a normalisation come on top."""
        if self.kind not in (*CONVOLUTIONS, "dense"):
            return 0
        return self.out_channels * (self.in_channels // self.groups) * self.kernel_height * self.kernel_width

    @property
    def parameters(self) -> int:
        """How many numbers the layer keeps besides weights: a bias, or scale and shift of a normalisation."""
        return self.biases + self.out_channels * (self.kind == "batch_norm")

    @property
    def biases(self) -> int:
        """How many of these sums begin with."""
        return self.out_channels * (self.bias or self.kind == "batch_norm")

    @property
    def macs(self) -> int:
        """How many multiply-accumulates of weights the layer performs; pooling has none."""
        return self.weights * self.out_height * self.out_width

    @property
    def in_elements(self) -> int:
        """How many values the layer reads as activations."""
        joined = self.sources if self.kind == "add" else 1
        return joined * self.in_channels * self.in_height * self.in_width

    @property
    def out_elements(self) -> int:
        """How many values the layer writes."""
        return self.out_channels * self.out_height * self.out_width

    @property
    def is_depthwise(self) -> bool:
        """Whether each channel is filtered by itself."""
        return self.kind in CONVOLUTIONS and self.groups == self.in_channels == self.out_channels


def shape_of(layer: Layer, sources: Sequence[TensorShape]) -> LayerShape:
    """The layer's extents from its inputs'; paths of errors start at the layer."""
    source = sources[0]
    if layer.kind in JOINS:
        _check_joined(layer, sources)
    channels, kernel = source.channels, layer.kernel or (1, 1)
    if layer.kind in (*GLOBAL_POOLS, "dense"):
        kernel = (source.height, source.width)
    if layer.kind == "concat":
        channels = sum(one.channels for one in sources)
    stride, dilation, groups = layer.stride or (1, 1), layer.dilation or (1, 1), layer.groups or 1
    padding = _padding(layer, source, kernel, stride, dilation)
    height = _windows(layer, source, 0, padding[0] + padding[1], kernel, stride, dilation)
    width = _windows(layer, source, 1, padding[2] + padding[3], kernel, stride, dilation)
    out = TensorShape(layer.out_channels or channels, height, width)
    if layer.kind == "flatten":
        out = _flat(source)
    elif layer.shape is not None:
        out = layer.shape
        if out.elements != source.elements:
            problem = f"has {out.elements} values, the layer's input {source} has {source.elements}"
            raise NetworkError(str(out), problem, "write a shape of as many values", ".shape")
    for what, number in (("input", channels), ("output", out.channels)):
        if number % groups:
            problem = f"does not divide the {number} {what} channels"
            raise NetworkError(groups, problem, "write a common divisor of input and output channels", ".groups")
    extents = (channels, source.height, source.width, out.channels, out.height, out.width, *kernel)
    return LayerShape(
        layer.name,
        layer.kind,
        *extents,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=bool(layer.bias),
        activation=layer.activation,
        sources=len(sources),
    )


def _flat(source: TensorShape) -> TensorShape:
    if source.elements > MAX_EXTENT:
        problem = f"flattens {source} to {source.elements} channels, at most {MAX_EXTENT} can be counted"
        raise NetworkError("flatten", problem, "leave it out before a dense layer, which flattens by itself", ".kind")
    return TensorShape(source.elements, 1, 1)


def _check_joined(layer: Layer, sources: Sequence[TensorShape]) -> None:
    first = sources[0]
    for position, source in enumerate(sources):
        same = (source.height, source.width) == (first.height, first.width)
        if not same or (layer.kind == "add" and source.channels != first.channels):
            what = "values cannot be added" if layer.kind == "add" else "channels cannot be joined"
            problem = f"is {source} (channels x height x width), the first input is {first}: their {what}"
            remedy = "name inputs of one shape" if layer.kind == "add" else "name inputs of one height and width"
            raise NetworkError(layer.inputs[position], problem, remedy, f".inputs[{position}]")


def _padding(layer: Layer, source: TensorShape, kernel: Pair, stride: Pair, dilation: Pair) -> Sides:
    """Pixels at each side; "same" makes as many windows as strides begin in the input, the odd pixel after it."""
    if layer.padding != "same":
        sides = layer.padding or (0, 0, 0, 0)
    else:
        around: list[int] = []
        for axis, size in enumerate((source.height, source.width)):
            windows = -(-size // stride[axis])
            missing = (windows - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1 - size
            around += [max(missing, 0) // 2, max(missing, 0) - max(missing, 0) // 2]
        sides = (around[0], around[1], around[2], around[3])
    if layer.kind in WINDOW_POOLS:
        for side, size in enumerate(sides):
            if size >= kernel[side // 2]:
                problem = f"leaves pooling windows of {list(kernel)} without a pixel of the input"
                raise NetworkError(size, problem, f"write at most {kernel[side // 2] - 1}", f".padding[{side}]")
    if layer.kind == "conv1d" and sides[2:] != (0, 0):
        raise NetworkError(list(sides), "pads the width of a conv1d layer", "write [before, after]", ".padding")
    return sides


def _windows(
    layer: Layer, source: TensorShape, axis: int, padding: int, kernel: Pair, stride: Pair, dilation: Pair
) -> int:
    """How many windows an axis of the padded input has."""
    side = ("height", "width")[axis]
    size: int = getattr(source, side)
    reach = (kernel[axis] - 1) * dilation[axis] + 1
    if reach > size + padding:
        spread = f" (spread over {reach})" if dilation[axis] > 1 else ""
        padded = f" and padded to {size + padding}" if padding else ""
        raise NetworkError(
            list(kernel),
            f"is{spread} larger than the layer's input, which is {source} (channels x height x width){padded}",
            f"use a kernel of {side} at most {(size + padding - 1) // dilation[axis] + 1}",
            ".kernel",
        )
    return (size + padding - reach) // stride[axis] + 1
