"""What a plan is for, in words: the criterion that counts first, and the limits that it keeps."""

from collections.abc import Iterator

from ischedule.analysis.check import spent_of
from ischedule.analysis.evaluate import Evaluation
from ischedule.api import Result
from ischedule.cli.figures import amount_dimension, number, percent, plural, time
from ischedule.models.case import Case
from ischedule.models.goal import Criterion
from ischedule.models.program import Program
from ischedule.models.quantities import show
from ischedule.models.rounding import rounding_of


def amount(case: Case, criterion: Criterion, value: int) -> str:
    """An amount of a criterion with its unit."""
    return {
        Criterion.LATENCY: lambda: time(value),
        Criterion.ENERGY: lambda: show(value, amount_dimension(case)),
        Criterion.WRITTEN: lambda: f"{number(value)} B",
        Criterion.CYCLES: lambda: plural(value, "power cycle"),
    }[criterion]()


def best_fact(result: Result) -> str:
    """What is proven of every plan by the criterion that counts first."""
    case, spent = result.case, result.spent
    if result.bound is None or spent is None:
        return "no bound is proven"
    first = case.objective[0]
    verb = {
        Criterion.LATENCY: "takes less",
        Criterion.ENERGY: f"takes less {amount_dimension(case).name}",
        Criterion.WRITTEN: "writes less",
        Criterion.CYCLES: "has fewer power cycles",
    }[first]
    asked = case.requirements
    has_limits = isinstance(result.program, Program) and bool(result.program.goal.limits)
    has_limits = has_limits or asked.table_size is not None or asked.writes_per_byte is not None
    within = " within the limits" if has_limits else ""
    if result.bound <= 0 < spent:
        return f"no bound above nothing is proven{within}"
    if result.bound < spent:
        below = percent(spent - result.bound, spent)
        return f"no plan{within} {verb} than {amount(case, first, result.bound)}, {below} below this one"
    text = f"no plan{within} {verb}"
    is_priced = isinstance(result.program, Program) and result.program.law.curve is None
    if first is Criterion.LATENCY and result.latency is not None and isinstance(result.program, Program) and is_priced:
        rounding = time(rounding_of(result.program, result.latency))
        text += f" (with charging times not rounded: at most {rounding} less)"
    if len(case.objective) > 1:
        rest = ", then ".join(_name(case, criterion) for criterion in case.objective[1:])
        decided = result.plan_file is not None and result.plan_file.claim.certified.value == "optimal"
        of_equals = f"of those that do not, this one is best by {rest}"
        text += f"; {of_equals}" if decided else f"; ties by {rest} are not decided"
    return text


def _name(case: Case, criterion: Criterion) -> str:
    names = {Criterion.ENERGY: amount_dimension(case).name, Criterion.CYCLES: "power cycles"}
    return names.get(criterion, criterion.value)


def limit_facts(case: Case, program: Program, evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    """Each limit besides the deadline, and what the plan leaves of it."""
    for criterion, most in program.goal.limits.items():
        is_of_wear = criterion is Criterion.CYCLES and case.requirements.power_cycles is None
        if criterion is Criterion.LATENCY or is_of_wear:
            continue
        spare = most - spent_of(evaluation, criterion)
        kept = f"kept with {amount(case, criterion, spare)} ({percent(spare, most)}) to spare"
        yield f"{_name(case, criterion)} limit", f"{amount(case, criterion, most)}, {kept}"
