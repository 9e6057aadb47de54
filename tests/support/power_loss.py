"""A disk that loses its power: what was not flushed may be gone, or half there.

`Disk` records what a process asks of a folder's files. `crashes` are folders as they may be found after a power cut at
any moment. The model is the worst that POSIX allows: a rename may be lost until its folder was flushed, and the content
of a file may be missing or cut until the file was. File systems that do so:
https://www.usenix.org/conference/osdi14/technical-sessions/presentation/pillai
A new folder is taken to be there once anything in it was flushed, as with journals.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Rename:
    """A file of this content took a name, flushed before that or not."""

    path: Path
    body: bytes
    is_flushed: bool

    def outcomes(self) -> tuple[bytes | None, ...]:
        """What may be found: None is what was there before."""
        return (None, self.body) if self.is_flushed else (None, b"", self.body[: len(self.body) // 2], self.body)


@dataclass(frozen=True)
class Flush:
    """The names in a folder are on the disk from now on."""

    folder: Path


@dataclass
class Disk:
    """What was done below `folder` since the recording began, on top of a copy of it as it was."""

    folder: Path
    before: Path
    done: list[Rename | Flush] = field(default_factory=list)

    def crashes(self, scratch: Path, *, worst: bool = False) -> Iterator[tuple[int, Path]]:
        """Each moment, and each folder that a power cut may leave then.

        Only the `worst` of them: all that can be lost is, or all that can be empty.
        """
        for moment in range(len(self.done) + 1):
            choices = [self._outcomes(number, moment) for number in range(moment)]
            of_moment = zip(*((one[0], one[min(1, len(one) - 1)]) for one in choices), strict=True)
            for number, found in enumerate(of_moment if worst and choices else product(*choices)):
                place = scratch / f"{moment}-{number}"
                shutil.copytree(self.before, place)
                for one, body in zip(self.done, found, strict=False):
                    if isinstance(one, Rename) and body is not None:
                        (place / one.path).parent.mkdir(parents=True, exist_ok=True)
                        (place / one.path).write_bytes(body)
                yield moment, place

    def _outcomes(self, number: int, moment: int) -> tuple[bytes | None, ...]:
        one = self.done[number]
        if isinstance(one, Flush):
            return (None,)
        is_named = Flush(one.path.parent) in self.done[number:moment]
        return tuple(body for body in one.outcomes() if body is not None) if is_named else one.outcomes()


@contextmanager
def recorded(folder: Path, scratch: Path) -> Iterator[Disk]:
    """Record what this process does below `folder`."""
    disk = Disk(folder, scratch / "before")
    shutil.copytree(folder, disk.before)
    flushed: dict[int, bytes] = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", _fsync(disk, flushed, os.fsync))
        patched.setattr(os, "replace", _replace(disk, flushed, os.replace))
        yield disk


def _fsync(disk: Disk, flushed: dict[int, bytes], really: Callable[[int], None]) -> Callable[[int], None]:
    def fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            disk.done.append(Flush(path.relative_to(disk.folder)))
        else:
            flushed[os.fstat(descriptor).st_ino] = path.read_bytes()
        really(descriptor)

    return fsync


def _replace(
    disk: Disk, flushed: dict[int, bytes], really: Callable[[Path, Path], None]
) -> Callable[[Path, Path], None]:
    def replace(source: Path, target: Path) -> None:
        inode, body = Path(source).stat().st_ino, Path(source).read_bytes()
        really(source, target)
        disk.done.append(Rename(Path(target).relative_to(disk.folder), body, flushed.get(inode) == body))

    return replace
