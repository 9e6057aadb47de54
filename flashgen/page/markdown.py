"""Markdown to HTML for descriptions: CommonMark with tables, raw HTML shown as text, only links that are safe."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def to_html(text: str) -> Markup:
    """HTML of a Markdown text; empty for an empty one. Links with `javascript:` and the like are left as text."""
    return Markup(_parser().render(text)) if text.strip() else Markup("")  # noqa: S704  the parser escapes
