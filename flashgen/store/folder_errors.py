"""What the operating system says of a folder store, in one line with the fix."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flashgen.errors import AccessDenied, StoreError

_CLASHES = (errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY)
_SAID = {
    errno.ENOSPC: ("the disk is full", "free some space, then run it again"),
    errno.EDQUOT: ("the disk quota is used up", "free some space, then run it again"),
    errno.EROFS: ("the file system is read-only", "mount it for writing, or choose another folder"),
    errno.ENAMETOOLONG: ("the name is too long for this file system", "choose a shorter name"),
    errno.ENOLCK: ("the file system has no file locks", "choose a folder on a local disk"),
    errno.EOPNOTSUPP: ("the file system has no file locks", "choose a folder on a local disk"),
}


@contextmanager
def explained(verb: str, root: Path, key: str) -> Iterator[None]:
    """Turn `OSError` into `StoreError`, or `AccessDenied` where file modes are the reason."""
    try:
        yield
    except OSError as error:
        raise _translated(error, verb, root, key) from error


def _translated(error: OSError, verb: str, root: Path, key: str) -> StoreError:
    place = root / key
    if isinstance(error, PermissionError):
        return AccessDenied(f"{place}: no permission to {verb}", f"give this user access to {root}")
    if error.errno in _CLASHES:
        return _clash(root, key)
    said, hint = _SAID.get(error.errno or 0, (f"cannot {verb}: {(error.strerror or str(error)).lower()}", ""))
    return StoreError(f"{place}: {said}", hint)


def _clash(root: Path, key: str) -> StoreError:
    if any(place.exists() and not place.is_dir() for place in (root, *root.parents)):
        return StoreError(f"{root}: is not a folder", "choose another folder for the store, or move the file away")
    return StoreError(
        f"{root / key}: a name cannot be both an object and a folder of objects",
        "rename or delete one of the two",
    )
