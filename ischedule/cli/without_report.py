"""What `ischedule explain --without` prints: the best plan with a constraint group and without it."""

from ischedule.api import Result
from ischedule.cli.figures import percent, section, time
from ischedule.cli.report import verdict_lines


def without_report(group: str, kept: Result, free: Result) -> str:
    """Both optima and what lies between them."""
    rows = [
        (name, one.status.value, _kind(one), _latency(one))
        for name, one in ((f"with {group}", kept), (f"without {group}", free))
    ]
    text = verdict_lines(kept) + section(
        f"what {group} costs", ("case", "verdict", "certified", "latency"), rows, ("latency",)
    )
    cost = cost_of(kept, free)
    if cost is None:
        return text
    share = percent(cost, free.latency) if free.latency else "0 %"
    return text + (f"\n{group} costs {time(cost)} ({share}).\n" if cost else f"\n{group} costs nothing.\n")


def cost_of(kept: Result, free: Result) -> int | None:
    """By how much the best plan is later because of the group, None unless both are proven."""
    if kept.latency is None or free.latency is None:
        return None
    if kept.latency != kept.bound or free.latency != free.bound:
        return None
    return kept.latency - free.latency


def without_value(group: str, kept: Result, free: Result) -> dict[str, object]:
    """The same as a JSON value, times in picoseconds."""

    def one(result: Result) -> dict[str, object]:
        kind = None if result.kind is None else result.kind.value
        return {"status": result.status.value, "certified": kind, "latency": result.latency, "bound": result.bound}

    return {
        "case": kept.case.name,
        "group": group,
        "with": one(kept),
        "without": one(free),
        "cost": cost_of(kept, free),
    }


def _kind(result: Result) -> str:
    return "-" if result.kind is None else result.kind.value


def _latency(result: Result) -> str:
    return "-" if result.latency is None else time(result.latency)
