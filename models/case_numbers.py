"""The numbers of a case's network: the file that it names, read for its digest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ischedule.models.case_values import CaseValues
from ischedule.models.device import AnyDevice, Device
from ischedule.models.errors import InvalidValue
from ischedule.models.lowering import lowered
from ischedule.models.network import SUMS_OF_BYTES, Network
from ischedule.models.network_numbers import EXECUTABLE, NetworkNumbers, arrays_of, digest, read_arrays

_PATH = "$.network.numbers"


def network_numbers(
    document: Mapping[str, Any], network: Network | None, device: AnyDevice | None, values: CaseValues, base_dir: Path
) -> NetworkNumbers | None:
    """What the file beside the case holds; None where it names none."""
    if network is None or "numbers" not in document["network"]:
        return None
    name = document["network"]["numbers"]
    if not isinstance(device, Device):
        problem = "are numbers for kernels, and this device runs whole layers"
        raise values.error(_PATH, name, problem, "leave it out")
    word, sums = widths(network, device)
    if (word, sums) not in EXECUTABLE:
        problem = f"are numbers for words of {word} B and sums of {sums} B, which nothing executes"
        remedy = 'use "int8" with "int32", or "int16" with "int64" or "int16"'
        raise values.error(_PATH, name, problem, remedy)
    source = str(base_dir / name)
    try:
        kernels = lowered(network)
    except InvalidValue as error:
        raise error.located(values.source, "$.network") from None
    return NetworkNumbers(source, digest(read_arrays(source, kernels, arrays_of(kernels, word, sums))))


def widths(network: Network, device: Device) -> tuple[int, int]:
    """Bytes of a word of the network, and of a sum: of words of one byte four, of others as many, unless stated."""
    word = network.width or device.word_bytes
    return word, network.sums or (SUMS_OF_BYTES if word == 1 else word)
