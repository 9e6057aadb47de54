"""A page or an asset as a viewer got it, against what was pushed. Nothing is asked for here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from flashgen import timestamps
from flashgen.edge.local.compression import is_compressible
from flashgen.edge.local.live_reload import FOOTER
from flashgen.edge.viewer import PublicResponse
from flashgen.finding import Finding, Level
from flashgen.verify.observed import Expected, Front
from flashgen.verify.security import security_findings

#: An edge's `Age` and the manifest's times are by different clocks, and both are cut to whole seconds.
CLOCK_SLACK_SECONDS = 2

PREVIEW = "preview"
_RELOADING = FOOTER.encode()
_STORE_HINT = "changed in the store, or rewritten on its way: flashgen plan --refresh tells which"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as it was pushed."""

    check: str
    expected: str
    found: str


def object_findings(expected: Expected, seen: PublicResponse, front: Front) -> tuple[Finding, ...]:
    """One PASS, or each fault."""
    if seen.status != 200:
        return (_status(expected, seen),)
    faults = (
        *_content(expected, seen, front),
        *_preview(seen),
        *_compression(seen, front),
        *(security_findings(seen.fields, front, expected.origins) if expected.is_page else ()),
    )
    return faults or (Finding(Level.PASS, "page" if expected.is_page else "asset", _summary(seen)),)


def _summary(seen: PublicResponse) -> str:
    encoding = seen.fields.get("content-encoding", "")
    return f"{len(seen.body):,} bytes" + (f", {encoding} {seen.wire_bytes:,}" if encoding else "")


def _status(expected: Expected, seen: PublicResponse) -> Finding:
    found, hint = str(seen.status), "the edge does not get it from the store: look at its log, and at the store"
    if 300 <= seen.status < 400:
        leads = urlsplit(seen.fields.get("location", ""))
        found += f" to {leads.scheme}://{leads.netloc}" if leads.netloc else f" to {seen.fields.get('location', '?')}"
        hint = "set `url:` of this target to where it leads"
    elif seen.status in (403, 404):
        hint = f"flashgen plan {expected.sale} --refresh tells whether the store has it"
        if expected.is_page:
            hint += "; if so, let the edge turn `/x/` into `/x/index.html`"
    return Finding(Level.FAIL, "status", f"expected 200, found {found}", hint)


def _content(expected: Expected, seen: PublicResponse, front: Front) -> tuple[Finding, ...]:
    differences = tuple(_differences(expected, seen))
    if differences and _is_older(expected, seen):
        return (_stale(expected, seen, front, differences),)
    return tuple(
        Finding(Level.FAIL, each.check, f"expected {each.expected}, found {each.found}", _STORE_HINT)
        for each in differences
    )


def _differences(expected: Expected, seen: PublicResponse) -> Iterator[Difference]:
    """Body and headers that came with the body from the store."""
    wanted, found = expected.published, hashlib.sha256(seen.body.replace(_RELOADING, b"")).hexdigest()
    if found != wanted.sha256:
        yield Difference("body", f"sha256 {wanted.sha256[:12]}…", f"{found[:12]}… of {len(seen.body):,} bytes")
    for check, value, words in (
        ("content-type", wanted.headers.content_type, _type_words),
        ("cache-control", wanted.headers.cache_control, _directives),
    ):
        said = seen.fields.get(check, "")
        if words(said) != words(value):
            yield Difference(check, f"`{value}`", f"`{said}`" if said else "none")


def _preview(seen: PublicResponse) -> Iterator[Finding]:
    if _RELOADING in seen.body:
        hint = "this is a preview by `flashgen serve`: it shows the build, and the store's pointer"
        yield Finding(Level.WARN, PREVIEW, "has the reload script of `flashgen serve`", hint)


def _is_older(expected: Expected, seen: PublicResponse) -> bool:
    """Whether the edge got its copy before what is expected was in the store."""
    age, pushed_at = seen.age_seconds, expected.published.stored_before or expected.published.since
    return age is not None and seen.answered_at - age <= pushed_at.timestamp() + CLOCK_SLACK_SECONDS


def _stale(expected: Expected, seen: PublicResponse, front: Front, differences: tuple[Difference, ...]) -> Finding:
    names = " and ".join(each.check for each in differences)
    message = f"stale, Age {seen.age_seconds:,} s: an older version ({names} changed with the push of "
    message += f"{timestamps.to_text(expected.published.since)})"
    paths = f"/{expected.sale}/*"
    hint = f"purge {paths} at the edge, or wait until it asks the store again"
    if front.distribution:
        command = f"aws cloudfront create-invalidation --distribution-id {front.distribution} --paths '{paths}'"
        hint = f"an invalidation takes some seconds: verify again; if it stays so, {command}"
    return Finding(Level.FAIL, "stale", message, hint)


def _compression(seen: PublicResponse, front: Front) -> Iterator[Finding]:
    encoding = seen.fields.get("content-encoding", "").lower()
    if encoding not in ("", "gzip"):
        message = f"expected gzip or none, as was asked for, found {encoding}"
        yield Finding(Level.FAIL, "compression", message, "let the edge obey the viewer's Accept-Encoding")
    elif not encoding and is_compressible(seen.fields.get("content-type", ""), len(seen.body)):
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
        hint = "turn on compression of text at the edge; copies from before stay as they are until they are purged"
        yield Finding(front.duty, "compression", "expected gzip, found none", hint)


def _type_words(value: str) -> tuple[str, ...]:
    """A media type and its parameters, in one spelling (RFC 9110, 8.3.1)."""
    return tuple(part.strip().replace('"', "").lower() for part in value.split(";"))


def _directives(value: str) -> frozenset[str]:
    """Directives, in whatever order an edge repeats them."""
    return frozenset(part.strip().lower() for part in value.split(",") if part.strip())
