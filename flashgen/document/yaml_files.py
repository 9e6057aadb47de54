"""Finds files by their names: YAML in either spelling; files that systems and editors leave behind are skipped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from flashgen.errors import InvalidInput, Problem, Where

SUFFIXES = (".yaml", ".yml")

# Hidden ones: macOS (`._s.yaml`, `.DS_Store`), Emacs locks (`.#s.yaml`), Vim (`.s.yaml.swp`). Then backups
# (`s.yaml~`), Emacs autosaves (`#s.yaml#`), Office's owner files (`~$feed.xlsx`), JetBrains' steps of a save, and Vim's
# swap files and its test whether a folder can be written (`4913`).
_LEFT_BEHIND = re.compile(r"\..*|.*~|#.*#|~\$.*|.*___jb_(tmp|old)___|.*\.sw[a-p]|4913", re.DOTALL)


def is_left_behind(name: str) -> bool:
    """Whether a file or folder of this name is hidden or an editor's own, and so is no input."""
    return _LEFT_BEHIND.fullmatch(name) is not None


def visible_files(folder: Path) -> Iterator[Path]:
    """Every file below a folder, sorted, without those left behind and what is in such folders."""
    for path in sorted(folder.rglob("*")):
        if not any(map(is_left_behind, path.relative_to(folder).parts)) and path.is_file():
            yield path


def yaml_file(folder: Path, stem: str) -> Path:
    """`<stem>.yaml` or `<stem>.yml` in a folder; the former if there is neither.

    Raises InvalidInput if there are both.
    """
    found = [path for suffix in SUFFIXES if (path := folder / f"{stem}{suffix}").is_file()]
    if len(found) == 2:
        raise InvalidInput([_both(*found)])
    return found[0] if found else folder / f"{stem}{SUFFIXES[0]}"


def yaml_files(folder: Path) -> tuple[Path, ...]:
    """Every YAML file in a folder, sorted by name. Raises InvalidInput for each that is there in both spellings."""
    paths = [path for suffix in SUFFIXES for path in folder.glob(f"*{suffix}") if not is_left_behind(path.name)]
    spellings: dict[str, list[Path]] = {}
    for path in sorted(paths):
        spellings.setdefault(path.stem, []).append(path)
    if problems := [_both(*found) for found in spellings.values() if len(found) == 2]:
        raise InvalidInput(problems)
    return tuple(found[0] for _, found in sorted(spellings.items()))


def _both(one: Path, other: Path) -> Problem:
    message = f"both {one.name} and {other.name} are here, and only one can be meant"
    return Problem(Where(other), message, "delete one of the two, or rename it")
