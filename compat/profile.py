"""Measured primitive costs as two publications state them, resolved to the sums that their formulas use.

Sources: EMCLab-Sinica/Intermittent-aware-NAS at 18bb84e (2023-01-19) for `INAS_2021`, EMCLab-Sinica/TiNAS at 16e5c14
(2025-02-10) for `TINAS_2025`; both an MSP430FR5994 at 16 MHz with its LEA accelerator and an external FRAM on SPI.

Every figure comes twice, in joules and in seconds, and the cost formulas are the same for both: `Profile.energy` and
`Profile.time` are two `Figures` of one shape. Address computations are counted in CPU additions and multiplications.

The 2021 code gives the address computations of fetching and storing *outputs* a duration that is their energy in
joules, read as seconds; and its recharge formula counts the margin as spent energy. `INAS_2021` keeps both.
`INAS_2021_CORRECTED` takes the same operation counts at their cycle costs (totals grow by at most 0.35 %) and charges
from the voltage that is really left. Some operations are counted differently for energy and for time (9 and 10
multiplications in fetching weights, 5 and 10 in a partial sum); both profiles keep those counts as published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ischedule.compat.platform import LayerKind, Semantics

CLOCK = 16e6

PerOrder = tuple[float, float, float]
"""A cost for each loop order: input, weight, output."""


@dataclass(frozen=True)
class Linear:
    """Cost of one command on a block of words."""

    per_word: float
    fixed: float


@dataclass(frozen=True)
class Cpu:
    """Cost of one arithmetic operation of the CPU."""

    add: float
    multiply: float
    divide: float
    compare: float

    def sum(self, additions: int, multiplications: int) -> float:
        """Cost of that many additions and multiplications."""
        return additions * self.add + multiplications * self.multiply


@dataclass(frozen=True)
class Figures:
    """One axis of a profile, joules or seconds.

    `fetch_*` and `store_output` are what the CPU adds to every transfer command, `step` what it adds to every inner
    operation of a layer kind (beside the accelerator's `vector_mac`, where the kind uses it), `tile` what it adds once
    per tile of a convolution.
    """

    reboot: float
    read: Linear
    write: Linear
    vector_mac: Linear
    fetch_input: float
    fetch_weight: float
    fetch_output: PerOrder
    store_output: PerOrder
    tile: float
    step: Mapping[LayerKind, PerOrder]


@dataclass(frozen=True)
class Profile:
    """A published set of primitive costs, with the two conventions that go with it.

    `record_words` is the progress record read and written in every power cycle; `margin_is_spent` says that the share
    of the buffer kept back as a margin counts as used when the time to recharge is computed.
    """

    name: str
    energy: Figures
    time: Figures
    record_words: int
    margin_is_spent: bool

    @property
    def kinds(self) -> frozenset[LayerKind]:
        """The layer kinds it has figures for."""
        return frozenset(self.energy.step)


def _clocked(per_word_cycles: float, fixed_cycles: float) -> Linear:
    return Linear(per_word_cycles / CLOCK, fixed_cycles / CLOCK)


def _always(cost: float) -> PerOrder:
    return (cost, cost, cost)


def _inas_figures(
    reboot: float, transfers: tuple[Linear, Linear, Linear], cpu: Cpu, weight_multiplies: int, sum_multiplies: int
) -> Figures:
    mac = cpu.add + cpu.sum(7, sum_multiplies) + cpu.sum(3, 3)
    read, write, vector_mac = transfers
    return Figures(
        reboot=reboot,
        read=read,
        write=write,
        vector_mac=vector_mac,
        fetch_input=cpu.sum(7, 5),
        fetch_weight=cpu.sum(8, weight_multiplies),
        fetch_output=(cpu.sum(7, 5), cpu.sum(7, 4), cpu.sum(7, 4)),
        store_output=(cpu.sum(9, 8), cpu.sum(11, 9), cpu.sum(7, 5)),
        tile=0.0,
        step=MappingProxyType(
            {
                LayerKind.CONVOLUTION: _always(mac),
                LayerKind.DENSE: _always(mac),
                LayerKind.GLOBAL_AVERAGE_POOL: _always(cpu.compare + cpu.sum(2, 1)),
            }
        ),
    )


def _tinas_figures(
    reboot: float, transfers: tuple[Linear, Linear, Linear], cpu: Cpu, batch_norm_additions: int
) -> Figures:
    mac = cpu.add + cpu.sum(12, 9)
    depthwise_kept_input = cpu.multiply + cpu.sum(11, 12)
    depthwise = cpu.multiply + cpu.sum(11, 10)
    batch_norm = cpu.sum(batch_norm_additions, 2) + cpu.sum(4, 2)
    read, write, vector_mac = transfers
    return Figures(
        reboot=reboot,
        read=read,
        write=write,
        vector_mac=vector_mac,
        fetch_input=cpu.sum(8, 4),
        fetch_weight=cpu.sum(9, 9),
        fetch_output=(cpu.sum(8, 5), cpu.sum(8, 4), cpu.sum(8, 4)),
        store_output=(cpu.sum(8, 8), cpu.sum(8, 9), cpu.sum(8, 5)),
        tile=5 * cpu.multiply,
        step=MappingProxyType(
            {
                LayerKind.CONVOLUTION: _always(mac),
                LayerKind.DENSE: _always(mac),
                LayerKind.DEPTHWISE: (depthwise_kept_input, depthwise, depthwise),
                LayerKind.BATCH_NORM: _always(batch_norm),
                LayerKind.RELU: _always(cpu.compare + cpu.sum(2, 2)),
                LayerKind.ADD: _always(cpu.add + cpu.sum(4, 2)),
                LayerKind.GLOBAL_AVERAGE_POOL: _always(cpu.multiply + cpu.divide + 6 * cpu.add),
            }
        ),
    )


_INAS_ENERGY = _inas_figures(
    7.788e-5,
    (Linear(2.7e-8, 2e-7), Linear(2.6815e-8, 1.9336e-7), Linear(5.27308646249e-10, 2.04412689725e-7)),
    Cpu(3.935538461538471e-9, 1.9253346153846146e-8, 4.373834615384616e-8, 4.228153846153846e-9),
    weight_multiplies=9,
    sum_multiplies=5,
)

_INAS_TIME_CORRECTED = _inas_figures(
    0.07,
    (
        _clocked(64.00000000000001, 423.99999999999994),
        _clocked(64.00082974729904, 422.22773129921234),
        _clocked(1.4999999999999978, 616.0000000000002),
    ),
    Cpu(12 / CLOCK, 44 / CLOCK, 160 / CLOCK, 14 / CLOCK),
    weight_multiplies=10,
    sum_multiplies=10,
)

INAS_2021_CORRECTED = Profile(
    "inas-2021-corrected", _INAS_ENERGY, _INAS_TIME_CORRECTED, record_words=4, margin_is_spent=False
)

INAS_2021 = replace(
    INAS_2021_CORRECTED,
    name="inas-2021",
    margin_is_spent=True,
    time=replace(_INAS_TIME_CORRECTED, fetch_output=_INAS_ENERGY.fetch_output, store_output=_INAS_ENERGY.store_output),
)

TINAS_2025 = Profile(
    "tinas-2025",
    _tinas_figures(
        7.788e-5,
        (
            Linear(2.4096781407047943e-8, 1.9269110618985066e-7),
            Linear(2.3866387540946922e-8, 1.9880671888670114e-7),
            Linear(5.03343396188007e-10, 2.057298797039179e-7),
        ),
        Cpu(3.4965641025641274e-9, 1.892907692307692e-8, 4.1691282051282045e-8, 3.9232307692307644e-9),
        batch_norm_additions=3,
    ),
    _tinas_figures(
        0.055,
        (_clocked(64, 430), _clocked(64, 421), _clocked(1.5, 622)),
        Cpu(12 / CLOCK, 45 / CLOCK, 161 / CLOCK, 15 / CLOCK),
        batch_norm_additions=2,
    ),
    record_words=5,
    margin_is_spent=False,
)

_PUBLISHED = MappingProxyType({Semantics.INAS_2021: INAS_2021, Semantics.TINAS_2025: TINAS_2025})


def profile_of(semantics: Semantics) -> Profile:
    """The primitive costs as published with those semantics."""
    return _PUBLISHED[semantics]
