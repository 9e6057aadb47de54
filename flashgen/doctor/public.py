"""What shoppers get: the pages, the pointer that the store has, and nothing private."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from urllib.parse import urlsplit

from flashgen.doctor.context import DoctorContext, is_loopback
from flashgen.edge.local.target import INDEX, public_path
from flashgen.edge.viewer import PublicResponse, Viewer
from flashgen.errors import NoAnswer
from flashgen.finding import Finding, Level
from flashgen.layout import manifest_key, settings_key
from flashgen.release.manifest import read_manifest
from flashgen.sale.model import Header
from flashgen.unlock.pointer import pointer_key
from flashgen.verify.exposure import private_finding
from flashgen.verify.objects import PREVIEW, object_findings
from flashgen.verify.observed import Expected, Front
from flashgen.verify.pointer import pointer_findings
from flashgen.verify.polling import ACCEPTS, Polling

SERVE = "start it with `flashgen serve`"


def check(subject: DoctorContext) -> Iterator[Finding]:
    """Whether anything answers; if so, whether plain http leads to https, and what there is of each sale."""
    url = subject.url
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
        for header in subject.headers:
            yield from _sale(viewer, header, subject)


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


def _sale(viewer: Viewer, header: Header, subject: DoctorContext) -> Iterator[Finding]:
    """The sale's page, its pointer, and what is private, from outside."""
    look = _as_stored if header.id in subject.pointers else _reached
    found = [
        Finding(fault.level, header.id, f"{path} {fault.check}: {fault.message}", fault.hint)
        for path, fault in (*look(viewer, header, subject), *_private(viewer, header))
        if fault.level is not Level.PASS
    ]
    yield from found or [Finding(Level.PASS, header.id, "page and unlock script are public, what is private is not")]


def _reached(viewer: Viewer, header: Header, subject: DoctorContext) -> Iterator[tuple[str, Finding]]:
    """All that can be said without the store; what is wrong there, other checks say."""
    path = public_path(f"{header.id}/{INDEX}")
    status = viewer.get(path, ACCEPTS).status
    if status != 200:
        hint = f"flashgen verify {header.id} looks closer"
        yield path, Finding(Level.FAIL, "status", f"expected 200, found {status}", hint)


def _as_stored(viewer: Viewer, header: Header, subject: DoctorContext) -> Iterator[tuple[str, Finding]]:
    """The sale's page and its pointer, as `verify` judges them. A page that is not pushed yet, the plan knows."""
    front, manifest = Front(viewer.base_url, subject.distribution_id), read_manifest(subject.store, header.id).manifest
    page, key = f"{header.id}/{INDEX}", pointer_key(header.id, header.unlock.version)
    if published := manifest.objects.get(page):
        origins = manifest.pointer.origins if manifest.pointer else ()
        seen = viewer.get(public_path(page), ACCEPTS)
        for finding in object_findings(Expected(page, published, origins), seen, front):
            if not (finding.check == PREVIEW and is_loopback(viewer.base_url)):  # there it is as it should be
                yield public_path(page), finding
    numbers = count()
    polling = Polling(viewer, lambda: f"doctor={subject.nonce}-{next(numbers)}", subject.sleep)
    stored, polls = polling.settled(subject.store, key)
    for finding in pointer_findings(key, stored, polls, front) if stored else ():
        yield public_path(key), finding


def _private(viewer: Viewer, header: Header) -> Iterator[tuple[str, Finding]]:
    keys = manifest_key(header.id), *([settings_key(header.id)] if header.order else [])
    for path in map(public_path, keys):
        yield path, private_finding(viewer.get(path, ACCEPTS))
