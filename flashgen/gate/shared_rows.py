"""Integers that the workers of a server share: each writes a row of its own, all read the columns.

They lie in a small file that every worker maps into memory, so no lock is needed. A worker that is started again goes
on in a row that a dead one left.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from pathlib import Path

from flashgen.errors import Refused

MAX_WORKERS = 256


class SharedRows:
    """A free row of the file at `path`, which is made where there is none. A process has one of a file.

    `mine` are the integers of this worker's `row`, `width` many. Raises Refused if all rows are taken.
    """

    def __init__(self, path: Path, width: int) -> None:
        size = MAX_WORKERS * width * 8
        self._width = width
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(self._file, size)
            self.row = row = _free_row(self._file, path)
            self._map = mmap.mmap(self._file, size)
        except BaseException:
            os.close(self._file)
            raise
        self._all = memoryview(self._map).cast("q")
        self.mine = self._all[row * width : (row + 1) * width]

    def column(self, place: int) -> memoryview:
        """What all workers have at a place of their rows, dead ones too."""
        return self._all[place :: self._width]

    def close(self) -> None:
        """Leave the row to the next worker."""
        self.mine.release()
        self._all.release()
        self._map.close()
        os.close(self._file)


def _free_row(file: int, path: Path) -> int:
    """A row belongs to the process that holds the lock on its byte; the system frees it when that dies."""
    for row in range(MAX_WORKERS):
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
        except OSError:
            continue
        return row
    raise Refused(f"{path}: {MAX_WORKERS} workers count there already", "start fewer workers")
