"""The policies by name, and what each of them makes of a case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ischedule.models.case import Case
from ischedule.policies import (
    alpaca,
    hawaii_external,
    hawaii_internal,
    inas,
    japari,
    just_in_time,
    layer_by_layer,
    one_shot,
    sonic,
    tails,
    urgent,
)
from ischedule.policies.execution import Execution
from ischedule.policies.policy import Policy
from ischedule.policies.workload import Inapplicable, Workload

GRANULARITIES: Final = (1, 2, 4, 8)
"""Results for each counter of HAWAII on external memory, and channels for each marker of JAPARI."""

POLICIES: Final = (
    one_shot.POLICY,
    layer_by_layer.POLICY,
    inas.POLICY,
    hawaii_internal.POLICY,
    *map(hawaii_external.policy, GRANULARITIES),
    *map(japari.policy, GRANULARITIES),
    sonic.POLICY,
    tails.POLICY,
    alpaca.policy(),
    just_in_time.POLICY,
    urgent.POLICY,
)


def executions(case: Case, policies: Iterable[Policy] = POLICIES) -> tuple[Execution, ...]:
    """The case under every policy that has a meaning for it.

    Raises `Unschedulable` where no power cycle can begin at all.
    """
    workload = Workload.of(case)
    return tuple(found for policy in policies if isinstance(found := tried(policy, workload), Execution))


def inapplicable(case: Case, policies: Iterable[Policy] = POLICIES) -> tuple[tuple[str, str], ...]:
    """The policies that have none, each with the reason."""
    workload = Workload.of(case)
    found = ((policy.name, tried(policy, workload)) for policy in policies)
    return tuple((name, one) for name, one in found if isinstance(one, str))


def tried(policy: Policy, workload: Workload) -> Execution | str:
    """The execution, or why there is none."""
    try:
        return policy.execution(workload)
    except Inapplicable as error:
        return str(error)
