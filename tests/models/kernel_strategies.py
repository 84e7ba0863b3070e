"""Small layers, designs and prices for Hypothesis: every kind of layer, every order, every batch."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ischedule.models.kernels import Ends, Prices
from ischedule.models.tiling import Arithmetic, Extent, Order, Tiling, innermost

ORDERS = tuple(Order)


def sizes_up_to(limit: int) -> st.SearchStrategy[int]:
    """An extent of a loop."""
    return st.integers(1, limit)


@st.composite
def extents(draw: st.DrawFn, pooling: bool | None = None, channelwise: bool | None = None) -> Extent:
    """A convolution in two dimensions or one, a dense layer in either form, a channelwise or a pooling layer."""
    kinds = ["conv2d", "strided", "conv1d", "dense", "channels"]
    if channelwise is not False:
        kinds += ["depthwise", "windows", "single", "softmax"]
    if pooling is not None:
        kinds = ["pool"] if pooling else kinds
    else:
        kinds.append("pool")
    kind = draw(st.sampled_from(kinds))
    small = sizes_up_to(4)
    if kind == "conv2d":
        return Extent(draw(small), draw(small), draw(small), draw(small), draw(sizes_up_to(3)), draw(sizes_up_to(3)))
    if kind == "conv1d":
        return Extent(draw(sizes_up_to(9)), 1, draw(small), draw(small), draw(sizes_up_to(4)), 1)
    if kind == "dense":
        return Extent(1, 1, draw(sizes_up_to(8)), draw(small), draw(small), draw(small))
    if kind == "channels":
        return Extent(1, 1, draw(sizes_up_to(8)), draw(sizes_up_to(14)), 1, 1)
    if kind == "pool":
        return Extent(draw(small), draw(small), draw(sizes_up_to(6)), 1, 1, 1, pooling=True)
    ends = {"bias": draw(st.booleans()), "finish": draw(st.booleans())}
    if kind == "strided":
        loops = (draw(small), draw(small), draw(sizes_up_to(3)), draw(small))
        return Extent(*loops, **draw(kernels()), groups=draw(sizes_up_to(3)), **ends)
    return draw(channelwise_extents(kind, ends))


@st.composite
def kernels(draw: st.DrawFn) -> dict[str, Any]:
    """A kernel with its strides and dilations."""
    small = sizes_up_to(3)
    stride, dilation = (draw(small), draw(small)), (draw(sizes_up_to(2)), draw(sizes_up_to(2)))
    return {"kernel_rows": draw(small), "kernel_columns": draw(small), "stride": stride, "dilation": dilation}


@st.composite
def channelwise_extents(draw: st.DrawFn, kind: str, ends: dict[str, bool]) -> Extent:
    """A nest whose results have a channel of the input each."""
    loops = (draw(sizes_up_to(4)), draw(sizes_up_to(4)), 1, draw(sizes_up_to(6)))
    if kind == "depthwise":
        return Extent(*loops, **draw(kernels()), channelwise=True, **ends)
    finish = ends["finish"]
    if kind == "windows":
        return Extent(*loops, **draw(kernels()), channelwise=True, arithmetic=Arithmetic.POOL, finish=finish)
    if kind == "softmax":
        return Extent(*loops, 1, 1, channelwise=True, arithmetic=Arithmetic.SOFTMAX)
    arithmetic = draw(st.sampled_from([Arithmetic.ADD, Arithmetic.COPY]))
    sources = draw(st.integers(2, 3)) if arithmetic is Arithmetic.ADD else 1
    return Extent(*loops, 1, 1, channelwise=True, arithmetic=arithmetic, sources=sources, finish=finish)


@st.composite
def tilings(draw: st.DrawFn, extent: Extent, order: Order | None = None) -> Tiling:
    """Any design of the layer, in memory of any size."""
    if order is None or order not in extent.orders:
        order = draw(st.sampled_from(extent.orders))
    rows, columns, outputs, inputs = (draw(sizes_up_to(trips)) for trips in extent.loops)
    inputs = max(inputs, extent.least_inputs)
    batch = draw(sizes_up_to(innermost(extent, Tiling(0, order, rows, columns, outputs, inputs, 1))))
    return Tiling(0, order, rows, columns, outputs, inputs, batch)


@st.composite
def layers(draw: st.DrawFn, pooling: bool | None = None) -> tuple[Extent, Tiling]:
    """A layer and one of its designs."""
    extent = draw(extents(pooling))
    return extent, draw(tilings(extent))


@st.composite
def prices(draw: st.DrawFn, tile: bool | None = None) -> Prices:
    """Prices of any size, energies and times drawn apart; `tile` tells whether a tile costs anything by itself."""
    price = st.tuples(st.integers(0, 999), st.integers(0, 999))
    nothing = st.just((0, 0))
    read, write, more, other = (draw(price) for _ in range(4))
    for_tile = price.map(lambda pair: (pair[0] + 1, pair[1]))
    return Prices(
        read=read,
        write=write,
        read_sum=(read[0] + more[0], read[1] + more[1]),
        write_sum=(write[0] + other[0], write[1] + other[1]),
        input_command=draw(price),
        weight_command=draw(price),
        sums_command={order: draw(price) for order in ORDERS},
        store_command={order: draw(price) for order in ORDERS},
        multiply=draw(price),
        multiply_command=draw(price),
        tile=draw(nothing | for_tile if tile is None else for_tile if tile else nothing),
        pool=draw(price),
        multiple=draw(st.sampled_from([1, 2, 2, 3, 4])),
        word_bytes=draw(st.sampled_from([1, 2, 4])),
        sum_words=draw(st.sampled_from([1, 1, 2, 4])),
        add=draw(price),
        softmax=draw(price),
        finish=draw(price),
    )


@st.composite
def cycle_ends(draw: st.DrawFn) -> Ends:
    """What a power cycle pays besides its atoms."""
    price = st.tuples(st.integers(0, 9999), st.integers(0, 9999))
    return Ends(draw(price), draw(price))
