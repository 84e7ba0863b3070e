"""The numbers of a network from the file that its case names, and such a file from numbers.

`models.network_numbers` says which arrays there are. The zero of what a layer reads is not among them: it is that of
what the layers before it write, which has to be one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Scaling, Words, multiplier_bits
from ischedule.analysis.layer_numbers import LayerNumbers
from ischedule.analysis.network_zeros import zero_of_shares
from ischedule.analysis.number_limits import require_added, require_shares
from ischedule.models.case import Case
from ischedule.models.errors import MISSING, InputError, InvalidValue
from ischedule.models.layer import NETWORK_INPUT
from ischedule.models.lowering import Kernel, Lowered
from ischedule.models.network_numbers import COUNT, MULTIPLIER, SHIFT, arrays_of, digest, read_arrays
from ischedule.models.npz import ArrayKind, Arrays, dump_npz

_INPUT_ZERO: Final = f"{NETWORK_INPUT}/zero"


def read_numbers(case: Case, width: AnyWidth) -> list[LayerNumbers]:
    """The numbers that a case names, one for each kernel as listed; raises `InputError`."""
    assert case.numbers is not None, "a case that names numbers"
    network, source = case.lowered(), case.numbers.source
    wanted = arrays_of(network, width.word.itemsize, width.sum.itemsize)
    arrays = read_arrays(source, network, wanted)
    if digest(arrays) != case.numbers.sha256:
        problem = "holds other numbers than when the case was read"
        raise InputError(source, "$", MISSING, problem, "leave the file alone, and begin again")
    return _Reader(source, network, width, arrays).numbers()


class _Reader:
    """The arrays of a network on their way to what its layers compute with."""

    def __init__(self, source: str, network: Lowered, width: AnyWidth, arrays: Arrays) -> None:
        self._source, self._network, self._width, self._arrays = source, network, width, arrays
        first = self._scalar(_INPUT_ZERO)
        self._zeros = {0: (0 if first is None else first, _INPUT_ZERO)}
        """By tensor: the word that stands for zero in it, and the array that says so."""

    def numbers(self) -> list[LayerNumbers]:
        """Those of all kernels."""
        return [self._layer(kernel) for kernel in self._network.kernels]

    def _layer(self, kernel: Kernel) -> LayerNumbers:
        zero = self._zero_read(kernel)
        scaling, zero_after = self._scaling(kernel, zero), self._zero_written(kernel, zero)
        self._same_zero(kernel, self._zeros.setdefault(kernel.writes, zero_after), zero_after)
        is_maximum = kernel.shape.kind in ("max_pool", "global_max_pool")
        weights, bias = self._array(kernel, "weights"), self._array(kernel, "bias")
        counts = self._array(kernel, "exponentials")
        shares = None if counts is None else counts.astype(np.int64)
        activation = self._activation(kernel, zero if scaling is None else scaling.zero)
        try:
            if shares is not None:
                require_shares(self._width, shares, kernel.shape.out_channels)
            if kernel.shape.kind == "add" and scaling is not None:
                require_added(self._width, scaling, kernel.shape.sources)
            return LayerNumbers(self._width, zero, weights, scaling, bias, activation, is_maximum, shares)
        except InvalidValue as error:
            raise error.located(self._source, kernel.name) from None

    def _zero_read(self, kernel: Kernel) -> int:
        """The zero of all that a kernel reads."""
        first = self._zeros[kernel.reads[0]]
        for tensor in kernel.reads[1:]:
            self._same_zero(kernel, first, self._zeros[tensor])
        return first[0]

    def _zero_written(self, kernel: Kernel, read: int) -> tuple[int, str]:
        """The zero of what a kernel writes, and the array that says so."""
        for name in ("activation_zero", "zero"):
            stated = self._scalar(f"{kernel.name}/{name}")
            if stated is not None:
                return stated, f"{kernel.name}/{name}"
        if kernel.shape.kind == "softmax":
            return zero_of_shares(self._width), kernel.name
        return (read, self._zeros[kernel.reads[0]][1])

    def _same_zero(self, kernel: Kernel, one: tuple[int, str], other: tuple[int, str]) -> None:
        if one[0] != other[0]:
            joined = "adds" if kernel.shape.kind == "add" else "is joined to"
            problem = (
                f"is another zero than {one[1]} is, which is {one[0]}, and {kernel.name} {joined} what has the other"
            )
            raise InputError(self._source, other[1], other[0], problem, "give both the same zero")

    def _scaling(self, kernel: Kernel, read: int) -> Scaling | None:
        shift = self._array(kernel, "shift")
        if shift is None:
            return None
        is_fixed = isinstance(self._width, FixedPoint)
        multiplier = self._array(kernel, "multiplier")
        if multiplier is None:
            multiplier = np.zeros(len(shift), np.int64)
        self._require_within(f"{kernel.name}/multiplier", multiplier, 0, (1 << multiplier_bits(self._width)) - 1)
        self._require_within(f"{kernel.name}/shift", shift, 1, 30 if is_fixed else 62)
        zero = self._scalar(f"{kernel.name}/zero") or 0
        return Scaling(multiplier.astype(np.int64), shift.astype(np.int64), zero)

    def _require_within(self, name: str, values: NDArray[Any], least: int, most: int) -> None:
        wrong = np.flatnonzero((values < least) | (values > most))
        if len(wrong):
            place = int(wrong[0])
            problem, remedy = f"is not between {least} and {most}", f"write {least} to {most}"
            raise InputError(self._source, f"{name}[{place}]", int(values[place]), problem, remedy)

    def _activation(self, kernel: Kernel, zero: int) -> Words | None:
        """What words become; a rectifier without a table keeps those from its zero on."""
        table = self._array(kernel, "activation")
        if table is None and kernel.shape.activation == "relu":
            words = np.arange(self._width.least, self._width.greatest + 1)
            table = np.maximum(words, zero).astype(self._width.word)
        return table

    def _array(self, kernel: Kernel, name: str) -> Words | None:
        if f"{kernel.name}/{name}" not in self._arrays:
            return None
        kind, body = self._arrays[f"{kernel.name}/{name}"]
        stored = np.frombuffer(body, np.dtype(kind.type).newbyteorder("<"))
        array: Words = stored.astype(np.dtype(kind.type)).reshape(kind.shape)
        return array

    def _scalar(self, name: str) -> int | None:
        if name not in self._arrays:
            return None
        return int.from_bytes(self._arrays[name][1], "little", signed=True)


def dump_numbers(network: Lowered, width: AnyWidth, numbers: Sequence[LayerNumbers]) -> bytes:
    """The file of a network's numbers, one for each kernel; the same numbers give the same bytes.

    Raises ValueError for numbers of which one reads another zero than is written.
    """
    arrays = _arrays(network, width, numbers)
    read = _Reader("numbers", network, width, arrays).numbers()
    for kernel, one, other in zip(network.kernels, numbers, read, strict=True):
        if one.input_zero != other.input_zero:
            raise ValueError(
                f"{kernel.name} reads words with the zero {one.input_zero}, written with {other.input_zero}"
            )
    return dump_npz(arrays)


def _arrays(network: Lowered, width: AnyWidth, numbers: Sequence[LayerNumbers]) -> Arrays:
    """The arrays by name."""
    read = {
        tensor: one.input_zero for kernel, one in zip(network.kernels, numbers, strict=True) for tensor in kernel.reads
    }
    found: dict[str, tuple[ArrayKind, bytes]] = {}

    def add(name: str, values: object, kind: str) -> None:
        array = np.asarray(values)
        as_stored = array.astype(np.dtype(kind).newbyteorder("<"))
        if not np.array_equal(as_stored, array):
            raise ValueError(f"{name} has numbers that {kind} does not hold")
        found[name] = (ArrayKind(kind, array.shape), as_stored.tobytes())

    word, is_fixed = width.word.name, isinstance(width, FixedPoint)
    if not is_fixed:
        add(_INPUT_ZERO, read.get(0, 0), word)
    for kernel, one in zip(network.kernels, numbers, strict=True):
        parts: list[tuple[str, object, str]] = [
            ("weights", one.weights, word),
            ("bias", one.bias, width.sum.name),
            ("exponentials", one.exponentials, COUNT),
            ("activation", one.activation, word),
        ]
        if one.scaling is not None:
            keeps_multipliers = not (is_fixed and one.weights is not None)
            parts.append(("multiplier", one.scaling.multiplier if keeps_multipliers else None, MULTIPLIER))
            parts.append(("shift", one.scaling.shift, SHIFT))
            parts.append(("zero", None if is_fixed else one.scaling.zero, word))
        before = one.input_zero if one.scaling is None else one.scaling.zero
        after = read.get(kernel.writes, before)
        if one.activation is not None and after != before:
            parts.append(("activation_zero", after, word))
        for name, values, kind in parts:
            if values is not None:
                add(f"{kernel.name}/{name}", values, kind)
    return found
