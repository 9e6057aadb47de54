"""Makes every file of a sale: pages, the assets they use, the pointer, and what the order gate reads.

Many pages, and all images, are made by forked workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flashgen.errors import InvalidInput, Problem
from flashgen.page.assets import Asset, make_assets
from flashgen.page.brand.app_icons import app_icons
from flashgen.page.brand.brand import Brand, make_brand
from flashgen.page.foreign_parts import language_warnings
from flashgen.page.headers import asset_headers, page_headers
from flashgen.page.host.entry import HostEntry
from flashgen.page.host.make_entry import host_entry
from flashgen.page.lists.paging import list_folder
from flashgen.page.metadata.calendar import CONTENT_TYPE, calendar, calendar_name
from flashgen.page.metadata.metadata import Metadata
from flashgen.page.metadata.sitemap import sitemaps
from flashgen.page.metadata.social_cards import SocialCards, make_cards
from flashgen.page.metadata.web_manifest import MANIFEST_NAME, web_manifest
from flashgen.page.order_gate import order_gate_files
from flashgen.page.pictures.encode import Picture
from flashgen.page.pictures.gather import Report, gather_pictures, no_report
from flashgen.page.pictures.picture_warnings import picture_warnings
from flashgen.page.pictures.social_card import CardLook
from flashgen.page.render import Renderer
from flashgen.page.site import Role, SiteFile
from flashgen.page.theme import Theme, UnknownTheme, find_theme
from flashgen.page.workers import spread
from flashgen.sale.load import Loaded
from flashgen.sale.model import Sale
from flashgen.store import Headers
from flashgen.unlock.pointer import first_pointer, pointer_headers, pointer_key, render

PAGES_A_TASK = 100
"""Large enough to make the cost of a task small, small enough that workers end at about the same time."""

PAGES_WORTH_A_FORK = 500
"""Below this a second process costs more than it saves: a fork and its pool take about 30 ms, a page 0.2 ms."""

Sink = Callable[[SiteFile, bytes], bool]
"""Takes a file and its body; returns whether it had to be written. Workers call it in their own process."""

MadeFile = tuple[SiteFile, bool]


@dataclass(frozen=True, slots=True)
class Parts:
    """What pages need besides the sale. Keys of `assets` are names in the theme, of `pictures` names in the YAML.
    `site_url` is empty where it is not known.

    `warnings` are about what is usable, but perhaps not meant.
    """

    theme: Theme
    assets: Mapping[str, Asset]
    pictures: Mapping[str, Picture]
    brand: Brand | None
    cards: SocialCards
    site_url: str
    warnings: tuple[Problem, ...]


def prepare_parts(
    loaded: Loaded,
    root: Path,
    jobs: int,
    report: Report = no_report,
    *,
    site_url: str = "",
    trusted_themes: bool = False,
) -> Parts:
    """Find the theme, minify its assets, make the brand, encode the images, draw the cards.

    `site_url` is where the public sees the project's sales, empty if that is not known. `trusted_themes` is as in
    `build_sale`. Raises InvalidInput with every problem.
    """
    try:
        theme = find_theme(loaded.sale.theme, root / "themes", trusted_themes=trusted_themes)
    except UnknownTheme as unknown:
        raise InvalidInput([loaded.problem(("sale", "theme"), unknown.message, unknown.hint)]) from unknown
    brand = make_brand(loaded, theme, root) if loaded.sale.brand else None
    assets, pictures = make_assets(theme.asset_paths()), gather_pictures(loaded, root, jobs, report)
    warnings = (
        *picture_warnings(loaded, pictures),
        *language_warnings(loaded, theme, root / "themes"),
        *(brand.warnings if brand else ()),
    )
    look = brand.card_look if brand else CardLook()
    cards = make_cards(loaded.sale, pictures, look, site_url, root, jobs, report)
    return Parts(theme, {**assets, **brand.assets} if brand else assets, pictures, brand, cards, site_url, warnings)


def make_files(sale: Sale, parts: Parts, sink: Sink, jobs: int) -> tuple[list[MadeFile], HostEntry]:
    """Make every file of a sale and hand it to `sink`; and its entry for the host's root.

    In the result assets come first and the pointer next: a reader who follows this order has every file before the page
    that names it. A theme's assets that no page asks for are left out.
    """
    languages = sale.languages if sale.is_multilingual else ()
    renderers = [_renderer(one, languages, parts) for one in sale.languages]
    gate_files = order_gate_files(sale, renderers, parts.pictures)
    batches = [
        batch
        for one, renderer in zip(sale.languages, renderers, strict=True)
        for batch in _batches(_Pages(one, renderer, page_headers(), parts.site_url, sink), jobs)
    ]
    maps = list(sitemaps(sale, parts.site_url))
    favicon = parts.assets["favicon.ico"].body
    entry = host_entry(sale, renderers[0], favicon, parts.site_url, (name for name, _ in maps))
    used = sorted(set().union(*(batch.used_assets for batch in batches), *(one.used_assets for one in renderers)))
    assets = [asset for one in renderers for name in used for asset in one.asset(name).with_needs()]
    pictures = [asset for picture in parts.pictures.values() for asset in picture.assets]
    made = [
        *_assets(sale, [*assets, *pictures], sink),
        *(_made_asset(sale, card.name, card.body(), sink) for card in parts.cards.all()),
        _pointer(sale, sink),
        *((file, sink(file, body)) for file, body in gate_files),
        *(made for batch in batches for made in batch.made),
        *(_sitemap(sale, name, body, sink) for name, body in maps),
    ]
    return made, entry


def _renderer(sale: Sale, languages: Sequence[Sale], parts: Parts) -> Renderer:
    look = parts.brand.card_look if parts.brand else CardLook()
    manifest = web_manifest(sale, app_icons(parts.assets["icon.svg"], look.ground), look.ground, look.accent)
    return Renderer(
        *(sale, parts.theme, {**parts.assets, MANIFEST_NAME: manifest}, parts.pictures, languages),
        Metadata(sale, languages, parts.site_url, parts.pictures, parts.cards),
        parts.brand,
    )


@dataclass(frozen=True, slots=True)
class _Batch:
    """Some pages, and the names of the assets that their templates use."""

    made: list[MadeFile]
    used_assets: frozenset[str]


@dataclass(frozen=True)
class _Pages:
    """What a worker needs to make pages."""

    sale: Sale
    renderer: Renderer
    headers: Headers
    site_url: str
    sink: Sink

    def make(self, products: slice | None) -> _Batch:
        """The pages of some products. With None: the pages that a sale has once."""
        render = self.renderer
        if products is None:
            numbers = range(1, render.list_pages + 1)
            made = [self._page(f"{list_folder(number)}index.html", render.sale_page(number)) for number in numbers]
            made.append(self._page("ended/index.html", render.ended_page()))
            if order := self.sale.order:
                made.append(
                    self._page("waiting/index.html", render.waiting_page(order.lease_seconds, order.servers[0]))
                )
            made += [self._calendar(), *self._choices()]
        else:
            chosen = self.sale.products[products]
            made = [self._page(f"{one.slug}/index.html", render.product_page(one)) for one in chosen]
        return _Batch(made, frozenset(render.used_assets))

    def _calendar(self) -> MadeFile:
        key = f"{self.sale.id}/{self.sale.language_folder}{calendar_name(self.sale)}"
        return _made(self.sink, key, Role.PAGE, calendar(self.sale, self.site_url), page_headers(CONTENT_TYPE))

    def _choices(self) -> list[MadeFile]:
        """The pages that choose a language, made with those of the default one."""
        if not self.sale.translations:
            return []
        choose = self.renderer.choice_page
        names = ("ended", "waiting") if self.sale.order else ("ended",)
        notices = [self._file(f"{name}/index.html", choose("../", f"{name}/")) for name in names]
        return [self._file("index.html", choose("", "")), *notices]

    def _page(self, name: str, body: bytes) -> MadeFile:
        return self._file(f"{self.sale.language_folder}{name}", body)

    def _file(self, name: str, body: bytes) -> MadeFile:
        return _made(self.sink, f"{self.sale.id}/{name}", Role.PAGE, body, self.headers)


def _batches(pages: _Pages, jobs: int) -> Iterator[_Batch]:
    count = len(pages.sale.products)
    # Pages of the list show all products. As the longest task they go first, or one worker would end with them alone.
    tasks = [None, *(slice(start, start + PAGES_A_TASK) for start in range(0, count, PAGES_A_TASK))]
    return spread(pages.make, tasks, jobs if count >= PAGES_WORTH_A_FORK else 1)


def _assets(sale: Sale, assets: Sequence[Asset], sink: Sink) -> Iterator[MadeFile]:
    """Each asset once: two product images with the same name and content are one asset."""
    for asset in {asset.name: asset for asset in assets}.values():
        yield _made_asset(sale, asset.name, asset.body, sink)


def _made_asset(sale: Sale, name: str, body: bytes, sink: Sink) -> MadeFile:
    return _made(sink, f"{sale.id}/assets/{name}", Role.ASSET, body, asset_headers(name))


def _sitemap(sale: Sale, name: str, body: bytes, sink: Sink) -> MadeFile:
    return _made(sink, f"{sale.id}/{name}", Role.PAGE, body, page_headers("application/xml"))


def _pointer(sale: Sale, sink: Sink) -> MadeFile:
    version = sale.unlock.version
    body = render(first_pointer(sale.id, version, sale.starts_at, sale.ends_at))
    return _made(sink, pointer_key(sale.id, version), Role.POINTER, body, pointer_headers(sale.unlock.edge_ttl_seconds))


def _made(sink: Sink, key: str, role: Role, body: bytes, headers: Headers) -> MadeFile:
    file = SiteFile.of(key, role, body, headers)
    return file, sink(file, body)
