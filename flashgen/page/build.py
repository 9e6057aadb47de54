"""Builds a sale: loads it, renders it, writes what changed.

::

    YAML ─▶ Sale ─▶ assets, pictures ─▶ pages (in forked workers when there are many) ─▶ site.json, last

A sale is unchanged if the digests of its inputs and of its files are. Then nothing is loaded or rendered, and what
loads and renders is not even imported: most builds change nothing, and the import would be most of their time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flashgen.errors import Problem, Refused
from flashgen.layout import PRIVATE_FOLDER, build_record_key, forms_folder, settings_key
from flashgen.page.inputs import Inputs, unchanged
from flashgen.page.output import commit, exclusive, remove_unlisted, stage, unfinished, write_if_changed
from flashgen.page.site import Role, Site, SiteFile, digest, read_record, record_path, render_record

if TYPE_CHECKING:
    from flashgen.page.pictures.gather import Report
    from flashgen.page.site_files import Parts
    from flashgen.sale.load import Loaded


@dataclass(frozen=True, slots=True)
class Built:
    """The result of a build. `written` counts the files that were missing or different.

    `loaded` is the sale as it was read, None where nothing had changed and nothing was read.
    """

    site: Site
    written: int
    warnings: tuple[Problem, ...] = ()
    loaded: Loaded | None = None

    @property
    def pages(self) -> int:
        """How many HTML pages the sale has."""
        return sum(file.key.endswith(".html") for file in self.site.having(Role.PAGE))

    @property
    def total_bytes(self) -> int:
        """The size of all files together."""
        return sum(file.body_bytes for file in self.site.files)


def build_sale(
    path: Path,
    root: Path,
    folder: Path,
    jobs: int,
    report: Report | None = None,
    *,
    site_url: str = "",
    trusted_themes: bool = False,
    theme: str = "",
) -> Built:
    """Build the sale of the YAML at `path` into `folder`, which holds a project's builds.

    `jobs` limits the processes; `report` is told how many pictures and cards are made. `site_url` is where the public
    will see `folder`, empty if that is not known. Without `trusted_themes` the templates of the project's own themes
    run in a sandbox. `theme` replaces the sale's own; each needs a `folder` of its own. No file changes before the
    last page is rendered. Raises InvalidInput with every problem, and Refused if `folder` holds what no build made, or
    the project itself.
    """
    lock = record_path(folder, path.stem).with_suffix(".lock")
    _refuse_foreign(folder, path.stem, root)
    with exclusive(lock):
        site = _unchanged_site(folder, path.stem, root, site_url, trusted_themes=trusted_themes)
        if site:
            return Built(site, 0)
        from flashgen.page.pictures.gather import no_report
        from flashgen.page.site_files import prepare_parts
        from flashgen.sale.load import load_sale

        loaded = load_sale(path, root)
        loaded = loaded.with_theme(theme) if theme else loaded
        parts = prepare_parts(loaded, root, jobs, report or no_report, site_url=site_url, trusted_themes=trusted_themes)
        inputs = _inputs(loaded, parts, root, trusted_themes=trusted_themes)
        return _write(loaded, parts, inputs, root, folder, jobs)


def _refuse_foreign(folder: Path, sale: str, root: Path) -> None:
    """Refuse a folder that is not for builds, because a build writes over files and deletes those it does not list.

    Check what is there before the locks: a build makes its lock before it fills a folder.
    """
    if root.resolve().is_relative_to(folder.resolve()) or folder.resolve() == _home():
        why = "it is the home folder" if folder.resolve() == _home() else "the project lies in it"
        raise Refused(f"nothing is built into {folder}: {why}", "give a folder for builds alone: -o public")
    for place, of_sale in (folder, "*"), (folder / sale, sale):
        lock = build_record_key(of_sale).replace(".json", ".lock")
        foreign = sorted(path.name for path in place.iterdir() if _counts(path, folder)) if place.is_dir() else []
        if foreign and not any(folder.glob(lock)):
            others = f" and {len(foreign) - 1:,} more" if foreign[1:] else ""
            raise Refused(
                f"{place} holds files that no build made: {foreign[0]}{others}",
                "move them away, or build into a folder that is empty or new: -o DIR",
            )


def _counts(path: Path, folder: Path) -> bool:
    """Whether what is there is not to be built over. Directly in `folder` a build touches no hidden files."""
    return path.parent != folder or not (path.name.startswith(".") or path.name == PRIVATE_FOLDER)


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except RuntimeError:  # no HOME, and a user that the system does not know
        return None


def _unchanged_site(folder: Path, sale: str, root: Path, site_url: str, *, trusted_themes: bool) -> Site | None:
    record = read_record(folder, sale)
    if record is None or _marker(folder, sale).exists():
        return None
    if not unchanged(record[1], root, site_url, trusted_themes=trusted_themes):
        return None
    site = record[0]
    try:
        same = all(digest((folder / file.key).read_bytes()) == file.sha256 for file in site.files)
    except OSError:
        return None
    return site if same else None


def _marker(folder: Path, sale: str) -> Path:
    return record_path(folder, sale).with_suffix(".unfinished")


def _write(loaded: Loaded, parts: Parts, inputs: Inputs, root: Path, folder: Path, jobs: int) -> Built:
    from flashgen.page.site_files import make_files

    sale = loaded.sale
    fresh = not (folder / sale.id).exists()

    def sink(file: SiteFile, body: bytes) -> bool:
        return stage(folder / file.key, body, fresh=fresh)

    folders = (folder / sale.id, record_path(folder, sale.id).parent)
    with unfinished(folders, _marker(folder, sale.id)):
        made, entry = make_files(sale, parts, sink, jobs)
        commit(folder, (file.key for file, written in made if written))
        files = tuple(sorted((file for file, _ in made), key=lambda file: file.key))
        site = Site(sale.id, folder, files, entry, sale.order_origins)
        if not fresh:
            _remove_unlisted(folder, sale.id, {file.key for file in files})
        write_if_changed(record_path(folder, sale.id), render_record(site, inputs.record(root)))
    return Built(site, sum(written for _, written in made), (*loaded.warnings, *parts.warnings), loaded)


def _remove_unlisted(folder: Path, sale: str, keys: set[str]) -> None:
    """Private files are named one by one, because the record, which is never listed, lies among them."""
    for name in (sale, forms_folder(sale)):
        remove_unlisted(folder, folder / name, keys)
    if settings_key(sale) not in keys:
        (folder / settings_key(sale)).unlink(missing_ok=True)


def _inputs(loaded: Loaded, parts: Parts, root: Path, *, trusted_themes: bool) -> Inputs:
    settings = loaded.settings.absolute().relative_to(root.absolute()).as_posix() if loaded.settings else ""
    return Inputs(
        *(_input_names(loaded, parts, root), loaded.sale.theme, settings, parts.site_url, trusted_themes),
        absent=_absent_names(loaded, parts, root),
    )


def _input_names(loaded: Loaded, parts: Parts, root: Path) -> tuple[str, ...]:
    # The YAML and its feed keep their own names, because the YAML may be a link to a file outside. An image may not.
    texts = {path.absolute().relative_to(root.absolute()) for path in loaded.inputs if path != loaded.settings}
    brand = parts.brand.files if parts.brand else ()
    files = (*(picture.file for picture in parts.pictures.values()), *brand)
    images = {file.resolve().relative_to(root.resolve()) for file in files}
    return tuple(sorted(path.as_posix() for path in texts | images))


def _absent_names(loaded: Loaded, parts: Parts, root: Path) -> tuple[str, ...]:
    """What a build would have read if it had been there, without extensions.

    That is flashgen.yaml; the images of the web that were left out, by the names that they get when fetched; and images
    beside the YAML that were found in a folder below.
    """
    from flashgen.page.pictures.gather import image_places, is_below
    from flashgen.page.pictures.image_file import FETCHED_FOLDER, fetched_name
    from flashgen.sale.load import SETTINGS_STEM

    folder = loaded.inputs[0].parent.absolute().relative_to(root.absolute())
    missing = [name for name in image_places(loaded) if name not in parts.pictures]
    below = (name for name, picture in parts.pictures.items() if is_below(loaded, name, picture))
    paths = (
        *(folder / FETCHED_FOLDER / fetched_name(url) for url in missing),
        *((folder / one).with_suffix("") for one in below),
    )
    settings = () if loaded.settings else (SETTINGS_STEM,)
    return tuple(sorted((*settings, *(path.as_posix() for path in paths))))
