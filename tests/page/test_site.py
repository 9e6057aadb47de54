"""A built sale, read back from its record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.projects import write_sale

from flashgen.errors import Refused
from flashgen.page.build import build_sale
from flashgen.page.site import Role, Site, digest, read_record, record_path
from flashgen.unlock.state import State


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Three products, built."""
    return build_sale(write_sale(tmp_path), tmp_path, tmp_path / "build", 1).site


def test_a_record_reads_back_as_the_site(site: Site) -> None:
    """`push --no-build` needs nothing else."""
    record = read_record(site.folder, "night")
    assert record is not None
    assert site == record[0]


def test_files_are_sorted_and_are_what_the_record_says(site: Site) -> None:
    """All files, and no others."""
    assert sorted(file.key for file in site.files) == [file.key for file in site.files]
    found = {path.relative_to(site.folder).as_posix() for path in site.folder.rglob("*") if path.is_file()}
    own = {"_flashgen/night/site.json", "_flashgen/night/site.lock"}
    assert {file.key for file in site.files} | own == found
    for file in site.files:
        body = (site.folder / file.key).read_bytes()
        assert (file.sha256, file.body_bytes) == (digest(body), len(body))


def test_a_site_has_the_pages_of_the_contract(site: Site) -> None:
    """Sale page, ended page and one for each product; one pointer, scheduled."""
    expected = {"night/index.html", "night/ended/index.html", "night/waiting/index.html"} | {
        f"night/{name}/index.html" for name in ("lamp", "mug", "rug")
    }
    assert expected | {"night/calendar/night.ics"} == {file.key for file in site.having(Role.PAGE)}
    assert site.pointer_file.key == "night/unlock.abcdefgh23.js"
    assert (0, State.SCHEDULED, None) == (site.pointer.revision, site.pointer.state.state, site.pointer.order)


def test_a_page_cache_changes_only_pages(site: Site) -> None:
    """And only this header; bodies stay."""
    changed = site.with_page_cache("max-age=5")
    for before, after in zip(site.files, changed.files, strict=True):
        expected = "max-age=5" if before.role is Role.PAGE else before.headers.cache_control
        assert replace(before, headers=replace(before.headers, cache_control=expected)) == after
    assert site.folder == changed.folder


@pytest.mark.parametrize("damage", ["changed", "removed"])
def test_a_body_that_changed_after_the_build_is_refused(site: Site, damage: str) -> None:
    """A push must upload only what was rendered."""
    path = site.folder / "night" / "index.html"
    path.unlink() if damage == "removed" else path.write_bytes(b"edited")
    (file,) = [file for file in site.files if file.key == "night/index.html"]
    with pytest.raises(Refused, match="not what was built") as refused:
        site.body(file)
    assert refused.value.hint == "flashgen build night"


def test_a_missing_record_is_none(tmp_path: Path) -> None:
    """Not built yet."""
    assert read_record(tmp_path, "night") is None
    assert not record_path(tmp_path, "night").exists()
