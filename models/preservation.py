"""Kinds of preservation: how a layer's design keeps the progress that it has made.

    record       a cycle that ends commits a progress record, one that begins reads it
    footprint    every atom writes a counter as well; inside the layer a cycle ends without a commit, and one that
                 begins there reads the counter. The layer begins with a record, and a cycle that ends with it commits
                 one

The counter numbers the atoms of the whole network, so that it tells by itself where to go on. Where the loop over
pixels is the innermost one (WEIGHT order) it is written behind every tile.

Whatever the kinds of the layers that it touches, a cycle drains what its atoms do and its two ends. For a search all
cycles should have the same ends, so that what is open at a boundary does not depend on how it began. To write a record
is therefore counted where the next cycle begins: a cycle that begins at a record pays for reading it *and* for writing
one, whether it ends with one or not. Inside a footprint a cycle begins at a counter and pays neither. One that begins
at a record and ends at a counter has paid for the record that the layer begins with, and one that begins at a counter
and ends with the layer or beyond pays with the layer's last atom. Every cycle comes to what it really drains.
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


@dataclass(frozen=True, slots=True)
class Preserving:
    """The kind of a stage among others of other kinds, and what writing a record takes."""

    kind: Kind
    record: Price


@dataclass(frozen=True, slots=True)
class Counters:
    """What starting a cycle takes at a counter, and writing one."""

    resume: Price
    write: Price


def counters_of(device: Device, restart: Effort) -> Counters:
    """One command each to read and to write a counter."""
    words = -(-COUNTER_BYTES // device.word_bytes)
    read, write = device.read.of(words).rounded_up(), device.write.of(words).rounded_up()
    return Counters((restart.amount + read.amount, restart.time + read.time), (write.amount, write.time))


def shared_by_kinds(records: Ends, counters: Counters) -> Ends:
    """The ends that all cycles have, of whatever kind: a commit is counted where the next cycle begins."""
    at_record = _add(records.resume, records.commit)
    resume = min(at_record[0], counters.resume[0]), min(at_record[1], counters.resume[1])
    return Ends(resume, (0, 0), records.record)


def prices_of_kind(kind: Kind, prices: Prices, records: Ends, counters: Counters) -> Prices:
    """What the atoms of designs of a kind cost, and starts besides the ends that all cycles share."""
    shared = shared_by_kinds(records, counters).resume
    at_record = _less(_add(records.resume, records.commit), shared)
    if kind is Kind.RECORD:
        return replace(prices, begin=at_record, inside=at_record, beside=at_record[0])
    at_counter = _less(counters.resume, shared)
    return replace(
        prices,
        each=counters.write,
        last=records.commit,
        begin=at_record,
        inside=at_counter,
        beside=counters.write[0] + min(at_record[0], at_counter[0]),
    )


def is_begun_cheaply(prices: Prices, records: Ends, counters: Counters) -> bool:
    """Whether an atom behind a footprint could drain less in a cycle that began there than in one of its own.

    That cycle has at least the footprint's last atom in it, which reads and stores something, and pays for a counter
    and for a record.
    """
    least = prices.input_command[0] + prices.read[0] + min(store[0] for store in prices.store_command.values())
    least += prices.write[0] + counters.write[0] + records.commit[0]
    return records.resume[0] + records.commit[0] > counters.resume[0] + least


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
