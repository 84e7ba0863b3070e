"""`ischedule compare`: the plan of a case beside what the policies of the literature would do with it."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ischedule.cli.output import Progress
from ischedule.cli.shipped import case_source
from ischedule.cli.solve import seconds

if TYPE_CHECKING:
    from ischedule.comparison import Comparison


def configure(parser: argparse.ArgumentParser) -> None:
    """A case, which policies, and where a picture goes."""
    parser.add_argument("case", metavar="CASE", help="a case file, the name of a shipped case, or - for standard input")
    parser.add_argument(
        "--policy", action="append", default=[], metavar="NAME", help="only this policy; may be given several times"
    )
    parser.add_argument("--trace", metavar="CSV", help="simulate all on this trace: columns time_s and power_W")
    parser.add_argument("--plot", metavar="FILE", help="draw the latencies as .svg, .png or .pdf (needs matplotlib)")
    parser.add_argument("--time-limit", type=seconds, metavar="S", help="stop the search for the plan after so long")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print the rows; 1 where the case has no plan, 3 where none was found in time."""
    from ischedule.cli.as_json import dumped
    from ischedule.cli.compare_report import compare_report, comparison_value, plot
    from ischedule.cli.pareto_report import require_plot
    from ischedule.cli.solve import EXIT_CODES
    from ischedule.cli.traced_report import traced_report, traced_value
    from ischedule.comparison import SKIPPING, compare
    from ischedule.models.case import load_case
    from ischedule.policies.registry import POLICIES
    from ischedule.traced import Traced, on_trace

    if arguments.plot is not None:
        require_plot(arguments.plot)
    case = load_case(case_source(arguments.case))
    with Progress() as progress:
        found: Comparison = compare(case, arguments.policy, arguments.time_limit, progress)
    rows: list[Traced] = []
    if arguments.trace is not None:
        chosen = [policy for policy in POLICIES if not arguments.policy or policy.name in arguments.policy]
        with Progress() as progress:
            skips = not arguments.policy or SKIPPING in arguments.policy
            for row in on_trace(found.result, chosen, arguments.trace, skips=skips):
                progress(f"simulated {row.name}")
                rows.append(row)
    if arguments.json:
        sys.stdout.write(dumped(comparison_value(found) | ({"trace": traced_value(rows)} if rows else {})))
    else:
        sys.stdout.write(compare_report(found) + (traced_report(found, rows, arguments.trace) if rows else ""))
    if arguments.plot is not None:
        taken = ((row.name, row.outcome) for row in rows)
        plot(found, arguments.plot, {name: one.latency for name, one in taken if one is not None and one.finished})
    return EXIT_CODES[found.result.status.value]
