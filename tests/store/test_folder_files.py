"""The files of a folder store: what lies where, who may read it, and what the operating system refuses."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flashgen.errors import AccessDenied, StoreError
from flashgen.store import Entry, FolderStore, Headers
from flashgen.store.folder import read_metadata
from flashgen.store.precondition import etag_of

PAGE = Headers("text/html", "public, max-age=60")
SCRIPT = Headers("text/javascript", "no-store")
ETAG = etag_of(b"old").encode()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> FolderStore:
    """With one object."""
    store = FolderStore(root)
    store.put("sale/index.html", b"old", PAGE)
    return store


def test_a_body_lies_at_its_key(store: FolderStore, root: Path) -> None:
    """Any web server can serve the folder."""
    assert b"old" == (root / "sale" / "index.html").read_bytes()
    assert f"dir:{root}" == store.url


def test_public_bodies_are_readable_and_private_ones_are_not(store: FolderStore, root: Path) -> None:
    """Whatever the umask says."""
    before = os.umask(0o077)
    try:
        store.put("sale/a", b"", PAGE)
        store.put("_flashgen/sale/gate.json", b"", PAGE)
    finally:
        os.umask(before)
    assert 0o644 == _mode(root / "sale" / "a")
    assert 0o600 == _mode(root / "_flashgen" / "sale" / "gate.json")
    assert [0o600, 0o644, 0o644] == sorted(_mode(path) for path in (root / ".meta" / "headers").iterdir())


def test_reading_makes_no_folder(root: Path) -> None:
    """The first put does."""
    store = FolderStore(root)
    assert (None, []) == (store.get("k"), list(store.list("")))
    store.delete(["k"])
    assert not root.exists()


def test_a_file_put_there_by_hand_is_served(store: FolderStore, root: Path) -> None:
    """With the type its name suggests, in a listing, and as the object that a condition means."""
    (root / "sale" / "robots.txt").write_bytes(b"hand")
    found = store.get("sale/robots.txt")
    assert found is not None
    assert (b"hand", Headers("text/plain", "")) == (found.body, found.headers)
    assert found.modified_at is not None
    assert Entry("sale/robots.txt", found.etag, 4, found.modified_at) in list(store.list("sale/"))
    store.put("sale/robots.txt", b"ours", PAGE, if_match=found.etag)


def test_what_was_written_last_counts_whatever_its_mtime_says(store: FolderStore, root: Path) -> None:
    """`cp -p` brings an old mtime along; headers lie in a file of their own."""
    (first,) = store.list("sale/")
    time.sleep(0.05)  # more than a tick of the kernel's clock for files
    store.put("sale/index.html", b"old", SCRIPT)
    (second,) = store.list("sale/")
    time.sleep(0.05)
    os.utime(root / "sale" / "index.html", (0, 0))
    (third,) = store.list("sale/")
    assert first.modified_at < second.modified_at < third.modified_at


def test_a_body_edited_by_hand_has_no_foreign_headers(store: FolderStore, root: Path) -> None:
    """Headers belong to the bytes they were put with."""
    (root / "sale" / "index.html").write_bytes(b"edited")
    found = store.get("sale/index.html")
    assert found is not None
    assert Headers("text/html", "") == found.headers


@pytest.mark.parametrize(
    "damage",
    [
        *(b"", b"{", b"[]", b'{"headers": {"x": 1}}', b'{"headers": 1}', b"[" * 100_000, b" " * 70_000),
        b'{"headers": {"%b": {"content_type": "a/b\\r\\nset-cookie: x=1", "cache_control": ""}}}' % ETAG,
        b'{"headers": {"%b": {"content_type": ["a/b"], "cache_control": {}}}}' % ETAG,
        b'{"headers": {"%b": {"content_type": "a/b"}}}' % ETAG,
        b'{"format": 2, "headers": {"%b": {"content_type": "a/b", "cache_control": ""}}}' % ETAG,
    ],
)
def test_damaged_metadata_does_not_stop_the_store(store: FolderStore, root: Path, damage: bytes) -> None:
    """It counts as missing, until the next put."""
    (path,) = (root / ".meta" / "headers").iterdir()
    path.write_bytes(damage)
    found = store.get("sale/index.html")
    assert found is not None
    assert Headers("text/html", "") == found.headers
    store.put("sale/index.html", b"new", SCRIPT)
    found = store.get("sale/index.html")
    assert found is not None
    assert SCRIPT == found.headers


def test_names_that_are_no_keys_are_not_listed(store: FolderStore, root: Path) -> None:
    """Nobody could get them."""
    (root / "back\\slash").touch()
    Path(os.fsdecode(bytes(root) + b"/\xff")).touch()
    assert ["sale/index.html"] == [entry.key for entry in store.list("")]


def test_deleting_the_last_object_leaves_no_empty_folder(store: FolderStore, root: Path) -> None:
    """Nor headers without a body."""
    store.delete(["sale/index.html"])
    assert [".meta"] == [path.name for path in root.iterdir()]
    assert [] == list((root / ".meta" / "headers").iterdir())


@pytest.mark.parametrize("key", ["sale", "sale/index.html/x", "sale/index.html/x/y"])
def test_a_name_is_an_object_or_a_folder(store: FolderStore, key: str) -> None:
    """On a file system; S3 would take both."""
    with pytest.raises(StoreError, match="cannot be both an object and a folder"):
        store.put(key, b"new", SCRIPT)
    assert store.get(key) is None
    assert ["sale/index.html"] == [entry.key for entry in store.list("")]


@pytest.mark.parametrize(
    "verb",
    [
        lambda store: store.get("k"),
        lambda store: list(store.list("")),
        lambda store: store.put("k", b"", PAGE),
        lambda store: store.delete(["k"]),
    ],
    ids=["get", "list", "put", "delete"],
)
def test_a_file_is_no_store(root: Path, verb: Callable[[FolderStore], object]) -> None:
    """It is said so, and the file stays."""
    root.write_bytes(b"mine")
    with pytest.raises(StoreError, match="is not a folder"):
        verb(FolderStore(root))
    assert b"mine" == root.read_bytes()


def test_a_name_too_long_is_said(store: FolderStore) -> None:
    """The file system's limit is below S3's."""
    with pytest.raises(StoreError, match="name is too long"):
        store.put("n" * 300, b"", PAGE)


@pytest.mark.parametrize(
    ("number", "said", "kind"),
    [
        (errno.ENOSPC, "the disk is full", StoreError),
        (errno.EDQUOT, "the disk quota is used up", StoreError),
        (errno.EROFS, "the file system is read-only", StoreError),
        (errno.EACCES, "no permission to write", AccessDenied),
        (errno.EIO, "cannot write: input/output error", StoreError),
    ],
    ids=lambda value: errno.errorcode.get(value) if isinstance(value, int) else "",
)
@pytest.mark.parametrize("call", ["os.open", "os.fchmod", "pathlib.Path.replace"])
def test_what_the_system_refuses_is_one_clear_error(
    store: FolderStore,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    said: str,
    kind: type[StoreError],
    call: str,
) -> None:
    """Place, what, and the fix; the object stays as it was, and nothing half-written lies about."""

    def refuse(*args: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(call, refuse)
        with pytest.raises(kind, match=said) as caught:
            store.put("sale/index.html", b"new", SCRIPT)
    assert caught.value.message.startswith(str(root / "sale" / "index.html"))
    assert "\n" not in caught.value.message
    found = store.get("sale/index.html")
    assert found is not None
    assert (b"old", PAGE) == (found.body, found.headers)
    assert not (root / ".meta" / "tmp").exists()


def test_an_overtaken_reader_sees_no_object_that_never_was(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has read the old body; then there is a new one; then a write of the old body with new headers fails."""

    def overtaken(path: Path) -> dict[str, Headers]:
        monkeypatch.undo()
        store.put("sale/index.html", b"new", SCRIPT)
        monkeypatch.setattr("pathlib.Path.replace", _failing_at(2, Path.replace))
        with pytest.raises(StoreError):
            store.put("sale/index.html", b"old", Headers("text/plain", "never"))
        monkeypatch.undo()
        return read_metadata(path)

    monkeypatch.setattr("flashgen.store.folder.read_metadata", overtaken)
    found = store.get("sale/index.html")
    assert found is not None
    assert (b"new", SCRIPT) == (found.body, found.headers)


def test_new_headers_for_the_same_body_are_one_step(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """So there is none at which it could half fail."""
    monkeypatch.setattr("pathlib.Path.replace", _failing_at(2, Path.replace))
    store.put("sale/index.html", b"old", SCRIPT)
    found = store.get("sale/index.html")
    assert found is not None
    assert (b"old", SCRIPT) == (found.body, found.headers)


def test_a_write_that_fails_at_its_last_step_changes_nothing(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The headers of the new body lie there, and belong to nobody."""
    monkeypatch.setattr("pathlib.Path.replace", _failing_at(2, Path.replace))
    with pytest.raises(StoreError):
        store.put("sale/index.html", b"new", SCRIPT)
    found = store.get("sale/index.html")
    assert found is not None
    assert (b"old", PAGE) == (found.body, found.headers)


def _failing_at(call: int, function: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
    calls = iter(range(1, call + 1))

    def wrapped(source: Path, target: Path) -> Path:
        if next(calls) == call:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return function(source, target)

    return wrapped


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
