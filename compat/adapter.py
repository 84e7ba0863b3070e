"""From a case that asks for published semantics to what the published explorer is told.

The published models know one capacitor, one source and one wake-up rule, all exact. A case that says anything else is
refused rather than silently read as something it is not. `dense_as_channels` has no published counterpart and is not
looked at; a deadline is for the caller to compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from ischedule.compat.candidates import TooManyCandidates
from ischedule.compat.exploration import Exploration
from ischedule.compat.explorer import explore
from ischedule.compat.platform import Layer, LayerKind, Platform, Semantics
from ischedule.models import quantities
from ischedule.models.case import Case
from ischedule.models.device import load_device
from ischedule.models.draw import UNSTATED
from ischedule.models.errors import MISSING, InputError
from ischedule.models.network import LayerShape
from ischedule.models.quantities import Dimension, Interval
from ischedule.models.supply import ResistiveSource
from ischedule.models.wake import Mechanism, Policy, StartKind, Until

_DEVICES = MappingProxyType(
    {Semantics.INAS_2021: "msp430fr5994-lea-2021", Semantics.TINAS_2025: "msp430fr5994-lea-2024"}
)

_KINDS = MappingProxyType(
    {
        "conv2d": LayerKind.CONVOLUTION,
        "conv1d": LayerKind.CONVOLUTION,
        "dense": LayerKind.DENSE,
        "global_average_pool": LayerKind.GLOBAL_AVERAGE_POOL,
    }
)


@dataclass(frozen=True)
class PublishedWorkload:
    """What a published explorer is told about a case."""

    semantics: Semantics
    platform: Platform
    layers: tuple[Layer, ...]


def _check_layers(case: Case, shapes: tuple[LayerShape, ...]) -> None:
    """Refuse layers that the published explorers' networks do not have."""
    plain = LayerShape("", "", 1, 1, 1, 1, 1, 1, 1, 1)
    assert case.network is not None, "a case with a chain has a network"
    if case.network.width is not None:
        problem = f"means nothing in {case.semantics.value}, where values are words of the device"
        raise InputError(case.source, "$.network.width", f"int{8 * case.network.width}", problem, "remove it")
    if case.network.sums is not None:
        problem = f"means nothing in {case.semantics.value}, where sums are words of the device"
        raise InputError(case.source, "$.network.sums", f"int{8 * case.network.sums}", problem, "remove it")
    if case.network.fuse:
        problem = f"means nothing in {case.semantics.value}, where layers run one by one"
        raise InputError(case.source, "$.network.fuse", True, problem, "remove it")
    names = [layer.name for layer in case.network.layers]
    for shape in shapes:
        path = f"$.network.layers[{names.index(shape.name)}]"
        remedy = 'write "semantics": "ischedule"'
        if shape.kind not in _KINDS:
            problem = f"is no kind of layer of {case.semantics.value}"
            raise InputError(case.source, f"{path}.kind", shape.kind, problem, remedy)
        for field in ("stride", "padding", "dilation", "groups", "bias", "activation"):
            value = getattr(shape, field)
            if value != getattr(plain, field):
                shown = list(value) if isinstance(value, tuple) else value
                problem = f"means nothing in {case.semantics.value}"
                raise InputError(case.source, f"{path}.{field}", shown, problem, remedy)


def _layer(shape: LayerShape) -> Layer:
    kind = _KINDS[shape.kind]
    pools = kind is LayerKind.GLOBAL_AVERAGE_POOL
    return Layer(
        name=shape.name,
        kind=kind,
        in_channels=shape.in_channels,
        in_height=shape.in_height,
        in_width=shape.in_width,
        out_channels=shape.out_channels,
        out_height=shape.out_height,
        out_width=shape.out_width,
        kernel_height=1 if pools else shape.kernel_height,
        kernel_width=1 if pools else shape.kernel_width,
    )


def _exact(case: Case, value: Interval, dimension: Dimension, path: str) -> float:
    """The value in SI units, of a quantity for which the case states no tolerance (beyond one internal unit)."""
    if value.hi - value.lo > 1:
        ends = f"{quantities.show(value.lo, dimension)} to {quantities.show(value.hi, dimension)}"
        problem = f"has a tolerance, which {case.semantics.value} does not know"
        raise InputError(case.source, path, ends, problem, "state a single value")
    return float(Fraction(value.lo) * dimension.unit)


