"""Networks that people deploy, as case files write them: the shapes of their publications, no weights."""

from __future__ import annotations

from typing import Any

Layer = dict[str, Any]


class _Layers:
    """Layers one after the other; each method adds some and names the last."""

    def __init__(self) -> None:
        self.found: list[Layer] = []

    def add(self, name: str, kind: str, *inputs: str, **fields: Any) -> str:
        self.found.append({"name": name, "kind": kind, **({"inputs": list(inputs)} if inputs else {}), **fields})
        return name

    def filtered(self, name: str, channels: int, kernel: list[int], *inputs: str, **fields: Any) -> str:
        """A filter with a batch normalisation, and an activation unless it is None."""
        activation = fields.pop("activation", "relu")
        self.add(name, "conv2d", *inputs, out_channels=channels, kernel=kernel, padding="same", **fields)
        ends = {"activation": activation} if activation else {}
        return self.add(f"{name}_norm", "batch_norm", **ends)


def _network(channels: int, height: int, width: int, layers: _Layers) -> dict[str, Any]:
    return {"input": {"channels": channels, "height": height, "width": width}, "width": "int8", "layers": layers.found}


def ds_cnn() -> dict[str, Any]:
    """Keyword spotting of MLPerf Tiny: a filter over 49 x 10 coefficients, four separable ones of 64 channels."""
    layers = _Layers()
    layers.filtered("conv", 64, [10, 4], stride=2)
    for block in range(1, 5):
        layers.filtered(f"depthwise{block}", 64, [3, 3], groups=64)
        layers.filtered(f"pointwise{block}", 64, [1, 1])
    layers.add("pool", "global_average_pool")
    layers.add("dense", "dense", out_channels=12, bias=True)
    layers.add("softmax", "softmax")
    return _network(1, 49, 10, layers)


def resnet_8() -> dict[str, Any]:
    """Image classification of MLPerf Tiny: three residual stacks over 32 x 32 pixels."""
    layers = _Layers()
    before = layers.filtered("conv", 16, [3, 3])
    for stack, (channels, stride) in enumerate(((16, 1), (32, 2), (64, 2)), 1):
        layers.filtered(f"stack{stack}a", channels, [3, 3], before, stride=stride)
        end = layers.filtered(f"stack{stack}b", channels, [3, 3], activation=None)
        skip = before
        if stride != 1:
            skip = layers.add(
                f"stack{stack}skip", "conv2d", before, out_channels=channels, kernel=[1, 1], stride=stride, bias=True
            )
        before = layers.add(f"stack{stack}sum", "add", end, skip, activation="relu")
    layers.add("pool", "global_average_pool")
    layers.add("dense", "dense", out_channels=10, bias=True)
    layers.add("softmax", "softmax")
    return _network(3, 32, 32, layers)


def mobilenet_v2() -> dict[str, Any]:
    """MobileNetV2 of width 0.35 over 96 x 96 pixels, with two classes."""
    layers = _Layers()
    before, channels = layers.filtered("conv", 16, [3, 3], stride=2, activation="relu6"), 16
    stages = ((1, 8, 1, 1), (6, 8, 2, 2), (6, 16, 3, 2), (6, 24, 4, 2), (6, 32, 3, 1), (6, 56, 3, 2), (6, 112, 1, 1))
    block = 0
    for expansion, out, repeats, first_stride in stages:
        for repeat in range(repeats):
            block += 1
            stride, wide = first_stride if repeat == 0 else 1, expansion * channels
            skip = before
            if expansion > 1:
                layers.filtered(f"expand{block}", wide, [1, 1], skip, activation="relu6")
            layers.filtered(f"depthwise{block}", wide, [3, 3], stride=stride, groups=wide, activation="relu6")
            before = layers.filtered(f"project{block}", out, [1, 1], activation=None)
            if stride == 1 and out == channels:
                before = layers.add(f"sum{block}", "add", before, skip)
            channels = out
    layers.filtered("last", 1280, [1, 1], before, activation="relu6")
    layers.add("pool", "global_average_pool")
    layers.add("dense", "dense", out_channels=2, bias=True)
    layers.add("softmax", "softmax")
    return _network(3, 96, 96, layers)


def squeezenet() -> dict[str, Any]:
    """SqueezeNet for 32 x 32 pixels: eight fire modules, whose two halves are concatenated."""
    layers = _Layers()
    ends = {"bias": True, "activation": "relu"}
    before = layers.add("conv", "conv2d", out_channels=64, kernel=[3, 3], padding="same", **ends)
    before = layers.add("pool1", "max_pool", kernel=[2, 2])
    for fire, squeezed in enumerate((16, 16, 32, 32, 48, 48, 64, 64), 2):
        small = layers.add(f"squeeze{fire}", "conv2d", before, out_channels=squeezed, kernel=[1, 1], **ends)
        halves = [
            layers.add(
                f"expand{fire}_{side}x{side}",
                "conv2d",
                small,
                out_channels=4 * squeezed,
                kernel=[side, side],
                padding="same",
                **ends,
            )
            for side in (1, 3)
        ]
        before = layers.add(f"fire{fire}", "concat", *halves)
        if fire in (3, 5):
            before = layers.add(f"pool{fire}", "max_pool", kernel=[2, 2])
    layers.add("classes", "conv2d", before, out_channels=10, kernel=[1, 1], **ends)
    layers.add("pool", "global_average_pool")
    layers.add("softmax", "softmax")
    return _network(3, 32, 32, layers)


NETWORKS = {"ds-cnn": ds_cnn, "resnet-8": resnet_8, "mobilenet-v2": mobilenet_v2, "squeezenet": squeezenet}
"""Each network by its name in the case files."""
