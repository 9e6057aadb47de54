"""What browsers and the edge are told about each kind of file."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import write_sale

from flashgen.errors import Refused
from flashgen.page.build import build_sale
from flashgen.page.headers import CONTENT_TYPES, asset_headers, page_headers
from flashgen.page.site import Role
from flashgen.store import Headers


def test_assets_are_kept_for_ever() -> None:
    """Their names hold their content's hash."""
    assert Headers("text/css; charset=utf-8", "public, max-age=31536000, immutable") == asset_headers("a.0123.css")


def test_browsers_ask_for_a_page_again_after_a_minute() -> None:
    """And live on without an origin for a day."""
    said = page_headers().cache_control.split(", ")
    assert {"max-age=60", "s-maxage=60", "stale-if-error=86400"} <= set(said)
    assert "immutable" not in said


@pytest.mark.parametrize("name", ["a.0123.map", "a.php", "a", ".htaccess"])
def test_no_other_kind_of_file_is_served(name: str) -> None:
    """A source map would show what is inside; a guessed type may run as code."""
    with pytest.raises(Refused, match=r"may be \.avif"):
        asset_headers(name)


def test_extensions_are_read_in_any_case() -> None:
    """Cameras write IMG_1.JPG."""
    assert CONTENT_TYPES[".jpg"] == asset_headers("IMG.JPG").content_type


def test_every_file_of_a_sale_has_the_headers_of_its_role(tmp_path: Path) -> None:
    """The pointer alone is never kept by browsers."""
    site = build_sale(write_sale(tmp_path), tmp_path, tmp_path / "build", 1).site
    ages = {role: {_browser_seconds(file.headers) for file in site.having(role)} for role in Role}
    assert {Role.ASSET: {31_536_000}, Role.PAGE: {60}, Role.POINTER: {0}} == ages
    assert {CONTENT_TYPES[".js"]} == {site.pointer_file.headers.content_type}


def _browser_seconds(headers: Headers) -> int:
    (age,) = [part for part in headers.cache_control.split(", ") if part.startswith("max-age=")]
    return int(age.removeprefix("max-age="))
