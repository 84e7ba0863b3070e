"""`ischedule devices`: what is built in, and the constants of one device."""

import argparse
import importlib.resources
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ischedule.cli.output import table

if TYPE_CHECKING:
    from ischedule.models.cost import Cost, LinearCost
    from ischedule.models.device import AnyDevice, Device

ORDERS = ("input", "weight", "output")


def configure(parser: argparse.ArgumentParser) -> None:
    """Without arguments the devices are listed."""
    parser.add_argument("--json", action="store_true", help="list the devices as JSON")
    show = parser.add_subparsers(metavar="show").add_parser(
        "show", help="show the constants of one device", allow_abbrev=False
    )
    show.add_argument("show", metavar="NAME", help="a built-in device, or the file of your own")
    show.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the device file itself")
    parser.set_defaults(show=None)


def run(arguments: argparse.Namespace) -> int:
    """List the devices, or show one."""
    from ischedule.models.device import built_in_devices, load_device

    if arguments.show is not None:
        own = (
            Path(arguments.show) if arguments.show not in built_in_devices() and Path(arguments.show).exists() else None
        )
        device = load_device(own or arguments.show, source="command line", path="NAME")
        sys.stdout.write(
            (own or built_in_file(device.name)).read_text("utf-8") if arguments.json else described(device)
        )
        return 0
    titles = [(name, load_device(name).title) for name in built_in_devices()]
    if arguments.json:
        sys.stdout.write(json.dumps([{"name": name, "title": title} for name, title in titles], indent=2) + "\n")
    else:
        sys.stdout.write(table(("device", "title"), titles))
    return 0


def built_in_file(name: str) -> Path:
    """The file of a built-in device: its figures as they were published, in the form that a case takes inline."""
    return Path(str(importlib.resources.files("ischedule.models.devices"))) / f"{name}.json"


def described(device: "AnyDevice") -> str:
    """The device's memories, its costs and where the figures come from."""
    from ischedule.cli.accelerators import described_accelerator
    from ischedule.models.accelerator import LayerAccelerator

    return described_accelerator(device) if isinstance(device, LayerAccelerator) else described_tiler(device)


def described_tiler(device: "Device") -> str:
    """The same for a device that runs tiles of layers: its costs are those of the primitives of kernels."""
    from ischedule.models.quantities import ENERGY, MEMORY, TIME, show

    facts = [
        ("volatile memory", show(device.volatile_memory, MEMORY)),
        ("non-volatile memory", show(device.nonvolatile_memory, MEMORY)),
        ("word", show(device.word_bytes, MEMORY)),
        ("vectors are a multiple of", f"{device.vector_multiple} words"),
        ("progress record", f"{device.record_words} words"),
    ]
    boot = ("boot", show(device.boot.amount, ENERGY), show(device.boot.time, TIME))
    efforts = [(name, cost.rounded_up()) for name, cost in primitive_costs(device)]
    costs = [boot, *((name, show(effort.amount, ENERGY), show(effort.time, TIME)) for name, effort in efforts)]
    sources = "".join(f"  {what}: {source}\n" for what, source in device.sources)
    return (
        f"{device.name}: {device.title}\n\n"
        f"{table(('memory and vectors', 'size'), facts, right=('size',))}\n"
        f"{table(('cost of', 'energy', 'time'), costs, right=('energy', 'time'))}\n"
        f"sources\n{sources}"
    )


def primitive_costs(device: "Device") -> Iterator[tuple[str, "Cost"]]:
    """Every primitive of the device by a name that says when it is paid."""
    linear: dict[str, LinearCost] = {
        "read": device.read,
        "write": device.write,
        "multiply-accumulate": device.mac,
    }
    for name, cost in linear.items():
        yield f"{name}, each command", cost.fixed
        yield f"{name}, each word", cost.per_element
    yield "addressing an input to fetch", device.fetch_input
    yield "addressing a weight to fetch", device.fetch_weight
    for what, per_order in (("fetch", device.fetch_output), ("store", device.store_output)):
        for order in ORDERS:
            yield f"addressing an output to {what}, {order} reused", per_order[order]
    yield "beside each multiply-accumulate", device.mac_step
    yield "beside each tile", device.tile
    yield "beside each pooled value", device.pool_step
    optional = {
        "beside each added value": device.add_step,
        "an activation of one value": device.activation_step,
        "a softmax, each value": device.softmax_step,
    }
    yield from ((name, cost) for name, cost in optional.items() if cost is not None)
