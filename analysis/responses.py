"""What a plan takes under a supply curve, from its cycles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

from ischedule.analysis.power_cycles import Cycle, InvalidPlan, Violation, column
from ischedule.models.chain import Chain
from ischedule.models.curve_failures import Failing, response_with_failures
from ischedule.models.cycle_law import CycleLaw, Threshold
from ischedule.models.response_time import Work


def works_of(chains: Sequence[Chain], cycles: Sequence[Cycle], thresholds: Sequence[Threshold]) -> list[Work]:
    """Each cycle as the rule of the curve sees it."""
    took = list(accumulate(chain.from_iterable(column(one.time) for one in chains), initial=0))
    return [
        Work(threshold.high, cycle.drain, cycle.resume_time + took[cycle.end] - took[cycle.start] + cycle.commit_time)
        for cycle, threshold in zip(cycles, thresholds, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Failed:
    """How often power may fail, and the level that each cycle's threshold can take when it is run again."""

    count: int
    again: Sequence[int]


def response(law: CycleLaw, works: Sequence[Work], failed: Failed | None = None) -> int:
    """How long the plan takes at most; raises `InvalidPlan` where the curve does not promise that it ends."""
    return _found(law, works, law.recharge_target, failed)


def recovery_of(law: CycleLaw, works: Sequence[Work], failed: Failed | None = None) -> int:
    """The time behind the last publish until the buffer is what a periodic start assumes."""
    if law.period is None or law.recharge_target is not None or law.head.waits:
        return 0
    return _found(law, works, law.charging.buffer.turn_on_high, failed) - _found(law, works, None, failed)


def _found(law: CycleLaw, works: Sequence[Work], target: int | None, failed: Failed | None) -> int:
    assert law.curve is not None, "the law has a curve"
    if failed is None or not failed.count:
        found = law.curve.response(works, target)
    else:
        found = response_with_failures(Failing.of(law, failed.count), works, failed.again, target)
    if found is None:
        text = "the curve never promises as much as these power cycles drain"
        raise InvalidPlan(Violation.SUPPLY, text)
    return found
