"""Every file of a sale: pages (in forked workers when there are many), the assets they use, the pointer, and what the
order gate reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from flashgen.page.assets import Asset
from flashgen.page.headers import asset_headers, page_headers
from flashgen.page.order_gate import order_gate_files
from flashgen.page.parts import Parts
from flashgen.page.render import Renderer
from flashgen.page.site import Role, SiteFile, digest
from flashgen.page.workers import spread
from flashgen.sale.model import Sale
from flashgen.store import Headers
from flashgen.unlock.pointer import first_pointer, pointer_headers, pointer_key, render

PAGES_A_TASK = 100
"""Large enough that handing it over costs nothing, small enough that no worker waits long for the last one."""

PAGES_WORTH_A_FORK = 500
"""Below this a second process costs more than it saves: a fork and its pool take about 30 ms, a page 0.2 ms."""

Sink = Callable[[SiteFile, bytes], bool]
"""Takes a file; says whether it had to be written. Workers call it in their own process."""

Taken = tuple[SiteFile, bool]


def make_files(sale: Sale, parts: Parts, sink: Sink, jobs: int) -> list[Taken]:
    """Make every file of a sale and hand it to `sink`.

    In the list assets come first and the pointer next, so that whoever follows it never has a page that names what is
    not there. A theme's assets that no page asks for are left out.
    """
    renderer = Renderer(sale, parts.theme, parts.assets, parts.pictures)
    for_gate = order_gate_files(sale, renderer, parts.pictures)
    batches = list(_batches(_Pages(sale, renderer, page_headers(), sink), jobs))
    used = sorted(renderer.used_assets.union(*(batch.used_assets for batch in batches)))
    assets = [parts.assets[name] for name in used]
    needed = [other for asset in assets for other in asset.needs]
    pictures = [asset for picture in parts.pictures.values() for asset in picture.assets]
    return [
        *_assets(sale, [*assets, *needed, *pictures], sink),
        _pointer(sale, sink),
        *((file, sink(file, body)) for file, body in for_gate),
        *(taken for batch in batches for taken in batch.taken),
    ]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some pages, and the names of the assets that their templates asked for."""

    taken: list[Taken]
    used_assets: frozenset[str]


@dataclass(frozen=True)
class _Pages:
    """What a worker needs to make pages."""

    sale: Sale
    renderer: Renderer
    headers: Headers
    sink: Sink

    def make(self, products: slice | None) -> _Batch:
        """The pages of some products; with None those that a sale has once."""
        render = self.renderer
        if products is None:
            taken = [self._hand("index.html", render.sale_page()), self._hand("ended/index.html", render.ended_page())]
        else:
            chosen = self.sale.products[products]
            taken = [self._hand(f"{one.slug}/index.html", render.product_page(one)) for one in chosen]
        return _Batch(taken, frozenset(render.used_assets))

    def _hand(self, name: str, body: bytes) -> Taken:
        return _hand(self.sink, f"{self.sale.id}/{name}", Role.PAGE, body, self.headers)


def _batches(pages: _Pages, jobs: int) -> Iterator[_Batch]:
    count = len(pages.sale.products)
    # The sale page lists all products: the longest task goes first, or one worker would end with it alone.
    tasks = [None, *(slice(start, start + PAGES_A_TASK) for start in range(0, count, PAGES_A_TASK))]
    return spread(pages.make, tasks, jobs if count >= PAGES_WORTH_A_FORK else 1)


def _assets(sale: Sale, assets: Sequence[Asset], sink: Sink) -> Iterator[Taken]:
    """Each once: two product images with the same content and name are one asset."""
    for asset in {asset.name: asset for asset in assets}.values():
        yield _hand(sink, f"{sale.id}/assets/{asset.name}", Role.ASSET, asset.body, asset_headers(asset.name))


def _pointer(sale: Sale, sink: Sink) -> Taken:
    version = sale.unlock.version
    body = render(first_pointer(sale.id, version, sale.starts_at, sale.ends_at))
    return _hand(sink, pointer_key(sale.id, version), Role.POINTER, body, pointer_headers(sale.unlock.edge_ttl_seconds))


def _hand(sink: Sink, key: str, role: Role, body: bytes, headers: Headers) -> Taken:
    file = SiteFile(key, role, digest(body), len(body), headers)
    return file, sink(file, body)
