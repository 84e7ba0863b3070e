"""A network on an accelerator of layers as explicit tasks: one for each layer, with the checkpoints between them.

A task brings the layer's weights and runs it. Between two power cycles the accelerator has lost its configuration, its
weights and its data, unless the device sleeps with them: then only the configuration. A checkpoint saves every tensor
that is still to be read, whether or not it was saved before, and resuming fetches all of them: for a chain of layers,
where that is one tensor, just what is needed; for branches an upper bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ischedule.models.accelerated import Accelerated, Groups, accelerated
from ischedule.models.accelerator import LayerAccelerator, Loading
from ischedule.models.cost import Cost, Effort, LinearCost
from ischedule.models.network import Network
from ischedule.models.tasks import CutCost, Task, TaskColumns

_FREE = Cost(0, 0)


@dataclass(frozen=True)
class Work:
    """What a layer takes, by what it goes into, and what a checkpoint after it saves (bytes) and costs.

    ``weights`` are those loaded with it, ``own_weights`` its own whenever they are loaded; ``restore`` is the part of
    resuming that fetches tensors.
    """

    name: str
    configure: Cost
    weights: Cost
    own_weights: Cost
    input: Cost
    run: Cost
    volatile: int
    saved: int
    commit: Cost
    restore: Cost
    resume: Cost
    is_cut: bool

    @property
    def atom(self) -> Effort:
        """The layer in a power cycle in which others have run before it; the first of a network begins one."""
        return (self.configure + self.weights + self.input + self.run).rounded_up()


@lru_cache(16)
def tasks_of(
    network: Network, device: LayerAccelerator, streaming: Groups = (), retained: bool = False, available: int = 0
) -> TaskColumns:
    """The tasks; `available` is the non-volatile memory, and no cut stands where its two copies would not fit."""
    return TaskColumns.expand(
        Task(
            work.name,
            work.atom.amount,
            work.atom.time,
            work.volatile,
            cut=CutCost(work.commit.rounded_up(), work.resume.rounded_up()) if work.is_cut else None,
        )
        for work in works_of(network, device, streaming, retained, available)
    )


@lru_cache(16)
def works_of(
    network: Network, device: LayerAccelerator, streaming: Groups = (), retained: bool = False, available: int = 0
) -> tuple[Work, ...]:
    """What each layer takes."""
    return _Works(accelerated(network, device, streaming), device, retained, available).works()


def least_stored(network: Network, device: LayerAccelerator, streaming: Groups = ()) -> int:
    """What any plan keeps in non-volatile memory: input, and two copies of the results with a progress record each."""
    works = _Works(accelerated(network, device, streaming), device, False, 0)
    return works.stored(len(works.layers) - 1)


class _Works:
    """The layers of a network being priced."""

    def __init__(self, network: Accelerated, device: LayerAccelerator, retained: bool, available: int) -> None:
        self.network, self.layers, self.device = network, network.layers, device
        self.retained, self.available = retained, available
        count = len(self.layers)
        self.made = {0: -1} | {layer.writes: index for index, layer in enumerate(self.layers)}
        self.last = {layer.writes: count for layer in self.layers} | {
            tensor: index for index, layer in enumerate(self.layers) for tensor in layer.reads
        }
        """By tensor the last layer that reads it: one after all for results."""

    def works(self) -> tuple[Work, ...]:
        """What each layer takes."""
        return tuple(map(self._work, range(len(self.layers))))

    def _work(self, index: int) -> Work:
        device, layer = self.device, self.layers[index]
        is_last = index + 1 == len(self.layers)
        fits = is_last or self.stored(index) <= self.available
        return Work(
            name=layer.name,
            configure=self._configured if self._configures(index) else _FREE,
            weights=self._weights(self._loaded_with(index)),
            own_weights=self._weights([index]),
            input=self._moved(device.input, [0]) if index == 0 else _FREE,
            run=device.start + device.cycle.times(layer.cycles(self.network.streams(index))),
            volatile=self._volatile(index),
            saved=self.saved(index),
            commit=self._commit(index),
            restore=self._restore(index),
            resume=self._resume(index),
            is_cut=self.network.ends_group(index) and fits,
        )

    @property
    def _configured(self) -> Cost:
        """Preparing a network, and the clock cycle that its run takes more than those of its layers."""
        return self.device.configure + self.device.cycle

    def _configures(self, index: int) -> bool:
        """Whether a configuration is part of a layer's work; that of resuming is not."""
        begins = index == 0 or self.network.ends_group(index - 1)
        return begins if self.device.loading is Loading.LAYER else index == 0

    def _loaded_with(self, index: int) -> Sequence[int]:
        """The layers whose weights are loaded as part of a layer's work."""
        if self.device.loading is not Loading.NETWORK:
            return [index]
        return range(len(self.layers)) if index == 0 else ()

    def _weights(self, indices: Sequence[int]) -> Cost:
        total = _FREE
        for index in indices:
            size = (self.layers[index].weights + self.layers[index].biases) * self.device.word_bytes
            total += self.device.weights.of(size) if size else _FREE
        return total

    def _live(self, index: int) -> list[int]:
        """The tensors that are read after a layer, or are results, and exist then."""
        return [tensor for tensor, last in sorted(self.last.items()) if self.made[tensor] <= index < last]

    def _word(self, tensor: int) -> int:
        """Results can be wider than what other layers read."""
        is_result = self.last[tensor] == len(self.layers) and self.layers[self.made[tensor]].wide
        return self.device.result_word if is_result else self.device.word_bytes

    def _bytes(self, tensor: int) -> int:
        return self.network.tensors[tensor].elements * self._word(tensor)

    def saved(self, index: int) -> int:
        """What a checkpoint after a layer writes besides its record; the input lies in non-volatile memory already."""
        return sum(self._bytes(tensor) for tensor in self._live(index) if tensor)

    def stored(self, index: int) -> int:
        """What a plan that cuts there keeps in non-volatile memory: the input, and two copies of what is saved."""
        record = self.device.record_bytes
        return self.network.tensors[0].elements * self.device.word_bytes + 2 * (self.saved(index) + record)

    def _moved(self, price: LinearCost, tensors: Sequence[int]) -> Cost:
        return sum((price.of(self._bytes(tensor)) for tensor in tensors), _FREE)

    def _record(self, price: LinearCost) -> Cost:
        return price.of(self.device.record_bytes) if self.device.record_bytes else _FREE

    def _commit(self, index: int) -> Cost:
        is_last = index + 1 == len(self.layers)
        price = self.device.result if is_last else self.device.save
        return self._moved(price, [tensor for tensor in self._live(index) if tensor]) + self._record(self.device.save)

    def _resume(self, index: int) -> Cost:
        """The record, the configuration, and what has been lost: nothing more where the device sleeps and keeps it."""
        total = self._record(self.device.restore)
        if index + 1 == len(self.layers):
            return total
        if self.device.loading is not Loading.LAYER:
            total += self._configured
        if self.retained:
            return total
        if self.device.loading is Loading.NETWORK:
            total += self._weights(range(index + 1, len(self.layers)))
        return total + self._restore(index)

    def _restore(self, index: int) -> Cost:
        if index + 1 == len(self.layers):
            return _FREE
        live = self._live(index)
        inputs = self._moved(self.device.input, [tensor for tensor in live if not tensor])
        return inputs + self._moved(self.device.restore, [tensor for tensor in live if tensor])

    def _volatile(self, index: int) -> int:
        """What lies in the accelerator's memory while a layer runs, and those with which it streams."""
        groups = self.network.groups
        first = groups.index(groups[index])
        end = first + groups.count(groups[index])
        held = [tensor for tensor, last in self.last.items() if self.made[tensor] < end and first <= last]
        return sum(self._occupied(tensor, range(first, end)) for tensor in held)

    def _occupied(self, tensor: int, group: range) -> int:
        """Bytes of a tensor with channels filled up: all processors' memories hold as many pixels as the fullest.

        Between layers that stream there are only the rows of a window, and those that come next.
        """
        shape, maker = self.network.tensors[tensor], self.made[tensor]
        passes, rows = -(-shape.channels // self.device.processors), shape.height
        if maker in group and maker + 1 in group:
            reader = self.layers[maker + 1]
            rows = min(rows, reader.pool[0] * (reader.kernel[0] + 1))
        return rows * shape.width * passes * self.device.processors * self._word(tensor)
