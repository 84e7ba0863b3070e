"""Good case documents for tests: one for every shape that a case may have."""

import copy
from typing import Any

Document = dict[str, Any]

BUFFER: Document = {
    "capacitance": "5 mF ± 20 %",
    "turn_on": ["2.98 V", "3 V"],
    "brown_out": "2.8 V",
    "margin": "55 %",
    "clamp": "3.6 V",
    "series_resistance": "0 ohm",
    "leakage": "0 A",
}

NETWORK: Document = {
    "ischedule": 1,
    "name": "small network",
    "description": "Three layers.",
    "device": "msp430fr5994-lea-2021",
    "buffer": BUFFER,
    "power_path": "converter",
    "wake": {"policy": "fixed", "mechanism": "latch"},
    "supply": {"kind": "source", "voltage": "3.3 V ± 1 %", "resistance": "24 ohm"},
    "start": "charged",
    "while_running": "none",
    "until": "recharged",
    "requirements": {"deadline": "600 s", "volatile_memory": "4 KiB", "nonvolatile_memory": "512 KiB"},
    "semantics": "ischedule",
    "options": {"dense_as_channels": False},
    "network": {
        "input": {"channels": 3, "height": 32, "width": 32},
        "layers": [
            {"name": "conv", "kind": "conv2d", "out_channels": 8, "kernel": [5, 3]},
            {"name": "line", "kind": "conv1d", "out_channels": 4, "kernel": [3], "inputs": ["conv"]},
            {"name": "pool", "kind": "global_average_pool"},
            {"name": "dense", "kind": "dense", "out_channels": 10},
        ],
    },
}

EFFORT: Document = {"energy": "1 uJ", "time": "1 ms"}

TASKS: Document = {
    "ischedule": 1,
    "name": "tasks",
    "buffer": {key: value for key, value in BUFFER.items() if key not in ("margin", "clamp")},
    "power_path": "converter",
    "wake": {
        "policy": "programmable",
        "mechanism": "sense",
        "step": "2 mV",
        "power_on": "2.9 V",
        "sleep": {
            "power": "3 uW",
            "poll_energy": "1 uJ",
            "poll_period": "100 ms",
            "wake": EFFORT,
            "retained": True,
        },
    },
    "supply": {"kind": "power", "power": "2 mW"},
    "boot": {"energy": "77.88 uJ", "time": "70 ms"},
    "requirements": {"volatile_memory": "2 kB"},
    "tasks": {
        "commit": EFFORT,
        "resume": EFFORT,
        "list": [
            {"name": "sense", "energy": "10 uJ", "time": "1 ms", "volatile": "12 B", "cut": False},
            {"energy": "20 uJ", "time": "2 ms", "repeat": 3},
            {"energy": "30 uJ", "time": "3 ms", "cut": {"commit": {"energy": "2 uJ", "time": "1 ms"}}},
        ],
    },
}

CHARGES: Document = {
    "ischedule": 1,
    "name": "charges",
    "buffer": TASKS["buffer"],
    "power_path": "regulator",
    "wake": {"policy": "fixed", "mechanism": "burn", "idle_power": "5 mW"},
    "supply": {"kind": "power", "power": ["1 mW", "2 mW"]},
    "start": {"period": "600 s"},
    "boot": {"charge": "30 uC", "time": "70 ms"},
    "tasks": [
        {
            "charge": "12 uC",
            "time": "1 ms",
            "cut": {"commit": {"charge": "1 uC", "time": "1 ms"}, "resume": {"charge": "0 C", "time": "0 s"}},
        }
    ],
}

LATCHED: Document = {
    **NETWORK,
    "name": "programmable latch",
    "wake": {"policy": "programmable", "mechanism": "latch", "external_comparator": True, "step": "continuous"},
    "start": "floor",
}

EXAMPLES = {"network": NETWORK, "tasks": TASKS, "charges": CHARGES, "latched": LATCHED}


def changed(document: Document, path: str, value: object) -> Document:
    """A copy in which the value at a path such as `tasks.list.0.time` is another; `REMOVED` takes the key away."""
    result = copy.deepcopy(document)
    *parents, last = (int(part) if part.isdigit() else part for part in path.split("."))
    place: Any = result
    for part in parents:
        place = place[part]
    if value is REMOVED:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return result


REMOVED = object()
