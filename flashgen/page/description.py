"""Turns descriptions into safe HTML: CommonMark with tables and strikethrough, or the HTML of a shop's export."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import nh3
from cmarkgfm import cmark, markdown_to_html_with_extensions
from markupsafe import Markup

HTML_ELEMENTS = frozenset({"p", "ul", "ol", "li", "b", "strong", "i", "em", "br", "a", "h3"}) | {
    *("table", "thead", "tbody", "tr", "th", "td")
}
"""The elements that remain of HTML. Other headings become h3, and other blocks paragraphs."""

MARKDOWN_ELEMENTS = HTML_ELEMENTS | {"h1", "h2", "h4", "h5", "h6", "blockquote", "pre", "code", "hr", "del"}
"""The elements that remain of HTML inside Markdown: also those that Markdown can write itself."""

_EXTENSIONS = ["table", "strikethrough"]
_HTML_OMITTED = "<!-- raw HTML omitted -->"
_CELL = {"colspan", "rowspan"}
_HTML_ATTRIBUTES = {"a": {"href"}, "th": _CELL, "td": _CELL, "ol": {"start"}}
_MARKDOWN_ATTRIBUTES = {**_HTML_ATTRIBUTES, "th": {*_CELL, "align"}, "td": {*_CELL, "align"}}
_HTML_LINK = re.compile(r"https:", re.IGNORECASE)
_MARKDOWN_LINK = re.compile(r"(?:https?:|mailto:|[^:]*(?:[/?#]|$))", re.IGNORECASE)
_HEADING = re.compile(r"<(/?)h[1-6](?=[\s/>])", re.IGNORECASE)
_BLOCK = re.compile(
    r"<(/?)(?:div|section|article|header|footer|main|aside|figure|figcaption|address|d[ltd])(?=[\s/>])", re.IGNORECASE
)
_MARKDOWN_BLOCK = re.compile(r"<(/?)(?:blockquote|pre)(?=[\s/>])", re.IGNORECASE)
_BLOCK_END = re.compile(r"(</(?:p|h3|li|ul|ol|td|th|tr|table)>|<br>)(?!\n|$)")
_EMPTY_PARAGRAPH = re.compile(r"<p>(?:\s|&nbsp;|<br>)*</p>\s*")
_BREAKS_AT_THE_END = re.compile(r"(?:\s|>rb<)*")
"""Read from the end, backwards: forwards, each `<br>` of the text may begin a long row that does not reach the end."""
_ELEMENT = re.compile(r"<([a-z][^\s/>]*)", re.IGNORECASE)
_EVERY_ATTRIBUTE = {""}
"""A prefix of their names."""
_SCHEME = re.compile(r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HIDDEN_SCHEMES = {"javascript", "vbscript", "data", "file"}
"""Also found where they are spelled so that a pattern does not see them: `java&#115;cript:`."""

# Cleaners are made once: reading their settings takes longer than most descriptions.
_HTML_CLEANER = nh3.Cleaner(
    tags=set(HTML_ELEMENTS),
    attributes=_HTML_ATTRIBUTES,
    attribute_filter=lambda _, name, value: value if name != "href" or _is_link(_HTML_LINK, value) else None,
    url_schemes={"https"},
)
_MARKDOWN_CLEANER = nh3.Cleaner(
    tags=set(MARKDOWN_ELEMENTS), attributes=_MARKDOWN_ATTRIBUTES, url_schemes={"http", "https", "mailto"}
)


@lru_cache(maxsize=64)  # a page asks twice for its product's: for the text, and for search engines
def to_html(text: str, format: str = "markdown") -> Markup:
    """The HTML of a text in a format, `markdown` or `html`; empty for an empty one."""
    html = _from_html(text) if format == "html" else _from_markdown(text)
    return Markup(html)  # noqa: S704  both are sanitised


def omitted(text: str, format: str = "markdown") -> tuple[str, ...]:
    """What pages do not show of a text: elements such as `<img>`, attributes such as `style=`, and unsafe links."""
    if format == "html":
        return _dropped(_in_known_blocks(text), HTML_ELEMENTS, _HTML_ATTRIBUTES, _HTML_LINK)
    raw = _BLOCK.sub(r"<\1p", _rendered(text))
    dropped = _dropped(raw, MARKDOWN_ELEMENTS, _MARKDOWN_ATTRIBUTES, _MARKDOWN_LINK)
    return tuple("an image" if what == "<img>" else what for what in dropped)


def _rendered(text: str) -> str:
    """The HTML of a Markdown text, with all raw HTML. Not safe yet."""
    html: str = markdown_to_html_with_extensions(text, cmark.Options.CMARK_OPT_UNSAFE, extensions=_EXTENSIONS)
    return html


def _from_html(html: str) -> str:
    """Ends of blocks get a line end, because a page's summary is this without its tags."""
    clean = _HTML_CLEANER.clean(_in_known_blocks(html))
    clean = _EMPTY_PARAGRAPH.sub("", clean).strip()
    breaks = _BREAKS_AT_THE_END.match(clean[::-1])
    return _BLOCK_END.sub(r"\1\n", clean[: len(clean) - breaks.end()] if breaks else clean)


def _in_known_blocks(html: str) -> str:
    """Headings as h3 and other blocks as paragraphs, so that their texts stay apart. Not safe yet."""
    return _MARKDOWN_BLOCK.sub(r"<\1p", _BLOCK.sub(r"<\1p", _HEADING.sub(r"<\1h3", html)))


def _from_markdown(text: str) -> str:
    clean = _MARKDOWN_CLEANER.clean(_BLOCK.sub(r"<\1p", _rendered(text)))
    return _EMPTY_PARAGRAPH.sub("", clean)


def _dropped(
    html: str, elements: frozenset[str], attributes: Mapping[str, set[str]], link: re.Pattern[str]
) -> tuple[str, ...]:
    """What the sanitiser finds in `html` and does not keep, sorted.

    It is asked to keep every element, so that it names what it takes for one.
    """
    dropped: set[str] = set()

    def note(element: str, name: str, value: str) -> None:
        if element in elements and name not in attributes.get(element, ()):
            dropped.add(f"{name}=")
        elif element in elements and name == "href" and not _is_link(link, value):
            dropped.add("a link that is not https" if link is _HTML_LINK else "a link that is not safe")

    bare = nh3.clean(
        html,
        tags=elements | {name.lower() for name in _ELEMENT.findall(html)},
        clean_content_tags=set(),
        attributes={},
        generic_attribute_prefixes=_EVERY_ATTRIBUTE,
        attribute_filter=note,
        url_schemes=_HIDDEN_SCHEMES | {scheme.lower() for scheme in _SCHEME.findall(html)},
        link_rel=None,
    )
    dropped.update(f"<{name}>" for name in _ELEMENT.findall(bare) if name not in elements)
    return tuple(sorted(dropped))


def _is_link(link: re.Pattern[str], url: str) -> bool:
    return link.match(url.lstrip()) is not None
