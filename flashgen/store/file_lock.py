"""Locks between processes and threads: flock(2) on a file, each time through a descriptor of its own.

The kernel drops the lock of a killed process, so there is no stale lock to break.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock alone. The file is made if it is missing; its folder has to be there. May raise `OSError`."""
    with _held(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), fcntl.LOCK_EX):
        yield


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Keep writers out. A missing file means that nobody ever wrote, and needs no lock. May raise `OSError`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        yield
        return
    with _held(descriptor, fcntl.LOCK_SH):
        yield


@contextmanager
def _held(descriptor: int, kind: int) -> Iterator[None]:
    try:
        fcntl.flock(descriptor, kind)
        try:
            yield
        finally:
            # Closing is not enough where another thread has forked meanwhile: the child shares the lock.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)
