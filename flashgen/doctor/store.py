"""The store: does it answer, does it honour conditions; is the bucket private, with old versions, in the right region.

Conditions are tried on a private scratch key that is deleted again. A store that ignores If-Match lets two operators
write over each other: nothing may be written there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from flashgen.doctor.context import DoctorContext
from flashgen.errors import AccessDenied, Conflict, StoreError
from flashgen.finding import Finding, Level
from flashgen.layout import SCRATCH_FOLDER
from flashgen.store import Headers, Store
from flashgen.store.s3.bucket import PUBLIC_ACCESS_BLOCKS, Bucket

HEADERS = Headers("text/plain; charset=utf-8", "private, no-store")

#: An etag that no object of ours has.
NOBODYS_ETAG = '"00000000000000000000000000000000"'

_REFUSES = "refuses the right If-Match"


def check(subject: DoctorContext) -> Iterator[Finding]:
    """Whether it answers at all. To be denied the scratch key is an answer; what is denied, other checks say."""
    with suppress(AccessDenied):
        subject.store.get(scratch_key(subject))
    yield Finding(Level.PASS, "store", f"{subject.store.url} answers")


def check_conditions(subject: DoctorContext) -> Iterator[Finding]:
    """Whether a write with If-Match or If-None-Match is refused where it must be, and accepted where it may be.

    Who may open sales and nothing else may not try it, and need not at AWS, where S3 is known to honour conditions:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    key = scratch_key(subject)
    try:
        faults = tuple(_faults(subject.store, key))
    except AccessDenied:
        if not (subject.bucket and subject.bucket.is_aws):
            raise
        yield Finding(
            Level.PASS, "conditional writes", f"honoured by S3; not tried, as {SCRATCH_FOLDER} may not be written"
        )
        return
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
    if not _conflicts(lambda: store.put(key, b"4", HEADERS, if_match=NOBODYS_ETAG)):
        yield "ignores If-Match"
    elif _conflicts(lambda: store.put(key, b"5", HEADERS, if_match=etag)):
        yield _REFUSES


def check_privacy(subject: DoctorContext) -> Iterator[Finding]:
    """The public comes through the CDN, and never to `_flashgen/`."""
    bucket = _bucket(subject)
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


def check_versions(subject: DoctorContext) -> Iterator[Finding]:
    """Versions bring back a pointer or a manifest that somebody wrote over."""
    bucket = _bucket(subject)
    if bucket.keeps_versions():
        yield Finding(Level.PASS, "versions", "kept")
        return
    yield Finding(
        Level.WARN,
        "versions",
        f"not kept: what is overwritten or deleted in {bucket.name} is gone",
        f"aws s3api put-bucket-versioning --bucket {bucket.name} --versioning-configuration Status=Enabled",
    )


def check_region(subject: DoctorContext) -> Iterator[Finding]:
    """A wrong one costs a redirect at each request, at T0 too; credentials are signed for one region."""
    bucket = _bucket(subject)
    region = bucket.region()
    if not region or region == bucket.asked_region:
        yield Finding(Level.PASS, "region", region or bucket.asked_region)
        return
    message = f"{bucket.name} is in {region}, and requests go to {bucket.asked_region}"
    yield Finding(Level.FAIL, "region", message, f"set `region: {region}` for this target in flashgen.yaml")


def _conflicts(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except Conflict:
        return True
    return False


def scratch_key(subject: DoctorContext) -> str:
    """Where things are tried: private, and of this run alone."""
    return f"{SCRATCH_FOLDER}{subject.nonce}"


def _bucket(subject: DoctorContext) -> Bucket:
    assert subject.bucket  # noqa: S101  the checks are made only then
    return subject.bucket
