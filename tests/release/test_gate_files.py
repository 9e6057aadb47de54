"""The order gate's files go up with the site, in their wave, and are never invalidated."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.edges import Edges
from support.operators import KEY, SALE, Clock, acting, actor_of
from support.recording_store import RecordingStore
from support.shop import Shop, check_whole, form_key, plan_for, push_of

from flashgen.layout import manifest_key, settings_key
from flashgen.release.drift import find_drift
from flashgen.release.manifest import read_manifest
from flashgen.release.plan import Change, Op, Wave, make_plan
from flashgen.release.prune import next_due_at, plan_prune, prune
from flashgen.store import MemoryStore

SHOP = Shop(pages=("lamp",), assets=("one",), form="order")
BARE = replace(SHOP, form="")
SETTINGS, MANIFEST, FORM = settings_key(SALE), manifest_key(SALE), form_key("order")
WEEK = timedelta(days=7)


def test_what_the_gate_needs_is_there_before_pages_offer_it(tmp_path: Path) -> None:
    """Its pages with the assets; gate.json after them and the pointer, which it names."""
    store = RecordingStore(MemoryStore())
    push_of(SHOP.build(tmp_path), store).run()
    puts = [key for verb, key in store.requests if verb == "put" and "/journal/" not in key]
    assert [MANIFEST, KEY, SETTINGS, f"{SALE}/lamp/index.html", f"{SALE}/index.html", MANIFEST] == [
        key for key in puts if key != FORM and "/assets/" not in key
    ]
    assert puts.index(FORM) < puts.index(KEY)


def test_a_second_push_is_one_request(tmp_path: Path) -> None:
    """As without a gate."""
    store, site = MemoryStore(), SHOP.build(tmp_path)
    push_of(site, store).run()
    recording = RecordingStore(store)
    push_of(site, recording).run()
    assert [("get", MANIFEST)] == recording.requests


def test_another_stock_changes_one_file(tmp_path: Path) -> None:
    """The plan says so, and nothing is invalidated, because no edge has it."""
    store, edges = MemoryStore(), Edges()
    push_of(SHOP.build(tmp_path), store).run()
    site = replace(SHOP, stock=5).build(tmp_path)
    assert (Change(Op.UPDATE, SETTINGS, "content", Wave.GATE),) == plan_for(site, store).changes
    assert push_of(site, store, cdn=edges).run() is None
    assert ([], f"{FORM} 5".encode()) == (edges.invalidations, _body(store, SETTINGS))


def _body(store: MemoryStore, key: str) -> bytes:
    stored = store.get(key)
    assert stored is not None
    return stored.body


def test_an_old_form_is_pruned_after_a_week(tmp_path: Path) -> None:
    """It waits for no page that was dropped with it. Its size is reported, and it is not invalidated."""
    store, clock, edges = MemoryStore(), Clock(), Edges()
    for shop in (SHOP, replace(SHOP, form="buy", pages=())):
        push = push_of(shop.build(tmp_path), store)
        replace(push, writer=acting(push.writer, now=clock.now)).run()
    clock.sleep(WEEK.total_seconds())
    plan = plan_prune(store, SALE, WEEK, clock.now())
    assert {f"{SALE}/lamp/index.html", FORM} == {one.key for one in plan.deletions}
    assert [len(b"order")] == [one.body_bytes for one in plan.deletions if one.key == FORM]
    prune(plan, store, actor_of(clock=clock), edges)
    assert [(f"/{SALE}/lamp/", f"/{SALE}/lamp/index.html")] == edges.invalidations
    assert (None, b"buy") == (store.get(FORM), _body(store, form_key("buy")))
    check_whole(store)


def test_a_form_that_comes_back_is_not_invalidated(tmp_path: Path) -> None:
    """Though it is a file of before."""
    store, edges = MemoryStore(), Edges()
    for shop in (SHOP, replace(SHOP, form="buy")):
        push_of(shop.build(tmp_path), store).run()
    push = push_of(SHOP.build(tmp_path), store, cdn=edges)
    assert {FORM, SETTINGS, form_key("buy")} == {change.key for change in push.plan.changes}
    assert push.run() is None
    assert [] == edges.invalidations


def test_gate_json_stays_when_a_sale_stops_taking_orders(tmp_path: Path) -> None:
    """The plan says so. It goes on naming its pages, which stay with it; no asset waits for that."""
    store, clock = MemoryStore(), Clock()
    for shop in (SHOP, replace(BARE, assets=("two",))):
        push = push_of(shop.build(tmp_path), store)
        replace(push, writer=acting(push.writer, now=clock.now)).run()
        if shop is SHOP:
            dropped = {change.key: change.reason for change in plan_for(BARE.build(tmp_path), store).changes}
    assert dict.fromkeys((SETTINGS, FORM), "the sale takes no orders any more; it stays for gates that run") == dropped
    clock.sleep(WEEK.total_seconds())
    plan = plan_prune(store, SALE, WEEK, clock.now())
    assert [f"{SALE}/assets/one"] == [one.key.partition(".7692")[0] for one in plan.deletions]
    after = prune(plan, store, actor_of(clock=clock), None)
    assert ({SETTINGS, FORM}, None) == (set(after.dropped), next_due_at(after, WEEK))
    check_whole(store)


@pytest.mark.parametrize("key", [SETTINGS, FORM])
def test_what_was_done_by_hand_is_found_and_set_right(tmp_path: Path, key: str) -> None:
    """Removed, or written over."""
    store, site = MemoryStore(), SHOP.build(tmp_path)
    push_of(site, store).run()
    found = {}
    for body in (None, b"other"):
        if body is None:
            store.delete([key])
        else:
            store.put(key, body, read_manifest(store, SALE).manifest.objects[key].headers)
        base = read_manifest(store, SALE)
        drift = find_drift(site, base, store)
        found[body] = drift.reasons
        push_of(site, store, plan=make_plan(site, base, drift.reasons)).run()
        assert {} == find_drift(site, read_manifest(store, SALE), store).reasons
    assert {None: {key: "drifted: gone"}, b"other": {key: "drifted: content"}} == found


def test_a_form_that_was_not_pushed_is_reported(tmp_path: Path) -> None:
    """And left alone."""
    store, site = MemoryStore(), SHOP.build(tmp_path)
    push_of(site, store).run()
    store.put(form_key("theirs"), b"theirs", read_manifest(store, SALE).manifest.objects[FORM].headers)
    assert (form_key("theirs"),) == find_drift(site, read_manifest(store, SALE), store).untracked
