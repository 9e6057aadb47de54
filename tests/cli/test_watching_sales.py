"""What is worth a line where there is no terminal to draw a board on."""

from __future__ import annotations

import click
import pytest
from support.operators import SALE
from support.standings import standing

from flashgen.cli.status.sale_watch import WatchSnapshot
from flashgen.cli.status.watch import change_text

KNOWN = "fair: live, revision 5, by ann; edge: shows revision 5"


@pytest.mark.parametrize(
    ("glimpse", "text"),
    [
        (WatchSnapshot(SALE), ""),
        (WatchSnapshot(SALE, trouble="no answer"), "fair: the store cannot be asked: no answer"),
        (WatchSnapshot(SALE, standing()), KNOWN),
        (WatchSnapshot(SALE, standing(), "no answer", 9.1), f"{KNOWN}; the store cannot be asked: no answer"),
        (WatchSnapshot(SALE, standing(), mistake="line 3: no"), f"{KNOWN}; the YAML cannot be followed: line 3: no"),
    ],
)
def test_a_line_tells_all_but_what_changes_by_itself(glimpse: WatchSnapshot, text: str) -> None:
    """No ages: they would be a line a second."""
    assert text == click.unstyle(change_text(glimpse))
