"""What the runtimes on the Alpaca system pay: values and indices word by word, logs, and the move to the next task.

A logged word is three words of a log (size, destination, source) and the value, written, and read and copied at the
commit; the move to the next task writes one of two copies of a context of two words.
"""

from __future__ import annotations

from ischedule.models.cost import Cost
from ischedule.models.tiling import Arithmetic, Extent
from ischedule.policies.execution import Traffic
from ischedule.policies.figures import NOTHING, Figures
from ischedule.policies.workload import Workload

LOG_WORDS = 3
CONTEXT_WORDS = 2


class Software:
    """Costs of software steps on a workload's device."""

    def __init__(self, workload: Workload) -> None:
        self.figures: Figures = workload.figures
        self.device = workload.device
        self.size = self.device.word_bytes

    def read(self, words: int) -> Cost:
        """Words read one by one."""
        return self.figures.local_read.times(words)

    def write(self, words: int) -> Cost:
        """Words written one by one."""
        return self.figures.local_write.times(words)

    @property
    def multiply_add(self) -> Cost:
        """One multiplication and one addition of the processor."""
        return self.figures.cpu_multiply + self.figures.cpu_add

    def commit(self, words: int) -> Cost:
        """So many logged words, and the move to the next task."""
        logged = self.write(LOG_WORDS) + self.read(LOG_WORDS + 1) + self.write(1)
        return logged.times(words) + self.write(CONTEXT_WORDS)

    def commit_traffic(self, words: int) -> Traffic:
        """What a commit moves; all of it is extra."""
        writes = words * (LOG_WORDS + 1) + CONTEXT_WORDS
        reads = words * (LOG_WORDS + 1)
        size = self.size
        return Traffic(reads, reads * size, writes, writes * size, 0, writes, writes * size)

    def traffic(self, reads: int, writes: int, extra: int = 0, macs: int = 0) -> Traffic:
        """Words moved one by one, ``extra`` of those written to preserve progress alone."""
        written = writes + extra
        size = self.size
        return Traffic(reads, reads * size, written, written * size, macs, extra, extra * size)

    def result(self, extent: Extent) -> Cost:
        """One result of a layer without weights."""
        device, arithmetic = self.device, extent.arithmetic
        step = {Arithmetic.POOL: device.pool_step, Arithmetic.ADD: device.add_step}.get(arithmetic)
        if arithmetic is Arithmetic.SOFTMAX:
            step = device.softmax_step
        return NOTHING if step is None else step.times(extent.steps)

    def finish(self, extent: Extent) -> Cost:
        """What a result takes at the end of its layer: a bias, a function."""
        bias = self.read(1) + self.figures.cpu_add if extent.bias else NOTHING
        step = self.device.activation_step
        return bias + step if extent.finish and step is not None else bias
