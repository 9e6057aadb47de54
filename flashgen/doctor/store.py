"""What the store lets us do, tried on a private scratch key that is deleted again.

A store that ignores If-Match lets two operators write over each other: nothing may be written there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from flashgen.doctor.subject import Subject
from flashgen.errors import AccessDenied, Conflict, StoreError
from flashgen.finding import Finding, Level
from flashgen.store import Headers, Store

SCRATCH = "_flashgen/doctor/"
HEADERS = Headers("text/plain; charset=utf-8", "private, no-store")

#: An etag that no object of ours has.
_NOBODYS = '"00000000000000000000000000000000"'

_REFUSES = "refuses the right If-Match"

#: What a permission to invalidate is tried on. Nothing is ever cached under it; and the same reference with the same
#: path makes no second invalidation: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_InvalidationBatch.html
_NOTHINGS_PATH, _ONE_REFERENCE = "/_flashgen/doctor/nothing", "flashgen-doctor"


def check(subject: Subject) -> Iterator[Finding]:
    """Whether it answers at all. To be denied the scratch key is an answer; what is denied, other checks say."""
    with suppress(AccessDenied):
        subject.store.get(_scratch(subject))
    yield Finding(Level.PASS, "store", f"{subject.store.url} answers")


def check_conditions(subject: Subject) -> Iterator[Finding]:
    """Whether a write with If-Match or If-None-Match is refused where it must be, and accepted where it may be."""
    key = _scratch(subject)
    try:
        faults = tuple(_faults(subject.store, key))
    finally:
        with suppress(StoreError):
            subject.store.delete([key])
    if not faults:
        yield Finding(Level.PASS, "conditional writes", "If-Match and If-None-Match are honoured")
        return
    follows = "nobody could go live" if faults == (_REFUSES,) else "two operators at once would overwrite each other"
    hint = "choose a store that honours conditional writes, such as S3, or update the server"
    yield Finding(Level.FAIL, "conditional writes", f"the store {' and '.join(faults)}: {follows}", hint)


def _faults(store: Store, key: str) -> Iterator[str]:
    store.put(key, b"1", HEADERS, if_absent=True)
    if not _conflicts(lambda: store.put(key, b"2", HEADERS, if_absent=True)):
        yield "ignores If-None-Match"
    etag = store.put(key, b"3", HEADERS)
    if not _conflicts(lambda: store.put(key, b"4", HEADERS, if_match=_NOBODYS)):
        yield "ignores If-Match"
    elif _conflicts(lambda: store.put(key, b"5", HEADERS, if_match=etag)):
        yield _REFUSES


def check_listing(subject: Subject) -> Iterator[Finding]:
    """Plans with `--refresh`, prune, and the difference between missing and forbidden need it."""
    yield _tried("may list", lambda: list(subject.store.list(SCRATCH)))


def check_writing(subject: Subject) -> Iterator[Finding]:
    """One object's life: put, got, deleted. Only prune deletes: without that, tonight goes well."""
    key = _scratch(subject)
    wrote = _tried("may write", lambda: subject.store.put(key, b"1", HEADERS))
    yield wrote
    if wrote.level is Level.PASS:
        yield _tried("may read", lambda: subject.store.get(key))
        yield _tried("may delete", lambda: subject.store.delete([key]), if_not=Level.WARN)


def check_invalidating(subject: Subject) -> Iterator[Finding]:
    """A permission that only its use shows; see `_NOTHINGS_PATH`."""
    cdn = subject.cdn
    if cdn:
        yield _tried("may invalidate", lambda: cdn.invalidate([_NOTHINGS_PATH], _ONE_REFERENCE))


def _tried(name: str, attempt: Callable[[], object], *, if_not: Level = Level.FAIL) -> Finding:
    try:
        attempt()
    except AccessDenied as denied:
        return Finding(if_not, name, denied.message, denied.hint)
    return Finding(Level.PASS, name, "allowed")


def _conflicts(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except Conflict:
        return True
    return False


def _scratch(subject: Subject) -> str:
    return f"{SCRATCH}{subject.nonce}"
