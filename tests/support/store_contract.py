"""What holds for every store. A test class inherits it and gives a fixture `store`, empty."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from threading import Barrier

import pytest

from flashgen.errors import Conflict, StoreError
from flashgen.store import Entry, Headers, Store, Stored

PAGE = Headers("text/html; charset=utf-8", "public, max-age=60")
SCRIPT = Headers("text/javascript", "no-store")
RACERS = 20

BAD_KEYS = (
    "",
    "/absolute",
    "folder/",
    "a//b",
    ".",
    "..",
    "a/../b",
    "a/./b",
    "a\\b",
    "a\0b",
    ".meta",
    ".meta/lock",
    "bad\udcff",
    "k" * 1025,
)


def race(write: Callable[[int], str]) -> int:
    """Let `RACERS` threads write at the same instant; how many were not told of a conflict."""
    barrier = Barrier(RACERS)

    def attempt(racer: int) -> int:
        barrier.wait()
        try:
            write(racer)
        except Conflict:
            return 0
        return 1

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # else a thread is done before the next one starts
    try:
        with ThreadPoolExecutor(RACERS) as pool:
            return sum(pool.map(attempt, range(RACERS)))
    finally:
        sys.setswitchinterval(interval)


class StoreContract:
    """`many` objects are more than one page of a listing and one batch of a deletion, where a store has such."""

    many = 1005

    def test_a_missing_object_is_none(self, store: Store) -> None:
        """Nothing there is no error."""
        assert store.get("sale/index.html") is None

    def test_body_headers_and_etag_come_back(self, store: Store) -> None:
        """What was put is what is got."""
        etag = store.put("sale/index.html", b"<p>hello", PAGE)
        assert Stored(b"<p>hello", PAGE, etag) == store.get("sale/index.html")

    @pytest.mark.parametrize("body", [b"", bytes(range(256)), b"x" * 3_000_000], ids=["empty", "binary", "3 MB"])
    def test_any_body_comes_back(self, store: Store, body: bytes) -> None:
        """Bytes are bytes, however many."""
        store.put("k", body, PAGE)
        assert body == _got(store, "k").body

    @pytest.mark.parametrize("key", ["ü/日本.html", "a b+c%20&?.txt", "tmp", "lock", "headers", "a.json", "x.meta/y"])
    def test_any_key_comes_back(self, store: Store, key: str) -> None:
        """No key clashes with a store's own files, or is changed on its way."""
        store.put(key, b"body", PAGE)
        assert [key] == [entry.key for entry in store.list("")]
        assert b"body" == _got(store, key).body

    def test_an_empty_cache_control_comes_back(self, store: Store) -> None:
        """No rule for caches is a value too."""
        store.put("k", b"body", Headers("text/plain", ""))
        assert Headers("text/plain", "") == _got(store, "k").headers

    def test_a_put_replaces_body_and_headers(self, store: Store) -> None:
        """The last write counts, as a whole."""
        store.put("k", b"old", PAGE)
        etag = store.put("k", b"new", SCRIPT)
        assert Stored(b"new", SCRIPT, etag) == store.get("k")

    def test_headers_alone_can_change(self, store: Store) -> None:
        """The same body with other headers is another object, with the same etag."""
        first = store.put("k", b"same", PAGE)
        second = store.put("k", b"same", SCRIPT, if_match=first)
        assert Stored(b"same", SCRIPT, first) == store.get("k")
        assert first == second

    def test_identical_bytes_have_identical_etags(self, store: Store) -> None:
        """And different bytes have different ones."""
        assert store.put("a", b"same", PAGE) == store.put("b/c", b"same", SCRIPT)
        assert store.put("a", b"same", PAGE) != store.put("a", b"other", PAGE)

    def test_if_absent_writes_once(self, store: Store) -> None:
        """The second writer is told, and changes nothing."""
        store.put("k", b"first", PAGE, if_absent=True)
        with pytest.raises(Conflict):
            store.put("k", b"second", SCRIPT, if_absent=True)
        assert (b"first", PAGE) == (_got(store, "k").body, _got(store, "k").headers)

    def test_if_match_replaces_what_was_read(self, store: Store) -> None:
        """The etag of a put is good for the next."""
        etag = store.put("k", b"one", PAGE)
        store.put("k", b"two", PAGE, if_match=etag)
        assert b"two" == _got(store, "k").body

    def test_a_stale_etag_is_a_conflict(self, store: Store) -> None:
        """What has changed since it was read stays as it is."""
        stale = store.put("k", b"one", PAGE)
        store.put("k", b"two", PAGE)
        with pytest.raises(Conflict):
            store.put("k", b"three", SCRIPT, if_match=stale)
        assert (b"two", PAGE) == (_got(store, "k").body, _got(store, "k").headers)

    def test_if_match_on_nothing_is_a_conflict(self, store: Store) -> None:
        """A removed object does not come back."""
        etag = store.put("k", b"one", PAGE)
        store.delete(["k"])
        with pytest.raises(Conflict):
            store.put("k", b"two", PAGE, if_match=etag)
        assert store.get("k") is None

    def test_of_racing_creators_one_wins(self, store: Store) -> None:
        """Twenty at once, and the object is the winner's."""
        assert 1 == race(lambda racer: store.put("k", b"%d" % racer, PAGE, if_absent=True))

    def test_of_racing_replacers_one_wins(self, store: Store) -> None:
        """Twenty that have read the same object."""
        etag = store.put("k", b"start", PAGE)
        assert 1 == race(lambda racer: store.put("k", b"%d" % racer, PAGE, if_match=etag))

    def test_an_empty_store_lists_nothing(self, store: Store) -> None:
        """A fresh store is no error."""
        assert [] == list(store.list(""))

    def test_entries_tell_key_etag_and_size(self, store: Store) -> None:
        """A listing agrees with what a get says."""
        etag = store.put("sale/a", b"four", PAGE)
        (entry,) = store.list("sale/")
        assert Entry("sale/a", etag, 4, entry.modified_at) == entry

    def test_an_object_tells_when_it_was_last_written(self, store: Store) -> None:
        """By the store's clock, in UTC; get and list agree on the second, and headers alone count too."""
        times = []
        for headers in (PAGE, SCRIPT):
            store.put("k", b"same", headers)
            (entry,) = store.list("k")
            got = _got(store, "k").modified_at
            assert got is not None
            assert (UTC, UTC) == (got.tzinfo, entry.modified_at.tzinfo)
            assert got.replace(microsecond=0) == entry.modified_at.replace(microsecond=0)
            times.append(entry.modified_at)
        assert sorted(times) == times

    def test_listing_is_sorted_by_the_whole_key(self, store: Store) -> None:
        """By code points, in which `-` and `.` are before `/`."""
        keys = ["a/b", "a-b", "a.b", "ab", "B", "a/b-c/d", "é", "a/a", "_x/y"]
        for key in keys:
            store.put(key, b"", PAGE)
        assert sorted(keys) == [entry.key for entry in store.list("")]

    @pytest.mark.parametrize(
        ("prefix", "expected"),
        [
            ("sale/", ["sale/a", "sale/b/c"]),
            ("sale", ["sale-2/a", "sale/a", "sale/b/c"]),
            ("sale/b", ["sale/b/c"]),
            ("sale/a", ["sale/a"]),
            ("sale/a/", []),
            ("none/", []),
            ("/", []),
        ],
    )
    def test_a_prefix_is_text(self, store: Store, prefix: str, expected: list[str]) -> None:
        """It ends anywhere in a key, not only at a slash."""
        for key in ("sale/a", "sale/b/c", "sale-2/a", "other"):
            store.put(key, b"", PAGE)
        assert expected == [entry.key for entry in store.list(prefix)]

    def test_many_objects_are_listed_and_deleted(self, store: Store) -> None:
        """Beyond one page, and one batch."""
        keys = [f"many/{number:05}" for number in range(self.many)]
        for key in (*keys, "kept"):
            store.put(key, b"", PAGE)
        assert keys == [entry.key for entry in store.list("many/")]
        store.delete(key for key in keys)
        assert ["kept"] == [entry.key for entry in store.list("")]

    def test_deleting_what_is_not_there_is_no_error(self, store: Store) -> None:
        """Nor is deleting nothing, or twice."""
        store.put("a/b", b"", PAGE)
        store.delete([])
        store.delete(["a/b", "a/b", "a/c", "x/y/z"])
        assert [] == list(store.list(""))

    def test_a_deleted_key_is_free_again(self, store: Store) -> None:
        """For an object of that name, or below it."""
        store.put("a/b", b"one", PAGE)
        store.delete(["a/b"])
        store.put("a", b"two", SCRIPT, if_absent=True)
        assert b"two" == _got(store, "a").body
        store.delete(["a"])
        store.put("a/b/c", b"three", PAGE, if_absent=True)
        assert b"three" == _got(store, "a/b/c").body

    @pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
    def test_bad_keys_are_refused(self, store: Store, key: str) -> None:
        """By every verb, before anything is done."""
        store.put("good", b"", PAGE)
        for verb in (
            lambda: store.put(key, b"", PAGE),
            lambda: store.get(key),
            lambda: store.delete(["good", key]),
            lambda: list(store.list(f"{key}/x")) if key else store.get(key),
        ):
            with pytest.raises(StoreError, match=r"^key '") as caught:
                verb()
            assert caught.value.hint
        assert ["good"] == [entry.key for entry in store.list("")]


def _got(store: Store, key: str) -> Stored:
    found = store.get(key)
    assert found is not None
    return found
