"""What a plan can consist of: the options of each of its slots, with the columns of their atoms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ischedule.models.program import Design, ExplicitStage, Program

DRAIN, TIME, RESUME, RESUME_TIME, COMMIT, COMMIT_TIME, CUT = range(7)


@dataclass(frozen=True)
class Option:
    """One way to fill a slot: a step of the program by a design, and the columns of its chain."""

    step: int
    design: Design
    columns: tuple[tuple[int, ...], ...]
    fits: bool
    is_last: bool = False
    """Whether the program ends with it."""

    def __len__(self) -> int:
        return len(self.columns[0])


def options_of(program: Program, designs: Sequence[Sequence[Design]] | None = None) -> list[list[Option]]:
    """The options of each slot; a step can fill the slots that some way to its source has before it.

    Without ``designs`` all of explicit stages are options.
    """
    chosen = designs if designs is not None else [range(len(one.designs)) for one in _explicit(program)]
    options: dict[int, list[Option]] = {}
    for index, step in enumerate(program.steps):
        stage = program.stages[step.stage]
        options[index] = []
        for design in chosen[step.stage]:
            columns = stage.chain(design).columns()  # type: ignore[arg-type]
            plain = tuple(tuple(int(value) for value in column) for column in columns)
            fits = stage.fits(design)  # type: ignore[arg-type]
            options[index].append(Option(index, design, plain, fits, step.target == program.end))
    found: list[list[Option]] = []
    places = {0}
    while places - {program.end}:
        steps = [index for index, step in enumerate(program.steps) if step.source in places]
        found.append([option for index in steps for option in options[index]])
        places = {program.steps[index].target for index in steps}
    return found


def _explicit(program: Program) -> list[ExplicitStage]:
    found = [stage for stage in program.stages if isinstance(stage, ExplicitStage)]
    if len(found) < len(program.stages):
        raise ValueError("the designs of tiled stages have to be chosen")
    return found
