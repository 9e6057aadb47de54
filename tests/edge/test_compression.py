"""What is compressed, and for whom."""

from __future__ import annotations

import gzip

import pytest

from flashgen.edge.rules.compression import accepts_gzip, gzipped, is_compressible


@pytest.mark.parametrize(
    ("content_type", "body_bytes", "expected"),
    [
        ("text/html; charset=utf-8", 1_000, True),
        ("text/html", 999, False),
        ("TEXT/CSS", 10_000_000, True),
        ("text/css", 10_000_001, False),
        ("text/javascript", 5_000, True),
        ("application/json", 5_000, True),
        ("application/ld+json", 5_000, True),
        ("image/svg+xml", 5_000, True),
        ("image/avif", 5_000, False),
        ("font/woff2", 5_000, False),
        ("", 5_000, False),
    ],
)
def test_text_of_a_certain_size_is_compressed(content_type: str, body_bytes: int, expected: bool) -> None:
    """Pictures are compressed already, and small files become no smaller."""
    assert expected == is_compressible(content_type, body_bytes)


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        ("", False),
        ("gzip", True),
        ("br, GZIP ;q=0.5", True),
        ("x-gzip", True),
        ("br", False),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("identity, gzip; q=0.000", False),
        ("gzip;q=...", False),
        ("notgzip", False),
    ],
)
def test_viewers_say_what_they_take(accept_encoding: str, expected: bool) -> None:
    """RFC 9110, 12.5.3."""
    assert expected == accepts_gzip(accept_encoding)


def test_compressing_is_reproducible() -> None:
    """No time in the header of the file (bytes 4 to 8), and nothing lost."""
    once = gzipped(b"flash sale " * 1000)
    assert b"\0\0\0\0" == once[4:8]
    assert b"flash sale " * 1000 == gzip.decompress(once)
