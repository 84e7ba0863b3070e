"""The numbers that a network computes with: which arrays its file has to hold, and the file that a case names.

The arrays of a layer are named after it: `conv/weights`. They follow from the kernels that run, so that a layer which
is folded into the one before has none. What the numbers are worth is judged where they are used; here they are counted.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ischedule.models.errors import MISSING, InputError
from ischedule.models.layer import CONVOLUTIONS, NETWORK_INPUT, LayerShape
from ischedule.models.lowering import Lowered
from ischedule.models.npz import ArrayKind, Arrays, Npz
from ischedule.models.strict_json import read_bytes

MULTIPLIER: Final = "int32"
SHIFT: Final = "uint8"
COUNT: Final = "uint32"
"""What a word counts for in a softmax."""

EXECUTABLE: Final = ((1, 4), (2, 8), (2, 2))
"""Bytes of words and sums that networks are executed with; sums as wide as words are in fixed point."""


@dataclass(frozen=True, slots=True)
class NetworkNumbers:
    """The numbers of a case: their file, and the digest of what it held when the case was read."""

    source: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """An array that a network has numbers in; one that is optional has a meaning without it."""

    kind: ArrayKind
    optional: bool = False


def arrays_of(network: Lowered, word_bytes: int, sum_bytes: int) -> dict[str, Wanted]:
    """The arrays of a network by name, in the order of its kernels."""
    word, is_fixed = f"int{8 * word_bytes}", sum_bytes == word_bytes
    found = {} if is_fixed else {f"{NETWORK_INPUT}/zero": Wanted(ArrayKind(word, ()))}
    for kernel in network.kernels:
        of_layer = _of_layer(kernel.shape, word, f"int{8 * sum_bytes}", is_fixed)
        found |= {f"{kernel.name}/{name}": wanted for name, wanted in of_layer.items()}
    return found


def _of_layer(shape: LayerShape, word: str, sums: str, is_fixed: bool) -> dict[str, Wanted]:
    channels, words = (shape.out_channels,), (1 << int(word.removeprefix("int")),)
    found: dict[str, Wanted] = {}
    multiplies = shape.kind in (*CONVOLUTIONS, "dense", "batch_norm")
    if multiplies:
        filtered = 1 if shape.kind == "batch_norm" else shape.in_channels // shape.groups
        taps = (shape.kernel_height, shape.kernel_width)
        found["weights"] = Wanted(ArrayKind(word, (*channels, *taps, filtered)))
    if shape.biases:
        found["bias"] = Wanted(ArrayKind(sums, channels))
    if multiplies or shape.kind == "add":
        if not (is_fixed and multiplies):
            found["multiplier"] = Wanted(ArrayKind(MULTIPLIER, channels))
        found["shift"] = Wanted(ArrayKind(SHIFT, channels))
        if not is_fixed:
            found["zero"] = Wanted(ArrayKind(word, ()))
    if shape.kind == "softmax":
        found["exponentials"] = Wanted(ArrayKind(COUNT, words))
    if shape.activation is not None:
        found["activation"] = Wanted(ArrayKind(word, words), optional=shape.activation == "relu")
        if not is_fixed:
            found["activation_zero"] = Wanted(ArrayKind(word, ()), optional=True)
    return found


def read_arrays(source: str, network: Lowered, wanted: Mapping[str, Wanted]) -> Arrays:
    """The arrays in a file, which are those of the network; raises `InputError`."""
    file = Npz(read_bytes(source), source)
    for name, kind in file.kinds.items():
        if name not in wanted:
            raise InputError(source, name, str(kind), *_unknown(name, network, wanted))
        if kind != wanted[name].kind:
            problem = "is another array than the network has"
            raise InputError(source, name, str(kind), problem, f"write {wanted[name].kind}")
    for name, one in wanted.items():
        if name not in file.kinds and not one.optional:
            raise InputError(source, name, MISSING, "is required", f"add {one.kind}")
    return {name: (kind, file.content(name)) for name, kind in sorted(file.kinds.items())}


def _unknown(name: str, network: Lowered, wanted: Mapping[str, Wanted]) -> tuple[str, str]:
    """What is wrong with an array that the network does not have, and the way out."""
    layer = name.rpartition("/")[0]
    for kernel in network.kernels:
        if layer in kernel.layers[1:]:
            remedy = f'write what comes of both as the numbers of {kernel.name}, or state "fold": false'
            return f"belongs to a layer that is folded into {kernel.name}", remedy
    of_layer = [one for one in wanted if one.startswith(f"{layer}/")]
    near = difflib.get_close_matches(name, wanted, n=1)
    remedy = f"remove it; {layer} has {', '.join(of_layer)}" if of_layer else "remove it"
    return "is no array of this network", f"{remedy}, or did you mean {near[0]}?" if near else remedy


def digest(arrays: Arrays) -> str:
    """SHA-256 of names, types, shapes and numbers: of what the arrays are, and not of how a file packs them."""
    sha = hashlib.sha256()
    for name, (kind, body) in sorted(arrays.items()):
        sha.update(json.dumps([name, kind.type, kind.shape]).encode("ascii") + b"\n" + body)
    return sha.hexdigest()
