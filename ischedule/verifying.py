"""Firmware verified on boards: solved, emitted, compiled and run, with power failing wherever it hurts."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ischedule.analysis.layout_check import side_by_side
from ischedule.api import program_or_reason
from ischedule.emitting import Emitted, emitted, numbers_of, runtime_files
from ischedule.firmware.boards import cortex_m, host, msp430
from ischedule.firmware.boards.outcome import Outcome
from ischedule.firmware.boards.source import Firmware
from ischedule.firmware.boards.tool import ToolFailed
from ischedule.firmware.conformity import deviation, planned
from ischedule.firmware.emission import Emission
from ischedule.firmware.levels import levels_of
from ischedule.models.case import Case
from ischedule.models.errors import InputError
from ischedule.models.plan_file import PlanFile
from ischedule.models.program import Program
from ischedule.models.workload import explicit_tasks

if TYPE_CHECKING:
    from ischedule.analysis.arithmetic import Words

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Verified:
    """What was found out about firmware on one target.

    ``deviation`` is the first thing that the uninterrupted run did otherwise than planned, ``right`` tells whether its
    output is the reference executor's. Of ``runs`` with power failures ``wrong`` ended otherwise, and in ``spared`` of
    them power did not fail at all: they show nothing. ``steps`` are those of the uninterrupted run, in ``unit``.
    ``every_store`` tells what became of a failure at every store, on the host.
    """

    target: str
    cycles: int
    atoms: int
    deviation: str | None
    right: bool
    output_bytes: int
    runs: int
    wrong: int
    spared: int
    steps: int
    unit: str
    every_store: host.EveryStore | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        stores = self.every_store
        everywhere = stores is None or (stores.wrong == 0 and stores.failures > 0)
        return self.deviation is None and self.right and self.wrong == self.spared == 0 and everywhere


def require_computing(case: Case) -> None:
    """Raise `InputError` for a case whose firmware computes nothing by itself."""
    if explicit_tasks(case) is not None:
        problem = "are the application's own: there is no output to compare"
        remedy = "verify a network on a device that runs tiles"
        raise InputError(case.source, "$.tasks", case.name, problem, remedy)


@dataclass(frozen=True)
class _Target:
    """How a board is used: what its failures are counted in, and how they are made."""

    unit: str
    build: Callable[[Firmware, Path], object]
    run: Callable[[object, list[list[int]]], list[Outcome]]


def _host(seed: int) -> _Target:
    drawn = random.Random(seed)

    def run(program: object, runs: list[list[int]]) -> list[Outcome]:
        assert isinstance(program, Path)
        failures = [[host.Failure(step, drawn.choice((host.OLD, host.NEW)), step) for step in one] for one in runs]
        return host.run(program, failures, timeout=_PATIENCE)

    return _Target("stores into non-volatile memory", host.build, run)


def _msp430(seed: int) -> _Target:
    def run(program: object, runs: list[list[int]]) -> list[Outcome]:
        assert isinstance(program, Path)
        return msp430.run(program, [[msp430.Failure(step) for step in one] for one in runs], timeout=_PATIENCE)

    return _Target("instructions", msp430.build, run)


def _cortex_m(seed: int) -> _Target:
    def run(program: object, runs: list[list[int]]) -> list[Outcome]:
        assert isinstance(program, cortex_m.Program)
        return cortex_m.run(program, [[cortex_m.Failure(step) for step in one] for one in runs], timeout=_PATIENCE)

    return _Target("stores into non-volatile memory", cortex_m.build, run)


_PATIENCE = 3600.0
_BATCH = 200
_BLANK = 0xA5
"""What non-volatile memory holds before anything was written to it."""

TARGETS: dict[str, Callable[[int], _Target]] = {"host": _host, "msp430": _msp430, "cortex-m": _cortex_m}


def verify(
    case: Case,
    file: PlanFile,
    target: str,
    failures: int,
    folder: Path,
    tell: Tell,
    seed: int = 0,
    *,
    every_store: bool = False,
) -> Emitted | Verified:
    """What firmware of a plan does on a target; what the checker refuses is not built.

    Everything that is written goes to ``folder``. Input, and weights that the case does not have, are
    drawn by the seed.
    """
    require_computing(case)
    result = emitted(case, file, tell, seed)
    program = program_or_reason(case)
    if result.emission is None or not isinstance(program, Program) or file.plan is None:
        return result
    sources = _written(result.emission, folder / "schedule")
    tell("running the reference executor")
    data, expected = reference(case, file, seed)
    board = TARGETS[target](seed)
    tell(f"building for {target}")
    reporting = _built(board, Firmware.of_folder(sources, data, trace=2), folder / "reporting", target)
    tell("running without a failure")
    alone = board.run(reporting, [[]])[0]
    addresses = dict(file.addresses) or side_by_side(program, file.plan)
    plan = planned(program, file.plan, levels_of(case, program, file.plan).codes, addresses)
    silent = _built(board, Firmware.of_folder(sources, data), folder / "silent", target)
    steps = board.run(silent, [[]])[0].steps
    runs = failing(steps, failures, seed)
    wrong, spared = _under_failures(board, silent, runs, expected, tell)
    everywhere = _at_every_store(Firmware.of_folder(sources, data), folder / "every", tell) if every_store else None
    return Verified(
        target,
        len(plan.cycles),
        plan.ends[-1],
        deviation(plan, alone.events),
        alone.is_right(expected),
        len(expected),
        len(runs),
        wrong,
        spared,
        steps,
        board.unit,
        everywhere,
    )


def _written(emission: Emission, folder: Path) -> Path:
    """The folder, with the emitted files and the runtime in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**emission.files, **runtime_files(emission)}.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _under_failures(
    board: _Target, program: object, runs: Sequence[list[int]], expected: bytes, tell: Tell
) -> tuple[int, int]:
    """How many of the runs ended otherwise than expected, and in how many power did not fail at all."""
    wrong = spared = 0
    for start in range(0, len(runs), _BATCH):
        tell(f"power failures: {start} of {len(runs)} runs")
        outcomes = board.run(program, list(runs[start : start + _BATCH]))
        wrong += sum(not one.is_right(expected) for one in outcomes)
        spared += sum(one.failures == 0 for one in outcomes)
    return wrong, spared


