"""Building a sale: load, render, write what changed.

::

    YAML ─▶ Sale ─▶ assets, pictures ─▶ pages (in forked workers when there are many) ─▶ site.json, last

An unchanged sale is recognised by the digest of its inputs and of its files, without loading or rendering anything.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flashgen.errors import InvalidInput, Problem
from flashgen.page import headers
from flashgen.page.assets import Asset, make_assets
from flashgen.page.images import BadImage, Picture, load_picture
from flashgen.page.inputs import Inputs, unchanged
from flashgen.page.output import exclusive, remove_unlisted, write_if_changed
from flashgen.page.render import Renderer
from flashgen.page.site import Role, Site, SiteFile, digest, read_record, record_path, render_record
from flashgen.page.theme import Theme, UnknownTheme, find_theme
from flashgen.sale.load import Loaded, load_sale
from flashgen.sale.model import Product, Sale
from flashgen.store import Headers
from flashgen.unlock.pointer import first_pointer, pointer_headers, pointer_key, render

PAGES_A_WORKER = 250
"""Below twice this a second process costs more than it saves: a fork and its pool take about 30 ms, a page 0.2 ms."""

Sink = Callable[[SiteFile, bytes], bool]
"""Takes a file; says whether it had to be written."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did. `written` counts files that were not already there as they should be."""

    site: Site
    written: int
    warnings: tuple[Problem, ...] = ()

    @property
    def pages(self) -> int:
        """How many HTML pages the sale has."""
        return len(self.site.having(Role.PAGE))

    @property
    def total_bytes(self) -> int:
        """The size of all files together."""
        return sum(file.body_bytes for file in self.site.files)


def build_sale(path: Path, root: Path, folder: Path, jobs: int) -> Built:
    """Build the sale of the YAML at `path` into `folder`, which holds a project's builds. `jobs` limits the processes.

    Raises InvalidInput with every problem; then nothing in `folder` has changed, unless a template failed half-way:
    even then every single file is whole.
    """
    with exclusive(record_path(folder, path.stem).with_suffix(".lock")):
        site = _unchanged_site(folder, path.stem, root)
        if site:
            return Built(site, 0)
        loaded = load_sale(path, root)
        return _write(loaded, prepare(loaded, root), root, folder, jobs)


@dataclass(frozen=True, slots=True)
class Parts:
    """All that pages are made of besides the sale itself."""

    theme: Theme
    assets: Mapping[str, Asset]
    pictures: Mapping[str, Picture]


def prepare(loaded: Loaded, root: Path) -> Parts:
    """Find the theme, minify its assets, check the images. Raises InvalidInput with every problem of all three."""
    try:
        theme = find_theme(loaded.sale.theme, root / "themes")
    except UnknownTheme as unknown:
        raise InvalidInput([loaded.problem(("sale", "theme"), unknown.message, unknown.hint)]) from unknown
    return Parts(theme, make_assets(theme.asset_paths()), _pictures(loaded, root))


def _pictures(loaded: Loaded, root: Path) -> dict[str, Picture]:
    pictures: dict[str, Picture] = {}
    problems = []
    for index, product in enumerate(loaded.sale.products):
        if product.image is None or product.image in pictures:
            continue
        try:
            pictures[product.image] = load_picture(loaded.inputs[0].parent / product.image, root)
        except BadImage as bad:
            problems.append(loaded.problem(("products", index, "image"), bad.message, bad.hint))
    if problems:
        raise InvalidInput(problems)
    return pictures


def _unchanged_site(folder: Path, sale: str, root: Path) -> Site | None:
    record = read_record(folder, sale)
    if record is None or not unchanged(record[1], root):
        return None
    site = record[0]
    try:
        same = all(digest((folder / file.key).read_bytes()) == file.sha256 for file in site.files)
    except OSError:
        return None
    return site if same else None


