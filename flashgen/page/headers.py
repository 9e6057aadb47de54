"""Cache headers for each kind of file. The numbers and their reasons are in docs/architecture.md, "Headers"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePosixPath

from flashgen.cache_control import directives
from flashgen.document.wording import InvalidValue, quoted, suggestion
from flashgen.errors import Refused
from flashgen.store import Headers

ASSET_CACHE = "public, max-age=31536000, immutable"
"""A year, for files whose name holds the hash of their content: such a file never changes."""

PAGE_CACHE = "public, max-age=60, s-maxage=60, stale-while-revalidate=60, stale-if-error=86400"
"""A minute in browsers and at the edge, which nothing notifies of a change."""

INVALIDATED_PAGE_CACHE = "public, max-age=60, s-maxage=86400, stale-while-revalidate=60, stale-if-error=86400"
"""A day at an edge where push invalidates the pages that it changed."""

LONGEST_PAGE_LIFE = timedelta(days=7)
"""The longest time that a cache may serve a page. Files that a page names stay as long after they left the sale."""

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
    ".json": "application/json",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""The only kinds of file that a site holds. The table is fixed, because the system's own differs between machines."""


def asset_headers(name: str) -> Headers:
    """For a file named by its content. Raises Refused for an extension that a site may not hold."""
    extension = PurePosixPath(name).suffix.lower()
    if extension not in CONTENT_TYPES:
        raise Refused(
            f"{name}: a theme's assets may be {', '.join(sorted(CONTENT_TYPES))}, found `{extension or name}`",
            "remove the file from the theme's assets/, or convert it",
        )
    return Headers(CONTENT_TYPES[extension], ASSET_CACHE)


def page_headers(content_type: str = "text/html; charset=utf-8") -> Headers:
    """For an HTML page, and for what is kept as long as one."""
    return Headers(content_type, PAGE_CACHE)


def private_headers(content_type: str) -> Headers:
    """For files under `_flashgen/`, which only the gate reads."""
    return Headers(content_type, "private, no-store")


def page_cache(*, is_invalidated: bool) -> str:
    """The default Cache-Control of pages, which depends on whether push invalidates them at the edge."""
    return INVALIDATED_PAGE_CACHE if is_invalidated else PAGE_CACHE


def checked_page_cache(text: str) -> str:
    """A Cache-Control for pages, as it was written or with its spaces tidied.

    Raises InvalidValue for one that breaks caching at the edge, which serves the crowd: CloudFront collapses
    simultaneous requests only for responses that it may keep (docs/architecture.md, "Headers").
    """
    found: dict[str, str] = {}
    for name, value in directives(text):
        if name in found:
            raise InvalidValue(f"must say `{name}` once, found {quoted(text)}", "delete one of the two")
        found[name] = _checked_value(name, value, text)
    if found.get("s-maxage", found.get("max-age", "0")).strip("0") == "":
        raise InvalidValue(
            f"must let the edge keep a page for a second or more, found {quoted(text)}", "add `s-maxage=60`"
        )
    _check_lifetime(found, text)
    return ", ".join(f"{name}={value}" if value else name for name, value in found.items())


def _check_lifetime(found: Mapping[str, str], text: str) -> None:
    """Without `max-age` a browser may choose how long it keeps a page (RFC 9111, 4.2.2)."""
    if "max-age" not in found:
        raise InvalidValue(f"must say for how long browsers may keep a page, found {quoted(text)}", "add `max-age=60`")
    fresh = max(int(found.get(name, 0)) for name in ("max-age", "s-maxage"))
    stale = max(int(found.get(name, 0)) for name in ("stale-while-revalidate", "stale-if-error"))
    if fresh + stale > LONGEST_PAGE_LIFE.total_seconds():
        limit = f"{LONGEST_PAGE_LIFE.total_seconds():.0f} seconds ({LONGEST_PAGE_LIFE.days} days)"
        raise InvalidValue(
            f"must let nothing serve a page for more than {limit}, fresh and then stale, found {quoted(text)}",
            "shorten it: what the page names may be deleted by then",
        )


def _checked_value(name: str, value: str, text: str) -> str:
    if name in _FORBIDDEN:
        raise InvalidValue(f"must not say `{name}`, found {quoted(text)}", f"delete it: {_FORBIDDEN[name]}")
    if name in _FLAGS and not value:
        return ""
    if name in _TIMES:
        if _SECONDS.fullmatch(value):
            return value
        raise InvalidValue(f"must give `{name}` whole seconds, found {quoted(text)}", f"such as `{name}=60`")
    raise InvalidValue(
        f"must be directives of Cache-Control, found {quoted(text)}", suggestion(name, [*_TIMES, *_FLAGS])
    )