def _refuse(case: Case, path: str, value: object, remedy: str) -> InputError:
    return InputError(case.source, path, value, f"is not what {case.semantics.value} models", remedy)


def _check_execution(case: Case) -> None:
    """Every published power cycle starts at turn-on and ends by opening the load's switch; the last one recharges."""
    if case.wake.policy is not Policy.FIXED:
        raise _refuse(case, "$.wake.policy", case.wake.policy.value, 'write "fixed"')
    if case.wake.mechanism is not Mechanism.LATCH:
        raise _refuse(case, "$.wake.mechanism", case.wake.mechanism.value, 'write "latch"')
    if case.start.kind is not StartKind.CHARGED:
        raise _refuse(case, "$.start", case.start.kind.value, 'write "charged"')
    if case.until is not Until.RECHARGED:
        raise _refuse(case, "$.until", case.until.value, 'write "recharged"')


def _check_device(case: Case, semantics: Semantics) -> None:
    """The published figures belong to one device; the sizes of its memories may be restated."""
    name = _DEVICES[semantics]
    if case.device is None:
        raise _refuse(case, "$.device", MISSING, f'write "{name}"')
    if case.device != load_device(name):
        raise _refuse(case, "$.device", case.device.name, f'write "{name}"')
    if case.boot != case.device.boot:
        raise _refuse(case, "$.boot", quantities.show(case.boot.amount, quantities.ENERGY), "remove it")


def _platform(case: Case) -> Platform:
    supply, buffer = case.supply, case.buffer
    if not buffer.is_ideal:
        raise _refuse(case, "$.buffer", MISSING, "state a capacitor without resistance, leakage, drift or droop")
    if case.converter is not None:
        raise _refuse(case, "$.converter", MISSING, "remove it")
    if case.load != UNSTATED:
        raise _refuse(case, "$.load", MISSING, "remove it")
    if not isinstance(supply, ResistiveSource):
        raise _refuse(case, "$.supply.kind", "power", 'write "source", with its voltage and resistance')
    source_voltage = _exact(case, supply.voltage, quantities.VOLTAGE, "$.supply.voltage")
    turn_on = _exact(case, buffer.turn_on, quantities.VOLTAGE, "$.buffer.turn_on")
    if source_voltage <= turn_on:
        problem = "never charges the buffer to turn-on"
        shown = quantities.show(supply.voltage.lo, quantities.VOLTAGE)
        remedy = f"state a source above {quantities.show(buffer.turn_on.hi, quantities.VOLTAGE)}, or lower the turn-on"
        raise InputError(case.source, "$.supply.voltage", shown, problem, remedy)
    volatile, nonvolatile = case.requirements.volatile_memory, case.requirements.nonvolatile_memory
    assert volatile is not None, "a device states its memories"
    assert nonvolatile is not None, "a device states its memories"
    return Platform(
        capacitance=_exact(case, buffer.capacitance, quantities.CAPACITANCE, "$.buffer.capacitance"),
        source_resistance=_exact(case, supply.resistance, quantities.RESISTANCE, "$.supply.resistance"),
        turn_on=turn_on,
        brown_out=_exact(case, buffer.brown_out, quantities.VOLTAGE, "$.buffer.brown_out"),
        source_voltage=source_voltage,
        margin=float(buffer.margin),
        volatile_memory=volatile,
        nonvolatile_memory=nonvolatile,
    )


def published_workload(case: Case) -> PublishedWorkload:
    """What the case's published semantics take from it, or the field that they have no meaning for."""
    semantics = Semantics(case.semantics.value)
    _check_execution(case)
    _check_device(case, semantics)
    shapes = case.chain()
    _check_layers(case, shapes)
    return PublishedWorkload(semantics, _platform(case), tuple(map(_layer, shapes)))


def explore_case(case: Case) -> Exploration:
    """What the published explorer, named by the case's semantics, finds for it."""
    workload = published_workload(case)
    try:
        return explore(workload.platform, workload.layers, workload.semantics)
    except TooManyCandidates as error:
        problem = f"is too large for {case.semantics.value} ({error})"
        raise InputError(case.source, "$.network", MISSING, problem, "use smaller layers") from None
