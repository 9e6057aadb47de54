"""Descriptions: what marketing may write, and what must never reach a shopper's browser as code."""

from __future__ import annotations

import pytest

from flashgen.page.markdown import to_html


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \n ", ""),
        ("A *small* **lamp**", "<p>A <em>small</em> <strong>lamp</strong></p>\n"),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"),
        ("~~old~~", "<p><del>old</del></p>\n"),
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
def test_raw_html_is_left_out(text: str) -> None:
    """No tag of the author's is a tag of the page; what is escaped or code is shown as text."""
    html = to_html(text)
    for tag in ("<script", "<img", "<div", "hidden"):
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
def test_links_that_run_or_read_something_lead_nowhere(url: str, form: str) -> None:
    """In every way to write a link."""
    html = to_html(form.format(url)).replace(' href=""', "").replace(' src=""', "")
    assert "href" not in html
    assert "src" not in html
