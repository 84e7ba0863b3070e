"""What a device's primitives cost a tiled kernel: each price in whole femtojoules and picoseconds, rounded up once."""

from __future__ import annotations

from ischedule.models.cost import Cost, Effort
from ischedule.models.device import Device
from ischedule.models.kernels import Ends, Price, Prices
from ischedule.models.protocol import Protocol
from ischedule.models.tiling import Order


def _price(cost: Cost) -> Price:
    effort = cost.rounded_up()
    return effort.amount, effort.time


def _optional(cost: Cost | None) -> Price:
    """Nothing where no figure is stated: no layer that needs it gets this far."""
    return (0, 0) if cost is None else _price(cost)


def prices_of(device: Device, word_bytes: int | None = None, sum_bytes: int | None = None) -> Prices:
    """The prices of elements, of commands with their addressing, and of the steps beside each vector operation.

    Figures are those of the device's words, whatever part of one a network's word takes. A sum takes as many of them as
    it fills.
    """
    word = word_bytes or device.word_bytes
    wide = sum_bytes or word
    of_device = -(-wide // device.word_bytes)
    return Prices(
        read=_price(device.read.per_element),
        write=_price(device.write.per_element),
        read_sum=_price(device.read.per_element.times(of_device)),
        write_sum=_price(device.write.per_element.times(of_device)),
        input_command=_price(device.read.fixed + device.fetch_input),
        weight_command=_price(device.read.fixed + device.fetch_weight),
        sums_command={order: _price(device.read.fixed + device.fetch_output[order.value]) for order in Order},
        store_command={order: _price(device.write.fixed + device.store_output[order.value]) for order in Order},
        multiply=_price(device.mac.per_element),
        multiply_command=_price(device.mac.fixed + device.mac_step),
        tile=_price(device.tile),
        pool=_price(device.pool_step),
        multiple=device.vector_multiple,
        word_bytes=word,
        sum_words=wide // word,
        add=_optional(device.add_step),
        softmax=_optional(device.softmax_step),
        finish=_optional(device.activation_step),
    )


def ends_of(device: Device, restart: Effort, protocol: Protocol = Protocol.RECORD) -> Ends:
    """What every power cycle begins with (booting, or waking), and what reading and publishing its record takes."""
    fetch, save = _price(protocol.resuming(device)), _price(protocol.committing(device))
    return Ends((restart.amount + fetch[0], restart.time + fetch[1]), save, protocol.written_bytes(device))
