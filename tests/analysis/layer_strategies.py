"""Small layers with numbers, designs and power cycles for Hypothesis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

import numpy as np
from hypothesis import strategies as st

from ischedule.analysis.arithmetic import FUNCTIONS, Width, Words, table_of
from ischedule.analysis.direct import evaluate
from ischedule.analysis.executor import Executor, Placed
from ischedule.analysis.layer_numbers import random_numbers, random_tensor
from ischedule.models.lowering import forms_of
from ischedule.models.nest import atoms_of
from ischedule.models.network import Layer, LayerShape, Network, NetworkError, TensorShape
from ischedule.models.primitives import Prices
from ischedule.models.tiling import Order
from tests.models.kernel_strategies import tilings

LAYER_KINDS = (
    "conv2d",
    "strided",
    "depthwise",
    "conv1d",
    "dense",
    "global_average_pool",
    "max_pool",
    "average_pool",
    "global_max_pool",
    "add",
    "batch_norm",
    "activation",
    "pad",
    "softmax",
)


@st.composite
def shapes(draw: st.DrawFn, kind: str | None = None) -> LayerShape:
    """A layer of a kind, or of any."""
    kind = kind or draw(st.sampled_from(LAYER_KINDS))
    width = 1 if kind == "conv1d" else draw(st.integers(1, 5))
    source = TensorShape(draw(st.integers(1, 5)), draw(st.integers(1, 5)), width)
    out = draw(st.integers(1, 5)) if kind in ("conv2d", "conv1d", "dense") else None
    fields: dict[str, object] = {}
    if kind in ("conv2d", "conv1d", "strided", "depthwise", "max_pool", "average_pool"):
        fields["kernel"] = (draw(st.integers(1, min(3, source.height))), draw(st.integers(1, min(3, source.width))))
    if kind in ("strided", "depthwise", "max_pool", "average_pool"):
        fields["stride"] = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
        fields["padding"] = draw(st.sampled_from(["same", (0, 0, 0, 0)]))
    if kind in ("strided", "depthwise"):
        groups = [one for one in range(1, source.channels + 1) if source.channels % one == 0]
        groups = [source.channels] if kind == "depthwise" else groups
        fields["groups"] = draw(st.sampled_from(groups))
        out = source.channels if kind == "depthwise" else fields["groups"] * draw(st.integers(1, 2))  # type: ignore[operator]
        fields["dilation"] = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
        if kind == "strided":
            fields["padding"] = draw(st.sampled_from(["same", (1, 2, 2, 0)]))
        else:
            fields["padding"] = "same"
        fields["bias"] = draw(st.booleans())
    if kind == "pad":
        fields["padding"] = tuple(draw(st.integers(0, 2)) for _ in range(4))
    if (kind in ("strided", "depthwise", "add", "batch_norm") and draw(st.booleans())) or kind == "activation":
        fields["activation"] = draw(st.sampled_from(sorted(FUNCTIONS)))
    sources = ("input", "input", "input")[: draw(st.integers(2, 3))] if kind == "add" else ("input",)
    named = {"strided": "conv2d", "depthwise": "conv2d"}.get(kind, kind)
    layer = Layer("layer", named, sources, out, **fields)  # type: ignore[arg-type]
    try:
        return Network(source, (layer,)).shapes()[0]
    except NetworkError:
        draw(st.nothing())
        raise


@dataclass(frozen=True)
class Trial:
    """A layer, one design of it, numbers, an input, and what the layer makes of it by definition."""

    shape: LayerShape
    layer: Placed
    words: Words
    multiple: int
    atoms: int

    def expected(self) -> Words:
        """The layer's results."""
        return evaluate(self.shape, self.layer.numbers, *[self.words] * self.shape.sources)

    @property
    def prices(self) -> Prices:
        """Prices of nothing, with its words and sums."""
        return free_prices(self.layer.numbers.width, self.multiple)

    def executor(self, ends: list[int]) -> Executor:
        """The layer ready to run in power cycles that end after these atoms."""
        return Executor([self.layer], ends, self.words, self.multiple)


def free_prices(width: Width, multiple: int) -> Prices:
    """Prices of nothing, with the words and sums of a width."""
    free, words = dict.fromkeys(Order, (0, 0)), width.sum.itemsize // width.value
    return Prices(*[(0, 0)] * 6, free, free, *[(0, 0)] * 4, multiple, width.value, words)


@cache
def activation(name: str, width: Width) -> Words:
    """A table of the function between words that stand for -4 to 4, and -2 to 6."""
    before, after = Fraction(4, width.greatest + 1), Fraction(4, width.greatest + 1)
    return table_of(name, width, (before, 0), (after, width.least // 2))


@st.composite
def trials(draw: st.DrawFn, kind: str | None = None, width: Width | None = None, most_atoms: int = 10_000) -> Trial:
    """Any layer and design of a kind, with random numbers; stored sums are in the tensor or apart."""
    shape = draw(shapes(kind))
    form = draw(st.sampled_from(forms_of(shape, dense_as_channels=True)))
    tiling = draw(tilings(form))
    atoms = sum(1 for _ in atoms_of(form, tiling))
    if atoms > most_atoms:
        draw(st.nothing())
    width = width or draw(st.sampled_from(Width))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    zero = int(random.integers(width.least, width.greatest, endpoint=True))
    numbers = random_numbers(shape, width, random, zero)
    if numbers.weights is not None and numbers.bias is None and draw(st.booleans()):
        reach = 1 << (20 if width is Width.INT8 else 34)
        numbers = replace(numbers, bias=random.integers(-reach, reach, shape.out_channels, width.sum))
    if numbers.weights is not None and numbers.activation is None and draw(st.booleans()):
        numbers = replace(numbers, activation=activation(draw(st.sampled_from(sorted(FUNCTIONS))), width))
    words = random_tensor(TensorShape(shape.in_channels, shape.in_height, shape.in_width), width, random)
    apart = draw(st.booleans())
    placed = Placed(form, tiling, numbers, shape.padding, (0,) * shape.sources, apart=apart)
    return Trial(shape, placed, words, draw(st.sampled_from([1, 2, 3])), atoms)


@st.composite
def cut_sets(draw: st.DrawFn, atoms: int) -> list[int]:
    """After which atoms power cycles end."""
    return sorted(draw(st.sets(st.integers(1, atoms))) | {atoms})
