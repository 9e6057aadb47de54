"""Writing files so that a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from flashgen.errors import Refused

_TEMPORARY = ".writing-"


def write_if_changed(path: Path, body: bytes) -> bool:
    """Make `path` hold `body`; False when it already did and nothing was written."""
    try:
        if path.read_bytes() == body:
            return False
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, body)
    return True


def stage(path: Path, body: bytes, *, fresh: bool = False) -> bool:
    """Put `body` beside `path`, for `commit` to move there; False when `path` holds it already, and nothing is done.

    Where everything is `fresh` nobody looks first.
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
    """Make what was staged the content of files, named by their paths relative to `folder`."""
    for key in keys:
        parent, _, name = f"{folder}/{key}".rpartition("/")
        # One after the other, in one process: a Path for each would cost more than the rename.
        os.replace(f"{parent}/{_TEMPORARY}{name}", f"{parent}/{name}")  # noqa: PTH105


@contextlib.contextmanager
def unfinished(folders: Iterable[Path], marker: Path) -> Iterator[None]:
    """What goes on inside stages files under `folders`, then commits them; if it fails, what it staged goes.

    `marker` exists meanwhile, and after a death: then nobody may take `folders` for what they were.
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
    # Without a process's number: the one who holds the sale's lock writes, its workers and nobody else.
    return path.with_name(f"{_TEMPORARY}{path.name}")


def _discard_staged(folder: Path) -> None:
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            if name.startswith(_TEMPORARY):
                Path(parent, name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty: what was there before
            Path(parent).rmdir()


def replace_file(path: Path, body: bytes) -> None:
    """Write `body` beside `path`, then rename it there. What was there before stays if anything fails."""
    temporary = path.with_name(f"{_TEMPORARY}{os.getpid()}-{path.name}"[:200])
    try:
        temporary.write_bytes(body)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def remove_unlisted(root: Path, folder: Path, keep: set[str]) -> int:
    """Delete files under `folder` whose path relative to `root` is not in `keep`; empty folders too.

    That takes away pages of products that are gone, and what a killed build left behind. Returns how many files went.
    """
    removed = 0
    start = len(f"{root}/")
    for parent, _, names in os.walk(folder, topdown=False):
        unlisted = [name for name in names if f"{parent}/{name}"[start:] not in keep]
        for name in unlisted:
            Path(parent, name).unlink()
        removed += len(unlisted)
        if len(unlisted) == len(names):
            with contextlib.suppress(OSError):  # not empty: a folder in it lives
                Path(parent).rmdir()
    return removed


@contextlib.contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold an advisory lock: a second build of the same sale into the same folder waits for the first."""
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise Refused(
            f"{lock.parent} cannot be made: there is a file where a folder has to be",
            "move that file away, or build somewhere else with -o DIR",
        ) from error
    with lock.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
