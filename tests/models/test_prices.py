"""Prices of the shipped devices: rounded up once, and equal to what was published about cycles of real designs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

import pytest

from ischedule.models.cost import FINE, Cost, Effort
from ischedule.models.device import load_device
from ischedule.models.kernels import Prices, chain, heaviest_cycle, rows_of
from ischedule.models.prices import ends_of, prices_of
from ischedule.models.tiling import Extent, Order, Tiling

IN_2021, IN_2024 = "msp430fr5994-lea-2021", "msp430fr5994-lea-2024"


@dataclass(frozen=True)
class PublishedCycle:
    """A published design, the energy of its power cycles (first and later input channels) and that of its layer.

    Published vector operations are not padded. Times of 2021 follow the joules in places, so only those of 2024 count.
    """

    device: str
    extent: Extent
    tiling: Tiling
    later: float
    first: float
    layer: float | None = None
    time: float | None = None


PUBLISHED = {
    "CIFAR-10 at 10 mF, convolution 0": PublishedCycle(
        IN_2021,
        Extent(28, 28, 4, 3, 5, 5),
        Tiling(0, Order.OUTPUT, 4, 14, 4, 1, 1),
        later=0.002471697430725149,
        first=0.002448593950109764,
        layer=0.10348784336184086,
    ),
    "CIFAR-10 at 10 mF, convolution 1": PublishedCycle(
        IN_2021,
        Extent(26, 26, 8, 4, 3, 3),
        Tiling(0, Order.INPUT, 2, 26, 1, 4, 8),
        later=0.0017068075030781638,
        first=0.0017068075030781638,
        layer=0.02218849754001613,
    ),
    "CIFAR-10 at 10 mF, convolution 3": PublishedCycle(
        IN_2021,
        Extent(16, 16, 8, 8, 7, 7),
        Tiling(0, Order.WEIGHT, 2, 2, 1, 8, 16),
        later=0.001962684492563926,
        first=0.001962684492563926,
        layer=0.06280590376204563,
    ),
    "CIFAR-10 at 10 mF, global average pooling": PublishedCycle(
        IN_2021,
        Extent(10, 10, 16, 1, 1, 1, pooling=True),
        Tiling(0, Order.OUTPUT, 1, 10, 16, 1, 10),
        later=0.00020571707073076926,
        first=0.00020571707073076926,
        layer=0.00020571707073076926,
    ),
    "KWS at 1 mF, first dense layer": PublishedCycle(
        IN_2021,
        Extent(1, 1, 48, 1, 250, 1),
        Tiling(0, Order.OUTPUT, 1, 1, 1, 1, 1),
        later=0.00037504201393896616,
        first=0.00037504201393896616,
        layer=0.018002016669070375,
    ),
    "MobileNet at 5 mF, convolution 0": PublishedCycle(
        IN_2024,
        Extent(32, 32, 16, 3, 3, 3),
        Tiling(0, Order.OUTPUT, 8, 8, 8, 1, 1),
        later=0.002149698352611122,
        first=0.0021183924852217423,
        layer=0.20536925409420756,
        time=0.41547525,
    ),
    "MobileNet at 5 mF, convolution 2": PublishedCycle(
        IN_2024,
        Extent(32, 32, 16, 16, 1, 1),
        Tiling(0, Order.OUTPUT, 2, 12, 16, 16, 1),
        later=0.0002892988044886402,
        first=0.0002892988044886402,
        time=0.09128625000000001,
    ),
}


def cycles_of_single_atoms(published: PublishedCycle) -> tuple[Prices, list[tuple[int, int]]]:
    """Energy and time of each atom in a power cycle of its own."""
    device = load_device(published.device)
    cost = replace(prices_of(device), multiple=1)
    atoms = chain(published.extent, published.tiling, cost, ends_of(device, device.boot))
    energies = map(sum, zip(atoms.drain, atoms.resume_drain, atoms.commit_drain, strict=True))
    times = map(sum, zip(atoms.time, atoms.resume_time, atoms.commit_time, strict=True))
    return cost, list(zip(energies, times, strict=True))


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_power_cycles_are_met(name: str) -> None:
    published = PUBLISHED[name]
    cost, cycles = cycles_of_single_atoms(published)
    device = load_device(published.device)
    heaviest = heaviest_cycle(published.extent, published.tiling, cost, ends_of(device, device.boot))
    assert heaviest / 1e15 == pytest.approx(published.later, rel=1e-6)
    assert cycles[0][0] / 1e15 == pytest.approx(published.first, rel=1e-6)
    assert max(energy for energy, _ in cycles) == heaviest
    if published.layer is not None:
        assert sum(energy for energy, _ in cycles) / 1e15 == pytest.approx(published.layer, rel=1e-6)
    if published.time is not None:
        assert max(time for _, time in cycles) / 1e12 == pytest.approx(published.time, rel=1e-6)


def test_addressing_takes_the_time_of_its_operations() -> None:
    """The published time of the last CIFAR-10 layer counts the joules of one result's addressing as seconds."""
    device = load_device(IN_2021)
    last = chain(
        Extent(1, 1, 10, 16, 1, 1),
        Tiling(0, Order.OUTPUT, 1, 1, 10, 16, 1),
        prices_of(device),
        ends_of(device, device.boot),
    )
    joules_as_seconds, seconds = 1.2381550000000004e-07, (7 * 12 + 5 * 44) / 16e6
    taken = (last.time[0] + last.resume_time[0] + last.commit_time[0]) / 1e12
    assert taken == pytest.approx(0.0723409030079413 - joules_as_seconds + seconds, rel=1e-8)


