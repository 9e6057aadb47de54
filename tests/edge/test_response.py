"""What one viewer gets of an answer. The table of semantics has the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashgen.edge.local.origin import OriginAnswer
from flashgen.edge.local.response import Request, Response, present, present_error, wanted_range

ANSWER = OriginAnswer(200, 0, b"0123456789", b"zipped", "text/plain", "max-age=60", '"tag"')
ZIP = {"accept-encoding": "gzip"}


def presented(fields: dict[str, str], method: str = "GET", compresses: bool = True) -> Response:
    """`ANSWER` for a viewer who sends these fields."""
    return present(ANSWER, Request(method, fields), "max-age=60", compresses=compresses)


@pytest.mark.parametrize(
    ("if_none_match", "status"),
    [
        ('"tag"', 304),
        ('W/"tag"', 304),
        ('"other" , W/"tag"', 304),
        ("*", 304),
        ('"other"', 200),
        ('"ta"', 200),
        ("tag", 200),
        ("", 200),
    ],
)
def test_a_viewer_who_has_it_is_told_so(if_none_match: str, status: int) -> None:
    """Weak comparison, lists, and any."""
    assert status == presented({"if-none-match": if_none_match}).status


def test_a_condition_counts_more_than_a_range() -> None:
    """RFC 9110, 13.2.2."""
    assert 304 == presented({"if-none-match": '"tag"', "range": "bytes=0-1"}).status


def test_a_part_is_never_compressed() -> None:
    """Positions are those of the body that the strong tag names."""
    response = presented({**ZIP, "range": "bytes=2-3"})
    assert (206, b"23", '"tag"') == (response.status, response.body, dict(response.fields)["ETag"])


@pytest.mark.parametrize(
    ("if_range", "status"), [('"tag"', 206), ('W/"tag"', 200), ("Thu, 01 Jan 1970 00:00:00 GMT", 200)]
)
def test_a_part_of_another_version_is_not_wanted(if_range: str, status: int) -> None:
    """Strong comparison; there is no date to compare (RFC 9110, 13.1.5)."""
    assert status == presented({"range": "bytes=2-3", "if-range": if_range}).status


@pytest.mark.parametrize("range_", ["lines=1-2", "bytes=0-1,3-4", "bytes=3-2"])
def test_a_range_that_is_not_understood_gets_all(range_: str) -> None:
    """It is a wish, not a condition."""
    assert (200, b"0123456789") == (presented({"range": range_}).status, presented({"range": range_}).body)


def test_head_has_no_parts() -> None:
    """Ranges are defined for GET alone."""
    assert 200 == presented({"range": "bytes=0-1"}, "HEAD").status


def test_a_compressed_body_has_a_weak_tag() -> None:
    """And tells caches on the way why it differs."""
    response = presented(ZIP)
    assert b"zipped" == response.body
    assert {
        "Content-Type": "text/plain",
        "Content-Length": "6",
        "Content-Encoding": "gzip",
        "ETag": 'W/"tag"',
        "Cache-Control": "max-age=60",
        "Vary": "Accept-Encoding",
    } == dict(response.fields)


def test_a_behaviour_without_compression_has_one_variant() -> None:
    """Pointers: no Vary, no gzip."""
    response = presented(ZIP, compresses=False)
    assert (b"0123456789", None) == (response.body, dict(response.fields).get("Vary"))


def test_fields_that_come_twice_are_one_list() -> None:
    """RFC 9110, 5.3."""
    raw = [(b"if-none-match", b'"a"'), (b"if-none-match", b'"tag"'), (b"range", b"bytes=0-1")]
    assert {"if-none-match": '"a", "tag"', "range": "bytes=0-1"} == Request.read("GET", raw).fields


@pytest.mark.parametrize(("status", "shown"), [(403, 404), (404, 404), (405, 405), (502, 502), (503, 503)])
def test_an_error_is_a_small_page(status: int, shown: int) -> None:
    """Complete, in a language that is named, and not kept by browsers."""
    response = present_error(status)
    fields = dict(response.fields)
    assert (shown, "no-store") == (response.status, fields["Cache-Control"])
    assert str(len(response.body)) == fields["Content-Length"]
    assert response.body.startswith(b'<!doctype html>\n<html lang="en">')
    assert len(response.body) < 1_000


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
