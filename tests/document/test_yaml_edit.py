"""An edit changes one value, and nothing else in the file."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flashgen.document.yaml_edit import replace_scalar
from flashgen.errors import InvalidInput, Refused

VERSION = ("unlock", "version")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("unlock:\n  version: old # why\na: b\n", "unlock:\n  version: NEW # why\na: b\n"),
        ("unlock:\n  version: 'old'  # why\n", "unlock:\n  version: NEW  # why\n"),
        ("unlock: {version: old, x: 1} # why\n", "unlock: {version: NEW, x: 1} # why\n"),
        ('unlock:\r\n  version: "old"\r\n', "unlock:\r\n  version: NEW\r\n"),
        ("unlock:\n  version: |\n    old\na: b\n", "unlock:\n  version: NEW\na: b\n"),
        ("unlock:\n  version:\n", "unlock:\n  version: NEW\n"),
        ("unlock:  # why\n", "unlock:\n  version: NEW  # why\n"),
        ("unlock:\n    # one\n    ttl: 1\n", "unlock:\n    # one\n    version: NEW\n    ttl: 1\n"),
        ("unlock: {}\n", "unlock: {version: NEW}\n"),
        ("unlock: {ttl: 1}\n", "unlock: {version: NEW, ttl: 1}\n"),
        ("a: b  # c\n", "a: b  # c\n\nunlock:\n  version: NEW\n"),
        ("a: b", "a: b\n\nunlock:\n  version: NEW\n"),
        ("a: b\r\n", "a: b\r\n\r\nunlock:\r\n  version: NEW\r\n"),
        ("\ufeffa: b\n", "\ufeffa: b\n\nunlock:\n  version: NEW\n"),
    ],
)
def test_one_value_changes_and_the_rest_stays_byte_for_byte(before: str, after: str) -> None:
    """Comments, quotes elsewhere, line ends, order and a byte order mark are the author's."""
    assert after == replace_scalar(before, VERSION, "NEW")


@pytest.mark.parametrize(
    "text", ["unlock: text\n", "unlock:\n  version: &x old\nb: *x\n", "a: b\n...\n", "unlock: [a]\n"]
)
def test_what_would_change_more_is_refused(text: str) -> None:
    """An alias elsewhere, a value in the way, an explicit end: a person has to make the edit."""
    with pytest.raises(Refused, match="cannot be changed without changing more"):
        replace_scalar(text, VERSION, "NEW")


def test_a_malformed_text_is_refused() -> None:
    """The position is the one that `check` reports."""
    with pytest.raises(InvalidInput):
        replace_scalar("a: 'b\n", VERSION, "NEW")


@example("null")
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])))
def test_any_text_can_be_written_and_replaced_again(value: str) -> None:
    """A value that needs quotes gets them; the second edit restores the file."""
    before = "unlock:\n  version: old # why\n"
    assert before == replace_scalar(replace_scalar(before, VERSION, value), VERSION, "old")
