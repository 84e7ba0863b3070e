"""What a choice of how progress is kept is worth: networks solved with records alone and with all kinds.

Prints a table; exits 1 where a claim fails. Claims: every plan is certified optimal, a choice never makes one slower,
and in the cases of `QUICKER` it makes it quicker.
Run from the repository's root: `python -m bench.preservation [CASE ...]`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.verdict import concluded, no_worse
from ischedule import api
from ischedule.models.case import Case, load_case
from ischedule.models.errors import InputError
from ischedule.models.plan_file import Certified
from ischedule.models.preservation import Kind
from ischedule.models.program import Program

CASES = Path(__file__).parent.parent / "cases"
QUICKER = ("cifar10-inas-1mF-ts1", "ds-cnn-msp430", "resnet-8-msp430")
SHIPPED = (*QUICKER, "cifar10-inas-5mF-ts1", "kws-inas-1mF-ts1", "ds-cnn-cortex-m4", "resnet-8-cortex-m4")


@dataclass(frozen=True)
class Solved:
    """A network's best plan: its layers that keep no records, and the process time that finding and proving it took."""

    latency: int
    written: int
    others: tuple[str, ...]
    is_proven: bool
    seconds: float


@dataclass(frozen=True)
class Measured:
    """A network with records alone, and with a choice of kinds."""

    name: str
    alone: Solved
    chosen: Solved


def solved(case: Case) -> Solved:
    """The best plan of a case, with the checker's verdict."""
    start = time.process_time()
    result = api.solve(case)
    seconds, file = time.process_time() - start, result.plan_file
    if result.latency is None or result.evaluation is None or file is None or not isinstance(result.program, Program):
        return Solved(0, 0, (), False, seconds)
    plan = file.plan
    assert plan is not None, "what has a latency has a plan"
    stages = [result.program.stages[stage] for stage in plan.stages]
    others = tuple(stage.name for stage in stages if stage.kind is not Kind.RECORD)
    is_proven = result.certified and result.kind is Certified.OPTIMAL
    return Solved(result.latency, result.evaluation.written, others, is_proven, seconds)


def measured(name: str) -> Measured:
    """A shipped network both ways; without markers where their memory cannot be spared."""
    case = load_case(CASES / f"{name}.json")
    alone = solved(case)
    try:
        return Measured(name, alone, solved(replace(case, preservation=tuple(Kind))))
    except InputError:
        return Measured(name, alone, solved(replace(case, preservation=(Kind.RECORD, Kind.FOOTPRINT))))


def judged(found: Sequence[Measured]) -> list[str]:
    """The claims that do not hold."""
    return no_worse(((one.name, one.alone, one.chosen) for one in found), QUICKER, "a choice")


def _lines(found: Sequence[Measured]) -> Iterator[str]:
    latencies = f"{'records [s]':>13}{'all [s]':>10}{'less':>9}"
    yield f"{'case':22}{latencies}{'written':>9}{'time [s]':>14}  layers without records"
    for one in found:
        alone, chosen = one.alone, one.chosen
        less = 100 * (1 - chosen.latency / max(1, alone.latency))
        written = 100 * (chosen.written / max(1, alone.written) - 1)
        times = f"{alone.seconds:8.1f}{chosen.seconds:6.1f}"
        figures = f"{alone.latency / 1e12:13.3f}{chosen.latency / 1e12:10.3f}{less:8.3f}%{written:8.1f}%{times}"
        yield f"{one.name:22}{figures}  {', '.join(chosen.others) or 'none'}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the named cases, or the shipped ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(SHIPPED), metavar="CASE")
    found = [measured(name) for name in parser.parse_args(arguments).cases]
    return concluded(_lines(found), judged(found))


if __name__ == "__main__":
    sys.exit(main())
