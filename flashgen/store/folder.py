"""A store in a folder: safe between threads and processes, and after `kill -9` between any two system calls.

::

    <key>                               the body
    .meta/headers/<sha256 of key>.json  its headers, by the body's etag
    .meta/lock                          writers hold it alone
    .meta/tmp                           the one file being written; a killed writer's is overwritten by the next

A write puts the headers of the new body beside those of the old, then renames the body in: that rename is the
instant of the change. If only the headers change, their rename is. Readers take no lock: they find the headers by the
body they have read. Only when a write has overtaken them they read again, under a shared lock.

What decides something is flushed to the disk: objects that are put by If-Match, and private ones. So a power cut leaves
pointer, journal and manifest as they were said to be. Pages and assets may be lost then; `push --refresh` finds that.
"""

from __future__ import annotations

import errno
import hashlib
import json
import mimetypes
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from flashgen.errors import AccessDenied, StoreError
from flashgen.files import exclusive_lock, replace_file, shared_lock
from flashgen.layout import is_private
from flashgen.store.keys import RESERVED, checked_key, checked_prefix, is_key
from flashgen.store.precondition import check_precondition, etag_of
from flashgen.store.protocol import Entry, Headers, Stored
from flashgen.typed_json import JsonReader, Line, UnreadableObject

_CLASHES = (errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ENOTEMPTY)
_MEANINGS = {
    errno.ENOSPC: ("the disk is full", "free some space, then run it again"),
    errno.EDQUOT: ("the disk quota is used up", "free some space, then run it again"),
    errno.EROFS: ("the file system is read-only", "mount it for writing, or choose another folder"),
    errno.ENAMETOOLONG: ("the name is too long for this file system", "choose a shorter name"),
    errno.ENOLCK: ("the file system has no file locks", "choose a folder on a local disk"),
    errno.EOPNOTSUPP: ("the file system has no file locks", "choose a folder on a local disk"),
}

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
            durable = if_match is not None or is_private(key)
            self._replace_headers(key, found, etag, headers, durable=durable)
            if found != etag:
                self._replace(place, body, _mode(key), durable=durable)
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
        checked = tuple(checked_key(key) for key in keys)
        if not checked or not self._root.exists():
            return
        with explained("write", self._root, ""), self._writing():
            for key in checked:
                self._remove(key)

    def _read(self, key: str) -> Stored | None:
        """The object; None if a write has overtaken the reader, or the body was put there by hand."""
        with (self._root / key).open("rb") as file:
            body = file.read()
            etag = etag_of(body)
            headers = read_metadata(metadata_path(self._headers, key)).get(etag)
            # If this body was replaced in the meantime, these headers may already be those of the next write.
            current = os.path.samestat(os.fstat(file.fileno()), (self._root / key).stat())
        return Stored(body, headers, etag, self._modified_at(key)) if headers and current else None

    def _read_alone(self, key: str) -> Stored:
        """The object, read while writers are locked out."""
        with shared_lock(self._meta / "lock"):
            if found := self._read(key):
                return found
            body = (self._root / key).read_bytes()
            # Somebody put it there by hand: the type that its name suggests, and no rule for caches.
            headers = Headers(mimetypes.guess_type(key)[0] or "application/octet-stream", "")
            return Stored(body, headers, etag_of(body), self._modified_at(key))

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

    def _replace_headers(self, key: str, found: str | None, etag: str, headers: Headers, *, durable: bool) -> None:
        path = metadata_path(self._headers, key)
        known = read_metadata(path)
        kept = {found: known[found]} if found in known else {}
        by_etag = {known_etag: asdict(value) for known_etag, value in {**kept, etag: headers}.items()}
        document = {"key": key, "headers": by_etag}  # the key is for people who search the folder
        self._replace(path, json.dumps(document, indent=1).encode(), _mode(key), durable=durable)

    def _replace(self, path: Path, body: bytes, mode: int, *, durable: bool) -> None:
        replace_file(path, body, mode=mode, temporary=self._meta / "tmp", durable=durable)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._headers.mkdir(parents=True, exist_ok=True)
        with exclusive_lock(self._meta / "lock"):
            yield

    def _require_folder(self) -> None:
        if self._root.exists() and not self._root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self._root))


def _mode(key: str) -> int:
    return 0o600 if is_private(key) else 0o644


def _clear_etag(place: Path) -> str | None:
    """The etag of the body there. A folder that a killed delete left empty is cleared away; a full one is an error."""
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
    """The keys in `folder`, and its folders of keys, which end in a slash."""
    try:
        with os.scandir(root / folder) as entries:
            found = [(f"{folder}{entry.name}", entry.is_dir()) for entry in entries]
    except _ABSENT:
        return []
    return sorted(f"{name}/" if is_folder else name for name, is_folder in found if is_key(name))


def metadata_path(folder: Path, key: str) -> Path:
    """Where the headers of `key` lie: a flat name, so that no two keys clash and no name is too long."""
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"


def read_metadata(path: Path) -> dict[str, Headers]:
    """Headers by etag. A missing or damaged file holds none. May raise `OSError`."""
    try:
        metadata = _METADATA.read(path.read_bytes(), str(path), "")
    except (FileNotFoundError, NotADirectoryError, UnreadableObject):
        return {}
    return {etag: Headers(row.content_type, row.cache_control) for etag, row in metadata.headers.items()}


@dataclass(frozen=True, slots=True)
class _HeadersRow:
    content_type: Line
    cache_control: Line


@dataclass(frozen=True, slots=True)
class _Metadata:
    headers: dict[Line, _HeadersRow]


_METADATA = JsonReader(_Metadata, "the headers of an object", 64 * 1024)


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
    message, hint = _MEANINGS.get(error.errno or 0, (f"cannot {verb}: {(error.strerror or str(error)).lower()}", ""))
    return StoreError(f"{place}: {message}", hint)


def _clash(root: Path, key: str) -> StoreError:
    if any(place.exists() and not place.is_dir() for place in (root, *root.parents)):
        return StoreError(f"{root}: is not a folder", "choose another folder for the store, or move the file away")
    return StoreError(
        f"{root / key}: a name cannot be both an object and a folder of objects",
        "rename or delete one of the two",
    )
