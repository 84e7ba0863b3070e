"""`ischedule explain`: bottleneck, parts and remedies; or margins and sensitivities; as text and as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ischedule.cli.main import main
from ischedule.cli.shipped import shipped_cases
from tests.analysis.node_cases import SLEEP, SOURCE, asleep, document

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)


def explained(capsys: Captured, *arguments: str, code: int, **changes: Any) -> str:
    Path("case.json").write_text(json.dumps(document(**changes)))
    assert main(["explain", "case.json", *arguments]) == code
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines())) <= 100
    return str(out)


def test_a_bottleneck_is_taken_apart_and_remedies_are_listed(capsys: Captured) -> None:
    text = explained(capsys, code=1, buffer={"capacitance": "200 uF"})
    for line in (
        r"node: unschedulable",
        r"bottleneck  atom too large",
        r"where +tasks radio on to send",
        r"demanded +797 uJ",
        r"available +605 uJ",
        r"missing +192 uJ",
        r"boot +60 uJ +7.5 %",
        r"tasks +730 uJ +91.6 %",
        r"quantity +now +suffices +latency then",
        r"capacitance +200 uF +264 uF +[\d.]+ s",
        r"turn-on voltage +3.3 V +3.58 V +[\d.]+ s",
    ):
        assert re.search(rf"^{line}$", text, re.MULTILINE), line


def test_a_missed_deadline_says_what_would_meet_it(capsys: Captured) -> None:
    text = explained(capsys, code=1, requirements={"deadline": "3 s"})
    assert re.search(r"^bottleneck +deadline$", text, re.MULTILINE)
    assert re.search(r"^best plan +takes [\d.]+ s$", text, re.MULTILINE)
    assert re.search(r"^deadline +3 s +3\.\d+ s +3\.\d+ s$", text, re.MULTILINE)
    assert re.search(r"^supply power +1.5 mW +1\.\d+ mW +[\d.]+ s$", text, re.MULTILINE)


def test_a_plan_has_margins_and_sensitivities(capsys: Captured) -> None:
    text = explained(capsys, code=0, requirements={"deadline": "10 s"}, supply=SOURCE)
    for line in (
        r"of +used +available +spare +share",
        r"fullest power cycle +[\d.]+ mJ +1.422 mJ +[\d.]+ uJ +[\d.]+ %",
        r"dearest atom in a cycle of its own +797 uJ +1.422 mJ +624.8 uJ +43.9 %",
        r"deadline +[\d.]+ ms +10 s +[\d.]+ s +[\d.]+ %",
        r"volatile memory +3072 B +4096 B +1024 B +25.0 %",
        r"quantity +now +same plan +best plan then",
        r"capacitance +470 uF +\+[\d.]+ us +\+[\d.]+ us",
        r"source voltage +3.6 V +-[\d.]+ ms +-[\d.]+ ms",
        r"source resistance +150 ohm +\+[\d.]+ us +\+[\d.]+ us",
    ):
        assert re.search(rf"^{line}$", text, re.MULTILINE), line


def test_what_is_unknown_is_called_so(capsys: Captured) -> None:
    wake = {"policy": "fixed", "mechanism": "burn", "idle_power": "5 mW"}
    assert re.search(r"^capacitance +470 uF +unknown +[+-]", explained(capsys, code=0, wake=wake), re.MULTILINE)
    close = {**SOURCE, "voltage": "3.301 V"}
    assert re.search(r"^turn-on voltage .* no plan$", explained(capsys, code=0, supply=close), re.MULTILINE)


def test_a_sentence_stands_where_amounts_would_mislead(capsys: Captured) -> None:
    wake = {**asleep(), "sleep": {**SLEEP, "power": "2 mW"}}
    text = explained(capsys, code=1, wake=wake)
    assert re.search(r"^why +sleeping and polling draw", text, re.MULTILINE)
    assert "demanded" not in text


def test_no_remedy_is_a_sentence(capsys: Captured) -> None:
    text = explained(
        capsys, "--time-limit", "0", code=1, buffer={"capacitance": "1 uF"}, boot={"energy": "9 mJ", "time": "1 s"}
    )
    assert text.endswith("No change of a single quantity was found that would help.\n")


def test_the_json_has_all_of_it(capsys: Captured) -> None:
    found = json.loads(explained(capsys, "--json", code=1, buffer={"capacitance": "200 uF"}))
    assert found["bottleneck"]["diagnosis"] == "atom too large"
    assert sum(found["bottleneck"]["parts"].values()) == found["bottleneck"]["demanded"] == 797 * 10**9
    assert found["bottleneck"]["unit"] == "fJ"
    remedies = {remedy["quantity"]: remedy for remedy in found["remedies"]}
    assert remedies["capacitance"]["value"] == 264 * 10**9
    assert remedies["capacitance"]["unit"] == "fF"
    good = json.loads(explained(capsys, "--json", code=0))
    assert good["remedies"] == []
    assert good["bottleneck"] is None
    margin = next(margin for margin in good["margins"] if margin["of"] == "volatile memory")
    assert (margin["used"], margin["available"], margin["unit"]) == (3072, 4096, "B")
    one = good["sensitivities"][0]
    assert (one["quantity"], one["unit"]) == ("capacitance", "fF")
    assert one["same_plan_per_mille"] == pytest.approx(one["best_plan_per_mille"], rel=1e-2)


def test_the_unit_of_a_resistance_is_an_ohm(capsys: Captured) -> None:
    found = json.loads(explained(capsys, "--json", code=0, supply=SOURCE))
    assert {one["quantity"]: one["unit"] for one in found["sensitivities"]}["source resistance"] == "uohm"


def test_published_semantics_are_not_explained(capsys: Captured) -> None:
    shipped = {case.name: case.content for case in shipped_cases()}["kws-inas-5mF-ts1"]
    Path("old.json").write_text(json.dumps({**shipped, "semantics": "inas-2021"}))
    assert main(["explain", "old.json"]) == 0
    assert capsys.readouterr().out.endswith("Only the project's own semantics are explained.\n")
    assert main(["explain", "old.json", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["margins"] == []


def test_nothing_known_is_nothing_explained(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    from ischedule import api
    from ischedule.models.plan import Status

    def limited(case: Any, *_: object) -> Any:
        loaded = api.load_case(case) if isinstance(case, str) else case
        return api.Result(loaded, Status.UNDECIDED, None, None, None, "the limit was reached before any plan was found")

    monkeypatch.setattr(api, "solve", limited)
    text = explained(capsys, code=3)
    assert text.splitlines()[0] == "node: undecided"
    assert text.endswith("Nothing is known that could be explained.\n")
