"""Texts that end where a comment begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from flashgen.document.cut_texts import cut_texts
from flashgen.document.parse import parse_document
from flashgen.document.source import Source

KEYS = frozenset({"name", "title"})


def warned(text: str) -> list[tuple[str, str, int]]:
    """Path, message and line of each warning."""
    document, _ = parse_document(Source(Path("s.yaml"), text))
    return [(one.path, one.message.rpartition("found ")[2], one.where.line) for one in cut_texts(document, KEYS)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title: Sale #1 of the year\n", [("title", "Sale", 1)]),
        ("a: 1\ntitle: The sale   #1\n", [("title", '"The sale"', 2)]),
        ("title: Sale # 2\n", [("title", "Sale", 1)]),
        ("title: #1 of the year\n", [("title", '""', 1)]),
        ("products:\n  - name: Pack #1 limited\n", [("products.0.name", "Pack", 2)]),
        ("products:\n- name: {de: Paket, en: Pack}\n  name:fr: Lot #1\n", [("products.0.name:fr", "Lot", 3)]),
        ("name:\n  de: Paket #1\n", [("name.de", "Paket", 2)]),
        ("title: Two\n  lines #1\n", [("title", '"Two lines"', 1)]),
    ],
)
def test_a_text_that_a_comment_ends_is_a_warning(text: str, expected: list[tuple[str, str, int]]) -> None:
    """With its place, and what is left of it."""
    assert expected == warned(text)


@pytest.mark.parametrize(
    "text",
    [
        "title: Sale  # the headline\n",
        "title: Sale # the headline\n",
        "title: 'Sale #1'\n",
        "title: Sale#1\n",
        "title: 'Sale' #1\n",
        "title: |\n  Sale #1\n",
        "price: 19.90 #reduced\n",
        "title: Sale\n#price: 1\n  #more: 2\n",
        "title: Sale ## section ##\n",
    ],
)
def test_other_comments_are_left_alone(text: str) -> None:
    """Comments that are meant, quoted texts, and values that are no texts."""
    assert [] == warned(text)


def test_the_fix_is_named() -> None:
    """With what was lost."""
    document, _ = parse_document(Source(Path("s.yaml"), "title: Sale #1 of the year  \n"))
    (warning,) = cut_texts(document, KEYS)
    assert 'if "#1 of the year" belongs to it, put all of it in quotes' == warning.hint
    assert "title: Sale #1 of the year  " == warning.quote
