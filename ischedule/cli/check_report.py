"""What `ischedule check` prints: accepted or rejected, why, and what the verdict takes for granted."""

from ischedule.analysis.check import Verdict, spent_of
from ischedule.analysis.trust import ideal_clause
from ischedule.cli.figures import facts, percent, time
from ischedule.cli.goal_report import amount
from ischedule.cli.report import trusted
from ischedule.models.case import Case
from ischedule.models.goal import Criterion


def check_report(case: Case, verdict: Verdict) -> str:
    """The verdict as text."""
    claim = verdict.claim
    outcome = "accepted" if verdict.accepted else "rejected"
    text = f"{case.name}: {outcome}: {verdict.reason}\n"
    pairs = [("claim", f"{claim.status.value}, {claim.certified.value}")]
    if claim.latency is not None:
        pairs.append(("latency", f"{time(claim.latency)} claimed" + _recomputed(verdict)))
    if claim.bound is not None:
        first = case.objective[0]
        what = "" if first is Criterion.LATENCY else f" of {first.value}"
        proven = ", proven" if verdict.accepted else ""
        pairs.append(("bound", f"{amount(case, first, claim.bound)}{what} claimed{proven}"))
        spent = None if verdict.evaluation is None else spent_of(verdict.evaluation, first)
        if verdict.accepted and spent is not None and spent > claim.bound > 0:
            pairs.append(("gap", f"the best plan takes at most {percent(spent - claim.bound, spent)} less"))
    if verdict.accepted and ideal_clause(case):
        pairs.append(("assuming", ideal_clause(case).strip(" ()")))
    text += "\n" + facts(pairs)
    if verdict.accepted:
        text += "\ntrusted\n\n" + trusted(case, verdict.trusted)
    return text


def _recomputed(verdict: Verdict) -> str:
    if verdict.latency is None:
        return ""
    return ", and recomputed" if verdict.latency == verdict.claim.latency else f", {time(verdict.latency)} recomputed"
