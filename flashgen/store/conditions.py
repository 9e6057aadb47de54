"""Whether a store honours the conditions of a write: without them two operators at once overwrite each other.

A server that does not know If-Match answers 200 and writes. So it is tried, on a private key that nobody else uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from flashgen.errors import Conflict, NoAnswer, StoreError
from flashgen.store.conditional_write import RETRY_WAITS
from flashgen.store.protocol import Headers, Remote, Store

#: An etag that no object of ours has.
UNUSED_ETAG = '"00000000000000000000000000000000"'

SCRATCH_HEADERS = Headers("text/plain; charset=utf-8", "private, no-store")

CONDITIONS_HINT = "choose a store that honours conditional writes, such as S3, or update the server"

_REFUSES = "refuses the right If-Match"


def chosen_server(store: Store) -> str:
    """The server whose conditions have to be tried; empty for a folder and AWS's own S3, which honour them."""
    return store.endpoint_url if isinstance(store, Remote) else ""


def require_conditions(store: Store, key: str, sleep: Callable[[float], None]) -> None:
    """Raise StoreError if a fault is found: see `condition_fault`."""
    if fault := condition_fault(store, key, sleep):
        raise StoreError(f"{store.url} at {chosen_server(store)}: {fault}", CONDITIONS_HINT)


def condition_fault(store: Store, key: str, sleep: Callable[[float], None]) -> str:
    """What is wrong with the conditions of writes to `store`, and what follows; empty if they are honoured.

    A few requests on `key`, which is deleted in the end. If the store does not answer, it is asked again, as for
    other conditional writes. Raises StoreError.
    """
    try:
        faults = _answered(lambda: tuple(_faults(store, key)), sleep)
    finally:
        with suppress(StoreError):
            store.delete([key])
    if not faults:
        return ""
    follows = "nobody could go live" if faults == (_REFUSES,) else "two operators at once would overwrite each other"
    return f"the store {' and '.join(faults)}: {follows}"


def _answered(ask: Callable[[], tuple[str, ...]], sleep: Callable[[float], None]) -> tuple[str, ...]:
    for wait in RETRY_WAITS:
        with suppress(NoAnswer):
            return ask()
        sleep(wait)
    return ask()


def _faults(store: Store, key: str) -> Iterator[str]:
    store.put(key, b"1", SCRATCH_HEADERS)
    if not _conflicts(lambda: store.put(key, b"2", SCRATCH_HEADERS, if_absent=True)):
        yield "ignores If-None-Match"
    etag = store.put(key, b"3", SCRATCH_HEADERS)
    if not _conflicts(lambda: store.put(key, b"4", SCRATCH_HEADERS, if_match=UNUSED_ETAG)):
        yield "ignores If-Match"
    elif _conflicts(lambda: store.put(key, b"5", SCRATCH_HEADERS, if_match=etag)):
        yield _REFUSES


def _conflicts(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except Conflict:
        return True
    return False
