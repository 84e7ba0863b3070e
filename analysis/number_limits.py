"""What kernels can add up: numbers with which a sum or a product could leave its type are refused.

`arithmetic` and `fixed_point` have the limits of sums of products; these are the others.
"""

from __future__ import annotations

from ischedule.analysis.arithmetic import AnyWidth, FixedPoint, Scaling, Width, Words
from ischedule.models.errors import InvalidValue

_COUNT_BITS = 32


def require_shares(width: AnyWidth, exponentials: Words, channels: int) -> None:
    """Raise `InvalidValue` for what words count for in a softmax of so many channels if shares cannot be computed."""
    most, least = int(exponentials.max()), int(exponentials.min())
    bits = 64 if width is Width.INT16 else 32
    largest = most * (2 * (width.greatest - width.least) + 2 * channels)
    if least < 1 or most >= 1 << _COUNT_BITS:
        wrong, remedy = (most, "smaller") if least >= 1 else (least, "larger")
        problem = f"is what a word counts for, from 1 to {(1 << _COUNT_BITS) - 1}"
        raise InvalidValue(wrong, problem, f"write {remedy} ones", "/exponentials")
    if largest >= 1 << bits:
        problem = f"is what a word counts for, which comes to {largest}, more than {bits} bits hold"
        raise InvalidValue(most, problem, "scale all of them down", "/exponentials")


def require_added(width: AnyWidth, scaling: Scaling, sources: int) -> None:
    """Raise `InvalidValue` if the sum of a word of each source times its multiplier could leave what holds it."""
    if isinstance(width, Width):
        scaling.check(sources * (width.greatest - width.least), width)
        return
    half = 1 << int(scaling.shift.max() - 1)
    most = int(scaling.multiplier.max())
    if most * sources * -FixedPoint.Q15.least + half >= 1 << 31:
        problem = f"times sums of {sources} words leave 32 bits"
        raise InvalidValue(most, problem, "halve multipliers and take 1 from their shifts", "/multiplier")
