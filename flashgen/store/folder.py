"""A store in a folder: safe between threads and processes, and after `kill -9` between any two system calls.

::

    <key>                               the body
    .meta/headers/<sha256 of key>.json  its headers, by the body's etag
    .meta/lock                          writers hold it alone
    .meta/tmp                           the one file being written; a killed writer's is overwritten by the next

A write puts the headers of the new body beside those of the old, then renames the body in: that rename is the
instant of the change. Where the body stays the same, the rename of the headers is. Readers take no lock: they look
up the headers by the body they have read, and look again, keeping writers out, only when a write has overtaken them.

Nothing is flushed to the disk: a process may die at any instant, the machine may not.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from flashgen.layout import is_private
from flashgen.store import file_lock
from flashgen.store.folder_errors import explained
from flashgen.store.keys import RESERVED, checked_key, checked_prefix, is_key
from flashgen.store.metadata import encode_metadata, guessed_headers, metadata_path, read_metadata
from flashgen.store.precondition import check_precondition, etag_of
from flashgen.store.protocol import Entry, Headers, Stored

#: No object, or a name that cannot be one: a folder, or something below a file.
_ABSENT = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


class FolderStore:
    """The `Store` protocol on a folder, which is made by the first put.

    Bodies are readable by everyone (0644), those under `_flashgen/` by their owner alone (0600). What was put there
    by hand is served too, with the type that its name suggests.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._meta = root / RESERVED
        self._headers = self._meta / "headers"

    @property
    def url(self) -> str:
        """`dir:` and the folder."""
        return f"dir:{self._root}"

    def get(self, key: str) -> Stored | None:
        """The object as it was at one instant, or None."""
        with explained("read", self._root, checked_key(key)):
            self._require_folder()
            try:
                return self._read(key) or self._read_alone(key)
            except _ABSENT:
                return None

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """Write the whole object and return its etag; see `Store.put`."""
        place, etag = self._root / checked_key(key), etag_of(body)
        with explained("write", self._root, key), self._writing():
            found = _clear_etag(place)
            check_precondition(str(place), found, if_match=if_match, if_absent=if_absent)
            place.parent.mkdir(parents=True, exist_ok=True)
            self._replace_headers(key, found, etag, headers)
            if found != etag:
                self._replace(place, body, _mode(key))
        return etag

    def list(self, prefix: str) -> Iterator[Entry]:
        """Every object below `prefix`, sorted by key. Bodies are read for their etags, one at a time."""
        folder, _, _ = checked_prefix(prefix).rpartition("/")
        with explained("read", self._root, folder):
            self._require_folder()
            for key in _keys(self._root, f"{folder}/" if folder else ""):
                if key.startswith(prefix):
                    yield from self._entry(key)

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects, and folders that become empty. Nothing is removed if one of the keys cannot be one."""
        doomed = tuple(checked_key(key) for key in keys)
        if not doomed or not self._root.exists():
            return
        with explained("write", self._root, ""), self._writing():
            for key in doomed:
                self._remove(key)

    def _read(self, key: str) -> Stored | None:
        """The object, or None if a write has overtaken the reading, or the body is none of ours."""
        with (self._root / key).open("rb") as file:
            body = file.read()
            etag = etag_of(body)
            headers = read_metadata(metadata_path(self._headers, key)).get(etag)
            # The headers may already be those of a write to come, if this body was replaced meanwhile.
            current = os.path.samestat(os.fstat(file.fileno()), (self._root / key).stat())
        return Stored(body, headers, etag, self._modified_at(key)) if headers and current else None

    def _read_alone(self, key: str) -> Stored:
        """The object, read while nobody writes."""
        with file_lock.shared(self._meta / "lock"):
            if found := self._read(key):
                return found
            body = (self._root / key).read_bytes()
            return Stored(body, guessed_headers(key), etag_of(body), self._modified_at(key))

    def _entry(self, key: str) -> Iterator[Entry]:
        with suppress(*_ABSENT):  # deleted since its folder was listed
            body = (self._root / key).read_bytes()
            yield Entry(key, etag_of(body), len(body), self._modified_at(key))

    def _modified_at(self, key: str) -> datetime:
        """When body or headers last changed, by ctime: other than mtime, `cp -p`, tar and rsync cannot set it."""
        changed = [(self._root / key).stat().st_ctime]
        with suppress(FileNotFoundError):
            changed.append(metadata_path(self._headers, key).stat().st_ctime)
        return datetime.fromtimestamp(max(changed), UTC)

    def _remove(self, key: str) -> None:
        place = self._root / key
        with suppress(*_ABSENT):
            place.unlink()
        metadata_path(self._headers, key).unlink(missing_ok=True)
        for folder in place.relative_to(self._root).parents[:-1]:
            try:
                (self._root / folder).rmdir()
            except OSError:
                return

    def _replace_headers(self, key: str, found: str | None, etag: str, headers: Headers) -> None:
        path = metadata_path(self._headers, key)
        known = read_metadata(path)
        kept = {found: known[found]} if found in known else {}
        self._replace(path, encode_metadata(key, {**kept, etag: headers}), _mode(key))

    def _replace(self, path: Path, body: bytes, mode: int) -> None:
        temporary = self._meta / "tmp"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                os.fchmod(descriptor, mode)
                file.write(body)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._headers.mkdir(parents=True, exist_ok=True)
        with file_lock.exclusive(self._meta / "lock"):
            yield

    def _require_folder(self) -> None:
        if self._root.exists() and not self._root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self._root))


def _mode(key: str) -> int:
    return 0o600 if is_private(key) else 0o644


def _clear_etag(place: Path) -> str | None:
    """The etag of what lies there. A folder that a killed delete left empty is cleared away; a full one is an error."""
    try:
        return etag_of(place.read_bytes())
    except IsADirectoryError:
        place.rmdir()
        return None
    except FileNotFoundError:
        return None


def _keys(root: Path, folder: str) -> Iterator[str]:
    """Keys below `folder` (empty, or ending in a slash), in the order of whole keys: `a-b` is before `a/b`."""
    for name in _names(root, folder):
        if name.endswith("/"):
            yield from _keys(root, name)
        else:
            yield name


def _names(root: Path, folder: str) -> list[str]:
    """What lies in `folder` and may be a key, or a folder of keys, which ends in a slash."""
    try:
        with os.scandir(root / folder) as entries:
            found = [(f"{folder}{entry.name}", entry.is_dir()) for entry in entries]
    except _ABSENT:
        return []
    return sorted(f"{name}/" if is_folder else name for name, is_folder in found if is_key(name))
