"""Cursors come back from clients, who may send anything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ports.paging import BadCursor, decode_cursor, encode_cursor

SHAPE: Any = tuple[str, int]


@given(st.text(), st.integers(-(2**53), 2**53))
def test_a_cursor_is_read_as_it_was_made(word: str, number: int) -> None:
    assert decode_cursor(encode_cursor(word, number), SHAPE) == (word, number)


@pytest.mark.parametrize("sent", ["?", "a", "bnVsbA", "é", "\U000f0000", "W10=\n", "WyJhIiwxXQ ", "%00"])
def test_anything_else_is_a_bad_cursor(sent: str) -> None:
    # API-04
    with pytest.raises(BadCursor):
        decode_cursor(sent, SHAPE)


@given(st.text(min_size=1))
def test_no_text_is_more_than_a_bad_cursor(sent: str) -> None:
    try:
        decode_cursor(sent, SHAPE)
    except BadCursor:
        return
