"""What solvers say that know no boundaries at which a power cycle must end."""

from __future__ import annotations

from ischedule.models.demand import Unanswerable
from ischedule.models.program import Program


def require_open(program: Program) -> None:
    """Raise `Unanswerable` where some boundary is closed: the best plan does not fit non-volatile memory."""
    if program.closed or program.broken:
        raise Unanswerable(
            "finds a plan that does not fit non-volatile memory, and cannot be told where cycles must end"
        )
