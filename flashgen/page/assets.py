"""A theme's css, js, images and fonts: minified, and named by their content so that they can be cached for ever."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import rcssmin
import rjsmin

from flashgen.document.parse import RULES
from flashgen.document.source import read_source
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.page.headers import CONTENT_TYPES
from flashgen.page.site import digest
from flashgen.sale.text import slugified

_STEM_LENGTH_MAX = 100
_CSS_URL = re.compile(r"""url\(\s*(['"]?)(?!\s*(?:data:|#))([^'")]+)\1\s*\)""")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file for the sale's `assets/` folder; `name` holds the first 12 hex digits of its SHA-256.

    `needs` are the files that a stylesheet names by `url()`.
    """

    name: str
    body: bytes
    needs: tuple[Asset, ...] = ()


def fingerprinted(name: str, body: bytes) -> Asset:
    """`Blue Shirt.jpg` → `blue-shirt.3f2a9c1b7d04.jpg`: a name that no URL has to quote and every file system takes."""
    path = PurePosixPath(name)
    stem = slugified(path.stem)[:_STEM_LENGTH_MAX].strip("-") or "file"
    return Asset(f"{stem}.{digest(body)[:12]}{path.suffix.lower()}", body)


def make_assets(paths: Mapping[str, Path]) -> dict[str, Asset]:
    """The assets of a theme by their plain names. Raises InvalidInput where a stylesheet names a file there is none of.

    Stylesheets come last: the files they name by `url()` must have their final names by then.
    """
    _refuse_other_kinds(paths.values())
    made = {name: _make(name, path.read_bytes()) for name, path in paths.items() if path.suffix != ".css"}
    for name, path in paths.items():
        if path.suffix == ".css":
            made[name] = _stylesheet(name, path, made)
    return made


def _refuse_other_kinds(paths: Iterable[Path]) -> None:
    known = ", ".join(sorted(CONTENT_TYPES))
    wrong = [path for path in paths if path.suffix.lower() not in CONTENT_TYPES]
    if wrong:
        raise InvalidInput(
            Problem(Where(path), f"a theme's assets may be {known}", "take the file out of assets/, or convert it")
            for path in wrong
        )


def _make(name: str, body: bytes) -> Asset:
    return fingerprinted(name, rjsmin.jsmin(body) if name.endswith(".js") else body)


def _stylesheet(name: str, path: Path, made: Mapping[str, Asset]) -> Asset:
    text = read_source(path, RULES).text
    needs = {match[2].strip(): _named(match, path, made) for match in _CSS_URL.finditer(text)}
    css = _CSS_URL.sub(lambda match: f'url("{needs[match[2].strip()].name}")', text)
    return replace(fingerprinted(name, str(rcssmin.cssmin(css)).encode()), needs=tuple(needs.values()))


def _named(match: re.Match[str], css: Path, made: Mapping[str, Asset]) -> Asset:
    name = match[2].strip()
    if name not in made:
        line = match.string.count("\n", 0, match.start()) + 1
        raise InvalidInput([Problem(Where(css, line), f"`url({name})` names no file in assets/", quote=match[0])])
    return made[name]
