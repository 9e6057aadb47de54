"""One range out of a body."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashgen.edge.local.byte_range import wanted_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", range(0, 1)),
        ("bytes=2-5", range(2, 6)),
        ("Bytes= 2-5 ", range(2, 6)),
        ("bytes=8-", range(8, 10)),
        ("bytes=8-99", range(8, 10)),
        ("bytes=-3", range(7, 10)),
        ("bytes=-99", range(0, 10)),
        ("bytes=-0", range(10, 10)),
        ("bytes=10-", range(10, 10)),
        ("bytes=99-100", range(99, 99)),
        ("", None),
        ("bytes=-", None),
        ("bytes=5-2", None),
        ("bytes=0-1,3-4", None),
        ("bytes=a-b", None),
        ("lines=0-1", None),
        ("bytes=" + "9" * 5000 + "-", None),
    ],
)
def test_a_range_of_ten_bytes(header: str, expected: range | None) -> None:
    """Positions, nothing (empty), or all (None)."""
    assert expected == wanted_range(header, 10)


def test_nothing_can_be_given_of_an_empty_body() -> None:
    """Its first byte is not there."""
    assert range(0) == wanted_range("bytes=0-", 0)


@given(st.text("bytes=-0123456789, "), st.integers(0, 100))
def test_a_range_is_inside_the_body(header: str, body_bytes: int) -> None:
    """Whatever is asked."""
    for position in wanted_range(header, body_bytes) or ():
        assert 0 <= position < body_bytes
