"""Markdown to HTML for descriptions: CommonMark with tables and strikethrough, without raw HTML or unsafe links."""

from __future__ import annotations

from cmarkgfm import markdown_to_html_with_extensions
from markupsafe import Markup

_EXTENSIONS = ["table", "strikethrough"]


def to_html(text: str) -> Markup:
    """HTML of a Markdown text; empty for an empty one.

    cmark's safe mode, its default, leaves out raw HTML and the targets of `javascript:`, `vbscript:`, `file:` and most
    `data:` links.
    """
    return Markup(markdown_to_html_with_extensions(text, extensions=_EXTENSIONS))  # noqa: S704  cmark escapes


def left_out(text: str) -> str:
    """What of a text shoppers do not see, in words: cmark leaves it out, or the page's security policy refuses it."""
    html = to_html(text)
    if "<!-- raw HTML omitted -->" in html:
        return "raw HTML"
    if "<img" in html:
        return "an image"
    return "a link that is not safe" if 'href=""' in html else ""
