"""Which paths a CDN invalidates, and under which reference; and waiting for its edges, with a limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.edges import Edges
from support.faults import Killed, dying
from support.operators import SALE, STARTS_AT, Clock
from support.shop import ASSET_HEADERS, Shop, plan_for, public, push_of

from flashgen.layout import manifest_key
from flashgen.release.invalidation import await_edges, outdated_paths, paths_of, push_reference
from flashgen.release.manifest import Claim
from flashgen.release.plan import Change, Op, Wave
from flashgen.store import Headers, MemoryStore

SHOP = Shop()
EVERY_PAGE = tuple(
    f"/{SALE}/{page}" for page in ("", "index.html", "lamp/", "lamp/index.html", "mug/", "mug/index.html")
)


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    """SHOP is pushed."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    return store


def _paths(new: Shop, store: MemoryStore, folder: Path) -> tuple[str, ...]:
    return outdated_paths(plan_for(new.build(folder), store))


def test_a_changed_page_has_two_paths(store: MemoryStore, tmp_path: Path) -> None:
    """As the viewer asks for it, and as the edge function turns it."""
    assert EVERY_PAGE == _paths(replace(SHOP, text="bye"), store, tmp_path)


def test_headers_are_reason_enough(store: MemoryStore, tmp_path: Path) -> None:
    """An edge goes by the header that it has; an asset's too."""
    page, asset = Headers("text/html", "public, max-age=5"), replace(ASSET_HEADERS, cache_control="public, max-age=5")
    assert EVERY_PAGE == _paths(replace(SHOP, page_headers=page), store, tmp_path)
    assets = tuple(sorted(f"/{key}" for key in public(store) if key.endswith(".css")))
    assert assets == _paths(replace(SHOP, asset_headers=asset), store, tmp_path)


def test_what_is_new_is_in_no_cache(store: MemoryStore, tmp_path: Path) -> None:
    """A page and an asset more: the pages that name it change, and it itself does not."""
    assert EVERY_PAGE == _paths(
        replace(SHOP, pages=("lamp", "mug", "rug"), assets=("one", "two", "x")), store, tmp_path
    )


def test_the_pointer_is_left_to_itself(store: MemoryStore, tmp_path: Path) -> None:
    """Its copies last a second; a push that moves a start changes nothing else."""
    assert () == _paths(replace(SHOP, starts_at=STARTS_AT.replace(minute=5)), store, tmp_path)


def test_a_page_that_comes_back_may_be_cached(store: MemoryStore, tmp_path: Path) -> None:
    """It was in the store all the time."""
    push_of(replace(SHOP, pages=("lamp",)).build(tmp_path), store).run()
    assert (f"/{SALE}/mug/", f"/{SALE}/mug/index.html") == _paths(SHOP, store, tmp_path)


def test_what_an_unfinished_push_may_have_put_is_invalidated(store: MemoryStore, tmp_path: Path) -> None:
    """A page that is new for the manifest may have been public for an hour."""
    with pytest.raises(Killed):
        push_of(replace(SHOP, pages=("lamp", "mug", "rug")).build(tmp_path), dying(store, 4)).run()
    other = replace(SHOP, pages=("lamp", "mug", "rug"), text="bye")
    assert {f"/{SALE}/rug/", f"/{SALE}/rug/index.html"} <= set(_paths(other, store, tmp_path))


def test_the_whole_sale_is_invalidated_if_it_is_unknown_what_was_served(store: MemoryStore, tmp_path: Path) -> None:
    """A first push, and one after the manifest was deleted; never anything beside the sale."""
    assert (f"/{SALE}/*",) == _paths(SHOP, MemoryStore(), tmp_path)
    store.delete([manifest_key(SALE)])
    assert (f"/{SALE}/*",) == _paths(SHOP, store, tmp_path)


def test_nothing_to_put_is_nothing_to_invalidate(store: MemoryStore, tmp_path: Path) -> None:
    """Not for a push of nothing, nor for one that drops an asset alone."""
    assert () == _paths(SHOP, store, tmp_path)
    asset = next(key for key in public(store) if key.endswith(".css"))
    drop = Change(Op.DROP, asset, "gone", Wave.MANIFEST)
    assert () == outdated_paths(replace(plan_for(SHOP.build(tmp_path), store), changes=(drop,)))


@pytest.mark.parametrize(("limit", "is_wildcard"), [(6, False), (5, True)])
def test_one_wildcard_where_the_limit_needs_it(
    limit: int, is_wildcard: bool, store: MemoryStore, tmp_path: Path
) -> None:
    """As many as the limit are listed one by one; with one more it is the whole sale."""
    plan = plan_for(replace(SHOP, text="bye").build(tmp_path), store)
    found = outdated_paths(plan, max_paths=limit)
    assert ((f"/{SALE}/*",) if is_wildcard else EVERY_PAGE) == found


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("fair/assets/a.0f.css", "/fair/assets/a.0f.css"),
        ("fair/ä b.css", "/fair/%C3%A4%20b.css"),
        ("fair/a#b%c~d.css", "/fair/a%23b%25c%7Ed.css"),
        ("fair/a*.css", "/fair/a%2A.css"),
        ("fair/a&b=c(1),2+3@!$'.css", "/fair/a&b=c(1),2+3@!$'.css"),
        ("fair/notindex.html", "/fair/notindex.html"),
    ],
)
def test_paths_are_encoded_as_cloudfront_asks(key: str, path: str) -> None:
    """Unsafe characters and no others; a star in a name is no wildcard."""
    assert (path,) == paths_of([key])


def test_each_claim_has_a_reference_of_its_own() -> None:
    """Sent again it is the same; another claim, or other paths, are another invalidation."""
    claim = Claim("ann", STARTS_AT, "target", (), "nonce-1")
    again = replace(claim, nonce="nonce-2")
    names = [
        push_reference(claim, ("/a",)),
        push_reference(claim, ("/a",)),
        push_reference(again, ("/a",)),
        push_reference(claim, ("/b",)),
    ]
    assert (3, True) == (len(set(names)), names[0] == names[1])


@pytest.mark.parametrize("done_after", [0, 1, 6])
def test_it_asks_until_the_edges_know(done_after: int) -> None:
    """At once, or after a while."""
    clock = Clock()
    assert await_edges(Edges(done_after=done_after), "id", now=clock.now, sleep=clock.sleep)


@pytest.mark.parametrize("limit_seconds", [0, 1, 60])
def test_it_gives_up_in_time(limit_seconds: int) -> None:
    """Never later than the limit."""
    clock = Clock()
    began = clock.instant
    assert not await_edges(
        Edges(done_after=10_000), "id", now=clock.now, sleep=clock.sleep, limit_seconds=limit_seconds
    )
    assert clock.instant - began <= timedelta(seconds=limit_seconds + 0.1)
