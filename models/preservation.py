"""Kinds of preservation: how a layer's design keeps the progress that it has made.

    record       a cycle that ends commits a progress record, one that begins reads it
    footprint    every atom writes a counter as well; inside the layer a cycle ends without a commit, and one that
                 begins there reads the counter
    augmented    every command that stores writes a marker behind the results of a pixel, as wide as a sum and made by
                 one vector operation, and every one that reads sums reads it; inside the layer a cycle ends without a
                 commit, and one that begins there searches the markers by halving

A layer without records begins with one, and a cycle that ends with it commits one. The counter numbers the atoms of the
whole network, so that it tells by itself where to go on. In WEIGHT order such a layer has no batches: a counter stands
behind every tile of pixels. A marker needs commands that write all channels of a pixel, so that who reads the results
pixel by pixel does not see it.

Whatever the kinds of the layers that it touches, a cycle drains what its atoms do and its two ends. For a search all
cycles should have the same ends, so that what is open at a boundary does not depend on how it began. To write a record
is therefore counted where the next cycle begins: a cycle that begins at a record pays for reading it *and* for writing
one, whether it ends with one or not. Inside other layers a cycle pays neither. One that begins at a record and ends
inside has paid for the record that the layer begins with, and one that begins inside and ends with the layer or beyond
pays with the layer's last atom. Every cycle comes to what it really drains.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ischedule.models.chain import Chain
from ischedule.models.cost import Effort
from ischedule.models.device import Device
from ischedule.models.primitives import Ends, Price, Prices

COUNTER_BYTES: Final = 4


class Kind(StrEnum):
    """How a design preserves progress."""

    RECORD = "record"
    FOOTPRINT = "footprint"
    AUGMENTED = "augmented"


@dataclass(frozen=True, slots=True)
class Preserving:
    """The kind of a stage among others of other kinds, and what writing a record takes."""

    kind: Kind
    record: Price


@dataclass(frozen=True, slots=True)
class Counters:
    """What starting a cycle takes at a counter or at a marker that is found at once, writing a counter, and reading a
    further marker; ``kinds`` are those that layers may choose from."""

    resume: Price
    write: Price
    search: Price
    probe: Price
    kinds: tuple[Kind, ...]

    @property
    def cheapest(self) -> Price:
        """No cycle that begins inside a layer without records takes less for it."""
        starts = {Kind.FOOTPRINT: self.resume, Kind.AUGMENTED: self.search}
        found = [starts[kind] for kind in self.kinds if kind in starts]
        return min(start[0] for start in found), min(start[1] for start in found)


def counters_of(device: Device, restart: Effort, kinds: Sequence[Kind]) -> Counters:
    """One command each to read and to write a counter, and to read a marker."""
    words = -(-COUNTER_BYTES // device.word_bytes)
    read, write, probe = (
        cost.rounded_up() for cost in (device.read.of(words), device.write.of(words), device.read.of(1))
    )
    booted = restart.amount, restart.time
    return Counters(
        _add(booted, (read.amount, read.time)),
        (write.amount, write.time),
        _add(booted, (probe.amount, probe.time)),
        (probe.amount, probe.time),
        tuple(kinds),
    )


def shared_by_kinds(records: Ends, counters: Counters) -> Ends:
    """The ends that all cycles have, of whatever kind: a commit is counted where the next cycle begins."""
    at_record, other = _add(records.resume, records.commit), counters.cheapest
    return Ends((min(at_record[0], other[0]), min(at_record[1], other[1])), (0, 0), records.record)


def prices_of_kind(kind: Kind, prices: Prices, records: Ends, counters: Counters) -> Prices:
    """What the atoms of designs of a kind cost, and starts besides the ends that all cycles share."""
    shared = shared_by_kinds(records, counters).resume
    at_record = _less(_add(records.resume, records.commit), shared)
    if kind is Kind.RECORD:
        return replace(prices, begin=at_record, inside=at_record, beside=at_record[0])
    found = replace(prices, last=records.commit, begin=at_record)
    if kind is Kind.FOOTPRINT:
        inside = _less(counters.resume, shared)
        beside = counters.write[0] + min(at_record[0], inside[0])
        return replace(found, each=counters.write, inside=inside, beside=beside)
    inside = _less(counters.search, shared)
    found = replace(found, inside=inside, probe=counters.probe, beside=min(at_record[0], inside[0]))
    return _marked(found)


def _marked(prices: Prices) -> Prices:
    """Each store command writes one sum more, which one vector operation makes; each that reads sums reads it."""
    made = [prices.multiply_command[part] + prices.multiple * prices.multiply[part] for part in (0, 1)]
    marker = made[0] + prices.write_sum[0], made[1] + prices.write_sum[1]
    return replace(
        prices,
        store_command={order: _add(price, marker) for order, price in prices.store_command.items()},
        sums_command={order: _add(price, prices.read_sum) for order, price in prices.sums_command.items()},
        markers=1,
    )


def is_begun_cheaply(prices: Prices, records: Ends, counters: Counters) -> bool:
    """Whether an atom could drain less in a cycle that began inside the layer before than in one of its own.

    That cycle has at least that layer's last atom in it, which reads and stores something, and pays for a record.
    """
    least = prices.input_command[0] + prices.read[0] + min(store[0] for store in prices.store_command.values())
    marked = _marked(prices).store_command
    kept = [counters.write[0]] if Kind.FOOTPRINT in counters.kinds else []
    if Kind.AUGMENTED in counters.kinds:
        kept.append(min(marked[order][0] - prices.store_command[order][0] for order in marked))
    least += prices.write[0] + min(kept) + records.commit[0]
    return records.resume[0] + records.commit[0] > counters.cheapest[0] + least


def executed(chain: Chain, preserving: Preserving) -> Chain:
    """The atoms of a design with each record where it is really written."""
    record, atoms = preserving.record, len(chain)
    if preserving.kind is Kind.RECORD:
        resumes = [_taken(column, record[part]) for part, column in enumerate((chain.resume_drain, chain.resume_time))]
        commits = [[record[part]] * atoms for part in (0, 1)]
        works = [list(chain.drain), list(chain.time)]
    else:
        resumes = [
            [int(column[0]) - record[part], *column[1:]]
            for part, column in enumerate((chain.resume_drain, chain.resume_time))
        ]
        commits = [[0] * (atoms - 1) + [record[part]] for part in (0, 1)]
        works = [_moved(column, record[part]) for part, column in enumerate((chain.drain, chain.time))]
    return replace(
        chain,
        drain=works[0],
        time=works[1],
        resume_drain=resumes[0],
        resume_time=resumes[1],
        commit_drain=commits[0],
        commit_time=commits[1],
    )


def _taken(column: Sequence[int], price: int) -> list[int]:
    return [int(value) - price for value in column]


def _moved(column: Sequence[int], price: int) -> list[int]:
    """What the last atom pays for a record is what the first one writes."""
    found = list(map(int, column))
    found[-1] -= price
    found[0] += price
    return found


def _add(one: Price, other: Price) -> Price:
    return one[0] + other[0], one[1] + other[1]


def _less(one: Price, other: Price) -> Price:
    return one[0] - other[0], one[1] - other[1]
