"""The one way to replace a file, and the one lock between processes.

A reader sees the old file or the new one, never half of one, and a process may die at any instant. The power supply may
only where a file is `durable`: flushing thousands of pages, which can be written again, would take longer than writing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TEMPORARY: Final = ".writing-"
"""What the name of a file that is being written begins with."""


def replace_file(
    path: Path, body: bytes, *, mode: int | None = None, temporary: Path | None = None, durable: bool = False
) -> None:
    """Write `body` to `temporary`, then rename that to `path`. If anything fails, `path` is as before.

    A `durable` one is on the disk when this returns, and never half of it: first the content is flushed, then the name
    (https://man7.org/linux/man-pages/man2/fsync.2.html).

    Without `temporary` it is a name beside `path` that holds the process's id; one of the caller's own must be on the
    same file system, and used by one writer at a time. `mode` is the file's permissions; None leaves them to the umask.
    Raises OSError.
    """
    temporary = temporary or path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}"[:200])
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        descriptor = os.open(temporary, flags, 0o666 if mode is None else 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)
            file.write(body)
            if durable:
                file.flush()
                os.fsync(descriptor)
        temporary.replace(path)
        if durable:
            _flush_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Hold the lock alone; wait for it if need be. The file is made if it is missing, its folder is not.

    It is flock(2), through a descriptor of its own each time: it also holds between threads, and the kernel drops the
    lock of a killed process, so there is no stale lock to break. Raises OSError.
    """
    with _held(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), fcntl.LOCK_EX):
        yield


@contextlib.contextmanager
def shared_lock(path: Path) -> Iterator[None]:
    """Keep those out who hold the lock alone. A missing file means that nobody ever did. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        yield
        return
    with _held(descriptor, fcntl.LOCK_SH):
        yield


@contextlib.contextmanager
def _held(descriptor: int, kind: int) -> Iterator[None]:
    try:
        fcntl.flock(descriptor, kind)
        try:
            yield
        finally:
            # Closing is not enough if another thread has forked in the meantime: the child shares the lock.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)
