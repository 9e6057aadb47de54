"""What the public must not see, and what it sees where nothing is. Pure: nothing is requested here."""

from __future__ import annotations

from urllib.parse import urlsplit

from flashgen import cache_control
from flashgen.finding import Finding, Level
from flashgen.verify.model import EdgeConfig
from flashgen.verify.viewer import PublicResponse

MISSING = (403, 404)
"""S3 answers 403 for what is missing, unless the reader may list the bucket."""

#: An edge may keep an error for a moment; what is longer hides a page that has just been put.
MOST_ERROR_SECONDS = 10


def private_finding(seen: PublicResponse) -> Finding:
    """For a file of `_flashgen/`, which must not be public."""
    if seen.status in (401, *MISSING):
        return Finding(Level.PASS, "private", f"{seen.status}, not to be had")
    if 200 <= seen.status < 300:
        hint = "deny `_flashgen/*` to the public, at the edge and in the bucket's policy"
        return Finding(Level.FAIL, "private", f"expected 403 or 404, found {seen.status}: anybody can read it", hint)
    return Finding(
        Level.WARN, "private", f"expected 403 or 404, found {seen.status}", "look again when the edge is well"
    )


def listing_finding(seen: PublicResponse) -> Finding:
    """For the root: a listing of keys would reveal what is planned."""
    if b"<ListBucketResult" in seen.body:
        hint = "take s3:ListBucket away from the public in the bucket's policy"
        return Finding(Level.FAIL, "listing", "expected no listing, found one of the store's keys", hint)
    return Finding(Level.PASS, "listing", f"{seen.status}, keys are not listed")


def folder_finding(path: str, seen: PublicResponse, edge: EdgeConfig) -> Finding:
    """For a folder's `path` without its last slash, as people type it."""
    leads = urlsplit(seen.fields.get("location", "")).path
    if 300 <= seen.status < 400 and leads == f"{path}/":
        return Finding(Level.PASS, "folder", f"{seen.status}, leads to {leads}")
    found = f"{seen.status} to {leads}" if leads else str(seen.status)
    hint = "let the edge redirect `/x` to `/x/`: people type addresses without the last slash"
    return Finding(edge.duty, "folder", f"expected to be led to {path}/, found {found}", hint)


def missing_finding(seen: PublicResponse, edge: EdgeConfig) -> Finding:
    """For a file that does not exist: 403 or 404, which the edge must not keep for long."""
    if seen.status == 200:
        hint = "let the edge answer 404, without a page in its place: a missing script would be taken for one"
        return Finding(Level.FAIL, "missing", "expected 403 or 404 for what is not there, found 200", hint)
    if seen.status not in MISSING:
        message = f"expected 403 or 404 for what is not there, found {seen.status}"
        return Finding(Level.WARN, "missing", message, "look again when the edge is well")
    parsed = cache_control.parse(seen.fields.get("cache-control", ""))
    promised = 0 if parsed.forbids_keeping else max(parsed.shared_seconds or 0, parsed.max_age or 0)
    if (seconds := max(promised, seen.age_seconds or 0)) > MOST_ERROR_SECONDS:
        hint = "let the edge keep errors for 1 s (CloudFront: ErrorCachingMinTTL)"
        return Finding(
            edge.duty, "missing", f"{seen.status} is kept for {seconds:,} s: what is put then stays hidden", hint
        )
    return Finding(Level.PASS, "missing", f"{seen.status}, and not kept for long")
