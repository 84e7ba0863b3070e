"""How do time and memory grow with the number of atoms? Prints a table; exits 1 where a claim fails.

A chain of explicit, distinct atoms, about 20 to a power cycle: as arrays (a program built directly; programmable wake
with levels 1 mV apart) and as a case whose tasks are columns of a CSV file (fixed wake). Every figure is measured in a
process of its own: processor time of reading or building, of solving and of checking the plan file, and peak memory.
Claims: a million atoms are solved in under 15 s and 2 GiB and checked in under 30 s, reading the case not counted for
columns (its time is printed); beyond 10^4 atoms time and memory grow no faster than atoms^1.1.
Run from the repository's root: `python -m bench.scaling`.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ischedule.models.program import Program

SIZES = (10**3, 10**4, 10**5, 10**6)
STEEPEST = 1.1
STEEP_FROM = 10**4
SOLVE_SECONDS, CHECK_SECONDS, GIBIBYTES = 15.0, 30.0, 2.0
KINDS = ("arrays", "columns")
UNITS = ("nJ", "us", "nJ", "us", "nJ", "us")
COLUMNS = ("energy", "time", "commit_energy", "commit_time", "resume_energy", "resume_time")
RANGES = ((10_000, 30_000), (200, 2000), (4000, 5000), (100, 150), (1000, 20_000), (100, 400))
"""Nanojoules and microseconds in the order of the columns; a cycle has half a millijoule."""


@dataclass(frozen=True)
class Measured:
    """Processor seconds of reading or building the program and of the work itself, and the peak of memory."""

    prepare: float
    seconds: float
    mebibytes: float


CASE = {
    "ischedule": 1,
    "name": "scaling",
    "description": "Distinct tasks for the scaling benchmark.",
    "boot": {"energy": "40 uJ", "time": "30 ms"},
    "buffer": {
        "capacitance": "1 mF",
        "turn_on": "2.99 V",
        "brown_out": "2.8 V",
        "series_resistance": "0 ohm",
        "leakage": "0 A",
    },
    "power_path": "converter",
    "wake": {"policy": "fixed", "mechanism": "latch"},
    "supply": {"kind": "source", "voltage": "3.3 V", "resistance": "100 ohm"},
    "tasks": {"columns": "scaling.csv"},
}


def write_case(folder: Path, atoms: int) -> Path:
    """The case and its CSV file, every task different; one place in ten is no cut."""
    import numpy as np

    random = np.random.default_rng(atoms)
    table = [random.integers(low, high, atoms) for low, high in RANGES]
    cut = random.random(atoms) < 0.9
    cut[-1] = True
    with (folder / "scaling.csv").open("w", encoding="utf-8") as file:
        file.write(
            ",".join(("name", *(f"{name} [{unit}]" for name, unit in zip(COLUMNS, UNITS, strict=True)), "cut")) + "\n"
        )
        for row, is_cut in zip(zip(*(column.tolist() for column in table), strict=True), cut.tolist(), strict=True):
            file.write("t," + ",".join(map(str, row)) + f",{int(is_cut)}\n")
    path = folder / "scaling.json"
    path.write_text(json.dumps(CASE), encoding="utf-8")
    return path


def program_of_arrays(atoms: int) -> Program:
    """The same kind of chain as arrays, under programmable wake."""
    import numpy as np

    from ischedule.models.buffer import EnergyBuffer
    from ischedule.models.chain import Chain
    from ischedule.models.demand import Coordinate
    from ischedule.models.program import ExplicitStage, Program
    from ischedule.models.quantities import Interval
    from ischedule.models.supply import ResistiveSource
    from ischedule.models.waiting import cycle_law
    from ischedule.models.wake import Mechanism, Policy, Start, StartKind, Until, Wake

    volt, nanojoule, microsecond = 10**9, 10**6, 10**6
    buffer = EnergyBuffer(
        Coordinate.ENERGY, Interval.exactly(10**12), Interval.exactly(2990 * 10**6), Interval.exactly(2800 * 10**6)
    )
    supply = ResistiveSource(Interval.exactly(33 * volt // 10), Interval.exactly(100 * 10**6))
    wake = Wake(Policy.PROGRAMMABLE, Mechanism.LATCH, 10**6)
    law = cycle_law(buffer, supply, wake, Start(StartKind.FLOOR), Until.PUBLISHED, 0, 0)
    random = np.random.default_rng(atoms)
    drawn = [random.integers(low, high, atoms) for low, high in RANGES]
    drain, time, commit_drain, commit_time, resume_drain, resume_time = (column * nanojoule for column in drawn)
    resume_drain += 40_000 * nanojoule
    resume_time += 30_000 * microsecond
    cut = random.random(atoms) < 0.9
    cut[-1] = True
    columns = (drain, time, resume_drain, resume_time, commit_drain, commit_time)
    chain = Chain(*(column.tolist() for column in columns), cut.tolist(), 0)
    return Program((ExplicitStage("tasks", (chain,), 0),), law, "0" * 64)


def work(kind: str, action: str, atoms: int, folder: Path) -> Measured:
    """Solve and write the plan file, or check it; in this process."""
    from ischedule.analysis.check import require_claim
    from ischedule.analysis.claim import claims
    from ischedule.analysis.evaluate import evaluate
    from ischedule.models.plan_file import dump_plan_file, read_plan_file

    begin = time.process_time()
    program = program_of_arrays(atoms) if kind == "arrays" else read_program(folder / "scaling.json")
    ready = time.process_time()
    plan_path = folder / f"{kind}.plan.json"
    if action == "solve":
        from ischedule.solvers.solve import solve

        answer = solve(program)
        seconds, peak = time.process_time() - ready, memory()
        assert answer.plan is not None
        latency = evaluate(program, answer.plan).latency
        file = next(claims("bench", program, answer, latency, None))
        plan_path.write_text(dump_plan_file(file), encoding="utf-8")
        return Measured(ready - begin, seconds, peak)
    file = read_plan_file(str(plan_path))
    assert file.plan is not None
    require_claim(program, file, evaluate(program, file.plan), None)
    assert file.claim.certified.value == "optimal", file.claim
    return Measured(ready - begin, time.process_time() - ready, memory())


def read_program(path: Path) -> Program:
    """The program of a case file."""
    from ischedule.models.build import program_of
    from ischedule.models.case import load_case

    return program_of(load_case(str(path)))


def memory() -> float:
    """The peak of this process's memory in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(kind: str, action: str, atoms: int, folder: Path) -> Measured:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "bench.scaling", "--work", kind, action, str(atoms), str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(*json.loads(done.stdout))


