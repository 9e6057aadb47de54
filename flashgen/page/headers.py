"""Cache headers, by what a file is. The numbers and their reasons are in docs/architecture.md, "Headers"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePosixPath

from flashgen.document.wording import InvalidValue, quoted, suggestion
from flashgen.errors import Refused
from flashgen.store import Headers

ASSET_CACHE = "public, max-age=31536000, immutable"
"""A name that holds its content's hash never changes: a year, the longest RFC 9111 recipients are asked to keep."""

PAGE_CACHE = "public, max-age=60, s-maxage=60, stale-while-revalidate=60, stale-if-error=86400"
"""Browsers and edges look again after a minute: nothing tells an edge of a change, so it keeps no page longer."""

INVALIDATED_PAGE_CACHE = "public, max-age=60, s-maxage=86400, stale-while-revalidate=60, stale-if-error=86400"
"""A day at the edge, where push invalidates what it has changed."""

LONGEST_PAGE_LIFE = timedelta(days=7)
"""For so long may anything serve a page that it has. What it names is kept for as long after it has left the sale."""

_TIMES = ("max-age", "s-maxage", "stale-while-revalidate", "stale-if-error")
_FLAGS = ("public", "must-revalidate", "proxy-revalidate", "no-transform")
_FORBIDDEN = {
    "immutable": "pages change on push, and browsers that were told so would never ask again",
    "no-cache": "every shopper's request would reach the store",
    "no-store": "every shopper's request would reach the store",
    "private": "every shopper's request would reach the store",
}
_SECONDS = re.compile("[0-9]{1,9}")

CONTENT_TYPES = {
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".gif": "image/gif",
    ".ico": "image/x-icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""The only kinds of file a site holds: a fixed table, because the system's differs between machines."""


def asset_headers(name: str) -> Headers:
    """For a fingerprinted file. Raises Refused for an extension that has no place in a site."""
    extension = PurePosixPath(name).suffix.lower()
    if extension not in CONTENT_TYPES:
        raise Refused(
            f"{name}: a theme's assets may be {', '.join(sorted(CONTENT_TYPES))}, found `{extension or name}`",
            "remove the file from the theme's assets/, or convert it",
        )
    return Headers(CONTENT_TYPES[extension], ASSET_CACHE)


def page_headers() -> Headers:
    """For an HTML page."""
    return Headers("text/html; charset=utf-8", PAGE_CACHE)


def private_headers(content_type: str) -> Headers:
    """For what lies under `_flashgen/`: nobody's business but the gate's."""
    return Headers(content_type, "private, no-store")


def page_cache(*, is_invalidated: bool) -> str:
    """What pages say of caching unless told otherwise: by whether a push tells the edges which pages have changed."""
    return INVALIDATED_PAGE_CACHE if is_invalidated else PAGE_CACHE


def checked_page_cache(text: str) -> str:
    """A Cache-Control for pages, as it was written or with its spaces tidied.

    Raises Unfit for what would break caching at the edge, which is what carries the crowd: CloudFront collapses
    simultaneous requests only for responses that it may keep (docs/architecture.md, "Headers").
    """
    said: dict[str, str] = {}
    for directive in text.split(","):
        name, _, value = directive.strip(" ").partition("=")
        if name.lower() in said:
            raise InvalidValue(f"must say `{name.lower()}` once, found {quoted(text)}", "delete one of the two")
        said[name.lower()] = _checked_value(name, value, text)
    if said.get("s-maxage", said.get("max-age", "0")).strip("0") == "":
        raise InvalidValue(
            f"must let the edge keep a page for a second or more, found {quoted(text)}", "add `s-maxage=60`"
        )
    _check_life(said, text)
    return ", ".join(f"{name}={value}" if value else name for name, value in said.items())


def _check_life(said: Mapping[str, str], text: str) -> None:
    """What says no `max-age` is kept by browsers for as long as they see fit (RFC 9111, 4.2.2)."""
    if "max-age" not in said:
        raise InvalidValue(f"must say for how long browsers may keep a page, found {quoted(text)}", "add `max-age=60`")
    fresh = max(int(said.get(name, 0)) for name in ("max-age", "s-maxage"))
    stale = max(int(said.get(name, 0)) for name in ("stale-while-revalidate", "stale-if-error"))
    if fresh + stale > LONGEST_PAGE_LIFE.total_seconds():
        limit = f"{LONGEST_PAGE_LIFE.total_seconds():.0f} seconds ({LONGEST_PAGE_LIFE.days} days)"
        raise InvalidValue(
            f"must let nothing serve a page for more than {limit}, fresh and then stale, found {quoted(text)}",
            "shorten it: what the page names may be deleted by then",
        )


def _checked_value(name: str, value: str, text: str) -> str:
    if name.lower() in _FORBIDDEN:
        raise InvalidValue(
            f"must not say `{name.lower()}`, found {quoted(text)}", f"delete it: {_FORBIDDEN[name.lower()]}"
        )
    if name.lower() in _FLAGS and not value:
        return ""
    if name.lower() in _TIMES:
        if _SECONDS.fullmatch(value):
            return value
        raise InvalidValue(
            f"must give `{name.lower()}` whole seconds, found {quoted(text)}", f"such as `{name.lower()}=60`"
        )
    raise InvalidValue(
        f"must be directives of Cache-Control, found {quoted(text)}", suggestion(name, [*_TIMES, *_FLAGS])
    )
