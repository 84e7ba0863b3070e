"""z3 with a context of its own for each question, so that its answers do not hang on what it was asked before.

z3 orders what it looks at by the numbers that expressions get in their context. In the one that all of a process
share, the same constraints find another of several solutions that are as good when others came before.
"""

from __future__ import annotations

from functools import partial
from typing import Any

OF_ITS_OWN = frozenset({"Bool", "BoolVal", "If", "Implies", "Int", "IntVal", "Not", "Real", "Solver"})
"""What takes the context by its name."""
OF_ANY_NUMBER = frozenset({"And", "Or"})
"""What takes it behind its other arguments."""


class Z3:
    """The module, whose functions make expressions of one new context."""

    def __init__(self) -> None:
        import z3

        self._module, self._context = z3, z3.Context()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._module, name)
        if name in OF_ITS_OWN:
            found = partial(found, ctx=self._context)
        elif name in OF_ANY_NUMBER:
            found = self._last(found)
        setattr(self, name, found)
        return found

    def _last(self, function: Any) -> Any:
        return lambda *some: function(*some, self._context)
