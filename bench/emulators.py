"""Power failures on the emulated boards: how many were tried, how fast, and that none of them changes an output.

    python -m bench.emulators [FAILURES]

So many single failures per board and firmware (default 2000), spread evenly over the run, and as many runs with two
to five of them, which come while the ones before are made good; an MSP430 is given fewer for a network. Firmware is a
schedule by hand of ten atoms, and a network with words of 8 and of 16 bits whose output is the executor's. On a
Cortex-M some of the failures really end the emulator.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter

from bench.verdict import concluded
from ischedule.firmware.boards import cortex_m, host, msp430
from ischedule.firmware.boards.outcome import Outcome
from ischedule.firmware.boards.source import Firmware
from ischedule.firmware.boards.trace import Disorder, executed
from tests.firmware.small_network import solved
from tests.firmware.toy_schedule import CYCLES, expected, toy

FAILURES = 2000
KILLS = 10
"""One emulator is ended for so many failures that one emulator plays."""

SLOW = 10
"""A network takes an MSP430 so much longer than the schedule by hand that it is given this part of the failures."""

Steps = Sequence[int]


@dataclass(frozen=True)
class Wanted:
    """Firmware, and what has to come out: the output, and how many atoms each power cycle has."""

    name: str
    firmware: Callable[[Path], Firmware]
    output: bytes
    cycles: list[int]

    def is_right(self, one: Outcome) -> bool:
        """Whether the output is right, and no power cycle that was published was run again."""
        try:
            return one.is_right(self.output) and [len(atoms) for _, atoms in executed(one.events)] == self.cycles
        except Disorder:
            return False


def firmwares() -> list[Wanted]:
    """What is run."""
    found = [Wanted("ten atoms", lambda _: toy(trace=1), expected(), [len(atoms) for _, atoms in CYCLES])]
    for width in ("int8", "int16"):
        network = solved(width)
        found.append(Wanted(f"network, {width}", network.firmware, network.output, network.cycles))
    return found


def split(runs: list[Steps]) -> list[list[Steps]]:
    """A part for each core."""
    cores = os.cpu_count() or 1
    return [runs[core::cores] for core in range(cores)]


def on_host(one: Wanted, folder: Path) -> Callable[[list[Steps]], list[Outcome]]:
    """Power fails at a store of a unit."""
    program = host.build(one.firmware(folder / "c"), folder / "host")

    def run(runs: list[Steps]) -> list[Outcome]:
        failures = [[host.Failure(step, step % 2, step) for step in steps] for steps in runs]
        return host.run(program, failures, bus=host.ANY_ORDER, timeout=3600.0)

    return run


def on_msp430(one: Wanted, folder: Path) -> Callable[[list[Steps]], list[Outcome]]:
    """Power fails after an instruction."""
    elf = msp430.build(one.firmware(folder / "c"), folder / "msp430", ram=0x200 if one.name == "ten atoms" else 0x2000)

    def run(runs: list[Steps]) -> list[Outcome]:
        return msp430.run(elf, [[msp430.Failure(step) for step in steps] for steps in runs], timeout=3600.0)

    return run


def on_cortex_m(one: Wanted, folder: Path) -> Callable[[list[Steps]], list[Outcome]]:
    """Power fails right after a store into non-volatile memory."""
    program = cortex_m.build(one.firmware(folder / "c"), folder / "cortex-m")

    def run(runs: list[Steps]) -> list[Outcome]:
        failures = [[cortex_m.Failure(step) for step in steps] for steps in runs]
        return cortex_m.run(program, failures, timeout=3600.0)

    return run


def on_ended_emulator(one: Wanted, folder: Path) -> Callable[[list[Steps]], list[Outcome]]:
    """The emulator ends right after a store, and another one begins with the file that is left."""
    program = cortex_m.build(one.firmware(folder / "c"), folder / "killed")

    def run(runs: list[Steps]) -> list[Outcome]:
        if runs == [[]]:
            return cortex_m.run(program, [[]])
        return [cortex_m.kill(program, [cortex_m.Kill(step) for step in steps]) for steps in runs]

    return run


Board = tuple[Callable[[Wanted, Path], Callable[[list[Steps]], list[Outcome]]], Callable[[Wanted, int], int]]

BOARDS: dict[str, Board] = {
    "host": (on_host, lambda one, count: count),
    "msp430": (on_msp430, lambda one, count: count if one.name == "ten atoms" else max(1, count // SLOW)),
    "cortex-m": (on_cortex_m, lambda one, count: count),
    "cortex-m, ended": (on_ended_emulator, lambda one, count: max(1, count // KILLS)),
}
"""How firmware runs on each board, and how many of the failures it is given."""


def drawn(steps: int, count: int, random: Random) -> list[Steps]:
    """Single failures at even distances, every one if there are no more; and as many runs with two to five of them."""
    single: list[Steps] = [[1 + at * steps // min(count, steps)] for at in range(min(count, steps))]
    several: list[Steps] = []
    for _ in range(count):
        soon = [random.randint(1, max(2, steps // random.choice((4, 20, 100)))) for _ in range(random.randint(1, 4))]
        several.append([random.randint(1, steps), *soon])
    return single + several


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FAILURES
    lines: list[str] = []
    failed: list[str] = []
    for one in firmwares():
        for board, (on, share) in BOARDS.items():
            with tempfile.TemporaryDirectory() as name:
                run = on(one, Path(name))
                alone = run([[]])[0]
                if not one.is_right(alone):
                    failed.append(f"{board}, {one.name}: wrong without a failure")
                    continue
                runs = drawn(alone.steps, share(one, count), Random(one.name))
                begun = perf_counter()
                with ThreadPoolExecutor() as pool:
                    outcomes = [outcome for part in pool.map(run, split(runs)) for outcome in part]
                seconds = perf_counter() - begun
            wrong = len(runs) - sum(one.is_right(outcome) for outcome in outcomes)
            lines.append(
                f"{board:15} {one.name:14} {len(runs):6,} runs of {alone.steps:9,} steps with 1 to 5 failures each,"
                f" {wrong} wrong, {seconds:6.1f} s, {len(runs) / seconds:7,.0f} runs/s"
            )
            if wrong:
                failed.append(f"{board}, {one.name}: {wrong} runs of {len(runs)} end wrong")
    return concluded(lines, failed)


if __name__ == "__main__":
    sys.exit(main())
