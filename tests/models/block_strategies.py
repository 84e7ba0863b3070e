"""Small blocks for Hypothesis: runs of layers that may be computed patch by patch, with any of their designs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from ischedule.models.block import Block, block_tilings
from ischedule.models.fusion import block_form, runs_of
from ischedule.models.lowering import Lowered, lowered
from ischedule.models.network import Layer, Network, NetworkError, TensorShape
from ischedule.models.tiling import Tiling

KINDS = (
    *("conv2d", "conv2d", "conv2d", "depthwise", "depthwise", "max_pool", "average_pool", "activation", "pad"),
    *("add", "add"),
)


@st.composite
def networks(draw: st.DrawFn, most: int = 4, side: int = 6) -> Network:
    """Layers that follow one another, folded where they can be or not at all."""
    fold = draw(st.booleans())
    source = TensorShape(draw(st.integers(1, 4)), draw(st.integers(1, side)), draw(st.integers(1, side)))
    layers: list[Layer] = []
    shape, before = source, "input"
    shapes = {"input": source}
    for place in range(draw(st.integers(2, most))):
        alike = [name for name, other in shapes.items() if other == shape]
        layer = draw(_layers(f"l{place}", before, shape, alike))
        try:
            last = Network(source, (*layers, layer)).shapes()[-1]
        except NetworkError:
            continue
        layers.append(layer)
        shape, before = TensorShape(last.out_channels, last.out_height, last.out_width), layer.name
        shapes[before] = shape
    if not layers:
        draw(st.nothing())
    return Network(source, tuple(layers), fold=fold)


@st.composite
def _layers(
    draw: st.DrawFn, name: str, before: str, shape: TensorShape, alike: list[str], kinds: Sequence[str] = KINDS
) -> Layer:
    """A layer of any kind that a block can have, often with windows that overlap; a sum adds tensors that are alike."""
    kind = draw(st.sampled_from(kinds))
    fields: dict[str, object] = {}
    if kind in ("conv2d", "depthwise", "max_pool", "average_pool"):
        fields["kernel"] = (draw(st.integers(1, min(3, shape.height))), draw(st.integers(1, min(3, shape.width))))
        fields["stride"] = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
        fields["padding"] = draw(st.sampled_from(["same", (0, 0, 0, 0), (0, 1, 1, 0)]))
    if kind in ("conv2d", "depthwise"):
        fields["bias"] = draw(st.booleans())
        fields["dilation"] = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
        fields["out_channels"] = shape.channels if kind == "depthwise" else draw(st.integers(1, 4))
        fields["groups"] = shape.channels if kind == "depthwise" else 1
    if kind == "pad":
        fields["padding"] = tuple(draw(st.integers(0, 1)) for _ in range(4))
    if kind == "activation" or (kind in ("conv2d", "depthwise", "add", "batch_norm") and draw(st.booleans())):
        fields["activation"] = draw(st.sampled_from(["relu", "hard_swish"]))
    inputs = (before, draw(st.sampled_from(alike))) if kind == "add" else (before,)
    return Layer(name, "conv2d" if kind == "depthwise" else kind, inputs, **fields)  # type: ignore[arg-type]


@st.composite
def inverted_residuals(draw: st.DrawFn, side: int = 5) -> Network:
    """More channels made, worked on one by one and added up again, and what came in added; any part may be missing."""
    source = TensorShape(draw(st.integers(1, 3)), draw(st.integers(1, side)), draw(st.integers(1, side)))
    kinds = [
        draw(st.sampled_from(["conv2d", "conv2d", "max_pool"])),
        draw(st.sampled_from(["depthwise", "depthwise", "max_pool", "conv2d"])),
        "conv2d",
        draw(st.sampled_from(["add", "add", "max_pool", "activation"])),
    ]
    layers: list[Layer] = []
    shape, before, shapes = source, "input", {"input": source}
    for place, kind in enumerate(kinds):
        alike = [name for name, other in shapes.items() if other == shape and name != before]
        layer = draw(_layers(f"l{place}", before, shape, alike or [before], (kind,)))
        if layer.kernel is not None and draw(st.integers(0, 3)):
            layer = replace(layer, stride=(1, 1), padding="same")
        if place == 2 and draw(st.integers(0, 3)):
            layer = replace(layer, out_channels=source.channels)
        try:
            last = Network(source, (*layers, layer)).shapes()[-1]
        except NetworkError:
            continue
        layers.append(layer)
        shape, before = TensorShape(last.out_channels, last.out_height, last.out_width), layer.name
        shapes[before] = shape
    return Network(source, tuple(layers), fold=draw(st.booleans()))


@st.composite
def runs(draw: st.DrawFn) -> tuple[Lowered, tuple[int, ...], Block]:
    """A lowered network and some of its kernels that may be a block."""
    network = lowered(draw(st.one_of(networks(), inverted_residuals())))
    found = sorted(runs_of(network), key=len, reverse=True)
    if not found:
        draw(st.nothing())
    run = found[0] if draw(st.booleans()) else draw(st.sampled_from(found))
    block = block_form(network, run)
    assert block is not None
    return network, run, block


@st.composite
def designs_of(draw: st.DrawFn, block: Block) -> Tiling:
    """A design of a block, of any order alike."""
    order = draw(st.sampled_from(block.orders))
    return draw(st.sampled_from([tiling for tiling in block_tilings(0, block) if tiling.order is order]))


@st.composite
def blocks(draw: st.DrawFn) -> tuple[Block, Tiling]:
    """A block and one of its designs."""
    _, _, block = draw(runs())
    return block, draw(designs_of(block))