def slopes(sizes: Sequence[int], values: Sequence[float]) -> list[float]:
    """Growth between consecutive sizes on logarithmic scales, from the size on where it counts."""
    pairs = pairwise(zip(sizes, values, strict=True))
    return [math.log(w / v) / math.log(b / a) for (a, v), (b, w) in pairs if a >= STEEP_FROM]


def run(sizes: Sequence[int]) -> bool:
    """Measure all sizes, print the figures, and tell whether every claim holds."""
    failures: list[str] = []
    for kind in KINDS:
        found: dict[str, list[Measured]] = {"solve": [], "check": []}
        print(f"\n{kind}\n{'atoms':>9} {'read (s)':>9} {'solve (s)':>10} {'(MiB)':>7} {'check (s)':>10} {'(MiB)':>7}")
        for atoms in sizes:
            with tempfile.TemporaryDirectory() as folder:
                if kind == "columns":
                    write_case(Path(folder), atoms)
                for action, measurements in found.items():
                    measurements.append(measured(kind, action, atoms, Path(folder)))
            solve, check = found["solve"][-1], found["check"][-1]
            figures = f"{solve.prepare:9.2f} {solve.seconds:10.2f} {solve.mebibytes:7.0f}"
            print(f"{atoms:9} {figures} {check.seconds:10.2f} {check.mebibytes:7.0f}", flush=True)
        failures += judged(kind, sizes, found)
    for failure in failures:
        print(f"FAILS: {failure}")
    return not failures


def judged(kind: str, sizes: Sequence[int], found: dict[str, list[Measured]]) -> list[str]:
    """The claims that do not hold."""
    failures = []
    parts: dict[str, Callable[[Measured], float]] = {
        "time": lambda one: one.seconds,
        "memory": lambda one: one.mebibytes,
    }
    for action, measurements in found.items():
        for name, part in parts.items():
            steepest = max(slopes(sizes, [part(one) for one in measurements]), default=0.0)
            print(f"{action}: {name} grows as atoms^{steepest:.2f} at most beyond {STEEP_FROM}")
            if steepest > STEEPEST:
                failures.append(f"{kind}, {action}: {name} grows as atoms^{steepest:.2f}")
    for atoms, solve, check in zip(sizes, found["solve"], found["check"], strict=True):
        if solve.seconds > SOLVE_SECONDS or solve.mebibytes > 1024 * GIBIBYTES:
            failures.append(f"{kind}: {atoms} atoms take {solve.seconds:.1f} s and {solve.mebibytes:.0f} MiB to solve")
        if check.seconds > CHECK_SECONDS:
            failures.append(f"{kind}: {atoms} atoms take {check.seconds:.1f} s to check")
    return failures


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if every claim holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="leave out sizes beyond this")
    parser.add_argument("--work", nargs=4, metavar=("KIND", "ACTION", "ATOMS", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.work:
        kind, action, atoms, folder = options.work
        one = work(kind, action, int(atoms), Path(folder))
        print(json.dumps([one.prepare, one.seconds, one.mebibytes]))
        return 0
    holds = run([size for size in SIZES if size <= options.largest])
    print("\nevery claim holds" if holds else "\nsome claims FAIL")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
