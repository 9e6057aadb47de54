"""Cache headers, by what a file is. The numbers and their reasons are in docs/architecture.md, "Headers"."""

from __future__ import annotations

from pathlib import PurePosixPath

from flashgen.errors import Refused
from flashgen.store import Headers

ASSET_CACHE = "public, max-age=31536000, immutable"
"""A name that holds its content's hash never changes: a year, the longest RFC 9111 recipients are asked to keep."""

PAGE_CACHE = "public, max-age=60, s-maxage=60, stale-while-revalidate=60, stale-if-error=86400"
"""Browsers and edges look again after a minute: nothing tells an edge of a change, so it keeps no page longer."""

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
