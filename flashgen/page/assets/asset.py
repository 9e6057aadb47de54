"""A theme's css, js, images and fonts: minified, and named by their content, so that caches keep them for ever."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import rcssmin
import rjsmin

from flashgen.document.parse import RULES
from flashgen.document.source import Source, read_source
from flashgen.document.wording import suggestion
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.page.assets.references import FinalUrl, Reference, rewritten_script, rewritten_stylesheet
from flashgen.page.headers import CONTENT_TYPES
from flashgen.page.site import digest
from flashgen.sale.transliteration import slugified

_STEM_LENGTH_MAX = 100


@dataclass(frozen=True, slots=True)
class Asset:
    """A file for the sale's `assets/` folder. `name` holds the first 12 hex digits of its SHA-256.

    `needs` are the files that a stylesheet or a script names.
    """

    name: str
    body: bytes
    needs: tuple[Asset, ...] = ()

    def with_needs(self) -> Iterator[Asset]:
        """The file, then all that it needs, and what those need."""
        yield self
        for asset in self.needs:
            yield from asset.with_needs()


def fingerprinted(name: str, body: bytes) -> Asset:
    """`Blue Shirt.jpg` → `blue-shirt.3f2a9c1b7d04.jpg`: a name that is safe in a URL and on every file system."""
    path = PurePosixPath(name)
    stem = slugified(path.stem)[:_STEM_LENGTH_MAX].strip("-") or "file"
    return Asset(f"{stem}.{digest(body)[:12]}{path.suffix.lower()}", body)


def make_assets(paths: Mapping[str, Path]) -> dict[str, Asset]:
    """The assets of a theme, by their plain names. Raises InvalidInput for every reference to a missing file."""
    _refuse_other_kinds(paths.values())
    maker = _AssetMaker(paths)
    made = {name: maker.make(name) for name in paths}
    if maker.problems:
        raise InvalidInput(maker.problems)
    return made


def _refuse_other_kinds(paths: Iterable[Path]) -> None:
    known = ", ".join(sorted(CONTENT_TYPES))
    wrong = [path for path in paths if path.suffix.lower() not in CONTENT_TYPES]
    if wrong:
        raise InvalidInput(
            Problem(Where(path), f"a theme's assets may be {known}", "take the file out of assets/, or convert it")
            for path in wrong
        )


class _AssetMaker:
    """Makes each file after those that it names, because it needs their final names."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self.problems: list[Problem] = []
        self._paths = paths
        self._made: dict[str, Asset] = {}
        self._open: list[str] = []  # each names the next

    def make(self, name: str) -> Asset:
        """One file. Its references that have no file are added to `problems`."""
        if name not in self._made:
            self._open.append(name)
            self._made[name] = self._new(name, self._paths[name])
            self._open.pop()
        return self._made[name]

    def _new(self, name: str, path: Path) -> Asset:
        needs: dict[str, Asset] = {}
        match path.suffix.lower():
            case ".css":
                source = read_source(path, RULES)
                css = rewritten_stylesheet(source, self._final_url(source, needs))
                body = str(rcssmin.cssmin(css)).encode()
            case ".js":
                # A library may hold any bytes, which must stay as they are.
                source = Source(path, path.read_bytes().decode(errors="surrogateescape"))
                js = rewritten_script(source, self._final_url(source, needs))
                body = rjsmin.jsmin(js.encode(errors="surrogateescape"))
            case _:
                body = path.read_bytes()
        return replace(fingerprinted(name, body), needs=tuple(needs.values()))

    def _final_url(self, source: Source, needs: dict[str, Asset]) -> FinalUrl:
        """What adds to `needs` each file that a source names."""

        def final_url(reference: Reference) -> str:
            if problem := self._problem(reference, source):
                self.problems.append(problem)
                return reference.url
            needs[reference.name] = self.make(reference.name)
            return needs[reference.name].name + reference.suffix

        return final_url

    def _problem(self, reference: Reference, source: Source) -> Problem | None:
        name, url = reference.name, reference.url
        if "//" in url:
            message, hint = f"`{url}` is on another server, and pages load nothing from there", "copy it into assets/"
        elif name not in self._paths:
            message, hint = f"`{url}` names no file in assets/", suggestion(name, self._paths)
        elif reference.is_module and not url.startswith("./"):
            message, hint = f"`{url}` must begin with `./`, or browsers do not find it", f'write it as "./{url}"'
        elif name in self._open:
            message = f"`{url}` leads back here: {' → '.join([*self._open[self._open.index(name) :], name])}"
            hint = "move what both need into a third file: a file's name is made from all that it names"
        else:
            return None
        return Problem(reference.where, message, hint, quote=source.quote(reference.where.line))
