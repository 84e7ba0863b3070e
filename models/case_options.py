"""What a case says under "options" about how its network is run: streaming groups, how progress is kept and counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ischedule.models.accelerator import LayerAccelerator
from ischedule.models.case_values import CaseValues
from ischedule.models.device import AnyDevice, Device
from ischedule.models.preservation import Kind
from ischedule.models.protocol import Protocol


def streaming(document: Mapping[str, Any], values: CaseValues, device: AnyDevice | None) -> tuple[tuple[str, ...], ...]:
    """The groups of layers that run interleaved."""
    groups = document.get("options", {}).get("streaming", ())
    if groups and not (isinstance(device, LayerAccelerator) and "network" in document):
        problem = "means nothing without a network on an accelerator of layers"
        raise values.error("$.options.streaming", groups, problem, "remove it")
    return tuple(map(tuple, groups))


def preservation(document: Mapping[str, Any], values: CaseValues, device: AnyDevice | None) -> tuple[Kind, ...]:
    """The kinds that are asked for, in the order in which they are listed here."""
    stated = document.get("options", {}).get("preservation")
    if stated is None:
        return (Kind.RECORD,)
    _require_tiles(document, values, device, "preservation", "keep records")
    for place, name in enumerate(stated):
        if name in stated[:place]:
            path = f"$.options.preservation[{place}]"
            raise values.error(path, name, "stands there twice", "name each kind once")
    if Kind.RECORD not in stated:
        problem = "leaves out records, which layers keep whose atoms leave no room for anything else"
        raise values.error("$.options.preservation", stated, problem, f'add "{Kind.RECORD.value}"')
    return tuple(kind for kind in Kind if kind in stated)


def protocol(document: Mapping[str, Any], values: CaseValues, device: AnyDevice | None) -> Protocol:
    """What progress takes; the runtime's own transfers are known where a device has prices for them."""
    stated = document.get("options", {}).get("protocol")
    if stated is None:
        return Protocol.RECORD
    _require_tiles(document, values, device, "protocol", "count one transfer of a record")
    if Protocol(stated) is Protocol.RUNTIME and preservation(document, values, device) != (Kind.RECORD,):
        problem = "is of a runtime that keeps records, and layers may keep progress otherwise"
        raise values.error("$.options.protocol", stated, problem, 'remove it, or "preservation"')
    return Protocol(stated)


def _require_tiles(
    document: Mapping[str, Any], values: CaseValues, device: AnyDevice | None, option: str, published: str
) -> None:
    """Raise `InputError` for an option where no network is run in tiles, or where published work knows another way."""
    path, stated = f"$.options.{option}", document["options"][option]
    if not isinstance(device, Device) or "network" not in document:
        raise values.error(path, stated, "means nothing without a network that is run in tiles", "remove it")
    if document.get("semantics", "ischedule") != "ischedule":
        raise values.error(path, stated, f"has no meaning under published semantics, which {published}", "remove it")
