"""iNAS and TiNAS: every power cycle is one batch of tiles of one layer, planned so that it fits, and then gives up.

The designs are those of the published explorers, which the compatibility room reproduces; their costs are floating
point and are rounded up here. Sorts of cycles that alternate in a layer stand one after the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from ischedule.compat.adapter import explore_case
from ischedule.compat.exploration import CycleCost, Exploration
from ischedule.compat.platform import Semantics as Published
from ischedule.models.case import Case, Semantics
from ischedule.models.cost import Effort
from ischedule.models.errors import InputError
from ischedule.models.wake import Start, StartKind, Until
from ischedule.policies.execution import Discipline, Execution, Guarantee, Part, Stretch, Traffic, Unit
from ischedule.policies.policy import Policy, executed
from ischedule.policies.workload import Inapplicable, Workload

SEMANTICS: Final = {
    "msp430fr5994-lea-2021": Semantics.INAS_2021,
    "msp430fr5994-lea-2024": Semantics.TINAS_2025,
}
"""Whose cost model belongs to a device."""

PLANNED = Guarantee(
    False,
    "planned: every power cycle fits by the published model, which is floating point and is reproduced, not certified",
)


def _execution(workload: Workload) -> Execution:
    device = workload.device
    record = device.record_words * device.word_bytes
    parts = [
        Part(
            result.layer,
            (
                Stretch(
                    tuple(
                        (_unit(cycle, record), math.ceil(cycle.count - 1e-9))
                        for cycle in (result.first, result.later)
                        if cycle.count
                    )
                ),
            ),
        )
        for result in explored(workload.case).results
    ]
    return executed(POLICY.name, Discipline.PLANNED, workload, parts, guarantee=PLANNED)


def explored(case: Case) -> Exploration:
    """What the explorer of the case's device finds, whatever the case says of where latency begins and ends."""
    semantics = case.semantics
    if semantics is Semantics.ISCHEDULE:
        name = "" if case.device is None else case.device.name
        if name not in SEMANTICS:
            raise Inapplicable(f"its cost model is of {' and '.join(SEMANTICS)} only")
        semantics = SEMANTICS[name]
    asked = replace(case, semantics=semantics, start=Start(StartKind.CHARGED), until=Until.RECHARGED)
    try:
        found = explore_case(asked)
    except InputError as error:
        raise Inapplicable(f"{Published(semantics.value).value} does not model it: {error}") from None
    if not found.feasible:
        raise Inapplicable("; ".join(map(str, found.refusals)) or "the network does not fit non-volatile memory")
    return found


def _unit(cycle: CycleCost, record: int) -> Unit:
    energy, time = cycle.energy_parts, cycle.time_parts
    return Unit(
        "a batch",
        _effort(energy, time, ("fetch", "compute", "store")),
        _effort(energy, time, ("record",)),
        _effort(energy, time, ("restore",)),
        Traffic(extra_writes=1, extra_bytes_written=record),
    )


def _effort(energy: Mapping[str, float], time: Mapping[str, float], names: tuple[str, ...]) -> Effort:
    joules = sum((Fraction(energy[name]) for name in names), Fraction(0))
    seconds = sum((Fraction(time[name]) for name in names), Fraction(0))
    return Effort(math.ceil(joules * 10**15), math.ceil(seconds * 10**12))


POLICY = Policy(
    "inas",
    "iNAS, TiNAS: one batch of one layer in each power cycle, planned",
    "EMCLab-Sinica/Intermittent-aware-NAS at 18bb84e, EMCLab-Sinica/TiNAS at 16e5c14",
    _execution,
)
