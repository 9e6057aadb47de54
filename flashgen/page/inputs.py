"""The inputs of a build, as one digest. If it is the same, and the built files are too, there is nothing to do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from flashgen.document.parse import read_document
from flashgen.errors import FlashgenError
from flashgen.page.theme import find_theme

_LIBRARIES = (
    "babel",
    "brotli",
    "cmarkgfm",
    "fontpkg-inter",
    "fonttools",
    "jinja2",
    "markupsafe",
    "nh3",
    "pillow",
    "python-calamine",
    "rcssmin",
    "resvg-py",
    "rjsmin",
    "tinycss2",
    "tzdata",
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """`files` are paths relative to the project, sorted. `theme` is a name, because a theme may lie outside it.
    `settings` is the path of the project's settings, of which a build reads the brand alone; empty if there are none.
    `site_url` is the public address that pages name as their own, empty if it is not known. `trusted_themes` is here
    because a template that is refused in the sandbox may have been rendered without it.

    `absent` are paths, without their extensions, of files that the build would have read if they had been there.
    """

    files: tuple[str, ...]
    theme: str
    settings: str = ""
    site_url: str = ""
    trusted_themes: bool = False
    absent: tuple[str, ...] = ()

    def digest(self, root: Path) -> str:
        """A hex digest of every input, flashgen's source, and the versions of libraries whose output is in a page.

        Raises OSError or FlashgenError if an input is missing.
        """
        total = hashlib.sha256(_tool_digest() + f"{self.site_url}\0{self.trusted_themes}".encode())
        theme = find_theme(self.theme, root / "themes", trusted_themes=True)  # nothing of it is rendered here
        for folder in theme.folders:
            _add(total, folder, (path for path in theme.files() if path.is_relative_to(folder)))
        _add(total, root, (root / name for name in self.files))
        if self.settings:
            total.update(json.dumps(read_document(root / self.settings).data.get("brand")).encode())
        return total.hexdigest()

    def record(self, root: Path) -> dict[str, Any]:
        """The inputs as `unchanged` reads them."""
        files, absent = list(self.files), list(self.absent)
        row = {"files": files, "theme": self.theme, "settings": self.settings, "absent": absent}
        return {**row, "digest": self.digest(root)}


def unchanged(record: dict[str, Any], root: Path, site_url: str, *, trusted_themes: bool) -> bool:
    """Whether all inputs of a recorded build are the same now."""
    try:
        inputs = Inputs(tuple(record["files"]), record["theme"], record["settings"], site_url, trusted_themes)
        same = inputs.digest(root) == str(record["digest"])
        return same and not _appeared(record["absent"], root)
    except (OSError, FlashgenError, KeyError, TypeError):
        return False


def _appeared(absent: Iterable[str], root: Path) -> bool:
    """Whether there is one of these files now."""
    paths = {root / name for name in absent}
    folders = [folder for folder in {path.parent for path in paths} if folder.is_dir()]
    return any(file.with_suffix("") in paths for folder in folders for file in folder.iterdir())


def _add(total: hashlib._Hash, root: Path, paths: Iterable[Path]) -> None:
    for path in paths:
        if not path.is_file():  # reading a pipe would wait for ever
            raise FileNotFoundError(path)
        total.update(f"\0{path.relative_to(root).as_posix()}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())


@cache
def _tool_digest() -> bytes:
    package = Path(__file__).parent.parent
    total = hashlib.sha256()
    for name in _LIBRARIES:
        total.update(f"{name} {_version(name)}\n".encode())
    for part in ("document", "page", "sale", "unlock"):
        files = (package / part).rglob("*")
        _add(total, package, sorted(path for path in files if path.suffix in (".py", ".json")))
    _add(total, package, (package / "gate" / name for name in ("forms.py", "settings.py")))
    return total.digest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
