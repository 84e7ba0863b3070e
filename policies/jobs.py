"""From commands to units: what a job moves and computes, and what of that only preserves its progress."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ischedule.models.cost import Cost, Effort
from ischedule.policies.execution import Traffic, Unit
from ischedule.policies.figures import NOTHING
from ischedule.policies.workload import Workload


@dataclass(frozen=True, slots=True)
class Transfer:
    """Equal commands: how many, the device's words that each moves, the bytes that these stand for."""

    commands: int
    words: int
    size: int


@dataclass(frozen=True, slots=True)
class Job:
    """One accelerator command with what it reads and writes; ``addressing`` is the processor's share.

    ``macs`` are multiplications, those with zeros and of padding included.
    """

    reads: tuple[Transfer, ...]
    work: Cost
    writes: tuple[Transfer, ...]
    macs: int = 0
    addressing: Cost = NOTHING


class Jobs:
    """Makes units of a workload's jobs.

    Where the accelerator is ``overlapped`` it works while its results are being written, so that a job takes the longer
    of both times; the energy is that of both in any case.
    """

    def __init__(self, workload: Workload, *, overlapped: bool = False) -> None:
        self.device, self.overlapped = workload.device, overlapped
        self.value_bytes = workload.element_bytes
        self.sum_bytes = workload.prices.sum_bytes
        self.sum_words = -(-self.sum_bytes // self.device.word_bytes)

    def values(self, commands: int, elements: int) -> Transfer:
        """Commands that move so many values each."""
        return Transfer(commands, elements, elements * self.value_bytes)

    def sums(self, commands: int, elements: int) -> Transfer:
        """Commands that move so many partial sums each."""
        return Transfer(commands, elements * self.sum_words, elements * self.sum_bytes)

    def plain(self, commands: int, size: int) -> Transfer:
        """Commands that move so many bytes each."""
        return Transfer(commands, -(-size // self.device.word_bytes), size)

    def cost(self, job: Job) -> Cost:
        """Energy and time of a job."""
        reads = self._all(job.reads, written=False) + job.addressing
        writes = self._all(job.writes, written=True)
        both = reads + writes + job.work
        if not self.overlapped:
            return both
        return Cost(both.energy, reads.time + max(writes.time, job.work.time))

    def unit(self, name: str, job: Job, recover: Effort, bare: Job | None = None) -> Unit:
        """A job as a unit; ``bare`` is the same without what only preserves progress, if anything does."""
        whole, least = self.cost(job).rounded_up(), self.cost(bare or job).rounded_up()
        preserve = Effort(whole.amount - least.amount, whole.time - least.time)
        return Unit(name, least, preserve, recover, _traffic(job, bare or job))

    def _all(self, transfers: Iterable[Transfer], *, written: bool) -> Cost:
        total = NOTHING
        command = self.device.write if written else self.device.read
        for transfer in transfers:
            total += command.of(transfer.words).times(transfer.commands)
        return total


def _traffic(job: Job, bare: Job) -> Traffic:
    (reads, read), (writes, written) = _counts(job.reads), _counts(job.writes)
    bare_writes, bare_written = _counts(bare.writes)
    return Traffic(
        reads, read, writes, written, job.macs, writes - bare_writes, written - bare_written, job.macs - bare.macs
    )


def _counts(transfers: Iterable[Transfer]) -> tuple[int, int]:
    listed = list(transfers)
    return sum(one.commands for one in listed), sum(one.commands * one.size for one in listed)
