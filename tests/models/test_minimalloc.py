"""Buffers as CSV: what is written is read again, as others write it too, and what is wrong is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ischedule.models.errors import InputError
from ischedule.models.layout import Buffer
from ischedule.models.minimalloc import dump_buffers, read_buffers

BUFFERS = st.lists(
    st.builds(
        lambda name, first, more, size: Buffer(name, first, first + more, size),
        st.text(st.characters(codec="utf-8", exclude_characters="\0")),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        st.integers(1, 10**12),
    ),
    max_size=5,
)


@given(BUFFERS, st.booleans())
def test_what_is_written_is_read_again(buffers: list[Buffer], has_addresses: bool) -> None:
    addresses = [buffer.size for buffer in buffers] if has_addresses else None
    assert read_buffers(dump_buffers(buffers, addresses), "f") == (buffers, addresses)


def test_an_example_with_columns_in_another_order_and_other_line_ends() -> None:
    text = "id,lower,upper,size\r\nb1,0,3,4\r\nb2,3,9,4\r\n"
    assert read_buffers(text, "f") == ([Buffer("b1", 0, 2, 4), Buffer("b2", 3, 8, 4)], None)
    assert dump_buffers(read_buffers(text, "f")[0]) == text.replace("\r", "")
    assert read_buffers("offset,id,size,lower,upper\n8,b1,4,0,3\n", "f") == ([Buffer("b1", 0, 2, 4)], [8])


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1"),
        ("id,lower,upper\n", "line 1"),
        ("id,lower,upper,size,size\n", "line 1"),
        ("id,lower,upper,size\nb,0,3\n", "line 2"),
        ("id,lower,upper,size\nb,0,3,4\nb,0,-3,4\n", "line 3, upper"),
        ("id,lower,upper,size\nb,0,3,4.0\n", "line 2, size"),
        ("id,lower,upper,size\nb,3,3,4\n", "line 2, upper"),
        ("id,lower,upper,size\nb,0,3,0\n", "line 2, size"),
        ("id,lower,upper,size\nb,0,3,²\n", "line 2, size"),
        ("id,lower,upper,size\nb,0,3," + "9" * 30 + "\n", "line 2, size"),
        ("id,lower,upper,size,offset\nb,0,3,4,\n", "line 2, offset"),
        ('id,lower,upper,size\n"b,0,3,4\n', "line 2"),
        ('id,lower,upper,size\n"b"c,0,3,4\n', "line 2"),
    ],
)
def test_what_is_wrong_is_named(text: str, where: str) -> None:
    with pytest.raises(InputError) as problem:
        read_buffers(text, "f.csv")
    assert problem.value.source == "f.csv"
    assert problem.value.path == where


@given(st.text(st.sampled_from('id,lowerupsze0123\n\r"bx- ')))
def test_any_text_is_read_or_refused(text: str) -> None:
    for whole in (text, "id,lower,upper,size\n" + text):
        try:
            buffers, _ = read_buffers(whole, "f")
        except InputError:
            continue
        assert all(buffer.size > 0 for buffer in buffers)
