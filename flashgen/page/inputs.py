"""What a build was made from, as one digest: when it is the same, and so are the files, there is nothing to do."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from flashgen.errors import FlashgenError
from flashgen.page.theme import find_theme

_LIBRARIES = ("babel", "jinja2", "cmarkgfm", "markupsafe", "pillow", "rcssmin", "rjsmin", "tzdata")


@dataclass(frozen=True, slots=True)
class Inputs:
    """`files` are paths relative to the project, sorted; `theme` is a name, for themes may lie anywhere."""

    files: tuple[str, ...]
    theme: str

    def digest(self, root: Path) -> str:
        """A hex digest of every input's bytes, of flashgen itself and of the libraries whose output is in a page.

        Raises OSError or FlashgenError when an input is no longer there.
        """
        total = hashlib.sha256(_tool_digest())
        theme = find_theme(self.theme, root / "themes")
        for folder in theme.folders:
            _add(total, folder, (path for path in theme.files() if path.is_relative_to(folder)))
        _add(total, root, (root / name for name in self.files))
        return total.hexdigest()

    def record(self, root: Path) -> dict[str, Any]:
        """As `unchanged` wants it back."""
        return {"files": list(self.files), "theme": self.theme, "digest": self.digest(root)}


def unchanged(record: dict[str, Any], root: Path) -> bool:
    """Whether the inputs of a recorded build are all as they were."""
    try:
        return Inputs(tuple(record["files"]), record["theme"]).digest(root) == str(record["digest"])
    except (OSError, FlashgenError, KeyError, TypeError):
        return False


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
    for part in ("page", "sale", "unlock"):
        _add(total, package, sorted((package / part).glob("*.py")))
    _add(total, package, (package / "gate" / name for name in ("forms.py", "settings.py")))
    return total.digest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