def _at_every_store(firmware: Firmware, folder: Path, tell: Tell) -> host.EveryStore:
    tell("power failures at every store")
    return host.every_store(host.build(firmware, folder, main="every_store.c"), byte=_BLANK, timeout=_PATIENCE)


def _built(board: _Target, firmware: Firmware, folder: Path, target: str) -> object:
    """The program; raises `InputError` for firmware that the target has no room for, or cannot compile."""
    try:
        return board.build(firmware, folder)
    except ToolFailed as error:
        said = [line for line in str(error).splitlines() if "error" in line] or str(error).splitlines()
        problem = f"has no room for this firmware, or its tools fail: {said[0].strip()}"
        raise InputError("command line", "--target", target, problem, "choose a smaller network") from None


def failing(steps: int, count: int, seed: int) -> Sequence[list[int]]:
    """Steps at which power fails, for so many runs: spread evenly over the run, every third time once more soon after.

    As many runs as there are steps, or more, are one failure at every single step, and pairs for the rest.
    """
    drawn = random.Random(seed)
    if count >= steps:
        single = [[step] for step in range(1, steps + 1)]
        return single + [_pair(drawn.randrange(1, steps + 1), steps, drawn) for _ in range(count - steps)]
    places = [1 + index * steps // count + drawn.randrange(max(1, steps // count)) for index in range(count)]
    return [_pair(step, steps, drawn) if index % 3 == 2 else [step] for index, step in enumerate(places)]


def _pair(step: int, steps: int, drawn: random.Random) -> list[int]:
    return [step, drawn.randrange(1, max(2, steps // 20))]


def reference(case: Case, file: PlanFile, seed: int) -> tuple[bytes, bytes]:
    """A drawn input, and what the reference executor makes of it, as bytes in the order of the boards."""
    import numpy as np

    from ischedule.analysis.executor import arithmetic_of, run
    from ischedule.analysis.layer_numbers import random_tensor

    assert case.network is not None, "a network is run in tiles"
    assert file.plan is not None, "an emitted file has a plan"
    words = random_tensor(case.network.input, arithmetic_of(case), np.random.default_rng([seed, 1]))
    output = run(case, file.plan, words, numbers_of(case, seed)).output
    return _bytes_of(words), _bytes_of(output)


def _bytes_of(words: Words) -> bytes:
    """Words as boards keep them."""
    return words.astype(words.dtype.newbyteorder("<")).tobytes()
