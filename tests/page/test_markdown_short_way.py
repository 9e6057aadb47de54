"""The short way through Markdown: taken for ordinary texts, and never another result than the parser's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flashgen.page import markdown

ORDINARY = {
    "a paragraph": "Cut from linen.\nWashed twice",
    "two paragraphs": "Cut from linen.\n\nWashed twice.\n",
    "emphasis": "Folded by hand from **mulberry paper**, *never* glued: **fire** proof",
    "a list": "- 60 cm across, 420 g\n- fits *any* bulb".replace("- 60", "- About 60"),
    "quotes": 'The "little" one, at 5% off; it\'s yours',
    "other scripts": "日本の紙。\n\nЛампа, *тёплая*",
}

SPECIAL = {
    "a heading": "# Cut",
    "an underlined heading": "Cut\n---",
    "a table": "Size | Weight\n---|---\nL | 420",
    "a link": "See [here](https://example.com)",
    "raw HTML": "Cut <b>well</b>",
    "an entity": "Salt &amp; pepper",
    "an underscore": "Cut _well_",
    "stars inside a word": "un*frigging*believable",
    "stars without a partner": "5 * 3 **and",
    "nested emphasis": "***both***",
    "a loose list": "- Cut\n\n- Sewn",
    "a nested list": "- Cut\n  - Sewn",
    "a list that interrupts a paragraph": "Cut:\n- Sewn",
    "a hard line end": "Cut  \nSewn",
    "a numbered list": "1. Cut",
    "indented code": "Cut\n\n    sewn",
}

PIECES = ["a", "Wort", "é", "日", "²", " ", "  ", "\n", "\n\n", "\n- ", "- ", "*", "**", " *", "* ", "_", ".", ",", "-"]
PIECES += ["'", '"', "(", "1. ", "#", "=", "---", "|", ":", "~~", "`", "&amp;", "<b>", "[", "]", "\\", "\u00a0", "\t"]


def parsed(text: str) -> str:
    """What the parser makes of a text."""
    return str(markdown._parser().render(text))


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY)
def test_ordinary_texts_take_the_short_way(text: str) -> None:
    """It is taken, and gives what the parser gives."""
    assert parsed(text) == markdown._simple(text)


@pytest.mark.parametrize("text", SPECIAL.values(), ids=SPECIAL)
def test_everything_else_is_left_to_the_parser(text: str) -> None:
    """Where more than one reading is possible, the short way declines."""
    assert None is markdown._simple(text)
    assert parsed(text) == markdown.to_html(text)


@settings(max_examples=2000, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.sampled_from(["", "W", "- W"]))
def test_both_ways_agree(text: str, start: str) -> None:
    """On any text, however odd, the result is the parser's."""
    text = start + text
    assert (parsed(text) if text.strip() else "") == markdown.to_html(text)
