"""Descriptions: what marketing may write, and what must never reach a shopper's browser as code."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flashgen.page import markdown
from flashgen.page.markdown import to_html

SHORT_WAY = st.text(st.sampled_from("ab é*_ .-,\n1'\"():#=+"), max_size=40)
ANYTHING = st.text(st.sampled_from("ab*_ \n-#=|~`<>&[]()!\\1.\t:'\"é\u00a0\u3000"), max_size=40)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \n ", ""),
        ("A *small* **lamp**", "<p>A <em>small</em> <strong>lamp</strong></p>\n"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"),
        ("~~old~~", "<p><s>old</s></p>\n"),
        ("[shop](https://shop.example/a?b=1&c=2)", '<p><a href="https://shop.example/a?b=1&amp;c=2">shop</a></p>\n'),
    ],
)
def test_markdown_becomes_html(text: str, expected: str) -> None:
    """CommonMark, and strikethrough."""
    assert expected == to_html(text)


def test_tables_are_on() -> None:
    """Sizes and the like."""
    assert "<th>Size</th>" in to_html("| Size | cm |\n|---|---|\n| S | 44 |\n")


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "<div\nonclick=alert(1)>",
        "<!-- hidden -->",
        "&lt;script&gt;",
        "`<script>`",
        "```\n<script>\n```",
        '```"><script>\n```',
    ],
)
def test_html_is_shown_as_text(text: str) -> None:
    """No tag of the author's is a tag of the page."""
    html = to_html(text)
    for tag in ("<script", "<img", "<div", "<!--"):
        assert tag not in html


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "javascript&colon;alert(1)",
        "vbscript:x",
        "file:///etc/passwd",
        "data:text/html;base64,PHNjcmlwdD4=",
    ],
)
@pytest.mark.parametrize("form", ["[a]({})", "![a]({})", "[a]\n\n[a]: {}", "<{}>"])
def test_links_that_run_or_read_something_are_left_as_text(url: str, form: str) -> None:
    """In every way to write a link."""
    html = to_html(form.format(url))
    assert "href" not in html
    assert "<img" not in html


@settings(max_examples=400, deadline=None)
@given(st.one_of(SHORT_WAY, ANYTHING))
@example("*a* *b*,\n**c**.\n\n- x\n- y")
@example("a\n\n\nb")
@example("a *b*c")
@example("- a\n\n- b")
@example("a\n- b")
@example("a *b **c** d*")
def test_the_short_way_gives_what_the_parser_gives(text: str) -> None:
    """To the byte, whenever it is taken at all."""
    short = markdown._simple(text) if text.strip() else None
    if short is not None:
        assert markdown._parser().render(text) == short


def test_the_short_way_is_taken_for_ordinary_texts() -> None:
    """Else the test above proves nothing."""
    assert markdown._simple('Made by hand, with "care".\n\nA *warm* **light**.\n\n- 60 cm\n- 2 kg') is None
    assert markdown._simple('Made by hand, with "care".\n\nA *warm* **light**.\n\n- large\n- light') is not None
