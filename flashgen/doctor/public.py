"""What shoppers get: the pages, the pointer that the store has, and nothing private."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from flashgen.doctor.subject import Subject, is_loopback, stored_pointer
from flashgen.edge.viewer import Seen, Viewer
from flashgen.errors import FlashgenError, NoAnswer, Refused
from flashgen.finding import Finding, Level
from flashgen.release.manifest import manifest_key
from flashgen.sale.model import Header
from flashgen.unlock.pointer import parse, pointer_key

SERVE = "start it with `flashgen serve`"
TRIES = 4
"""A second apart: the edge keeps a pointer for 2 s at most."""


def check(subject: Subject) -> Iterator[Finding]:
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


def redirected(url: str, seen: Seen) -> Finding:
    """Whether what plain http answers leads to https."""
    if seen.status in (301, 302, 307, 308) and seen.fields.get("location", "").startswith("https://"):
        return Finding(Level.PASS, "https", "plain http leads there")
    message = f"{url} answers {seen.status}, and does not lead to https"
    return Finding(Level.FAIL, "https", message, "redirect http to https at the edge")


def _sale(viewer: Viewer, header: Header, subject: Subject) -> Iterator[Finding]:
    """The sale's page, its pointer and its private manifest, from outside."""
    found = [*_page(viewer, header), *_pointer(viewer, header, subject), *_private(viewer, header)]
    yield from found or [Finding(Level.PASS, header.id, "page and unlock script are public, the manifest is not")]


def _page(viewer: Viewer, header: Header) -> Iterator[Finding]:
    status = viewer.get(f"/{header.id}/").status
    if status != 200:
        message = f"{viewer.base_url}/{header.id}/ answers {status}"
        yield Finding(Level.FAIL, header.id, message, f"flashgen verify {header.id} looks closer")


def _pointer(viewer: Viewer, header: Header, subject: Subject) -> Iterator[Finding]:
    key = pointer_key(header.id, header.unlock.version)
    for left in reversed(range(TRIES)):
        seen = viewer.get(f"/{key}?doctor={subject.nonce}")
        wanted = _wanted(subject, header)
        if not wanted or _nonce(seen, key) == wanted:
            return
        if left:
            subject.sleep(1.0)
    message = f"/{key} answers {seen.status}" if seen.status != 200 else f"/{key} is not the one in the store"
    hint = "check that the url serves this store, and keeps the unlock script 2 s at most"
    yield Finding(Level.FAIL, header.id, message, hint)


def _wanted(subject: Subject, header: Header) -> str:
    """The nonce of the pointer in the store; empty if there is none, or it cannot be read: other checks say so."""
    if header.id not in subject.pointers:
        return ""
    try:
        pointer = stored_pointer(subject.store, header)
    except FlashgenError:
        return ""
    return pointer.nonce if pointer else ""


def _nonce(seen: Seen, key: str) -> str:
    try:
        found = parse(seen.body, key) if seen.status == 200 else None
    except Refused:
        return ""
    return found.nonce if found else ""


def _private(viewer: Viewer, header: Header) -> Iterator[Finding]:
    key = manifest_key(header.id)
    status = viewer.get(f"/{key}").status
    if status not in (403, 404):
        message = f"/{key} answers {status}: what is private can be read"
        hint = "keep `_flashgen/` from the public: the CDN must not be granted it"
        yield Finding(Level.FAIL, header.id, message, hint)
