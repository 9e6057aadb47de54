"""A page or an asset as a viewer got it, against what was pushed. Pure: nothing is requested here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from flashgen import cache_control, timestamps
from flashgen.edge.local.preview_bar import SCRIPT_TAG
from flashgen.edge.rules.behaviour import FONTS, SHARED
from flashgen.edge.rules.compression import is_compressible
from flashgen.finding import Finding, Level
from flashgen.hint import Hint, command_line
from flashgen.verify.model import EdgeConfig, Expected
from flashgen.verify.security import security_findings
from flashgen.verify.viewer import PublicResponse

#: An edge's `Age` and the manifest's times are by different clocks, and both are cut to whole seconds.
CLOCK_SLACK_SECONDS = 2

PREVIEW = "preview"
_STORE_HINT = Hint("changed in the store, or rewritten on its way: ", command_line("plan --refresh"), " tells which")


def object_findings(expected: Expected, seen: PublicResponse, edge: EdgeConfig) -> tuple[Finding, ...]:
    """One PASS, or each fault."""
    if seen.status != 200:
        return (_status(expected, seen),)
    faults = (
        *_content(expected, seen, edge),
        *_preview(seen),
        *_compression(seen, edge),
        *_consent(expected, seen),
        *(security_findings(seen.fields, edge, expected.origins) if expected.is_page else ()),
    )
    encoding = seen.fields.get("content-encoding", "")
    summary = f"{len(seen.body):,} bytes" + (f", {encoding} {seen.wire_bytes:,}" if encoding else "")
    return faults or (Finding(Level.PASS, "page" if expected.is_page else "asset", summary),)


def _status(expected: Expected, seen: PublicResponse) -> Finding:
    found, hint = str(seen.status), "the edge does not get it from the store: look at its log, and at the store"
    if 300 <= seen.status < 400:
        leads = urlsplit(seen.fields.get("location", ""))
        found += f" to {leads.scheme}://{leads.netloc}" if leads.netloc else f" to {seen.fields.get('location', '?')}"
        hint = "set `url:` of this target to where it leads"
    elif seen.status in (403, 404):
        hint = Hint(command_line(f"plan {expected.sale} --refresh"), " tells whether the store has it")
        if expected.is_page:
            hint += "; if so, let the edge turn `/x/` into `/x/index.html`"
    return Finding(Level.FAIL, "status", f"expected 200, found {found}", hint)


def _content(expected: Expected, seen: PublicResponse, edge: EdgeConfig) -> tuple[Finding, ...]:
    differences = tuple(_differences(expected, seen))
    if differences and _is_older(expected, seen):
        return (_stale(expected, seen, edge, differences),)
    return differences


def _differences(expected: Expected, seen: PublicResponse) -> Iterator[Finding]:
    """Body and headers that came with the body from the store."""
    wanted, found = expected.published, hashlib.sha256(SCRIPT_TAG.sub(b"", seen.body)).hexdigest()
    if found != wanted.sha256:
        message = f"expected sha256 {wanted.sha256[:12]}…, found {found[:12]}… of {len(seen.body):,} bytes"
        yield Finding(Level.FAIL, "body", message, _STORE_HINT)
    for check, value, words in (
        ("content-type", wanted.headers.content_type, _type_words),
        ("cache-control", wanted.headers.cache_control, _directives),
    ):
        text = seen.fields.get(check, "")
        if words(text) != words(value):
            message = f"expected `{value}`, found {f'`{text}`' if text else 'none'}"
            yield Finding(Level.FAIL, check, message, _STORE_HINT)


def _preview(seen: PublicResponse) -> Iterator[Finding]:
    if SCRIPT_TAG.search(seen.body):
        hint = "this is a preview by `flashgen serve`: it shows the build, and the store's pointer"
        yield Finding(Level.WARN, PREVIEW, "has the preview bar of `flashgen serve`", hint)


def _is_older(expected: Expected, seen: PublicResponse) -> bool:
    """Whether the edge got its copy before what is expected was in the store."""
    age, pushed_at = seen.age_seconds, expected.published.stored_before or expected.published.since
    return age is not None and seen.answered_at - age <= pushed_at.timestamp() + CLOCK_SLACK_SECONDS


def _stale(expected: Expected, seen: PublicResponse, edge: EdgeConfig, differences: tuple[Finding, ...]) -> Finding:
    names = " and ".join(each.check for each in differences)
    message = f"stale, Age {seen.age_seconds:,} s: an older version ({names} changed with the push of "
    message += f"{timestamps.to_text(expected.published.since)})"
    paths = f"/{expected.sale}/*"
    hint = f"purge {paths} at the edge, or wait until it asks the store again"
    if edge.distribution:
        command = f"aws cloudfront create-invalidation --distribution-id {edge.distribution} --paths '{paths}'"
        hint = f"an invalidation takes some seconds: verify again; if it stays so, {command}"
    return Finding(Level.FAIL, "stale", message, hint)


def _compression(seen: PublicResponse, edge: EdgeConfig) -> Iterator[Finding]:
    encoding = seen.fields.get("content-encoding", "").lower()
    if encoding not in ("", "gzip"):
        message = f"expected gzip or none, as was asked for, found {encoding}"
        yield Finding(Level.FAIL, "compression", message, "let the edge obey the viewer's Accept-Encoding")
    elif not encoding and is_compressible(seen.fields.get("content-type", ""), len(seen.body)):
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/ServingCompressedFiles.html
        hint = "turn on compression of text at the edge; copies from before stay as they are until they are purged"
        yield Finding(edge.duty, "compression", "expected gzip, found none", hint)


def _consent(expected: Expected, seen: PublicResponse) -> Iterator[Finding]:
    """A font that pages of the order gate, at another origin, cannot use: they have the system's then."""
    name, value = SHARED
    if expected.is_font and expected.origins and seen.fields.get(name.lower()) != value:
        message = f"expected {name}: {value}, found none: pages of the order gate cannot use this font"
        yield Finding(Level.WARN, "font", message, f"let the edge add `{name}: {value}` to {FONTS.pattern}")


def _type_words(value: str) -> tuple[str, ...]:
    """A media type and its parameters, in one spelling (RFC 9110, 8.3.1)."""
    return tuple(part.strip().replace('"', "").lower() for part in value.split(";"))


def _directives(value: str) -> frozenset[tuple[str, str]]:
    """Directives, in whatever order an edge repeats them."""
    return frozenset(cache_control.directives(value.lower()))
