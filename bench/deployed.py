"""Networks that people deploy, solved to a certified optimum. Prints a table; exits 1 where a claim fails.

Claims: every shipped case of these networks has a plan that the checker accepts as optimal, and is solved within ten
seconds of process time.
Run from the repository's root: `python -m bench.deployed [CASE ...]`.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.verdict import concluded
from ischedule.analysis.cover import Unproven
from ischedule.analysis.division import require_least
from ischedule.analysis.evaluate import evaluate
from ischedule.models.build import program_of
from ischedule.models.case import load_case
from ischedule.solvers.solve import solve

CASES = Path(__file__).parent.parent / "cases"
SECONDS = 10.0


@dataclass(frozen=True)
class Measured:
    """One case: what was found, and the process time that finding and proving it took."""

    name: str
    status: str
    is_proven: bool
    latency: int
    cycles: int
    solving: float
    checking: float
    megabytes: int


def measured(name: str) -> Measured:
    """Solve a shipped case and check the proof."""
    start = time.process_time()
    program = program_of(load_case(CASES / f"{name}.json"))
    answer = solve(program)
    solved = time.process_time()
    is_proven = False
    if answer.plan is not None and answer.bound is not None:
        attained = evaluate(program, answer.plan).latency
        is_proven = attained == answer.latency == (answer.bound.value or 0) + program.law.offset
        try:
            require_least(program, answer.bound)
        except Unproven:
            is_proven = False
    return Measured(
        name,
        answer.status.value,
        is_proven,
        answer.latency or 0,
        sum(run.repeat for run in answer.plan.cycles) if answer.plan else 0,
        solved - start,
        time.process_time() - solved,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def judged(found: Sequence[Measured]) -> list[str]:
    """The claims that do not hold."""
    failed = [f"{one.name}: not certified optimal" for one in found if not one.is_proven]
    slow = [one for one in found if one.solving > SECONDS]
    return failed + [f"{one.name}: solved in {one.solving:.1f} s, {SECONDS:.0f} s are claimed" for one in slow]


def _lines(found: Sequence[Measured]) -> Iterator[str]:
    yield f"{'case':28}{'latency [s]':>12}{'cycles':>8}{'solve [s]':>11}{'check [s]':>11}{'peak [MB]':>11}"
    for one in found:
        numbers = f"{one.latency / 1e12:12.3f}{one.cycles:8}{one.solving:11.1f}{one.checking:11.1f}{one.megabytes:11}"
        yield f"{one.name:28}{numbers}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the named cases, or all."""
    shipped = [path.stem for kind in ("msp430", "cortex-m4") for path in sorted(CASES.glob(f"*-{kind}.json"))]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", default=shipped)
    found = [measured(name) for name in parser.parse_args(arguments).cases]
    return concluded(_lines(found), judged(found))


if __name__ == "__main__":
    sys.exit(main())
