"""Building a sale: load, render, write what changed.

::

    YAML ─▶ Sale ─▶ assets, pictures ─▶ pages (in forked workers when there are many) ─▶ site.json, last

An unchanged sale is recognised by the digest of its inputs and of its files, without loading or rendering anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from flashgen.errors import InvalidInput, Problem, Refused
from flashgen.page import headers
from flashgen.page.assets import Asset, make_assets
from flashgen.page.images import BadImage
from flashgen.page.inputs import Inputs, unchanged
from flashgen.page.output import commit, exclusive, remove_unlisted, stage, unfinished, write_if_changed
from flashgen.page.pictures import Picture, make_picture
from flashgen.page.render import Renderer
from flashgen.page.site import Role, Site, SiteFile, digest, read_record, record_path, render_record
from flashgen.page.theme import Theme, UnknownTheme, find_theme
from flashgen.page.workers import spread
from flashgen.sale.load import Loaded, load_sale
from flashgen.sale.model import Sale
from flashgen.store import Headers
from flashgen.unlock.pointer import first_pointer, pointer_headers, pointer_key, render

PAGES_A_TASK = 100
"""Large enough that handing it over costs nothing, small enough that no worker waits long for the last one."""

PAGES_WORTH_A_FORK = 500
"""Below this a second process costs more than it saves: a fork and its pool take about 30 ms, a page 0.2 ms."""

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

    Raises InvalidInput with every problem, Refused when the sale's part of `folder` holds somebody else's files. Until
    the last page is rendered nothing there changes.
    """
    lock = record_path(folder, path.stem).with_suffix(".lock")
    _refuse_foreign(folder / path.stem, lock)
    with exclusive(lock):
        site = _unchanged_site(folder, path.stem, root)
        if site:
            return Built(site, 0)
        loaded = load_sale(path, root)
        return _write(loaded, prepare(loaded, root, jobs), root, folder, jobs)


