"""What we may do to the store and the CDN, tried by requests that change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from flashgen.doctor.context import DoctorContext
from flashgen.doctor.store import HEADERS, NOBODYS_ETAG, scratch_key
from flashgen.errors import AccessDenied, Conflict
from flashgen.finding import Finding, Level
from flashgen.layout import SCRATCH_FOLDER, forms_folder, manifest_key, settings_key
from flashgen.sale.model import Header
from flashgen.store import Store
from flashgen.unlock.journal import record_key
from flashgen.unlock.pointer import pointer_key

#: What a permission to invalidate is tried on. Nothing is ever cached under it; and the same reference with the same
#: path makes no second invalidation: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_InvalidationBatch.html
_NOTHINGS_PATH, _ONE_REFERENCE = f"/{SCRATCH_FOLDER}nothing", "flashgen-doctor"


def check_listing(subject: DoctorContext) -> Iterator[Finding]:
    """Plans with `--refresh`, prune, and the difference between missing and forbidden need it."""
    yield _tried("may list", lambda: list(subject.store.list(SCRATCH_FOLDER)))


def check_writing(subject: DoctorContext) -> Iterator[Finding]:
    """Who opens a sale need not be allowed to push it. Only prune deletes: without that, tonight goes well."""
    store, headers = subject.store, subject.headers
    live = [key for header in headers for key in _transition_keys(header)]
    pushed = [key for header in headers for key in _push_keys(header)]
    if headers:
        yield _tried("may go live", lambda: _try_writing(store, live))
        yield _tried("may push", lambda: _try_writing(store, pushed), if_not=Level.WARN)
    yield _tried("may delete", lambda: store.delete([scratch_key(subject)]), if_not=Level.WARN)


def check_invalidating(subject: DoctorContext) -> Iterator[Finding]:
    """A permission that only its use shows; see `_NOTHINGS_PATH`."""
    cdn = subject.cdn
    if cdn:
        yield _tried("may invalidate", lambda: cdn.invalidate([_NOTHINGS_PATH], _ONE_REFERENCE))


def _transition_keys(header: Header) -> tuple[str, ...]:
    return pointer_key(header.id, header.unlock.version), record_key(header.id, "doctor")


def _push_keys(header: Header) -> tuple[str, ...]:
    for_gate = (settings_key(header.id), f"{forms_folder(header.id)}doctor.html") if header.order else ()
    return manifest_key(header.id), *for_gate, f"{header.id}/index.html", f"{header.id}/assets/doctor.css"


def _try_writing(store: Store, keys: list[str]) -> None:
    """Ask for what cannot be, an etag that nothing has: whoever may write is told that, and who may not, to go away.

    Should the condition be ignored all the same, what is there is written once more.
    """
    for key in keys:
        stored = store.get(key)
        with suppress(Conflict):
            store.put(key, stored.body if stored else b"", stored.headers if stored else HEADERS, if_match=NOBODYS_ETAG)


def _tried(name: str, attempt: Callable[[], object], *, if_not: Level = Level.FAIL) -> Finding:
    try:
        attempt()
    except AccessDenied as denied:
        return Finding(if_not, name, denied.message, denied.hint)
    return Finding(Level.PASS, name, "allowed")
