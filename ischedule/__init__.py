"""Certified schedules for neural networks on batteryless, intermittently powered microcontrollers."""

__version__ = "0.1.0"

__all__ = ["InputError", "Result", "check", "explain", "load_case", "solve"]

TYPE_CHECKING = False
"""Type checkers take this for true; importing `typing` for it would cost more than a version is worth."""

if TYPE_CHECKING:
    from ischedule.api import InputError as InputError
    from ischedule.api import Result as Result
    from ischedule.api import check as check
    from ischedule.api import explain as explain
    from ischedule.api import load_case as load_case
    from ischedule.api import solve as solve


def __getattr__(name: str) -> object:
    """The public names, imported when the first of them is asked for: a version needs none of what they need."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ischedule import api

    return getattr(api, name)
