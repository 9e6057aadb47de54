"""The store: does it answer, does it honour conditions; is the bucket private, with old versions, in the right region.

Conditions are tried on a private scratch key that is deleted again. A store that ignores If-Match lets two operators
write over each other: nothing may be written there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from flashgen.doctor.context import DoctorContext
from flashgen.errors import AccessDenied, Conflict
from flashgen.finding import Finding, Level
from flashgen.layout import SCRATCH_FOLDER, forms_folder, manifest_key, settings_key
from flashgen.sale.model import Header
from flashgen.store import Store
from flashgen.store.conditions import CONDITIONS_HINT, SCRATCH_HEADERS, UNUSED_ETAG, condition_fault
from flashgen.store.s3.bucket import PUBLIC_ACCESS_BLOCKS, Bucket
from flashgen.unlock.journal import record_key
from flashgen.unlock.pointer import pointer_key


def check(context: DoctorContext) -> Iterator[Finding]:
    """Whether it answers at all. A denied scratch key is an answer, and is reported by other checks."""
    with suppress(AccessDenied):
        context.store.get(scratch_key(context))
    yield Finding(Level.PASS, "store", f"{context.store.url} answers")


def check_conditions(context: DoctorContext) -> Iterator[Finding]:
    """Whether a write with If-Match or If-None-Match is refused where it must be, and accepted where it may be.

    With permission to open sales alone it cannot be tried. At AWS it need not be: S3 is known to honour conditions:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    try:
        fault = condition_fault(context.store, scratch_key(context), context.sleep)
    except AccessDenied:
        if not (context.bucket and context.bucket.is_aws):
            raise
        yield Finding(
            Level.PASS, "conditional writes", f"honoured by S3; not tried, as {SCRATCH_FOLDER} may not be written"
        )
        return
    if fault:
        yield Finding(Level.FAIL, "conditional writes", fault, CONDITIONS_HINT)
    else:
        yield Finding(Level.PASS, "conditional writes", "If-Match and If-None-Match are honoured")


def check_privacy(context: DoctorContext) -> Iterator[Finding]:
    """The public comes through the CDN, and never to `_flashgen/`."""
    bucket = _bucket(context)
    blocks = ",".join(f"{name}=true" for name in PUBLIC_ACCESS_BLOCKS)
    hint = (
        f"aws s3api put-public-access-block --bucket {bucket.name} --public-access-block-configuration {blocks}"
        if bucket.is_aws
        else "take anonymous access away from it in the server's settings"
    )
    if bucket.has_public_policy():
        yield Finding(Level.FAIL, "privacy", f"the policy of {bucket.name} lets everybody in", hint)
        return
    if missing := bucket.missing_blocks():
        message = f"nothing keeps {bucket.name} from being opened to everybody: {', '.join(missing)} off"
        yield Finding(Level.WARN, "privacy", message, hint)
        return
    yield Finding(Level.PASS, "privacy", "not public, and cannot be made so by a policy or an ACL")


def check_versions(context: DoctorContext) -> Iterator[Finding]:
    """Old versions bring back a pointer or a manifest that was overwritten."""
    bucket = _bucket(context)
    if bucket.keeps_versions():
        yield Finding(Level.PASS, "versions", "kept")
        return
    yield Finding(
        Level.WARN,
        "versions",
        f"not kept: what is overwritten or deleted in {bucket.name} is gone",
        f"aws s3api put-bucket-versioning --bucket {bucket.name} --versioning-configuration Status=Enabled",
    )


def check_region(context: DoctorContext) -> Iterator[Finding]:
    """A wrong one costs a redirect at each request, at T0 too; credentials are signed for one region."""
    bucket = _bucket(context)
    region = bucket.region()
    if not region or region == bucket.asked_region:
        yield Finding(Level.PASS, "region", region or bucket.asked_region)
        return
    message = f"{bucket.name} is in {region}, and requests go to {bucket.asked_region}"
    yield Finding(Level.FAIL, "region", message, f"set `region: {region}` for this target in flashgen.yaml")


def scratch_key(context: DoctorContext) -> str:
    """A private key for trials, used by this run alone."""
    return f"{SCRATCH_FOLDER}{context.nonce}"


def _bucket(context: DoctorContext) -> Bucket:
    assert context.bucket  # noqa: S101  the checks are made only then
    return context.bucket


#: What a permission to invalidate is tried on. Nothing is ever cached under it; and the same reference with the same
#: path makes no second invalidation: https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_InvalidationBatch.html
_UNUSED_PATH, _ONE_REFERENCE = f"/{SCRATCH_FOLDER}nothing", "flashgen-doctor"


def check_listing(context: DoctorContext) -> Iterator[Finding]:
    """Plans with `--refresh`, prune, and the difference between missing and forbidden need it."""
    yield _tried("may list", lambda: list(context.store.list(SCRATCH_FOLDER)))


def check_writing(context: DoctorContext) -> Iterator[Finding]:
    """To open a sale needs no permission to push. Only prune deletes: without that permission the sale goes well."""
    store, headers = context.store, context.headers
    pointers = [pointer_key(header.id, header.unlock.version) for header in headers]
    live = [*pointers, *(record_key(header.id, "doctor") for header in headers)]
    pushed = [key for header in headers for key in _push_keys(header)]
    if headers:
        yield _tried("may go live", lambda: _try_writing(store, live))
        yield _tried("may push", lambda: _try_writing(store, pushed), if_not=Level.WARN)
    yield _tried("may delete", lambda: store.delete([scratch_key(context)]), if_not=Level.WARN)


def check_invalidating(context: DoctorContext) -> Iterator[Finding]:
    """Only an invalidation shows whether it is allowed; see `_UNUSED_PATH`."""
    cdn = context.cdn
    if cdn:
        yield _tried("may invalidate", lambda: cdn.invalidate([_UNUSED_PATH], _ONE_REFERENCE))


def _push_keys(header: Header) -> tuple[str, ...]:
    for_gate = (settings_key(header.id), f"{forms_folder(header.id)}doctor.html") if header.order else ()
    return manifest_key(header.id), *for_gate, f"{header.id}/index.html", f"{header.id}/assets/doctor.css"


def _try_writing(store: Store, keys: list[str]) -> None:
    """PUT with an etag that no object has: Conflict if we may write, AccessDenied if not.

    A store that ignores the condition writes the same object again.
    """
    for key in keys:
        stored = store.get(key)
        with suppress(Conflict):
            store.put(
                key, stored.body if stored else b"", stored.headers if stored else SCRATCH_HEADERS, if_match=UNUSED_ETAG
            )


def _tried(name: str, attempt: Callable[[], object], *, if_not: Level = Level.FAIL) -> Finding:
    try:
        attempt()
    except AccessDenied as denied:
        return Finding(if_not, name, denied.message, denied.hint)
    return Finding(Level.PASS, name, "allowed")