def _write(loaded: Loaded, parts: Parts, root: Path, folder: Path, jobs: int) -> Built:
    sale = loaded.sale

    def sink(file: SiteFile, body: bytes) -> bool:
        return write_if_changed(folder / file.key, body)

    made = sorted(all_files(sale, parts, sink, jobs), key=lambda row: row[0].key)
    site = Site(sale.id, folder, tuple(file for file, _ in made))
    inputs = Inputs(_input_names(loaded, root), sale.theme)
    remove_unlisted(folder / sale.id, {file.key for file in site.files})
    write_if_changed(record_path(folder, sale.id), render_record(sale.id, site.files, inputs.record(root)))
    return Built(site, sum(written for _, written in made), loaded.warnings)


def _input_names(loaded: Loaded, root: Path) -> tuple[str, ...]:
    images = {loaded.inputs[0].parent / product.image for product in loaded.sale.products if product.image}
    return tuple(sorted(path.resolve().relative_to(root.resolve()).as_posix() for path in {*loaded.inputs, *images}))


def all_files(sale: Sale, parts: Parts, sink: Sink, jobs: int) -> Iterator[tuple[SiteFile, bool]]:
    """Make every file of a sale and hand it to `sink`; assets first, so that no page names one that is not there."""
    for asset in _by_name([*parts.assets.values(), *(picture.asset for picture in parts.pictures.values())]):
        yield _hand(sink, f"{sale.id}/assets/{asset.name}", Role.ASSET, asset.body, headers.asset_headers(asset.name))
    key = pointer_key(sale.id, sale.unlock.version)
    pointer = render(first_pointer(sale.id, sale.unlock.version, sale.starts_at, sale.ends_at))
    yield _hand(sink, key, Role.POINTER, pointer, pointer_headers(sale.unlock.edge_ttl_seconds))
    pages = _Pages(sale, Renderer(sale, parts.theme, parts.assets, parts.pictures), sink)
    yield from _product_pages(pages, sale.products, jobs)
    yield pages.hand("index.html", pages.renderer.sale_page())
    yield pages.hand("ended/index.html", pages.renderer.ended_page())


def _by_name(assets: Sequence[Asset]) -> Iterator[Asset]:
    """Each once: two product images with the same content and name are one asset."""
    yield from {asset.name: asset for asset in assets}.values()


def _hand(sink: Sink, key: str, role: Role, body: bytes, file_headers: Headers) -> tuple[SiteFile, bool]:
    file = SiteFile(key, role, digest(body), len(body), file_headers)
    return file, sink(file, body)


@dataclass(frozen=True)
class _Pages:
    """What a worker needs to make product pages; it reaches the workers by fork, not by pickling."""

    sale: Sale
    renderer: Renderer
    sink: Sink

    def hand(self, name: str, body: bytes) -> tuple[SiteFile, bool]:
        return _hand(self.sink, f"{self.sale.id}/{name}", Role.PAGE, body, headers.page_headers())

    def make(self, products: Sequence[Product]) -> list[tuple[SiteFile, bool]]:
        return [self.hand(f"{one.slug}/index.html", self.renderer.product_page(one)) for one in products]


_forked: _Pages


def _make_in_worker(bounds: tuple[int, int]) -> list[tuple[SiteFile, bool]]:
    return _forked.make(_forked.sale.products[slice(*bounds)])


def _product_pages(pages: _Pages, products: Sequence[Product], jobs: int) -> Iterator[tuple[SiteFile, bool]]:
    global _forked
    if jobs < 2 or len(products) < 2 * PAGES_A_WORKER:
        yield from pages.make(products)
        return
    _forked = pages
    bounds = [(start, start + PAGES_A_WORKER) for start in range(0, len(products), PAGES_A_WORKER)]
    gc.freeze()  # a collection in a worker would copy every page of memory it shares with us
    with multiprocessing.get_context("fork").Pool(min(jobs, len(bounds))) as pool:
        for made in pool.imap(_make_in_worker, bounds):
            yield from made
