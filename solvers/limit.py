"""How long a search may take, and how it tells what it is doing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic


class TimeUp(Exception):
    """The limit was reached; what was found so far counts."""


@dataclass
class Limit:
    """A deadline for the search (seconds of wall time, None for none) and a listener for one-line progress messages."""

    seconds: float | None = None
    listen: Callable[[str], None] | None = None
    started: float = field(default_factory=monotonic)
    work: int | None = None
    """How many steps may be spent, where they are counted; None for any number."""
    gap: float = 0.0
    """By which part of the bound a plan may exceed it for a search by bounds to be content."""
    threads: int | None = None
    """How many threads a search may use that can use several; None for as many as it likes."""

    def spend(self, steps: int) -> None:
        """Count steps of a search that may be too much; raise ``TimeUp`` once they are used up, or the time."""
        if self.work is not None:
            self.work -= steps
            if self.work < 0:
                raise TimeUp
        self.check()

    def check(self) -> None:
        """Raise ``TimeUp`` once the time is used up."""
        if self.seconds is not None and monotonic() - self.started > self.seconds:
            raise TimeUp

    def left(self) -> float | None:
        """Seconds that are left, None for any number."""
        return None if self.seconds is None else max(0.0, self.seconds - (monotonic() - self.started))

    def silent(self) -> Limit:
        """The same limit for a part of the search that has nothing to tell."""
        return replace(self, listen=None)

    def announce(self, message: str) -> None:
        """Pass a message on."""
        if self.listen is not None:
            self.listen(message)

    def tell(self, message: str) -> None:
        """Pass a message on, and stop if the time is used up."""
        self.announce(message)
        self.check()
