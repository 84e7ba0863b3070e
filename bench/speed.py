"""Process time of the commands on every shipped network: user and system time of a fresh process.

Claims: `solve` (its own check included) takes at most 2 s on each network under fixed and under programmable wake, 1 s
in the median; `check` takes no more than that again; `ischedule --version` takes at most three times a bare Python.
Run with `python -m bench.speed` in the repository, on an otherwise idle machine; exits 1 where a claim does not hold.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

ROOT = Path(__file__).resolve().parent.parent
CASES = ROOT / "cases"
PROGRAMMABLE = {
    "wake": {"policy": "programmable", "mechanism": "latch", "external_comparator": True, "step": "continuous"},
    "start": "floor",
    "until": "published",
}
MOST, MEDIAN, START = 2.0, 1.0, 3.0


def seconds(command: list[str]) -> float:
    """User and system time of a process, which must succeed.

    Modules are compiled once, as an installation has them: a variable that keeps Python from writing what it has
    compiled would have every process compile all of them anew.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], check=True, cwd=ROOT, stdout=subprocess.DEVNULL, env=environment)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def least(command: list[str], times: int) -> float:
    """The least of several runs: what else the machine does only ever adds."""
    return min(seconds(command) for _ in range(times))


def measured(folder: Path) -> list[tuple[str, float, float]]:
    """Name, seconds to solve, seconds to check, of every network under both wakes."""
    rows = []
    for path in sorted(CASES.glob("*-inas-*.json")):
        case = json.loads(path.read_text())
        for wake, change in (("fixed", {}), ("programmable", PROGRAMMABLE)):
            name = f"{path.stem} {wake}"
            file = folder / f"{path.stem}-{wake}.json"
            file.write_text(json.dumps({**case, **change, "name": file.stem}))
            solve = least(["-m", "ischedule.cli", "solve", str(file), "-o", str(folder)], 2)
            check = least(["-m", "ischedule.cli", "check", str(file), str(folder / f"{file.stem}.plan.json")], 2)
            rows.append((name, solve, check))
            print(f"{name:36} {solve:6.2f} s {check:6.2f} s", flush=True)
    return rows


def main() -> int:
    """Measure, print, and say which claims hold."""
    print(f"{'network':36} {'solve':>8} {'check':>8}")
    with tempfile.TemporaryDirectory() as folder:
        rows = measured(Path(folder))
    wrong = []
    for command, times in (("solve", [row[1] for row in rows]), ("check", [row[2] for row in rows])):
        most, median = max(times), statistics.median(times)
        print(f"{command}: at most {most:.2f} s, median {median:.2f} s over {len(times)} runs")
        if most > MOST or median > MEDIAN:
            wrong.append(f"{command} takes more than {MOST} s at most or {MEDIAN} s in the median")
    bare = least(["-c", "pass"], 20)
    version = least(["-m", "ischedule.cli", "--version"], 20)
    print(
        f"--version: {version * 1000:.1f} ms, a bare Python: {bare * 1000:.1f} ms, {version / bare:.2f} times as much"
    )
    if version > START * bare:
        wrong.append(f"--version takes more than {START} times a bare Python")
    print("\n".join(f"claim does not hold: {claim}" for claim in wrong) or "all claims hold")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
