"""Small cases for policies: one layer on the board whose transfers and vector operations alone cost something."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ischedule.models.case import Case, load_case

LAYER = Path(__file__).parents[2] / "bench/japari_layer.json"


def document(**changes: Any) -> dict[str, Any]:
    """The example layer's case with some of its sections replaced."""
    found: dict[str, Any] = json.loads(LAYER.read_text("utf-8")) | changes
    return found


def layer_case(channels: int, height: int, width: int, *layers: dict[str, Any], **changes: Any) -> Case:
    """A chain of layers on that board."""
    listed = [{"name": f"layer{place}", **layer} for place, layer in enumerate(layers, 1)]
    network = {"input": {"channels": channels, "height": height, "width": width}, "layers": listed}
    return load_case(document(network=network, **changes))


def tasks_case(*tasks: dict[str, Any], **changes: Any) -> Case:
    """Explicit tasks behind the same buffer."""
    ends = {"commit": {"energy": "4 uJ", "time": "1 ms"}, "resume": {"energy": "3 uJ", "time": "2 ms"}}
    found = document(tasks=ends | {"list": list(tasks)}, boot={"energy": "10 uJ", "time": "1 ms"}, **changes)
    del found["network"], found["device"]
    return load_case(found)
