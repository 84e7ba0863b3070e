"""What `ischedule check` prints: accepted or rejected, why, and what the verdict takes for granted."""

from ischedule.analysis.check import Verdict
from ischedule.analysis.trust import IDEAL
from ischedule.cli.figures import bullets, facts, percent, time
from ischedule.models.case import Case


def check_report(case: Case, verdict: Verdict) -> str:
    """The verdict as text."""
    claim = verdict.claim
    outcome = "accepted" if verdict.accepted else "rejected"
    text = f"{case.name}: {outcome}: {verdict.reason}\n"
    pairs = [("claim", f"{claim.status.value}, {claim.certified.value}")]
    if claim.latency is not None:
        pairs.append(("latency", f"{time(claim.latency)} claimed" + _recomputed(verdict)))
    if claim.bound is not None:
        pairs.append(("bound", f"{time(claim.bound)} claimed" + (", proven" if verdict.accepted else "")))
    if verdict.accepted and claim.latency is not None and claim.bound and claim.latency > claim.bound > 0:
        pairs.append(("gap", f"the best plan takes at most {percent(claim.latency - claim.bound, claim.latency)} less"))
    if verdict.accepted:
        pairs.append(("assuming", IDEAL.removeprefix("certified (").removesuffix(")")))
    text += "\n" + facts(pairs)
    if verdict.accepted:
        text += "\ntrusted\n\n" + bullets([sentence for sentence in verdict.trusted if sentence != IDEAL])
    return text


def _recomputed(verdict: Verdict) -> str:
    if verdict.latency is None:
        return ""
    return ", and recomputed" if verdict.latency == verdict.claim.latency else f", {time(verdict.latency)} recomputed"
