"""Makes the files at the host's root from the entries of its sales, and from nothing else.

So whoever pushes makes the same bytes, whatever project and theme they have: sales do not fight over these files. They
look like the sale that starts last, whose style sheets they use.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from functools import cache
from urllib.parse import urlsplit

from flashgen.packaged_files import packaged
from flashgen.page.headers import page_headers
from flashgen.page.host.entry import HostEntry
from flashgen.page.theme import BASE_THEME, Theme
from flashgen.store import Headers

_TYPES = {
    "favicon.ico": "image/x-icon",
    "robots.txt": "text/plain; charset=utf-8",
    "404.html": "text/html; charset=utf-8",
    "sitemap.xml": "application/xml",
    "index.html": "text/html; charset=utf-8",
}

HOST_KEYS = tuple(_TYPES)
"""In the order of upload: the page that leads to all others comes last."""

HostFile = tuple[str, bytes, Headers]
"""A key, a body and its headers."""

_SITEMAP = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
)


def host_files(entries: Iterable[HostEntry], kept: Iterable[str] = ()) -> tuple[HostFile, ...]:
    """The files that the host's root has, in the order of HOST_KEYS.

    A host without a sale that may be listed has robots.txt alone; and, empty, those of `kept` that it had before.
    """
    everything = sorted(entries, key=lambda one: (one.starts_at, one.sale))
    listed = [one for one in everything if one.is_listed]
    bodies = {"robots.txt": _robots(everything, listed)}
    if listed and listed[-1].favicon:
        bodies["favicon.ico"] = base64.b64decode(listed[-1].favicon)
    sitemaps = [url for one in listed for url in one.sitemaps]
    if sitemaps or "sitemap.xml" in kept:
        rows = "".join(f"<sitemap><loc>{_escaped(url)}</loc></sitemap>\n" for url in sitemaps)
        bodies["sitemap.xml"] = f"{_SITEMAP}{rows}</sitemapindex>\n".encode()
    if listed or {"index.html", "404.html"} & {*kept}:
        bodies["404.html"] = _page("404", listed, _base(everything))
        bodies["index.html"] = _page("index", listed, "") if listed else bodies["404.html"]
    return tuple((key, bodies[key], page_headers(_TYPES[key])) for key in HOST_KEYS if key in bodies)


def _robots(everything: Sequence[HostEntry], listed: Sequence[HostEntry]) -> bytes:
    """All may be read: a page that must not be listed says so itself, which a crawler sees only if it may read it."""
    urls = dict.fromkeys(one.url for one in listed if one.sitemaps)
    lines = ["User-agent: *", "Allow: /", *(f"Sitemap: {url}/sitemap.xml" for url in urls)]
    return ("\n".join(lines) + "\n").encode()


def _page(name: str, listed: Sequence[HostEntry], base: str) -> bytes:
    lead = listed[-1] if listed else None
    host = next((urlsplit(one.url).netloc for one in reversed(listed) if one.url), "")
    return _theme().render(f"host/{name}.html", {"sales": listed, "lead": lead, "base": base, "host": host})


@cache
def _theme() -> Theme:
    """The packaged one, whatever a project has: all who push make the same root."""
    return Theme(BASE_THEME, (packaged("themes").resolve() / BASE_THEME,))


def _base(everything: Sequence[HostEntry]) -> str:
    """The absolute path of the root: the 404 page answers for every path, so it cannot link relatively."""
    return next((urlsplit(one.url).path for one in reversed(everything) if one.url), "") + "/"


def _escaped(url: str) -> str:
    return url.replace("&", "&amp;").replace("'", "&apos;")
