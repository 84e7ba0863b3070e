"""Plan files: one text for each value, and one line for each thing that is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.diagnosis import Diagnosis
from ischedule.models.errors import InputError
from ischedule.models.plan import (
    Bottleneck,
    Bound,
    Boundary,
    Division,
    FewRuns,
    Overload,
    Part,
    Plan,
    PowerCycles,
    Segment,
    Status,
)
from ischedule.models.plan_file import (
    Certified,
    Claim,
    PlanFile,
    dump_plan_file,
    parse_plan_file,
    read_plan_file,
)
from ischedule.models.plan_node import EXACT
from ischedule.models.restriction import Restriction
from ischedule.models.storage import Slot
from ischedule.models.tiling import Order, Tiling

AMOUNTS = st.integers(0, 2**62) | st.sampled_from((0, EXACT - 1, EXACT, EXACT + 1))
WHOLE = st.integers(-(2**62), 2**62) | st.sampled_from((-EXACT - 1, -EXACT))
COUNTS = st.integers(1, 2**40)
TILINGS = st.builds(Tiling, st.integers(0, 3), st.sampled_from(Order), COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
CYCLES = st.builds(PowerCycles, COUNTS, COUNTS, AMOUNTS, st.none() | st.integers(0, 10**6))
PLANS = st.builds(
    Plan, st.lists(TILINGS | st.integers(0, 9), max_size=4).map(tuple), st.lists(CYCLES, max_size=4).map(tuple)
)
LABELS = st.lists(st.tuples(AMOUNTS, WHOLE), max_size=4).map(tuple)
KEPT = st.lists(st.tuples(WHOLE, WHOLE), max_size=2).map(tuple)
AHEAD = st.lists(st.tuples(st.integers(0, 2**60), WHOLE, WHOLE), max_size=2).map(tuple)
BOUNDARIES = st.lists(st.builds(Boundary, st.none() | WHOLE, LABELS, LABELS, KEPT, AHEAD), max_size=3).map(tuple)
SEGMENTS = st.builds(Segment, st.integers(0, 99), st.integers(0, 99), WHOLE, BOUNDARIES)
BOUNDS = st.builds(
    Bound,
    WHOLE,
    st.tuples(AMOUNTS, st.integers(1, 2**62)),
    BOUNDARIES,
    st.lists(st.tuples(WHOLE, WHOLE), max_size=3).map(tuple),
    st.lists(WHOLE, max_size=3).map(tuple),
    st.booleans(),
    st.lists(SEGMENTS, max_size=2).map(tuple),
)
BOTTLENECKS = st.builds(Bottleneck, st.integers(0, 99), st.sampled_from([one.value for one in Diagnosis]))
PLACES = st.frozensets(st.integers(0, 99), max_size=3)
OVERLOADS = st.builds(Overload, *[st.lists(st.integers(0, 99), max_size=3).map(tuple)] * 2)
PARTS = st.builds(
    Part, st.builds(Restriction, PLACES, PLACES, PLACES, PLACES), st.none() | OVERLOADS | BOTTLENECKS | BOUNDS
)
DIVISIONS = st.builds(Division, st.lists(PARTS, max_size=3).map(tuple))
SLOTS = st.builds(Slot, st.integers(0, 99)) | st.builds(Slot, *[st.integers(0, 99)] * 2, st.integers(1, 2))
ADDRESSES = st.dictionaries(SLOTS, AMOUNTS, max_size=4).map(lambda found: tuple(found.items()))
CLAIMS = st.builds(Claim, st.sampled_from(Status), st.none() | WHOLE, st.none() | WHOLE, st.sampled_from(Certified))
FILES = st.builds(
    PlanFile,
    st.text("0123456789.abc", min_size=1, max_size=9),
    st.text("0123456789abcdef", min_size=64, max_size=64),
    CLAIMS,
    st.none() | PLANS,
    st.none() | BOUNDS | BOTTLENECKS | DIVISIONS | st.builds(FewRuns, st.none() | WHOLE, st.none() | BOUNDS),
    ADDRESSES,
)

GOOD = PlanFile(
    "0.1.0",
    "0123456789abcdef" * 4,
    Claim(Status.SCHEDULABLE, 2**60, 2**60, Certified.OPTIMAL),
    Plan((0, Tiling(1, Order.WEIGHT, 1, 2, 3, 4, 5)), (PowerCycles(2, 3, 4), PowerCycles(1, 1, 5, 6))),
    Bound(
        7,
        (1, 2),
        (Boundary(None, ((1, 2),), (), ((3, 4),), ((5, 6, 7),)),),
        ((3, 4),),
        (5,),
        True,
        (Segment(1, 2, 9, ()),),
    ),
)


@given(FILES)
def test_what_is_written_is_read_back_and_written_the_same(file: PlanFile) -> None:
    text = dump_plan_file(file)
    assert parse_plan_file(text.encode(), "plan.json") == file
    assert dump_plan_file(parse_plan_file(text.encode(), "plan.json")) == text


@given(FILES)
def test_no_number_in_the_text_is_rounded_by_other_readers(file: PlanFile) -> None:
    def exact(text: str) -> int:
        assert float(text) == int(text)
        return int(text)

    json.loads(dump_plan_file(file), parse_int=exact)


def test_the_text_has_a_line_for_each_run_of_cycles() -> None:
    lines = dump_plan_file(GOOD).splitlines()
    assert '   {"repeat": 2, "atoms": 3, "level": 4},' in lines
    assert '   {"repeat": 1, "atoms": 1, "level": 5, "code": 6}' in lines


def changed(path: str, value: Any) -> bytes:
    """The good file with the value at a path replaced, removed (`...`) or added."""
    document = json.loads(dump_plan_file(GOOD))
    *inner, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    place = document
    for part in inner:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("ischedule-plan", 2, "$.ischedule-plan = 2: is a format that this version does not read; write 1"),
        ("ischedule-plan", True, "$.ischedule-plan = true: is no integer; write an integer, as a string only if"),
        ("tool", ..., "$.tool = missing: is required; write all of ischedule-plan, tool, case, claim, plan, certif"),
        ("tool", 3, "$.tool = 3: is not a version of 1 to 64 plain characters; write a version"),
        ("tool", "a b", '$.tool = "a b": is not a version of 1 to 64 plain characters'),
        ("case", "ab", '$.case = "ab": is not a SHA-256 hash of 64 lower-case hexadecimal digits; write'),
        ("case", "A" * 64, "is not a SHA-256 hash"),
        ("extra", 1, "$.extra = 1: is an unknown key; write only ischedule-plan, tool"),
        ("claim", [], ": is no object; write an object with status, latency, bound, certified"),
        ("claim/status", "fine", '$.claim.status = "fine": is none of the choices; write one of schedulable, unsched'),
        ("claim/certified", None, "$.claim.certified = null: is none of the choices; write one of optimal, within"),
        ("claim/latency", 1.0, "$.claim.latency = 1.0: is no integer"),
        ("claim/latency", False, "$.claim.latency = false: is no integer"),
        ("claim/latency", "12", '$.claim.latency = "12": is no integer'),
        ("claim/latency", str(EXACT), "is no integer"),
        ("claim/latency", "0" + str(2**60), "is no integer"),
        ("claim/latency", "+" + str(2**60), "is no integer"),
        ("claim/bound", 2**60, "is an integer that other readers would round; write its digits as a string"),
        ("plan/designs", {}, ": is no list; write a list"),
        ("plan/designs/0/index", -1, "$.plan.designs[0].index = -1: is too small; write an integer of at least 0"),
        ("plan/designs/1/order", "rows", "$.plan.designs[1].order"),
        ("plan/designs/1/batch", 0, "$.plan.designs[1].batch = 0: is too small; write an integer of at least 1"),
        ("plan/designs/1/batch", ..., "$.plan.designs[1].batch = missing: is required"),
        ("plan/designs/0/rows", 1, "$.plan.designs[0].rows = 1: is an unknown key; write only index"),
        ("plan/cycles/0/repeat", 0, "$.plan.cycles[0].repeat = 0: is too small; write an integer of at least 1"),
        ("plan/cycles/0/code", None, "$.plan.cycles[0].code = null: is no integer"),
        ("plan/cycles/1/level", ..., "$.plan.cycles[1].level = missing: is required"),
        ("certificate", {}, "$.certificate.bound = missing: is required"),
        ("certificate/bound/rate", [1], "is no pair; write a list of two integers"),
        ("certificate/bound/rate", [1, 0], "$.certificate.bound.rate[1] = 0: is too small"),
        ("certificate/bound/boundaries/0/first/0", [-1, 0], "boundaries[0].first[0][0] = -1: is too small"),
        ("certificate/bound/boundaries/0/open", [], ": is an unknown key"),
        ("certificate/bound/follows-levels", 1, "follows-levels = 1: is neither true nor false; write true or false"),
        (
            "certificate/bound/segments/0/source",
            -1,
            "bound.segments[0].source = -1: is too small; write an integer",
        ),
        ("certificate/bound/segments/0/value", ..., "$.certificate.bound.segments[0].value = missing: is required"),
        ("certificate/bound/floors", ..., "$.certificate.bound.floors = missing: is required"),
        ("addresses", [], "is empty; leave out"),
        ("addresses", [{"tensor": 1, "address": 2}] * 2, "names a buffer twice; write one address for each buffer"),
        ("addresses", [{"tensor": 1, "address": 2, "stage": 0}], "$.addresses[0]"),
        ("addresses", [{"tensor": 1, "address": -2}], "$.addresses[0].address = -2: is too small"),
        ("certificate", {"division": [{"closed": []}]}, "$.certificate.division[0].broken = missing: is required"),
        ("certificate", {"division": {}}, "$.certificate.division = {0 keys}: is no list"),
        ("certificate", {"bottleneck": {"stage": 0, "diagnosis": "bad luck"}}, "$.certificate.bottleneck.diagnosis"),
    ],
)
def test_what_is_wrong_is_one_line_with_place_value_and_remedy(path: str, value: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_plan_file(changed(path, value), "p.json")
    text = str(caught.value)
    assert text.startswith("p.json: $")
    assert message in text
    assert "\n" not in text


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"nul", b'{"tool": 1, "tool": 2}', b"NaN", b"[" * 10**5])
def test_what_is_no_plan_file_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        parse_plan_file(data, "-")


@given(st.binary(max_size=40), st.integers(0, 10**4))
def test_damaged_bytes_give_a_file_or_an_input_error(noise: bytes, place: int) -> None:
    data = bytearray(dump_plan_file(GOOD).encode())
    place %= len(data)
    data[place : place + len(noise)] = noise
    try:
        file = parse_plan_file(bytes(data), "p.json")
    except InputError:
        return
    assert parse_plan_file(dump_plan_file(file).encode(), "p.json") == file


def test_a_file_is_read_by_its_name(tmp_path: Any) -> None:
    path = tmp_path / "a.plan.json"
    path.write_text(dump_plan_file(GOOD), "utf-8")
    assert read_plan_file(str(path)) == GOOD
    with pytest.raises(InputError, match="there is no such file"):
        read_plan_file(str(tmp_path / "b.plan.json"))
