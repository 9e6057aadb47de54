"""What is worth a line where there is no terminal to draw a board on."""

from __future__ import annotations

import click
import pytest
from support.operators import SALE
from support.standings import standing

from flashgen.cli.sale_watch import Glimpse
from flashgen.cli.watching_sales import change_text

KNOWN = "fair: live, revision 5, by ann; edge: shows revision 5"


@pytest.mark.parametrize(
    ("glimpse", "text"),
    [
        (Glimpse(SALE), ""),
        (Glimpse(SALE, trouble="no answer"), "fair: the store cannot be asked: no answer"),
        (Glimpse(SALE, standing()), KNOWN),
        (Glimpse(SALE, standing(), "no answer", 9.1), f"{KNOWN}; the store cannot be asked: no answer"),
        (Glimpse(SALE, standing(), mistake="line 3: no"), f"{KNOWN}; the YAML cannot be followed: line 3: no"),
    ],
)
def test_a_line_tells_all_but_what_changes_by_itself(glimpse: Glimpse, text: str) -> None:
    """No ages: they would be a line a second."""
    assert text == click.unstyle(change_text(glimpse))
