"""The cache headers of each kind of file."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.projects import write_sale

from flashgen.document.wording import InvalidValue
from flashgen.errors import Refused
from flashgen.page.build import build_sale
from flashgen.page.headers import CONTENT_TYPES, asset_headers, checked_page_cache, page_cache, page_headers
from flashgen.page.site import Role
from flashgen.store import Headers


def test_assets_are_kept_for_ever() -> None:
    """Their names hold their content's hash."""
    assert Headers("text/css; charset=utf-8", "public, max-age=31536000, immutable") == asset_headers("a.0123.css")


def test_browsers_ask_for_a_page_again_after_a_minute() -> None:
    """And use it for a day without an origin."""
    directives = page_headers().cache_control.split(", ")
    assert {"max-age=60", "s-maxage=60", "stale-if-error=86400"} <= set(directives)
    assert "immutable" not in directives


def test_an_edge_keeps_a_page_for_a_day_where_push_invalidates_it() -> None:
    """Nothing else differs: browsers still ask after a minute."""
    default, invalidated = page_cache(is_invalidated=False), page_cache(is_invalidated=True)
    assert page_headers().cache_control == default
    assert invalidated == default.replace("s-maxage=60", "s-maxage=86400")


@pytest.mark.parametrize("is_invalidated", [True, False])
def test_the_default_page_caches_are_valid(is_invalidated: bool) -> None:
    """As they are."""
    assert page_cache(is_invalidated=is_invalidated) == checked_page_cache(page_cache(is_invalidated=is_invalidated))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("max-age=60", "max-age=60"),
        (" Public ,  MAX-AGE=0,s-maxage=5 ", "public, max-age=0, s-maxage=5"),
        ("max-age=60, must-revalidate, no-transform", "max-age=60, must-revalidate, no-transform"),
        ("max-age=0, s-maxage=518400, stale-if-error=86400", "max-age=0, s-maxage=518400, stale-if-error=86400"),
        ("max-age=604800, s-maxage=60", "max-age=604800, s-maxage=60"),
    ],
)
def test_a_page_cache_is_tidied(written: str, expected: str) -> None:
    """One spelling, so that push never sees the same header as a change."""
    assert expected == checked_page_cache(written)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("public, max-age=60, immutable", "must not say `immutable`"),
        ("no-store", "must not say `no-store`"),
        ("max-age=60, no-cache", "must not say `no-cache`"),
        ("Private, max-age=60", "must not say `private`"),
        ('private="x", max-age=60', "must not say `private`"),
        ("max-age=60\r\nX-Evil: 1", "must give `max-age` whole seconds"),
        ("max-age=60, public\n", "must be directives of Cache-Control"),
        ("max-age=60\0", "must give `max-age` whole seconds"),
        ("max-age=-1", "must give `max-age` whole seconds"),
        ("max-age", "must give `max-age` whole seconds"),
        ("max-age=1.5", "must give `max-age` whole seconds"),
        ("max-age=\u0663", "must give `max-age` whole seconds"),
        ("max-age=99999999999", "must give `max-age` whole seconds"),
        ("max-age=1, max-age=2", "must say `max-age` once"),
        ("maxage=60", "must be directives of Cache-Control"),
        ("public=yes, max-age=60", "must be directives of Cache-Control"),
        ("max-age=60,", "must be directives of Cache-Control"),
        ("for ever", "must be directives of Cache-Control"),
        ("public", "must let the edge keep a page for a second or more"),
        ("max-age=0", "must let the edge keep a page for a second or more"),
        ("max-age=60, s-maxage=0", "must let the edge keep a page for a second or more"),
        ("s-maxage=60", "must say for how long browsers may keep a page"),
        ("max-age=2592000, s-maxage=60", "must let nothing serve a page for more than 604800 seconds (7 days)"),
        ("max-age=60, s-maxage=604801", "must let nothing serve a page for more than 604800 seconds (7 days)"),
        ("max-age=60, s-maxage=518400, stale-if-error=86401", "must let nothing serve a page for more than"),
        ("max-age=518400, stale-while-revalidate=86401", "must let nothing serve a page for more than"),
    ],
)
def test_a_page_cache_that_breaks_caching_is_refused(written: str, message: str) -> None:
    """In one line, with what was found and a fix."""
    with pytest.raises(InvalidValue) as caught:
        checked_page_cache(written)
    assert caught.value.message.startswith(message)
    assert ", found " in caught.value.message
    assert caught.value.message.isprintable()
    assert caught.value.hint


@pytest.mark.parametrize("name", ["a.0123.map", "a.php", "a", ".htaccess"])
def test_other_kinds_of_files_are_refused(name: str) -> None:
    """A source map would show the source; a guessed type may run as code."""
    with pytest.raises(Refused, match=r"may be \.avif"):
        asset_headers(name)


def test_extensions_are_read_in_any_case() -> None:
    """Cameras write IMG_1.JPG."""
    assert CONTENT_TYPES[".jpg"] == asset_headers("IMG.JPG").content_type


def test_every_file_of_a_sale_has_the_headers_of_its_role(tmp_path: Path) -> None:
    """The pointer alone is never kept by browsers."""
    site = build_sale(write_sale(tmp_path), tmp_path, tmp_path / "build", 1).site
    ages = {role: {_browser_seconds(file.headers) for file in site.having(role)} for role in Role}
    assert {Role.ASSET: {31_536_000}, Role.PAGE: {60}, Role.POINTER: {0}, Role.FORM: {-1}, Role.GATE: {-1}} == ages
    assert {CONTENT_TYPES[".js"]} == {site.pointer_file.headers.content_type}


def _browser_seconds(headers: Headers) -> int:
    if headers.cache_control == "private, no-store":
        return -1
    (age,) = [part for part in headers.cache_control.split(", ") if part.startswith("max-age=")]
    return int(age.removeprefix("max-age="))
