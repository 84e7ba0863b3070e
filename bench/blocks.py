"""What blocks are worth: networks solved with and without them. Prints a table; exits 1 where a claim fails.

Claims: every plan is certified optimal, blocks never make one slower, and in the cases of `QUICKER` they make it
quicker.
Run from the repository's root: `python -m bench.blocks [CASE ...]`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.verdict import concluded, no_worse
from ischedule.analysis.cover import Unproven, require_bound
from ischedule.analysis.evaluate import evaluate
from ischedule.models.build import program_of
from ischedule.models.case import Case, load_case
from ischedule.models.loads import Loads
from ischedule.solvers.solve import solve

CASES = Path(__file__).parent.parent / "cases"
QUICKER = (
    "activity-msp430-blocks",
    "mobilenet-v2-cortex-m4",
    "ds-cnn-cortex-m4",
    "resnet-8-cortex-m4",
    "squeezenet-cortex-m4",
    "mobilenet-v2-msp430",
    "resnet-8-msp430",
)
SHIPPED = (*QUICKER, "ds-cnn-msp430")


@dataclass(frozen=True)
class Solved:
    """A network with or without blocks: its best plan, and the process time that finding and proving it took.

    ``memory`` is what any plan needs at least of non-volatile memory besides weights, records and tables, in bytes.
    """

    latency: int
    drain: int
    written: int
    blocks: int
    is_proven: bool
    solving: float
    checking: float
    memory: int = 0


@dataclass(frozen=True)
class Measured:
    """A network both ways."""

    name: str
    alone: Solved
    fused: Solved


def solved(case: Case) -> Solved:
    """The best plan of a case; its proof is checked."""
    start = time.process_time()
    program = program_of(case)
    answer = solve(program)
    found = time.process_time()
    if answer.plan is None or answer.bound is None:
        return Solved(0, 0, 0, 0, False, found - start, 0.0)
    evaluation = evaluate(program, answer.plan)
    is_proven = evaluation.latency == answer.latency == answer.bound.value + program.law.offset
    try:
        require_bound(program, answer.bound)
    except Unproven:
        is_proven = False
    blocks = sum(len(program.kernels_of(stage)) > 1 for stage in answer.plan.stages)
    done = time.process_time()
    loads = Loads(program)
    return Solved(
        evaluation.latency,
        evaluation.drain,
        evaluation.written,
        blocks,
        is_proven,
        found - start,
        done - found,
        loads.least_of_all() - loads.constants,
    )


def measured(name: str) -> Measured:
    """A shipped network with and without blocks."""
    case = load_case(CASES / f"{name}.json")
    assert case.network is not None, "the bench is about networks"
    alone, fused = (solved(replace(case, network=replace(case.network, fuse=fuse))) for fuse in (False, True))
    return Measured(name, alone, fused)


def judged(found: Sequence[Measured]) -> list[str]:
    """The claims that do not hold."""
    return no_worse(((one.name, one.alone, one.fused) for one in found), QUICKER, "blocks")


def _lines(found: Sequence[Measured]) -> Iterator[str]:
    latencies = f"{'alone [s]':>11}{'blocks [s]':>11}{'less':>8}"
    yield f"{'case':26}{latencies}{'written':>9}{'blocks':>8}{'maps [B]':>18}{'solve [s]':>16}{'check [s]':>16}"
    for one in found:
        alone, fused = one.alone, one.fused
        less = 100 * (1 - fused.latency / max(1, alone.latency))
        written = 100 * (1 - fused.written / max(1, alone.written))
        times = f"{alone.solving:9.1f}{fused.solving:7.1f}{alone.checking:9.1f}{fused.checking:7.1f}"
        figures = (
            f"{alone.latency / 1e12:11.3f}{fused.latency / 1e12:11.3f}{less:7.1f}%{-written:8.1f}%{fused.blocks:8}"
        )
        yield f"{one.name:26}{figures}{alone.memory:10}{fused.memory:8}{times}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the named cases, or the shipped ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", default=SHIPPED)
    found = [measured(name) for name in parser.parse_args(arguments).cases]
    return concluded(_lines(found), judged(found))


if __name__ == "__main__":
    sys.exit(main())
