"""Cases of tasks for tests: a sensor node, with whatever a test wants changed."""

from __future__ import annotations

import copy
from typing import Any

from ischedule.models.case import Case, load_case

NODE: dict[str, Any] = {
    "ischedule": 1,
    "name": "node",
    "boot": {"energy": "60 uJ", "time": "30 ms"},
    "buffer": {
        "capacitance": "470 uF",
        "turn_on": "3.3 V",
        "brown_out": "2.2 V",
        "series_resistance": "0 ohm",
        "leakage": "0 A",
    },
    "power_path": "converter",
    "wake": {"policy": "fixed", "mechanism": "latch"},
    "supply": {"kind": "power", "power": "1.5 mW"},
    "requirements": {"volatile_memory": "4 KiB"},
    "tasks": {
        "commit": {"energy": "4 uJ", "time": "1 ms"},
        "resume": {"energy": "3 uJ", "time": "1 ms"},
        "list": [
            {"name": "sample", "energy": "35 uJ", "time": "12 ms", "volatile": "512 B", "repeat": 24},
            {"name": "classify", "energy": "310 uJ", "time": "80 ms", "volatile": "3 KiB", "repeat": 3},
            {"name": "radio on", "energy": "250 uJ", "time": "15 ms", "cut": False},
            {"name": "send", "energy": "480 uJ", "time": "20 ms"},
        ],
    },
}
"""A schedulable one: constant power, fixed wake, a cold start, three power cycles."""

SLEEP: dict[str, Any] = {
    "power": "6 uW",
    "poll_energy": "400 nJ",
    "poll_period": "50 ms",
    "wake": {"energy": "5 uJ", "time": "2 ms"},
    "retained": True,
}

SOURCE = {"kind": "source", "voltage": "3.6 V", "resistance": "150 ohm"}

CHARGE_TASKS: dict[str, Any] = {
    "commit": {"charge": "3 uC", "time": "2 ms"},
    "resume": {"charge": "2 uC", "time": "1 ms"},
    "list": [
        {"name": "expose", "charge": "310 uC", "time": "66 ms"},
        {"name": "detect", "charge": "96 uC", "time": "41 ms", "repeat": 12},
    ],
}

REGULATED: dict[str, Any] = {
    "power_path": "regulator",
    "boot": {"charge": "45 uC", "time": "60 ms"},
    "tasks": CHARGE_TASKS,
}
"""What makes the node count charge."""


def programmable(step: str = "10 mV", **changes: Any) -> dict[str, Any]:
    """A wake section of thresholds of its own, by an external comparator unless said otherwise."""
    return {
        "policy": "programmable",
        "mechanism": "latch",
        "external_comparator": True,
        "step": step,
        "power_on": "2.6 V",
        **changes,
    }


def asleep(step: str = "10 mV") -> dict[str, Any]:
    """A wake section of thresholds of its own that the sleeping device measures itself."""
    return {"policy": "programmable", "mechanism": "sense", "step": step, "power_on": "2.6 V", "sleep": SLEEP}


def document(**changes: Any) -> dict[str, Any]:
    """The node's case as JSON, with sections replaced; `buffer` and `requirements` are merged."""
    result = copy.deepcopy(NODE)
    for key, value in changes.items():
        if key in ("buffer", "requirements"):
            result[key] = {**result[key], **value}
        else:
            result[key] = value
    return result


def node(**changes: Any) -> Case:
    """The node's case."""
    return load_case(document(**changes))
