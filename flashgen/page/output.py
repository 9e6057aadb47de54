"""Writing files so that a reader sees the old one or the new one, never half of one."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

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


def remove_unlisted(folder: Path, keep: set[str]) -> int:
    """Delete files under `folder` whose path relative to `folder`'s parent is not in `keep`; empty folders too.

    That takes away pages of products that are gone, and what a killed build left behind. Returns how many files went.
    """
    removed = 0
    for parent, _, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(parent, name)
            if path.relative_to(folder.parent).as_posix() not in keep:
                path.unlink()
                removed += 1
        with contextlib.suppress(OSError):  # not empty: somebody lives there
            Path(parent).rmdir()
    return removed


@contextlib.contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold an advisory lock: a second build of the same sale into the same folder waits for the first."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
