"""Strict JSON and the one-line form of errors."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.errors import MISSING, InputError, InvalidValue, show_value
from ischedule.models.strict_json import files_read, parse_json, read_json, read_text


def complaint(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        parse_json(data, "x.json")
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "x.json: $ = missing: the file is empty; write a JSON object"),
        (b" \n ", "x.json: $ = missing: the file is empty; write a JSON object"),
        (b"\xff\xfe{}", "x.json: $ = missing: is not UTF-8 (byte 0 is 0xff); save the file as UTF-8"),
        (b'{"a": NaN}', 'x.json: $.a = "NaN": is no number; write a finite value'),
        (b'[1, {"b c": -Infinity}]', 'x.json: $[1]["b c"] = "-Infinity": is no number; write a finite value'),
        (b'{"a": [1e999]}', 'x.json: $.a[0] = "1e999": is too large; write a finite value'),
        (b'{"a": {"b": 1, "c": 2, "b": 3}}', 'x.json: $.a.b = "b": is a duplicate key; keep one of the two'),
        (
            b'{"a": {"a": 1}, "b": [{"x": 1, "x": 1}]}',
            'x.json: $.b[0].x = "x": is a duplicate key; keep one of the two',
        ),
        (b"[" * 100_000, "x.json: $ = missing: is nested too deeply; flatten the structure"),
        (
            b'{"a": 1,\n "b": }',
            'x.json: $ = "\\"b\\": }": is not JSON at line 2, column 7 (Expecting value); correct the syntax',
        ),
    ],
)
def test_what_is_refused(data: bytes, message: str) -> None:
    assert complaint(data) == message


def test_long_numbers_are_refused_before_they_cost_anything() -> None:
    assert "$[0]" in complaint(b"[" + b"1" * 100_000 + b"]")
    assert "$[0]" in complaint(b"[0." + b"1" * 100_000 + b"]")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


@given(json_values)
def test_everything_else_is_read_as_json_reads_it(value: object) -> None:
    assert parse_json(json.dumps(value).encode(), "x") == value
    assert parse_json(json.dumps(value, ensure_ascii=True).encode("utf-8-sig"), "x") == value


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_an_input_error(data: bytes) -> None:
    try:
        parse_json(data, "x")
    except InputError as error:
        message = str(error)
    else:
        message = ""
    assert "\n" not in message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for source, problem in (
        (tmp_path / "none.json", "no such file"),
        (tmp_path, "directory"),
        ("a\0b", "cannot be read"),
    ):
        with pytest.raises(InputError, match=problem):
            read_json(str(source))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(b'{"a": 1}')

    monkeypatch.setattr("sys.stdin", Stdin())
    assert read_json("-") == {"a": 1}


def test_text_files_are_utf8(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"\xef\xbb\xbfenergy")
    assert read_text(str(file)) == "energy"
    file.write_bytes(b"a\xff")
    with pytest.raises(InputError, match="byte 1 is 0xff"):
        read_text(str(file))


@given(st.text(), st.text(), json_values, st.text(), st.text())
def test_errors_are_one_printable_line(source: str, path: str, value: object, problem: str, remedy: str) -> None:
    text = str(InputError(source, path, value, problem, remedy))
    assert len(text.splitlines()) <= 1
    text.encode("utf-8")


@given(json_values)
def test_shown_values_are_short(value: object) -> None:
    assert len(show_value(value)) <= 80


def test_shown_values() -> None:
    assert show_value(MISSING) == "missing"
    assert show_value("5 mF ± 1 %") == '"5 mF ± 1 %"'
    assert show_value([3, 3]) == "[3, 3]"
    assert show_value({"a": 1}) == "{1 keys}"
    assert show_value(2**4000) == "an integer of 4001 bits"
    assert show_value(True) == "true"


def test_an_invalid_value_is_located_below_the_given_path() -> None:
    error = InvalidValue(3, "is odd", "write 2", "[1].size").located("f.json", "$.list")
    assert str(error) == "f.json: $.list[1].size = 3: is odd; write 2"


def test_the_files_that_are_read_are_listed_while_someone_asks(tmp_path: Path) -> None:
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    for file in (one, two):
        file.write_text("1")
    with files_read() as outer:
        read_json(str(one))
        with files_read() as inner:
            read_json(str(two))
        with pytest.raises(InputError):
            read_json(str(tmp_path / "missing.json"))
    read_json(str(one))
    assert outer == [str(one), str(two), str(tmp_path / "missing.json")]
    assert inner == [str(two)]