def _refuse_foreign(place: Path, lock: Path) -> None:
    """A build deletes what it does not list: it must not begin where something lies that no build has made.

    Look first at the place, then for the lock: whoever fills a place has made its lock before.
    """
    if place.is_dir() and any(place.iterdir()) and not lock.exists():
        raise Refused(
            f"{place} holds files that no build made, and a build would delete them",
            "move them away, or build somewhere else with -o DIR",
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """All that pages are made of besides the sale itself."""

    theme: Theme
    assets: Mapping[str, Asset]
    pictures: Mapping[str, Picture]


def prepare(loaded: Loaded, root: Path, jobs: int) -> Parts:
    """Find the theme, minify its assets, encode the images. Raises InvalidInput with every problem of all three."""
    try:
        theme = find_theme(loaded.sale.theme, root / "themes")
    except UnknownTheme as unknown:
        raise InvalidInput([loaded.problem(("sale", "theme"), unknown.message, unknown.hint)]) from unknown
    return Parts(theme, make_assets(theme.asset_paths()), _pictures(loaded, root, jobs))


def _pictures(loaded: Loaded, root: Path, jobs: int) -> dict[str, Picture]:
    folder, cache = loaded.inputs[0].parent, root / ".flashgen" / "cache" / "images"
    first_use = {one.image: index for index, one in reversed([*enumerate(loaded.sale.products)]) if one.image}

    def make(name: str) -> Picture | BadImage:
        try:
            return make_picture(folder / name, root, cache)
        except BadImage as bad:
            return bad

    names = sorted(first_use, key=lambda name: first_use[name])
    made = dict(zip(names, spread(make, names, jobs), strict=True))
    problems = [
        loaded.problem(("products", first_use[name], "image"), bad.message, bad.hint)
        for name, bad in made.items()
        if isinstance(bad, BadImage)
    ]
    if problems:
        raise InvalidInput(problems)
    return {name: picture for name, picture in made.items() if isinstance(picture, Picture)}


def _unchanged_site(folder: Path, sale: str, root: Path) -> Site | None:
    record = read_record(folder, sale)
    if record is None or _marker(folder, sale).exists() or not unchanged(record[1], root):
        return None
    site = record[0]
    try:
        same = all(digest((folder / file.key).read_bytes()) == file.sha256 for file in site.files)
    except OSError:
        return None
    return site if same else None


def _marker(folder: Path, sale: str) -> Path:
    return record_path(folder, sale).with_suffix(".unfinished")


def _write(loaded: Loaded, parts: Parts, root: Path, folder: Path, jobs: int) -> Built:
    sale = loaded.sale

    def sink(file: SiteFile, body: bytes) -> bool:
        return stage(folder / file.key, body)

    fresh = not (folder / sale.id).exists()
    with unfinished(folder / sale.id, _marker(folder, sale.id)):
        made = list(all_files(sale, parts, sink, jobs))
        commit(folder, (file.key for file, written in made if written))
        files = tuple(sorted((file for file, _ in made), key=lambda file: file.key))
        site = Site(sale.id, folder, files, sale.order_origins)
        if not fresh:
            remove_unlisted(folder / sale.id, {file.key for file in site.files})
        inputs = Inputs(_input_names(loaded, root), sale.theme)
        write_if_changed(record_path(folder, sale.id), render_record(site, inputs.record(root)))
    return Built(site, sum(written for _, written in made), loaded.warnings)


def _input_names(loaded: Loaded, root: Path) -> tuple[str, ...]:
    # A YAML and its feed by their own names, for the YAML may be a link to a file outside; no image is.
    written = {path.absolute().relative_to(root.absolute()) for path in loaded.inputs}
    folder = loaded.inputs[0].parent
    images = {(folder / product.image).resolve() for product in loaded.sale.products if product.image}
    return tuple(sorted(path.as_posix() for path in written | {image.relative_to(root.resolve()) for image in images}))


def all_files(sale: Sale, parts: Parts, sink: Sink, jobs: int) -> Iterator[tuple[SiteFile, bool]]:
    """Make every file of a sale and hand it to `sink`; assets first, so that no page names one that is not there."""
    pictures = chain.from_iterable(picture.assets for picture in parts.pictures.values())
    for asset in _by_name([*parts.assets.values(), *pictures]):
        yield _hand(sink, f"{sale.id}/assets/{asset.name}", Role.ASSET, asset.body, headers.asset_headers(asset.name))
    key = pointer_key(sale.id, sale.unlock.version)
    pointer = render(first_pointer(sale.id, sale.unlock.version, sale.starts_at, sale.ends_at))
    yield _hand(sink, key, Role.POINTER, pointer, pointer_headers(sale.unlock.edge_ttl_seconds))
    pages = _Pages(sale, Renderer(sale, parts.theme, parts.assets, parts.pictures), headers.page_headers(), sink)
    yield from _all_pages(pages, jobs)


def _by_name(assets: Sequence[Asset]) -> Iterator[Asset]:
    """Each once: two product images with the same content and name are one asset."""
    yield from {asset.name: asset for asset in assets}.values()


def _hand(sink: Sink, key: str, role: Role, body: bytes, file_headers: Headers) -> tuple[SiteFile, bool]:
    file = SiteFile(key, role, digest(body), len(body), file_headers)
    return file, sink(file, body)


@dataclass(frozen=True)
class _Pages:
    """What a worker needs to make pages."""

    sale: Sale
    renderer: Renderer
    headers: Headers
    sink: Sink

    def make(self, products: slice | None) -> list[tuple[SiteFile, bool]]:
        """The pages of some products; with None those that a sale has once."""
        render = self.renderer
        if products is None:
            return [self._hand("index.html", render.sale_page()), self._hand("ended/index.html", render.ended_page())]
        chosen = self.sale.products[products]
        return [self._hand(f"{one.slug}/index.html", render.product_page(one)) for one in chosen]

    def _hand(self, name: str, body: bytes) -> tuple[SiteFile, bool]:
        return _hand(self.sink, f"{self.sale.id}/{name}", Role.PAGE, body, self.headers)


def _all_pages(pages: _Pages, jobs: int) -> Iterator[tuple[SiteFile, bool]]:
    count = len(pages.sale.products)
    # The sale page lists all products: the longest task goes first, or one worker would end with it alone.
    tasks = [None, *(slice(start, start + PAGES_A_TASK) for start in range(0, count, PAGES_A_TASK))]
    for made in spread(pages.make, tasks, jobs if count >= PAGES_WORTH_A_FORK else 1):
        yield from made
