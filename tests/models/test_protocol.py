"""What publishing progress is counted as."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ischedule.models.build import program_of
from ischedule.models.case import case_hash, load_case
from ischedule.models.cost import Effort
from ischedule.models.device import Device
from ischedule.models.errors import InputError
from ischedule.models.prices import ends_of
from ischedule.models.protocol import Protocol
from ischedule.models.storage import RECORDS
from tests.house.tree import ROOT

KWS = ROOT / "cases" / "kws-inas-1mF-ts1.json"


def changed(folder: Path, **options: object) -> Path:
    document: dict[str, Any] = json.loads(KWS.read_text())
    document["options"] = document.get("options", {}) | options
    path = folder / "case.json"
    path.write_text(json.dumps(document))
    return path


def test_a_record_alone_is_what_was_counted_before(tmp_path: Path) -> None:
    assert case_hash(load_case(changed(tmp_path, protocol="record"))) == case_hash(load_case(KWS))
    assert case_hash(load_case(changed(tmp_path, protocol="runtime"))) != case_hash(load_case(KWS))


def test_the_runtime_pays_for_every_transfer(tmp_path: Path) -> None:
    case = load_case(changed(tmp_path, protocol="runtime"))
    device = case.device
    assert isinstance(device, Device)
    assert device.word_bytes == 2
    read, write = ({words: linear.of(words).rounded_up() for words in (1, 6)} for linear in (device.read, device.write))
    ends = ends_of(device, Effort(0, 0), Protocol.RUNTIME)
    assert abs(ends.resume[0] - (2 * read[1].amount + read[6].amount + write[1].amount)) <= 3
    assert abs(ends.resume[1] - (2 * read[1].time + read[6].time + write[1].time)) <= 3
    assert abs(ends.commit[0] - (write[6].amount + read[6].amount + write[1].amount + read[1].amount)) <= 3
    assert abs(ends.commit[1] - (write[6].time + read[6].time + write[1].time + read[1].time)) <= 3
    stage = program_of(case).stages[0]
    assert stage.ends == ends_of(device, case.boot, Protocol.RUNTIME)  # type: ignore[union-attr]
    assert ends.record == 12 + 2 * 2


def test_memory_has_room_for_the_head_and_two_records(tmp_path: Path) -> None:
    storage = program_of(load_case(changed(tmp_path, protocol="runtime"))).storage
    assert storage is not None
    assert storage.records == RECORDS * 12 + 2


def test_the_head_is_written_twice_in_a_power_cycle(tmp_path: Path) -> None:
    document = json.loads(changed(tmp_path, protocol="runtime").read_text())
    document.setdefault("requirements", {})["writes_per_byte"] = 9
    path = tmp_path / "worn.json"
    path.write_text(json.dumps(document))
    limits = program_of(load_case(path)).goal.limits
    assert next(most for criterion, most in limits.items() if criterion.value == "cycles") == 4


@pytest.mark.parametrize(
    ("name", "options", "problem"),
    [
        ("kws-inas-1mF-ts1", {"preservation": ["record", "footprint"]}, "of a runtime that keeps records"),
        ("cifar10-inas-1mF-ts1", {}, ""),
        ("sensor-node-sense-compute-send", {}, "means nothing without a network"),
        ("kws20-max78000", {}, "means nothing without a network"),
    ],
)
def test_where_it_means_nothing_it_is_refused(
    tmp_path: Path, name: str, options: dict[str, object], problem: str
) -> None:
    document = json.loads((ROOT / "cases" / f"{name}.json").read_text())
    document["options"] = document.get("options", {}) | {"protocol": "runtime"} | options
    path = tmp_path / "case.json"
    path.write_text(json.dumps(document))
    if not problem:
        assert load_case(path).protocol is Protocol.RUNTIME
        return
    with pytest.raises(InputError, match=problem):
        load_case(path)
