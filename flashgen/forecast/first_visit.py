"""What a browser loads on a first visit of the sale page, by kind, with the sizes that the edge sends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from html.parser import HTMLParser
from math import inf
from pathlib import PurePosixPath

from flashgen import cache_control
from flashgen.edge.rules.behaviour import behaviour_for, lifetime
from flashgen.edge.rules.compression import gzipped, is_compressible
from flashgen.page.site import Role, Site, SiteFile

HEADER_BYTES = 700
"""Of a response, as HTTP/1.1 writes them: what S3, the distribution and its security policy add. HTTP/2 and 3 send
fewer."""

_LOADED_RELS = frozenset({"stylesheet", "preload", "modulepreload", "icon", "manifest"})


class Kind(StrEnum):
    """What an object is for the forecast, in the order in which a page needs them."""

    PAGE = "page"
    CSS = "css"
    SCRIPT = "script"
    FONT = "font"
    PICTURE = "picture"
    ICON = "icon"
    POINTER = "pointer"


@dataclass(frozen=True, slots=True)
class LoadedObject:
    """One object: the bytes of a response with its header, and how long the edge keeps it; 0 seconds: not at all."""

    key: str
    kind: Kind
    response_bytes: int
    edge_seconds: float


_KINDS = {".css": Kind.CSS, ".js": Kind.SCRIPT, ".woff2": Kind.FONT, ".ico": Kind.ICON, ".webmanifest": Kind.ICON}


def first_visit(site: Site) -> tuple[LoadedObject, ...]:
    """The objects of a visit, the page first and the pointer last. `site` has the headers of its target.

    The page is that of the sale, in the language in which it weighs most. Of each picture it is the largest file of the
    first format; lazy ones count too.
    """
    pages = [file for file in site.having(Role.PAGE) if file.page_depth <= 1 and file.key.endswith("/index.html")]
    depth = 1 if site.is_multilingual else 0
    landing = [_visit(site, file) for file in pages if file.page_depth == depth]
    heaviest = max(landing, key=lambda visit: sum(each.response_bytes for each in visit))
    return (*heaviest, _loaded(site, site.pointer_file, Kind.POINTER))


def _visit(site: Site, page: SiteFile) -> tuple[LoadedObject, ...]:
    assets = {PurePosixPath(file.key).name: file for file in site.having(Role.ASSET)}
    names = _Names()
    names.feed(site.body(page).decode())
    wanted = list(dict.fromkeys(PurePosixPath(name).name for name in names.found))
    icons = frozenset(PurePosixPath(name).name for name in names.icons)
    for name in wanted:  # it grows: a stylesheet names fonts, a script another script
        file = assets.get(name)
        if file and name.endswith((".css", ".js")):
            body = site.body(file)
            wanted += [other for other in assets if other not in wanted and other.encode() in body]
    found = [(name, assets[name]) for name in wanted if name in assets]
    loaded = [_loaded(site, file, Kind.ICON if name in icons else _kind(name)) for name, file in found]
    return (_loaded(site, page, Kind.PAGE), *sorted(loaded, key=lambda one: list(Kind).index(one.kind)))


def _kind(name: str) -> Kind:
    return _KINDS.get(PurePosixPath(name).suffix, Kind.PICTURE)


def _loaded(site: Site, file: SiteFile, kind: Kind) -> LoadedObject:
    behaviour = behaviour_for(file.key)
    body = site.body(file)
    compresses = behaviour.compresses and is_compressible(file.headers.content_type, len(body))
    size = len(gzipped(body)) if compresses else len(body)
    life = lifetime(behaviour, 200, cache_control.parse(file.headers.cache_control))
    return LoadedObject(file.key, kind, size + HEADER_BYTES, float(life.fresh_seconds) if life else 0.0)


class _Names(HTMLParser):
    """The files that a page's tags load; `icons` are those of them that only the tab shows."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.icons: list[str] = []
        self._has_source = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        values = {name: value or "" for name, value in attrs}
        match tag:
            case "link":
                self._link(values)
            case "script" if "src" in values:
                self.found.append(values["src"])
            case "picture":
                self._has_source = False
            case "source" | "img" if not self._has_source:
                self._has_source = tag == "source"
                self.found += [_largest(values.get("srcset", "")) or values.get("src", "")]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """What follows a picture is not of it."""
        if tag == "picture":
            self._has_source = False

    def _link(self, values: dict[str, str]) -> None:
        rels = frozenset(values.get("rel", "").split())
        if rels & _LOADED_RELS and (href := values.get("href", "")):
            self.found.append(href)
            if rels & {"icon", "manifest"}:
                self.icons.append(href)


def _largest(srcset: str) -> str:
    return max(_candidates(srcset), key=lambda one: one[0], default=(0.0, ""))[1]


def _candidates(srcset: str) -> Iterator[tuple[float, str]]:
    for part in srcset.split(","):
        url, _, width = part.strip().partition(" ")
        digits = width.strip().rstrip("wx")
        yield (float(digits) if digits.replace(".", "", 1).isdigit() else -inf if not url else 1.0), url
