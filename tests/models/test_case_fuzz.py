"""Whatever stands in a case file, loading gives a case or an `InputError`, never anything else."""

import copy
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ischedule.models.case import Case, case_hash, load_case, resolve
from ischedule.models.errors import InputError
from ischedule.models.schema import schema_text
from tests.models.case_examples import EXAMPLES, Document

# fmt: off
QUANTITIES = [
    "0 V", "1 V", "5 V", "2.9 V", "1 nV", "1e-12 V", "-1 V", "1 V ± 99 %", "1 mF", "1e3 F", "5 mF ± 20 %", "24 ohm",
    "0 ohm", "1 mW", "0 W", "5 uJ", "1 kJ", "3 uC", "0 A", "0 s", "1 ps", "1 min", "1e6 s", "0 B", "1 KiB", "1 Hz",
    "50 %", "0.1", "continuous",
]
WORDS = [
    "fixed", "programmable", "latch", "burn", "sense", "converter", "regulator", "power", "source", "cold", "floor",
    "charged", "published", "recharged", "conv2d", "conv1d", "dense", "global_average_pool", "input", "conv", "pool",
    "none", "inas-2021", "msp430fr5994-lea-2024", "", "a\nb", "\ud800", "x" * 300,
]
# fmt: on
KEYS = sorted(
    {key for document in EXAMPLES.values() for key in document}
    | {
        "period",
        "path",
        "columns",
        "list",
        "commit",
        "resume",
        "energy",
        "charge",
        "time",
        "repeat",
        "cut",
        "kind",
        "clamp",
    }
    | {
        "step",
        "power_on",
        "idle_power",
        "sleep",
        "external_comparator",
        "kernel",
        "inputs",
        "boot",
        "volatile",
        "margin",
    }
    | {"no such key", ""}
)

leaves = st.one_of(
    st.sampled_from(QUANTITIES),
    st.sampled_from(WORDS),
    st.text(max_size=8),
    st.sampled_from([None, True, False, 0, 1, -1, 2, 3, 10**7, 2**64, 10**30, 0.5, 1.0, 1e300, [], {}]),
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside a JSON value."""
    inside: list[tuple[Any, ...]] = []
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        inside += [(*path, key), *places(entry, (*path, key))]
    return inside


def tweak(draw: st.DrawFn, value: object) -> object:
    """Another value of the same kind: often one that loads."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return draw(st.integers(0, 40))
    if isinstance(value, str) and " " in value:
        return f"{draw(st.integers(0, 4000))} {value.split()[1]}"
    return draw(values)


@st.composite
def mutated(draw: st.DrawFn) -> Document:
    """A good case with one to three changes: a value tweaked, replaced, removed, added, or moved from another place."""
    document: Document = copy.deepcopy(EXAMPLES[draw(st.sampled_from(sorted(EXAMPLES)))])
    for _ in range(draw(st.sampled_from([1, 1, 2, 3]))):
        paths = places(document)
        if not paths:
            break
        path = draw(st.sampled_from(paths))
        place: Any = document
        for key in path[:-1]:
            place = place[key]
        change = draw(st.sampled_from(["tweak", "tweak", "tweak", "replace", "remove", "add", "move"]))
        if change == "remove":
            del place[path[-1]]
        elif change == "move":
            other: Any = document
            for key in draw(st.sampled_from(paths)):
                other = other[key]
            place[path[-1]] = copy.deepcopy(other)
        elif change == "tweak":
            place[path[-1]] = tweak(draw, place[path[-1]])
        elif change == "add" and isinstance(place, dict):
            place[draw(st.sampled_from(KEYS))] = draw(values)
        else:
            place[path[-1]] = draw(values)
    return document


def loaded(document: Document) -> Case | None:
    """The case, or None where the document is refused in the one way in which it may be."""
    try:
        return load_case(document)
    except InputError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
        assert error.path.startswith("$")  # noqa: PT017
        assert error.remedy  # noqa: PT017
        return None


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=400)
@given(mutated())
def test_mutated_cases_load_or_are_refused(document: Document) -> None:
    case = loaded(document)
    if case is not None:
        assert len(case_hash(case)) == 64
        json.dumps(resolve(case))


SCHEMA = jsonschema.Draft202012Validator(json.loads(schema_text()))


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=150)
@given(mutated())
def test_nothing_loads_that_the_published_schema_refuses(document: Document) -> None:
    if loaded(document) is not None:
        SCHEMA.validate(document)


@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=8))
def test_any_object_is_refused_or_loads(document: Document) -> None:
    loaded(document)


@given(st.sampled_from(sorted(EXAMPLES)), st.data())
def test_every_key_of_an_example_is_needed_or_optional(name: str, data: st.DataObject) -> None:
    """Taking one key away never breaks loading in another way than by naming a missing value."""
    document: Document = copy.deepcopy(EXAMPLES[name])
    path = data.draw(st.sampled_from([path for path in places(document) if isinstance(path[-1], str)]))
    place: Any = document
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    loaded(document)


@pytest.mark.parametrize("name", EXAMPLES)
def test_mutations_start_from_good_cases(name: str) -> None:
    assert loaded(EXAMPLES[name]) is not None
