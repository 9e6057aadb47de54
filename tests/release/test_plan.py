"""What a push would do, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.faults import FATES, Faults
from support.operators import ENDS_AT, KEY, SALE, STARTS_AT
from support.shop import Shop, plan_for, push_of

from flashgen.errors import StoreError
from flashgen.release.plan import Op, Wave
from flashgen.store import Headers, MemoryStore, Store

SHOP = Shop()
HOUR = timedelta(hours=1)


def _pushed(folder: Path, shop: Shop = SHOP) -> MemoryStore:
    store = MemoryStore()
    push_of(shop.build(folder), store).run()
    return store


def _changes(folder: Path, store: MemoryStore, shop: Shop) -> set[tuple[Op, str, str]]:
    """Op, last segments of the key, and reason."""
    plan = plan_for(shop.build(folder), store)
    return {(change.op, change.key.removeprefix(f"{SALE}/").split(".")[0], change.reason) for change in plan.changes}


def test_everything_is_new_in_an_empty_store(tmp_path: Path) -> None:
    """In the order of upload: assets, the pointer, pages."""
    plan = plan_for(SHOP.build(tmp_path), MemoryStore())
    assert {(Op.CREATE, "new")} == {(change.op, change.reason) for change in plan.changes}
    assert [Wave.ASSETS] * 2 + [Wave.POINTER] + [Wave.PAGES] * 2 + [Wave.SALE_PAGE] == [
        change.wave for change in plan.changes
    ]
    assert 0 == plan.unchanged


def test_what_is_pushed_is_not_pushed_again(tmp_path: Path) -> None:
    """The same input makes an empty plan."""
    store = _pushed(tmp_path)
    plan = plan_for(SHOP.build(tmp_path), store)
    assert (True, (), 6) == (plan.is_noop, plan.changes, plan.unchanged)


PAGES = ("index", "lamp/index", "mug/index")
CACHE = Headers(SHOP.page_headers.content_type, "no-store")
CASES: dict[str, tuple[dict[str, Any], set[tuple[Op, str, str]]]] = {
    "a page is new": ({"pages": ("lamp", "mug", "rug")}, {(Op.CREATE, "rug/index", "new")}),
    "content": ({"text": "bye"}, {(Op.UPDATE, page, "content") for page in PAGES}),
    "headers": ({"page_headers": CACHE}, {(Op.UPDATE, page, "headers: cache-control") for page in PAGES}),
    "content and headers": (
        {"page_headers": Headers("text/plain", "no-store"), "text": "bye"},
        {(Op.UPDATE, page, "content, headers: content-type, headers: cache-control") for page in PAGES},
    ),
    "a page is gone": (
        {"pages": ("lamp",)},
        {(Op.DROP, "mug/index", "left the site; prune deletes it later")},
    ),
    "times": (
        {"starts_at": STARTS_AT - HOUR, "ends_at": ENDS_AT + HOUR},
        {(Op.UPDATE, "unlock", "times: starts_at, times: ends_at")},
    ),
    "the pointer's headers": ({"edge_ttl_seconds": 2}, {(Op.UPDATE, "unlock", "headers: cache-control")}),
    "rotated": (
        {"version": "next"},
        {
            (Op.CREATE, "unlock", "rotated"),
            (Op.FORWARD, "unlock", f"pages that name it go on to {SALE}/unlock.next.js"),
            *((Op.UPDATE, page, "content") for page in PAGES),
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_change_has_its_reason(name: str, tmp_path: Path) -> None:
    """In words; what stays as it is, is not there."""
    change, expected = CASES[name]
    assert expected == _changes(tmp_path, _pushed(tmp_path), replace(SHOP, **change))


def test_waves_are_whole_and_keys_sorted(tmp_path: Path) -> None:
    """A drop and a forward come last, with the manifest."""
    store = _pushed(tmp_path)
    plan = plan_for(replace(SHOP, version="next", pages=("a", "lamp"), assets=("one", "x")).build(tmp_path), store)
    order = [(list(Wave).index(change.wave), change.key) for change in plan.changes]
    assert sorted(order) == order
    assert {Op.DROP, Op.FORWARD} == {change.op for change in plan.in_wave(Wave.MANIFEST)}


def _dying(store: Store, at: int) -> Store:
    return Faults(FATES["refused from then on"], at, only="put ").store(store)


def _died(folder: Path, store: MemoryStore, shop: Shop, at: int) -> None:
    """A push of `shop` that dies at a put."""
    with pytest.raises(StoreError):
        push_of(shop.build(folder), _dying(store, at)).run()


def test_what_an_unfinished_push_may_have_touched_is_put_again(tmp_path: Path) -> None:
    """Its content is unknown; also when the former site is pushed again."""
    store = _pushed(tmp_path)
    _died(tmp_path, store, replace(SHOP, text="bye"), at=3)
    assert {(Op.UPDATE, page, "unfinished push") for page in PAGES} == _changes(tmp_path, store, SHOP)


def test_what_only_an_unfinished_push_had_is_dropped(tmp_path: Path) -> None:
    """Else prune would never learn of it."""
    store = _pushed(tmp_path)
    _died(tmp_path, store, replace(SHOP, pages=("lamp", "mug", "rug")), at=3)
    expected = {(Op.DROP, "rug/index", "left the site; prune deletes it later")}
    assert expected == _changes(tmp_path, store, SHOP)


def test_a_second_death_does_not_make_the_first_forgotten(tmp_path: Path) -> None:
    """Its claim carries the keys of the one it took over."""
    store = _pushed(tmp_path)
    _died(tmp_path, store, replace(SHOP, pages=("lamp", "mug", "rug")), at=3)
    with pytest.raises(StoreError):
        push_of(replace(SHOP, text="bye").build(tmp_path), _dying(store, 3)).run(take_over=True)
    changes = _changes(tmp_path, store, SHOP)
    assert (Op.DROP, "rug/index", "left the site; prune deletes it later") in changes
    assert {(Op.UPDATE, page, "unfinished push") for page in PAGES} < changes


def test_the_pointer_of_an_unfinished_rotation_leads_back(tmp_path: Path) -> None:
    """It is not dropped, since a pointer is never deleted; and the one that was pushed has to be there still."""
    store = _pushed(tmp_path)
    _died(tmp_path, store, replace(SHOP, version="next"), at=3)
    changes = plan_for(SHOP.build(tmp_path), store).changes
    assert [(Op.UPDATE, Wave.POINTER, KEY, "unfinished push")] == [
        (change.op, change.wave, change.key, change.reason) for change in changes if change.wave is Wave.POINTER
    ]
    assert [(Op.FORWARD, f"{SALE}/unlock.next.js", f"unfinished push; pages that name it go on to {KEY}")] == [
        (change.op, change.key, change.reason) for change in changes if change.wave is Wave.MANIFEST
    ]


def test_times_that_an_unfinished_push_may_have_moved_are_put_again(tmp_path: Path) -> None:
    """The manifest describes the pointer by finished pushes only."""
    store = _pushed(tmp_path)
    _died(tmp_path, store, replace(SHOP, starts_at=STARTS_AT - HOUR), at=4)
    assert {(Op.UPDATE, "unlock", "unfinished push")} == _changes(tmp_path, store, SHOP)
    push_of(SHOP.build(tmp_path), store).run(take_over=True)
    assert b'"starts_at":"2026-11-27T08:00:00Z"' in store.get(KEY).body  # type: ignore[union-attr]
    assert plan_for(SHOP.build(tmp_path), store).is_noop


def test_a_plan_s_target_is_the_site_s_digest(tmp_path: Path) -> None:
    """The same wherever it was built and whatever the store has; headers count."""
    target = plan_for(SHOP.build(tmp_path), MemoryStore()).target
    assert target == plan_for(SHOP.build(tmp_path / "elsewhere"), _pushed(tmp_path)).target
    assert target != plan_for(replace(SHOP, page_headers=CACHE).build(tmp_path), MemoryStore()).target
