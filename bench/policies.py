"""All shipped cases under their plan and under the policies of the literature: one table and one figure in `docs/`.

Latencies are those of `ischedule compare`: the plan's is certified, a policy's is what it takes if everything costs
what is stated, every power cycle waits for a full buffer, and nothing is harvested meanwhile. Exits 1 if a policy whose
own latency is certified is quicker than the plan, or if the table in `docs/` is not what comes out (without `--write`).
Run from the repository's root: `python -m bench.policies --write`.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.verdict import concluded
from ischedule.cli.output import write_whole
from ischedule.comparison import PLAN, SKIPPING, Comparison, compare, names
from ischedule.models.case import Semantics, load_case
from ischedule.models.errors import InputError
from ischedule.models.program import Program

ROOT = Path(__file__).parents[1]
TABLE, FIGURE = ROOT / "docs" / "policies-compared.md", ROOT / "docs" / "policies-compared.svg"
SHOWN = (
    SKIPPING,
    "one-shot",
    "layer-by-layer",
    "urgent",
    "inas",
    "hawaii-external-1",
    "hawaii-external-8",
    "japari-1",
    "japari-8",
    "just-in-time",
    "hawaii-internal",
    "sonic",
    "tails",
    "alpaca",
)
"""The policies in the table, those in the controller's own FRAM last."""

RECORD = 0.001
"""By which part a policy that fits one power cycle may be quicker: it reads and writes no progress record."""

TEXT = """\
# The plans beside the policies of the literature

Latency of each policy over that of the plan, for every shipped case that has a plan; made by
`python -m bench.policies --write`. The plan's latency is certified. A policy's is what it takes if everything costs
what is stated, every power cycle waits for a full buffer, and nothing is harvested while it runs: most of them have no
bound at all ([policies.md](policies.md)). *never*: a unit of it does not fit a full buffer, so that it makes no
progress. Empty: it has no meaning for the case, or the case is under a supply curve.

`ischedule-skipping` is the bound of the plan whose runtime skips the commits that the plan lists
([skipping.md](skipping.md)); it is empty where the device does not sleep with its memory retained between power cycles.
`urgent` stands where device or wake state such a sleep: no board of these cases but the MAX78000 and one sensor node.

Those marked `*` keep all values in the controller's own FRAM, whose figures are not those of the external memory that
the plan uses: what they gain is that of other memory. JAPARI and HAWAII multiply vectors with matrices by commands that
this project's kernels do not have: where they are below 1, it is by these; with the plan's own commands the plan is
the quickest in all cases (`python -m bench.japari`). Just-in-time checkpoints use what planned cycles must leave; their
warning level has to be right, which nothing certifies.

![latency over that of the plan](policies-compared.svg)

"""


@dataclass(frozen=True)
class Line:
    """A case, the latency of its plan in seconds, and of each policy over it: infinite where it never ends."""

    case: str
    seconds: float
    ratios: dict[str, float]


def compared() -> Iterator[Comparison]:
    """All shipped cases that have a plan, but those that are computed as published."""
    for file in sorted((ROOT / "cases").glob("*.json")):
        case = load_case(file)
        if case.semantics is not Semantics.ISCHEDULE:
            continue
        print(f"  {case.name}", file=sys.stderr)
        try:
            found = compare(case, SHOWN)
        except InputError as problem:
            print(f"  left out: {problem}", file=sys.stderr)
            continue
        if found.rows[0].latency is not None and isinstance(found.result.program, Program):
            yield found


def line_of(found: Comparison) -> Line:
    """One line of the table."""
    plan = found.rows[0].latency or 0
    others = found.rows[1:] if _is_priced(found) else ()
    ratios = {row.name: math.inf if row.latency is None else row.latency / plan for row in others}
    return Line(found.result.case.name, plan * 1e-12, ratios)


def _is_priced(found: Comparison) -> bool:
    """Whether there is a charging law by which policies can be followed."""
    program = found.result.program
    return isinstance(program, Program) and program.law.curve is None


def table(lines: Sequence[Line]) -> str:
    """The table as Markdown."""
    heads = [f"{name} *" if name in SHOWN[-4:] else name for name in SHOWN]
    rows = [["case", "plan", *heads], ["---"] * (2 + len(heads))]
    for line in lines:
        cells = ["" if name not in line.ratios else _shown(line.ratios[name]) for name in SHOWN]
        rows.append([line.case, f"{line.seconds:.4g} s", *cells])
    return TEXT + "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _shown(ratio: float) -> str:
    return "never" if math.isinf(ratio) else f"{ratio:.2f}"


def draw(lines: Sequence[Line]) -> bytes:
    """A dot for each case and policy, over the latency of the plan."""
    from io import BytesIO

    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "ischedule"
    some = [line for line in lines if sum(math.isfinite(ratio) for ratio in line.ratios.values()) > 2]
    figure, axes = pyplot.subplots(figsize=(8, 5))
    for place, name in enumerate(reversed(SHOWN)):
        values = [line.ratios[name] for line in some if name in line.ratios and math.isfinite(line.ratios[name])]
        never = sum(name in line.ratios and math.isinf(line.ratios[name]) for line in some)
        colour = "lightgray" if name in SHOWN[-4:] else "tab:blue"
        axes.plot(values, [place] * len(values), "o", color=colour, alpha=0.6, markersize=5)
        if never:
            axes.annotate(
                f"never ends in {never}", (1.0, place), (4, 0), textcoords="offset points", va="center", fontsize=8
            )
    axes.axvline(1.0, color="tab:green")
    axes.set_xscale("log")
    axes.set_yticks(range(len(SHOWN)), [f"{name} *" if name in SHOWN[-4:] else name for name in reversed(SHOWN)])
    axes.set(xlabel="latency over that of the certified plan (green)", title=f"{len(some)} networks")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    buffer = BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return buffer.getvalue()


def main() -> int:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the table and the figure")
    arguments = parser.parse_args()
    assert set(SHOWN) <= set(names())
    wrong: list[str] = []
    lines: list[Line] = []
    for found in compared():
        lines.append(line_of(found))
        plan = found.rows[0].latency
        least = (plan or 0) * (1 - RECORD)
        others = [row for row in found.rows[1:] if row.name != SKIPPING]
        quicker = [row.name for row in others if row.certified and row.latency and row.latency < least]
        later = [row for row in found.rows[1:] if row.name == SKIPPING and (row.latency or 0) > (plan or 0)]
        if later:
            wrong.append(f"{lines[-1].case}: skipping commits makes the plan later")
        if quicker and _is_priced(found):
            wrong.append(f"{lines[-1].case}: {', '.join(quicker)} is certified and quicker than {PLAN}")
    text = table(lines)
    if arguments.write:
        write_whole(TABLE, text.encode())
        write_whole(FIGURE, draw(lines))
    elif not TABLE.exists() or TABLE.read_text("utf-8") != text:
        wrong.append(f"{TABLE.name} is not what comes out; write it with --write")
    return concluded(text.splitlines(), wrong)


if __name__ == "__main__":
    sys.exit(main())
