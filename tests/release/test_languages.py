"""A push of a sale in several languages: pages before the pages that link to them, the root page last."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.operators import SALE
from support.shop import Shop, plan_for, public, push_of

from flashgen.release.invalidation import outdated_paths
from flashgen.release.plan import Wave
from flashgen.store import MemoryStore

SHOP = Shop(pages=("ended", "de", "de/lamp", "en", "en/lamp"))


def test_the_root_page_comes_after_all_others(tmp_path: Path) -> None:
    """Before it the sale pages of the languages, before those their products."""
    plan = plan_for(SHOP.build(tmp_path), MemoryStore())
    waves = {wave: [change.key.removeprefix(f"{SALE}/") for change in plan.in_wave(wave)] for wave in Wave}
    assert ["de/lamp/index.html", "en/lamp/index.html"] == waves[Wave.PAGES]
    assert ["de/index.html", "en/index.html", "ended/index.html"] == waves[Wave.SALE_PAGE]
    assert ["index.html"] == waves[Wave.ROOT_PAGE]


def test_all_of_it_is_pushed_and_invalidated(tmp_path: Path) -> None:
    """Also the root page."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    pages = {key.removeprefix(f"{SALE}/") for key in public(store) if key.endswith(".html")}
    assert {"index.html", *(f"{page}/index.html" for page in SHOP.pages)} == pages
    plan = plan_for(replace(SHOP, text="bye").build(tmp_path), store)
    assert {f"/{SALE}/", f"/{SALE}/de/", f"/{SALE}/de/lamp/"} <= {*outdated_paths(plan)}
    assert plan_for(SHOP.build(tmp_path), store).is_noop


def test_a_sale_of_one_language_has_no_root_wave(tmp_path: Path) -> None:
    """Its sale page is the root."""
    plan = plan_for(Shop(pages=("de", "en")).build(tmp_path), MemoryStore())
    assert (2, 1, 0) == tuple(len(plan.in_wave(wave)) for wave in (Wave.PAGES, Wave.SALE_PAGE, Wave.ROOT_PAGE))
