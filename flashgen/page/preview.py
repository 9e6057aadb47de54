"""A store for previews: pages of the last build, and a pointer in any state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from flashgen.errors import Refused
from flashgen.page.host.files import host_files
from flashgen.page.site import Role, Site, SiteFile, digest
from flashgen.store import Entry, Headers, Stored
from flashgen.unlock.pointer import OrderUrl, render
from flashgen.unlock.state import EVERY_SKU, State

SOLD_OUT = "sold-out"
ONE_SOLD_OUT = "one-sold-out"
"""A live sale in which one product is gone."""

STATES = (*(state.value for state in State), SOLD_OUT)
"""The states that can be previewed: those of a pointer, and a live sale with nothing left."""

PointerOf = Callable[[Site], bytes | None]
"""The pointer to serve for a site; None for the one of the build."""


class PreviewStore:
    """A read-only Store of `sites`. `footer` is HTML for the end of every page: the script of the preview's bar.

    `show` replaces both after a build. Another thread reads all old pages or all new ones.
    """

    url = "preview"

    def __init__(self, sites: Iterable[Site], pointer_of: PointerOf, footer: str = "") -> None:
        self._pointer_of = pointer_of
        self.show(sites, footer)

    def show(self, sites: Iterable[Site], footer: str = "") -> None:
        """Serve these sites from now on."""
        self._shown = _Shown(tuple(sites), footer)

    def get(self, key: str) -> Stored | None:
        """A built file, or one at the host's root."""
        shown = self._shown
        if key in shown.host:
            return shown.host[key]
        if key not in shown.files:
            return None
        site, file = shown.files[key]
        if file.role is Role.POINTER:
            return _stored(self._pointer_of(site) or site.body(file), file.headers)
        return _stored(shown.body(site, file), file.headers)

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """Refused."""
        raise Refused(f"{key}: a preview is not written to")

    def list(self, prefix: str) -> Iterator[Entry]:
        """Every file of every site."""
        files = self._shown.files
        for key in sorted(files):
            if key.startswith(prefix) and (stored := self.get(key)):
                built_at = datetime.fromtimestamp((files[key][0].folder / key).stat().st_mtime, UTC)
                yield Entry(key, stored.etag, len(stored.body), built_at)

    def delete(self, keys: Iterable[str]) -> None:
        """Refused."""
        raise Refused("a preview is not written to")


class _Shown:
    """The sites of one moment, and what their pages end with."""

    def __init__(self, sites: tuple[Site, ...], footer: str) -> None:
        self._footer = footer.encode()
        self.files = {file.key: (site, file) for site in sites for file in site.files}
        host = host_files(site.entry for site in sites)
        self.host = {key: _stored(self._with_footer(body), headers) for key, body, headers in host}

    def body(self, site: Site, file: SiteFile) -> bytes:
        """A file as it was built; a page with the footer."""
        body = site.body(file)
        return self._with_footer(body) if file.role is Role.PAGE else body

    def _with_footer(self, body: bytes) -> bytes:
        return body.replace(b"</body>", self._footer + b"</body>")


def pointer_in(
    state: str, site: Site, order: OrderUrl, *, revision: int = 1, opens_at: datetime | None = None, sku: str = ""
) -> bytes:
    """The pointer of `site` in one of STATES, or in ONE_SOLD_OUT with that `sku`.

    It has opened at `opens_at`, if that is not given at the sale's start, on the preview's clock. Pages take a new
    pointer only with a higher `revision`.
    """
    built = site.pointer
    at = opens_at or built.state.starts_at
    opened = replace(built.state, opens_at=at, epoch=1, token_nonce="preview")  # noqa: S106  no secret
    sold = {SOLD_OUT: EVERY_SKU, ONE_SOLD_OUT: frozenset({sku})}.get(state)
    shown = replace(opened, state=State.LIVE, sold=sold) if sold else replace(opened, state=State(state))
    is_live = shown.state is State.LIVE
    return render(replace(built, revision=revision, state=shown, order=order if is_live else None))


def _stored(body: bytes, headers: Headers) -> Stored:
    return Stored(body, headers, f'"{digest(body)}"')
