"""What shoppers get: the pages, the pointer as the store has it, and nothing private."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from urllib.parse import urlsplit

from flashgen.addresses import is_loopback
from flashgen.doctor.context import DoctorContext
from flashgen.edge.rules.paths import INDEX, public_path
from flashgen.errors import NoAnswer
from flashgen.finding import Finding, Level
from flashgen.hint import Hint, command_line
from flashgen.layout import manifest_key, settings_key
from flashgen.release.manifest import read_manifest
from flashgen.sale.model import Header
from flashgen.unlock.pointer import pointer_key
from flashgen.verify.edge_pointer import ACCEPTS, poll_until_settled
from flashgen.verify.exposure import private_finding
from flashgen.verify.model import EdgeConfig, Expected
from flashgen.verify.objects import PREVIEW, object_findings
from flashgen.verify.pointer import pointer_findings
from flashgen.verify.viewer import PublicResponse, Viewer

SERVE = "start it with `flashgen serve`"


def check(context: DoctorContext) -> Iterator[Finding]:
    """Whether anything answers; if so, whether plain http leads to https, and what there is of each sale."""
    url = context.url
    if not url:
        hint = "add `url:` to this target in flashgen.yaml"
        yield Finding(Level.WARN, "public url", "not known: nobody can look at what shoppers get", hint)
        return
    with Viewer(url) as viewer:
        try:
            viewer.get("/")
        except NoAnswer as silence:
            level = Level.WARN if is_loopback(url) else Level.FAIL
            yield Finding(level, "public url", silence.message, SERVE if is_loopback(url) else silence.hint)
            return
        yield Finding(Level.PASS, "public url", f"{url} answers")
        yield from _plain(url)
        for header in context.headers:
            yield from _sale(viewer, header, context)


def _plain(url: str) -> Iterator[Finding]:
    parts = urlsplit(url)
    if parts.scheme == "http":
        if not is_loopback(url):
            message = f"{url} is not encrypted: anyone on the way can change pages"
            yield Finding(Level.FAIL, "https", message, "serve it by https, and write `url: https://…`")
        return
    try:
        with Viewer(f"http://{parts.hostname}{parts.path}") as viewer:
            seen = viewer.get("/")
    except NoAnswer:
        yield Finding(Level.PASS, "https", "nothing answers by plain http")
        return
    yield redirected(f"http://{parts.hostname}", seen)


def redirected(url: str, seen: PublicResponse) -> Finding:
    """Whether what plain http answers leads to https."""
    if seen.status in (301, 302, 307, 308) and seen.fields.get("location", "").startswith("https://"):
        return Finding(Level.PASS, "https", "plain http leads there")
    message = f"{url} answers {seen.status}, and does not lead to https"
    return Finding(Level.FAIL, "https", message, "redirect http to https at the edge")


def _sale(viewer: Viewer, header: Header, context: DoctorContext) -> Iterator[Finding]:
    """The sale's page, its pointer, and what is private, from outside."""
    is_pushed = header.id in context.pointers
    pages = _as_stored(viewer, header, context) if is_pushed else _reached(viewer, header)
    found = [
        Finding(fault.level, header.id, f"{path} {fault.check}: {fault.message}", fault.hint)
        for path, fault in (*pages, *_private(viewer, header))
        if fault.level is not Level.PASS
    ]
    yield from found or [Finding(Level.PASS, header.id, "page and unlock script are public, what is private is not")]


def _reached(viewer: Viewer, header: Header) -> Iterator[tuple[str, Finding]]:
    """All that can be checked without the store, whose own checks report what is wrong there."""
    path = public_path(f"{header.id}/{INDEX}")
    status = viewer.get(path, ACCEPTS).status
    if status != 200:
        hint = Hint(command_line(f"verify {header.id}"), " looks closer")
        yield path, Finding(Level.FAIL, "status", f"expected 200, found {status}", hint)


def _as_stored(viewer: Viewer, header: Header, context: DoctorContext) -> Iterator[tuple[str, Finding]]:
    """The sale's page and its pointer, as `verify` judges them. A page that is not pushed yet is skipped."""
    edge = EdgeConfig(viewer.base_url, context.distribution_id)
    manifest = read_manifest(context.store, header.id).manifest
    page, key = f"{header.id}/{INDEX}", pointer_key(header.id, header.unlock.version)
    if published := manifest.objects.get(page):
        origins = manifest.pointer.origins if manifest.pointer else ()
        seen = viewer.get(public_path(page), ACCEPTS)
        for finding in object_findings(Expected(page, published, origins), seen, edge):
            if not (finding.check == PREVIEW and is_loopback(viewer.base_url)):  # `flashgen serve` is expected there
                yield public_path(page), finding
    numbers = count()
    stored, polls = poll_until_settled(
        viewer,
        context.store,
        key,
        new_query=lambda: f"doctor={context.nonce}-{next(numbers)}",
        sleep=context.sleep,
    )
    for finding in pointer_findings(key, stored, polls, edge) if stored else ():
        yield public_path(key), finding


def _private(viewer: Viewer, header: Header) -> Iterator[tuple[str, Finding]]:
    keys = manifest_key(header.id), *([settings_key(header.id)] if header.order else [])
    for path in map(public_path, keys):
        yield path, private_finding(viewer.get(path, ACCEPTS))
