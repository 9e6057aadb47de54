"""Built sites as a store, for looking at them: pages from the last build, and a pointer that says what is asked for."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from flashgen.errors import Refused
from flashgen.page.headers import page_headers
from flashgen.page.site import Role, Site, SiteFile, digest
from flashgen.store import Entry, Headers, Stored
from flashgen.unlock.pointer import OrderUrl, Pointer, render
from flashgen.unlock.state import EVERY_SKU, SaleState, State

SOLD_OUT = "sold-out"
STATES = (*(state.value for state in State), SOLD_OUT)
"""What can be previewed: the operator's states, and a live sale with nothing left."""

PointerOf = Callable[[Site], bytes | None]
"""The pointer to show for a site; None for the one that was built."""


class PreviewStore:
    """A read-only Store of `sites`. `footer` is HTML put at the end of every page: the script that reloads it.

    `show` replaces the sites after a build; a reader meets the old ones or the new ones.
    """

    url = "preview"

    def __init__(self, sites: Iterable[Site], pointer_of: PointerOf, footer: str = "") -> None:
        self._pointer_of = pointer_of
        self._footer = footer.encode()
        self.show(sites)

    def show(self, sites: Iterable[Site]) -> None:
        """Serve these from now on."""
        self._sites = tuple(sites)
        self._files = {file.key: (site, file) for site in self._sites for file in site.files}

    def get(self, key: str) -> Stored | None:
        """A built file, or the list of sales at `index.html`."""
        if key == "index.html":
            return _stored(self._index(), page_headers())
        if key not in self._files:
            return None
        site, file = self._files[key]
        return _stored(self._body(site, file), file.headers)

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """Refused."""
        raise Refused(f"{key}: a preview is not written to")

    def list(self, prefix: str) -> Iterator[Entry]:
        """Every file of every site."""
        for key in sorted(self._files):
            if key.startswith(prefix) and (stored := self.get(key)):
                built_at = datetime.fromtimestamp((self._files[key][0].folder / key).stat().st_mtime, UTC)
                yield Entry(key, stored.etag, len(stored.body), built_at)

    def delete(self, keys: Iterable[str]) -> None:
        """Refused."""
        raise Refused("a preview is not written to")

    def _body(self, site: Site, file: SiteFile) -> bytes:
        if file.role is Role.POINTER:
            return self._pointer_of(site) or site.body(file)
        body = site.body(file)
        return body.replace(b"</body>", self._footer + b"</body>") if file.role is Role.PAGE else body

    def _index(self) -> bytes:
        links = "".join(f'<li><a href="{site.sale}/">{html.escape(site.sale)}</a></li>' for site in self._sites)
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sales</title>'
            '<meta name="viewport" content="width=device-width"></head>'
            f"<body><h1>Sales</h1><ul>{links}</ul>{self._footer.decode()}</body></html>"
        ).encode()


def pointer_in(state: str, site: Site, order: OrderUrl) -> bytes:
    """The pointer of `site` in one of STATES. A live one opens at the sale's start, on the preview's clock."""
    built = site.pointer
    facts = replace(built.state, opens_at=built.state.starts_at, epoch=1, token_nonce="preview")  # noqa: S106  no secret
    if state == SOLD_OUT:
        return _render(built, replace(facts, state=State.LIVE, sold=EVERY_SKU), order)
    return _render(built, replace(facts, state=State(state)), order)


def _render(built: Pointer, facts: SaleState, order: OrderUrl) -> bytes:
    is_live = facts.state is State.LIVE
    return render(replace(built, revision=1, state=facts, order=order if is_live else None))


def _stored(body: bytes, headers: Headers) -> Stored:
    return Stored(body, headers, f'"{digest(body)}"')
