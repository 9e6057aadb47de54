"""Writes the files of a build: first beside their final names, then all renamed at once."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from flashgen.errors import Refused
from flashgen.files import TEMPORARY, exclusive_lock, replace_file


def write_if_changed(path: Path, body: bytes) -> bool:
    """Write `body` to `path`. Returns False if it already held it, and then writes nothing."""
    try:
        if path.read_bytes() == body:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, body)
    return True


def stage(path: Path, body: bytes, *, fresh: bool = False) -> bool:
    """Write `body` beside `path`, for `commit` to rename. Returns False, and writes nothing, if `path` holds it.

    With `fresh` there are no files yet, and `path` is not read.
    """
    try:
        if not fresh and path.read_bytes() == body:
            return False
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    _staged(path).write_bytes(body)
    return True


def commit(folder: Path, keys: Iterable[str]) -> None:
    """Rename what was staged to its final names. `keys` are paths relative to `folder`."""
    for key in keys:
        parent, _, name = f"{folder}/{key}".rpartition("/")
        # Plain text, because making a Path for each would cost more than the rename.
        os.replace(f"{parent}/{TEMPORARY}{name}", f"{parent}/{name}")  # noqa: PTH105


@contextlib.contextmanager
def unfinished(folders: Iterable[Path], marker: Path) -> Iterator[None]:
    """For a block that stages files under `folders` and commits them. If the block fails, staged files are deleted.

    `marker` exists while the block runs, and after the process was killed: then `folders` may hold anything.
    """
    marker.touch()
    try:
        yield
    except BaseException:
        for folder in folders:
            _discard_staged(folder)
        raise
    finally:
        marker.unlink()


def _staged(path: Path) -> Path:
    # The name needs no process id: only the build that holds the sale's lock, with its workers, writes here.
    return path.with_name(f"{TEMPORARY}{path.name}")


def _discard_staged(folder: Path) -> None:
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            if name.startswith(TEMPORARY):
                Path(parent, name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty: it holds files that were there before
            Path(parent).rmdir()


def remove_unlisted(root: Path, folder: Path, keep: set[str]) -> int:
    """Delete files under `folder` whose path relative to `root` is not in `keep`, and empty folders.

    These are pages of deleted products, and what a killed build left behind. Returns the number of deleted files.
    """
    removed = 0
    start = len(f"{root}/")
    for parent, _, names in os.walk(folder, topdown=False):
        unlisted = [name for name in names if f"{parent}/{name}"[start:] not in keep]
        for name in unlisted:
            Path(parent, name).unlink()
        removed += len(unlisted)
        if len(unlisted) == len(names):
            with contextlib.suppress(OSError):  # not empty: it holds a folder with files
                Path(parent).rmdir()
    return removed


@contextlib.contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold the sale's lock: a second build of the same sale into the same folder waits for the first."""
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise Refused(
            f"{lock.parent} cannot be made: there is a file where a folder has to be",
            "move that file away, or build somewhere else with -o DIR",
        ) from error
    with exclusive_lock(lock):
        yield
