"""A small built sale, made without rendering: pages that name their assets and their pointer, and a gate.json."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from support.operators import ENDS_AT, SALE, SERVERS, STARTS_AT, VERSION, Clock, writer_of

from flashgen.layout import forms_folder, settings_key
from flashgen.page.headers import asset_headers, page_headers
from flashgen.page.host.entry import HostEntry, HostLink
from flashgen.page.order_gate import FORM_HEADERS, SETTINGS_HEADERS
from flashgen.page.site import Role, Site, SiteFile, digest
from flashgen.release.manifest import read_manifest
from flashgen.release.plan import Plan, make_plan
from flashgen.release.push import Push
from flashgen.store import Headers, Store
from flashgen.store.protocol import Cdn
from flashgen.unlock.pointer import Forward, first_pointer, parse, pointer_headers, pointer_key, pointer_name, render

ENTRY = HostEntry(
    sale=SALE,
    is_listed=True,
    links=(HostLink("en", "ltr", "English", "Night", f"{SALE}/"),),
    description="",
    starts_at="2026-11-27T08:00:00Z",
    starts="Start: Friday",
    ends="End: Saturday",
    url="https://sale.example.com",
    sitemaps=(),
    styles=(),
    icon=f"{SALE}/assets/icon.svg",
    favicon="",
    not_found="Page not found",
)
"""What it has at the host's root."""

PAGE_HEADERS, ASSET_HEADERS = page_headers(), asset_headers("a.css")


@dataclass(frozen=True)
class Shop:
    """What a sale is made of. Each page names every asset, and the pointer of `version`.

    With a `form` there is a page of the order gate that says so, and gate.json, which names it, with the `stock`.
    """

    pages: tuple[str, ...] = ("lamp", "mug")
    assets: tuple[str, ...] = ("one", "two")
    text: str = "hello"
    version: str = VERSION
    starts_at: datetime = STARTS_AT
    ends_at: datetime = ENDS_AT
    page_headers: Headers = PAGE_HEADERS
    asset_headers: Headers = ASSET_HEADERS
    edge_ttl_seconds: int = 1
    origins: tuple[str, ...] = SERVERS
    form: str = ""
    stock: int = 100

    def build(self, folder: Path) -> Site:
        """Its Site; the files lie in a folder of their own."""
        folder = folder / digest(repr(self).encode())[:8]
        assets = {_asset_key(name): name.encode() for name in self.assets}
        names = " ".join([*assets, pointer_name(self.version)])
        pages = {f"{SALE}/{page}index.html": f"{self.text}\n{names}".encode() for page in self._folders()}
        forms = {form_key(self.form): self.form.encode()} if self.form else {}
        settings = {settings_key(SALE): f"{name} {self.stock}".encode() for name in forms}
        key = pointer_key(SALE, self.version)
        pointer = {key: render(first_pointer(SALE, self.version, self.starts_at, self.ends_at))}
        files = [
            *_files(folder, Role.ASSET, assets, self.asset_headers),
            *_files(folder, Role.FORM, forms, FORM_HEADERS),
            *_files(folder, Role.GATE, settings, SETTINGS_HEADERS),
            *_files(folder, Role.PAGE, pages, self.page_headers),
            *_files(folder, Role.POINTER, pointer, pointer_headers(self.edge_ttl_seconds)),
        ]
        return Site(SALE, folder, tuple(sorted(files, key=lambda file: file.key)), ENTRY, self.origins)

    def _folders(self) -> tuple[str, ...]:
        return ("", *(f"{page}/" for page in self.pages))


def form_key(text: str) -> str:
    """Where the gate's page lies that says `text`."""
    return f"{forms_folder(SALE)}form.{digest(text.encode())[:12]}.html"


def plan_for(site: Site, store: Store) -> Plan:
    """What a push of `site` would do now."""
    return make_plan(site, read_manifest(store, site.sale))


def push_of(site: Site, store: Store, who: str = "ann", *, plan: Plan | None = None, cdn: Cdn | None = None) -> Push:
    """A push that is ready to run, on a virtual clock."""
    writer = writer_of(store, who, Clock(), key=site.pointer_file.key)
    writer = replace(writer, headers=site.pointer_file.headers, orders=replace(writer.orders, origins=site.origins))
    return Push(plan or plan_for(site, store), writer, lambda wave, done, of: None, cdn)


def public(store: Store) -> dict[str, tuple[bytes, Headers]]:
    """What shoppers can get, but for the nonces in pointers: key → body and headers."""
    found = {}
    for entry in store.list(f"{SALE}/"):
        stored = store.get(entry.key)
        assert stored is not None
        body = re.sub(rb'"nonce":"[^"]*"', b'"nonce":""', stored.body)
        found[entry.key] = (body, stored.headers)
    return found


def check_whole(store: Store) -> None:
    """Every page that the public can reach has all its assets, and a pointer to poll. And gate.json has its form."""
    if settings := store.get(settings_key(SALE)):
        form = store.get(settings.body.decode().split()[0])
        assert form is not None
        assert form_key(form.body.decode()).encode() in settings.body
    for key, (body, _) in public(store).items():
        if key.endswith(".html"):
            for name in body.decode().splitlines()[1].split():
                _check_named(store, name)


def _check_named(store: Store, name: str) -> None:
    key = name if name.startswith(SALE) else f"{SALE}/{name}"
    stored = store.get(key)
    assert stored is not None, f"{key} is named by a page and missing"
    if name.endswith(".css"):
        assert _asset_key(stored.body.decode()) == key
    else:
        pointer = parse(stored.body, key)
        if isinstance(pointer, Forward):
            _check_named(store, pointer.target)


def _asset_key(name: str) -> str:
    return f"{SALE}/assets/{name}.{digest(name.encode())[:10]}.css"


def _files(folder: Path, role: Role, bodies: dict[str, bytes], headers: Headers) -> list[SiteFile]:
    for key, body in bodies.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return [SiteFile(key, role, digest(body), len(body), headers) for key, body in bodies.items()]
