"""One layer as an accelerator runs it: pooling and adding on the way in, then a convolution, and how long that takes.

The clock cycles are those that the vendor's tool computes for such a layer (analogdevicesinc/ai8x-synthesis,
izer/latency.py): every pixel that a window reads takes a cycle in each pass, and one to hand it on; a pixel that begins
no result takes one more; and each result takes a cycle for each output channel in each pass.
"""

from dataclasses import dataclass
from typing import Final

from ischedule.models.layer import Pair, TensorShape

STREAMING: Final = (3, 2)
"""By what a layer takes longer while it runs interleaved with others: the vendor's estimate."""


@dataclass(frozen=True)
class AcceleratorLayer:
    """A layer by the name of what it computes last, with the network's layers that it computes and what is read.

    ``pooled`` is one operand after pooling, whose windows have ``pool`` as sides. The input channels of one pixel take
    ``passes`` passes; those of a flattened tensor are of all its pixels. A layer that does not convolve copies what has
    been pooled or added. One that is ``wide`` stores all bits of its sums if it is a result. ``reads`` and ``writes``
    are tensors by their places; ``weights`` and ``biases`` are counts.
    """

    name: str
    layers: tuple[str, ...]
    pooled: TensorShape
    out: TensorShape
    passes: int
    reads: tuple[int, ...]
    writes: int
    pool: Pair = (1, 1)
    kernel: Pair = (1, 1)
    padding: Pair = (0, 0)
    convolves: bool = True
    flattens: bool = False
    weights: int = 0
    biases: int = 0
    wide: bool = False

    def cycles(self, streaming: bool = False) -> int:
        """How many clock cycles the layer runs."""
        alone = self._convolution() if self.convolves else self._copy()
        return -(-alone * STREAMING[0] // STREAMING[1]) if streaming else alone

    @property
    def _reads_of_pixel(self) -> int:
        """Cycles for one pixel of the pooled operands: its window read and handed on, in each pass."""
        return self.passes * len(self.reads) * (self.pool[0] * self.pool[1] + 1)

    def _copy(self) -> int:
        return self.pooled.height * self.pooled.width * (self._reads_of_pixel + self.passes * self.out.channels)

    def _convolution(self) -> int:
        """Padded rows above, rows that begin no result yet, rows with results, and padded rows below."""
        above, beside = self.padding
        zero, pixel = 2 * self.passes * len(self.reads), self._reads_of_pixel
        width, early = self.pooled.width, self.kernel[1] - 1 - beside
        results = self.passes * self.out.width * self.out.channels
        results += self.out.channels if self.out.channels == 1 and self.passes == 1 else 0

        def silent(each: int) -> int:
            return 2 * beside * (zero + 1) + width * (each + 1)

        def busy(each: int) -> int:
            sides = beside * (zero + 1) + beside * zero
            return sides + early * (each + 1) + (self.out.width - beside) * each + results

        waiting = self.kernel[0] - 1 - above
        rows = self.pooled.height - waiting
        total = above * silent(zero) + waiting * silent(pixel) + rows * busy(pixel) + above * busy(zero)
        return total + (1 if self.flattens else 0)
