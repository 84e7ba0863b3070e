"""Programs of a few stages that list a few designs each, from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from ischedule.models.program import ExplicitStage, Program
from ischedule.models.waiting import CycleLaw
from tests.solvers.random_programs import DIGEST, random_chain
from tests.solvers.stored_programs import stored_program


def listed(seed: int, laws: Sequence[CycleLaw]) -> Program:
    """Some stages with some designs each, one after the other or in several orders, under one of the laws."""
    random = Random(seed)
    law = random.choice(laws)
    if seed % 3 == 0:
        program = stored_program(random, branches=True)
        stages = tuple(_stage(random, law, index) for index in range(len(program.stages)))
        return replace(program, law=law, stages=stages)
    return Program(tuple(_stage(random, law, index) for index in range(random.randint(1, 3))), law, DIGEST)


def _stage(random: Random, law: CycleLaw, index: int) -> ExplicitStage:
    some = tuple(random_chain(random, law, random.randint(1, 3)) for _ in range(random.randint(1, 3)))
    return ExplicitStage(f"s{index}", some, 1000)


def units_of(seed: int, program: Program) -> list[list[int]]:
    """What each design takes of the tables."""
    random = Random(-seed - 1)
    return [[random.choice((0, 0, 1)) for _ in stage.designs] for stage in program.stages]  # type: ignore[union-attr]