@pytest.mark.parametrize("name", [IN_2021, IN_2024])
def test_prices_are_rounded_up_once(name: str) -> None:
    device = load_device(name)
    cost = prices_of(device)

    def check(price: tuple[int, int], *parts: Cost) -> None:
        for whole, fine in zip(price, (sum(p.energy for p in parts), sum(p.time for p in parts)), strict=True):
            assert 0 <= whole - Fraction(fine, FINE) < 1

    check(cost.read, device.read.per_element)
    check(cost.write, device.write.per_element)
    assert (cost.read_sum, cost.write_sum, cost.sum_bytes) == (cost.read, cost.write, device.word_bytes)
    check(cost.multiply, device.mac.per_element)
    check(cost.multiply_command, device.mac.fixed, device.mac_step)
    check(cost.input_command, device.read.fixed, device.fetch_input)
    check(cost.weight_command, device.read.fixed, device.fetch_weight)
    for order in Order:
        check(cost.sums_command[order], device.read.fixed, device.fetch_output[order.value])
        check(cost.store_command[order], device.write.fixed, device.store_output[order.value])
    check(cost.tile, device.tile)
    check(cost.pool, device.pool_step)
    assert (cost.multiple, cost.word_bytes) == (device.vector_multiple, device.word_bytes)


@pytest.mark.parametrize(
    ("name", "word", "sums", "of_device"),
    [
        ("msp430fr5994-lea-2021", 1, 4, 2),
        ("msp430fr5994-lea-2021", 2, 8, 4),
        ("msp430fr5994-lea-2021", 1, 2, 1),
        ("cortex-m4-256k-estimate", 1, 4, 4),
    ],
)
def test_a_sum_costs_as_much_as_the_words_of_the_device_that_it_fills(
    name: str, word: int, sums: int, of_device: int
) -> None:
    device = load_device(name)
    cost = prices_of(device, word, sums)
    assert (cost.word_bytes, cost.sum_words, cost.sum_bytes) == (word, sums // word, sums)
    for wide, one in ((cost.read_sum, device.read.per_element), (cost.write_sum, device.write.per_element)):
        effort = one.times(of_device).rounded_up()
        assert wide == (effort.amount, effort.time)
    assert cost.read == prices_of(device).read


def test_a_power_cycle_moves_its_record_with_one_command_each() -> None:
    device = load_device(IN_2021)
    record = [linear.of(device.record_words).rounded_up() for linear in (device.read, device.write)]
    booted = ends_of(device, device.boot)
    assert booted.resume == (device.boot.amount + record[0].amount, device.boot.time + record[0].time)
    assert booted.commit == (record[1].amount, record[1].time)
    awake = ends_of(device, Effort(123, 456))
    assert awake.resume == (123 + record[0].amount, 456 + record[0].time)
    assert awake.commit == booted.commit
    assert record[0] == Effort(308_000_000, 42_500_001)


def test_a_free_tile_is_what_the_device_file_says() -> None:
    """Only where a tile costs nothing by itself do tiles of one output channel serve as well as larger ones."""
    assert prices_of(load_device(IN_2021)).tile == (0, 0)
    assert prices_of(load_device(IN_2024)).tile > (0, 0)
    cost = prices_of(load_device(IN_2024))
    extent = Extent(1, 1, 4, 2, 1, 1)
    (row, _), *_ = rows_of(extent, Tiling(0, Order.INPUT, 1, 1, 1, 2, 4), cost)
    (wide, _), *_ = rows_of(extent, Tiling(0, Order.INPUT, 1, 1, 4, 2, 1), cost)
    assert row.atoms[0][0] - wide.atoms[0][0] == 3 * cost.tile[0]
