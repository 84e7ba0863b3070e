"""What `ischedule devices show` says of a device that runs whole layers."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ischedule.cli.output import table

if TYPE_CHECKING:
    from ischedule.models.accelerator import LayerAccelerator
    from ischedule.models.cost import Cost


def described_accelerator(device: "LayerAccelerator") -> str:
    """The device's memories and limits, its costs, the ways in which it waits, and where the figures come from."""
    from ischedule.models.quantities import ENERGY, POWER, TIME, show

    efforts = [(name, cost.rounded_up()) for name, cost in costs_of(device)]
    boot = ("boot", show(device.boot.amount, ENERGY), show(device.boot.time, TIME))
    costs = [boot, *((name, show(effort.amount, ENERGY), show(effort.time, TIME)) for name, effort in efforts)]
    modes = [
        (mode.name, show(mode.power, POWER), _kept(mode.keeps_weights, mode.keeps_data), show(mode.wake.time, TIME))
        for mode in device.modes
    ]
    waiting = table(("way to wait", "power", "keeps", "wakes in"), modes, right=("power", "wakes in")) + "\n"
    sources = "".join(f"  {what}: {source}\n" for what, source in device.sources)
    return (
        f"{device.name}: {device.title}\n\n"
        f"{table(('memory and limits', 'size'), list(facts_of(device)), right=('size',))}\n"
        f"{table(('cost of', 'energy', 'time'), costs, right=('energy', 'time'))}\n"
        f"{waiting if modes else ''}"
        f"sources\n{sources}"
    )


def _kept(weights: bool, data: bool) -> str:
    return " and ".join(what for what, kept in (("weights", weights), ("data", data)) if kept) or "nothing"


def facts_of(device: "LayerAccelerator") -> Iterator[tuple[str, str]]:
    """Memories, and what the accelerator can hold and do."""
    from ischedule.models.quantities import MEMORY, show

    limits = device.limits
    yield "memory for tensors", show(device.volatile_memory, MEMORY)
    yield "non-volatile memory", show(device.nonvolatile_memory, MEMORY)
    yield "memory for weights", show(limits.weight_memory, MEMORY)
    yield "memory for biases", show(limits.bias_memory, MEMORY)
    yield "a value, a result", f"{show(device.word_bytes, MEMORY)}, {show(device.result_word, MEMORY)}"
    yield "progress record", show(device.record_bytes, MEMORY)
    yield "channels at once", str(device.processors)
    yield "weights are loaded for each", device.loading.value
    yield "layers, of these interleaved", f"{limits.layers}, {limits.streaming}"
    yield "channels of a tensor", str(limits.channels)
    yield "height or width of a tensor", str(limits.side)
    yield "kernels of conv2d", ", ".join(f"{height}x{width}" for height, width in limits.kernels_2d)
    yield "kernels of conv1d", f"1 to {limits.kernel_1d}"
    yield "padding", f"0 to {limits.padding}"
    yield "sides of pooling windows", f"1 to {limits.pooling}"
    yield "tensors added at once", str(limits.operands)
    yield "activations", ", ".join(limits.activations) or "none"


def costs_of(device: "LayerAccelerator") -> Iterator[tuple[str, "Cost"]]:
    """Every cost of the device by a name that says when it is paid."""
    yield "configuring a network", device.configure
    yield "starting a run", device.start
    yield "each clock cycle of a run", device.cycle
    for name, cost in (
        ("loading weights", device.weights),
        ("loading the input", device.input),
        ("saving a tensor", device.save),
        ("restoring a tensor", device.restore),
        ("publishing a result", device.result),
    ):
        yield f"{name}, each time", cost.fixed
        yield f"{name}, each byte", cost.per_element
