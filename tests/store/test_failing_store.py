"""The store that fails on purpose does so where and how it is told."""

from __future__ import annotations

import pytest
from support.failing_store import FailingStore, Failure

from flashgen.errors import NoAnswer, StoreError
from flashgen.store import Headers, MemoryStore

PAGE = Headers("text/html", "")


@pytest.mark.parametrize(
    ("failure", "error", "written"),
    [
        (Failure.REFUSED, StoreError, False),
        (Failure.LOST_REQUEST, NoAnswer, False),
        (Failure.LOST_ANSWER, NoAnswer, True),
    ],
)
def test_one_call_fails(failure: Failure, error: type[StoreError], written: bool) -> None:
    """The second, and the third is done again."""
    inner = MemoryStore()
    store = FailingStore(inner, at=2, failure=failure)
    store.put("first", b"", PAGE)
    with pytest.raises(error):
        store.put("second", b"", PAGE)
    assert written == (inner.get("second") is not None)
    store.put("third", b"", PAGE)
    assert store.get("third") == inner.get("third") is not None
    assert 3 == store.calls


def test_a_dead_store_stays_dead() -> None:
    """From the call on, for the verbs it counts."""
    store = FailingStore(MemoryStore(), at=1, verbs=("get",), dead=True)
    for _ in range(2):
        store.put("k", b"", PAGE)
        with pytest.raises(StoreError):
            store.get("k")


def test_at_0_nothing_fails() -> None:
    """A first run counts the calls that a second can fail at."""
    store = FailingStore(MemoryStore(), at=0, dead=True, verbs=("put", "get", "list", "delete"))
    store.put("k", b"", PAGE)
    assert ["k"] == [entry.key for entry in store.list("")]
    store.delete(["k"])
    assert store.get("k") is None
    assert 4 == store.calls
