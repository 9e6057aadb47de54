"""The store in a bucket that is not S3: rclone takes plain uploads, and ignores the conditions of conditional ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.rclone import rclone_s3
from support.store_contract import PAGE, SCRIPT

from flashgen.store import Headers, S3Store, Store

MANY = 1200


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One for all tests."""
    with pytest.MonkeyPatch.context() as monkeypatch, rclone_s3(tmp_path_factory.mktemp("rclone") / "root") as server:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_key)
        yield S3Store(server.bucket, region="eu-central-1", endpoint_url=server.url)


@pytest.fixture
def store(bucket: Store) -> Store:
    """An empty one."""
    bucket.delete([entry.key for entry in bucket.list("")])
    return bucket


@pytest.mark.parametrize("body", [b"", bytes(range(256)), b"x" * 3_000_000], ids=["empty", "binary", "3 MB"])
def test_what_was_put_is_what_is_got(store: Store, body: bytes) -> None:
    """Over plain HTTP, without the checksums that AWS adds."""
    etag = store.put("sale/ü b+c.html", body, PAGE)
    found = store.get("sale/ü b+c.html")
    assert found is not None
    assert (body, PAGE, etag) == (found.body, found.headers, found.etag)
    assert store.get("sale/other.html") is None


def test_a_put_replaces_body_and_headers(store: Store) -> None:
    """The last write counts."""
    store.put("k", b"old", PAGE)
    store.put("k", b"new", Headers("text/plain", "no-store"))
    found = store.get("k")
    assert found is not None
    assert (b"new", Headers("text/plain", "no-store")) == (found.body, found.headers)


def test_a_listing_agrees_with_a_get(store: Store) -> None:
    """Its etags stand without quotes there."""
    etag = store.put("k", b"one", PAGE)
    assert [("k", etag)] == [(entry.key, entry.etag) for entry in store.list("")]


def test_more_than_a_page_is_listed_and_deleted(store: Store) -> None:
    """Sorted by the whole key, with sizes."""
    keys = [f"many/{number:05}" for number in range(MANY)]
    for key in (*keys, "kept"):
        store.put(key, b"four", PAGE)
    assert [(key, 4) for key in keys] == [(entry.key, entry.body_bytes) for entry in store.list("many/")]
    store.delete(keys)
    assert ["kept"] == [entry.key for entry in store.list("")]


def test_conditions_are_ignored(store: Store) -> None:
    """What should be a conflict overwrites. No promise of ours holds here: `doctor` has to find such a server."""
    stale = store.put("k", b"one", PAGE)
    store.put("k", b"two", PAGE)
    store.put("k", b"three", SCRIPT, if_match=stale)
    store.put("k", b"four", SCRIPT, if_absent=True)
    found = store.get("k")
    assert found is not None
    assert b"four" == found.body
