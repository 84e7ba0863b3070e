"""Small blocks for Hypothesis: runs of layers that may be computed patch by patch, with any of their designs."""

from __future__ import annotations

from hypothesis import strategies as st

from ischedule.models.block import Block, block_tilings
from ischedule.models.fusion import block_form, runs_of
from ischedule.models.lowering import Lowered, lowered
from ischedule.models.network import Layer, Network, NetworkError, TensorShape
from ischedule.models.tiling import Tiling

KINDS = ("conv2d", "conv2d", "conv2d", "depthwise", "depthwise", "max_pool", "average_pool", "activation", "pad", "add")


@st.composite
def networks(draw: st.DrawFn, most: int = 3, side: int = 6) -> Network:
    """Layers that follow one another, folded where they can be or not at all."""
    fold = draw(st.booleans())
    source = TensorShape(draw(st.integers(1, 4)), draw(st.integers(1, side)), draw(st.integers(1, side)))
    layers: list[Layer] = []
    shape, before = source, "input"
    for place in range(draw(st.integers(2, most))):
        layer = draw(_layers(f"l{place}", before, shape, begins=place == 0))
        try:
            last = Network(source, (*layers, layer)).shapes()[-1]
        except NetworkError:
            continue
        layers.append(layer)
        shape, before = TensorShape(last.out_channels, last.out_height, last.out_width), layer.name
    if not layers:
        draw(st.nothing())
    return Network(source, tuple(layers), fold=fold)


@st.composite
def _layers(draw: st.DrawFn, name: str, before: str, shape: TensorShape, *, begins: bool) -> Layer:
    """A layer of any kind that a block can have, often with windows that overlap."""
    kind = draw(st.sampled_from(KINDS[: None if begins else -1]))
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
    inputs = ("input", "input") if kind == "add" else (before,)
    return Layer(name, "conv2d" if kind == "depthwise" else kind, inputs, **fields)  # type: ignore[arg-type]


@st.composite
def runs(draw: st.DrawFn) -> tuple[Lowered, tuple[int, ...], Block]:
    """A lowered network and some of its kernels that may be a block."""
    network = lowered(draw(networks()))
    found = runs_of(network)
    if not found:
        draw(st.nothing())
    run = draw(st.sampled_from(found))
    block = block_form(network, run)
    assert block is not None
    return network, run, block


@st.composite
def blocks(draw: st.DrawFn) -> tuple[Block, Tiling]:
    """A block and one of its designs."""
    _, _, block = draw(runs())
    return block, draw(st.sampled_from(list(block_tilings(0, block))))
