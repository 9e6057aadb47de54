"""Building a sale: load, render, write what changed.

::

    YAML ─▶ Sale ─▶ assets, pictures ─▶ pages (in forked workers when there are many) ─▶ site.json, last

An unchanged sale is recognised by the digest of its inputs and of its files, without loading or rendering anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flashgen.errors import Problem, Refused
from flashgen.layout import forms_folder, settings_key
from flashgen.page.files import make_files
from flashgen.page.inputs import Inputs, unchanged
from flashgen.page.output import commit, exclusive, remove_unlisted, stage, unfinished, write_if_changed
from flashgen.page.parts import Parts, prepare
from flashgen.page.site import Role, Site, SiteFile, digest, read_record, record_path, render_record
from flashgen.sale.load import Loaded, load_sale


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

    fresh = not (folder / sale.id).exists()

    def sink(file: SiteFile, body: bytes) -> bool:
        return stage(folder / file.key, body, fresh=fresh)

    places = (folder / sale.id, record_path(folder, sale.id).parent)
    with unfinished(places, _marker(folder, sale.id)):
        made = make_files(sale, parts, sink, jobs)
        commit(folder, (file.key for file, written in made if written))
        files = tuple(sorted((file for file, _ in made), key=lambda file: file.key))
        site = Site(sale.id, folder, files, sale.order_origins)
        if not fresh:
            _remove_unlisted(folder, sale.id, {file.key for file in files})
        inputs = Inputs(_input_names(loaded, root), sale.theme)
        write_if_changed(record_path(folder, sale.id), render_record(site, inputs.record(root)))
    return Built(site, sum(written for _, written in made), loaded.warnings)


def _remove_unlisted(folder: Path, sale: str, keys: set[str]) -> None:
    """Beside gate.json lies the record, which is never listed: what is private is named one by one."""
    for place in (sale, forms_folder(sale)):
        remove_unlisted(folder, folder / place, keys)
    if settings_key(sale) not in keys:
        (folder / settings_key(sale)).unlink(missing_ok=True)


def _input_names(loaded: Loaded, root: Path) -> tuple[str, ...]:
    # A YAML and its feed by their own names, for the YAML may be a link to a file outside; no image is.
    written = {path.absolute().relative_to(root.absolute()) for path in loaded.inputs}
    folder = loaded.inputs[0].parent
    images = {(folder / product.image).resolve() for product in loaded.sale.products if product.image}
    return tuple(sorted(path.as_posix() for path in written | {image.relative_to(root.resolve()) for image in images}))
