"""The bucket itself: private, with old versions, where we think it is."""

from __future__ import annotations

from collections.abc import Iterator

from flashgen.doctor.subject import Subject
from flashgen.finding import Finding, Level
from flashgen.store.bucket import PUBLIC_ACCESS_BLOCKS, Bucket


def check_privacy(subject: Subject) -> Iterator[Finding]:
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


def check_versions(subject: Subject) -> Iterator[Finding]:
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


def check_region(subject: Subject) -> Iterator[Finding]:
    """A wrong one costs a redirect at each request, at T0 too; credentials are signed for one region."""
    bucket = _bucket(subject)
    region = bucket.region()
    if not region or region == bucket.asked_region:
        yield Finding(Level.PASS, "region", region or bucket.asked_region)
        return
    message = f"{bucket.name} is in {region}, and requests go to {bucket.asked_region}"
    yield Finding(Level.FAIL, "region", message, f"set `region: {region}` for this target in flashgen.yaml")


def _bucket(subject: Subject) -> Bucket:
    assert subject.bucket  # noqa: S101  the checks are made only then
    return subject.bucket
