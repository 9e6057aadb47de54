"""Drift: changes to a store by hand are found and corrected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.clock import Clock
from support.operators import KEY, SALE, go_live, writer_of
from support.recording_store import RecordingStore
from support.shop import Shop, check_whole, public, push_of

from flashgen.errors import Refused
from flashgen.page.site import Role, Site
from flashgen.release.drift import Drift, find_drift
from flashgen.release.manifest import read_manifest
from flashgen.release.plan import Op, Plan, make_plan
from flashgen.store import FolderStore, Headers, MemoryStore, S3Store, Store
from flashgen.unlock.pointer import pointer_headers
from flashgen.unlock.transition import transition

SHOP = Shop()
LAMP, MUG = f"{SALE}/lamp/index.html", f"{SALE}/mug/index.html"
BY_HAND = Headers("text/html", "max-age=5")


@pytest.fixture
def clock() -> Clock:
    """The store's own, in seconds."""
    return Clock()


@pytest.fixture
def store(clock: Clock, tmp_path: Path) -> MemoryStore:
    """The sale, pushed some seconds ago."""
    store = MemoryStore(lambda: datetime.fromtimestamp(clock(), UTC))
    push_of(SHOP.build(tmp_path), store).run()
    clock.wait(5)
    return store


def _refreshed(site: Site, store: Store) -> Plan:
    base = read_manifest(store, SALE)
    return make_plan(site, base, find_drift(site, base, store).reasons)


def _drift(site: Site, store: Store) -> Drift:
    return find_drift(site, read_manifest(store, SALE), store)


def _edit(store: Store, key: str, body: bytes | None = None, headers: Headers | None = None) -> None:
    there = store.get(key)
    assert there is not None
    store.put(key, there.body if body is None else body, headers or there.headers)


def _same_size(store: Store, key: str) -> bytes:
    there = store.get(key)
    assert there is not None
    return there.body.replace(b"hello", b"HELLO")


def test_a_tidy_store_costs_a_listing_and_a_read_of_the_pointer(clock: Clock, tmp_path: Path) -> None:
    """But for what was put in the very second in which a push ended."""
    store, site = MemoryStore(lambda: datetime.fromtimestamp(clock(), UTC)), SHOP.build(tmp_path)
    push_of(site, RecordingStore(store, lambda number, verb, key: clock.wait(1))).run()
    recording = RecordingStore(store)
    assert Drift() == _drift(site, recording)
    assert [("get", f"_flashgen/{SALE}/manifest.json"), ("list", f"{SALE}/"), ("get", KEY)] == recording.requests


EDITS: dict[str, tuple[Callable[[MemoryStore], None], dict[str, str]]] = {
    "nothing": (lambda store: None, {}),
    "a page": (lambda store: _edit(store, LAMP, b"edited"), {LAMP: "drifted: content"}),
    "a page, to the same size": (lambda store: _edit(store, LAMP, _same_size(store, LAMP)), {LAMP: "drifted: content"}),
    "headers": (
        lambda store: _edit(store, LAMP, headers=BY_HAND),
        {LAMP: "drifted: headers: content-type, headers: cache-control"},
    ),
    "both": (
        lambda store: _edit(store, LAMP, b"edited", replace(SHOP.page_headers, cache_control="no-store")),
        {LAMP: "drifted: content, headers: cache-control"},
    ),
    "removed": (lambda store: store.delete([LAMP]), {LAMP: "drifted: gone"}),
    "the pointer's headers": (
        lambda store: _edit(store, KEY, headers=replace(pointer_headers(1), cache_control="no-store")),
        {KEY: "drifted: headers: cache-control"},
    ),
    "the pointer is gone": (lambda store: store.delete([KEY]), {KEY: "drifted: gone"}),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_was_done_by_hand_is_found(name: str, store: MemoryStore, tmp_path: Path) -> None:
    """Each by its own reason."""
    edit, expected = EDITS[name]
    edit(store)
    assert expected == _drift(SHOP.build(tmp_path), store).reasons


@pytest.mark.parametrize("name", EDITS)
def test_a_push_sets_it_right(name: str, store: MemoryStore, tmp_path: Path) -> None:
    """Everything is as it was pushed; then there is no drift any more."""
    before = public(store)
    EDITS[name][0](store)
    site = SHOP.build(tmp_path)
    push_of(site, store, plan=_refreshed(site, store)).run()
    assert {key: was for key, was in before.items() if key != KEY} == {
        key: now for key, now in public(store).items() if key != KEY
    }
    assert before[KEY][1] == public(store)[KEY][1]
    assert _refreshed(site, store).is_noop
    check_whole(store)


def test_an_asset_that_was_removed_or_written_over_is_put_again(store: MemoryStore, tmp_path: Path) -> None:
    """Though assets are otherwise put only where there are none."""
    site, before = SHOP.build(tmp_path), public(store)
    one, two = (file.key for file in site.having(Role.ASSET))
    store.delete([one])
    _edit(store, two, b"evil")
    plan = _refreshed(site, store)
    assert {one: (Op.UPDATE, "drifted: gone"), two: (Op.UPDATE, "drifted: content")} == {
        change.key: (change.op, change.reason) for change in plan.changes
    }
    assert all(change.is_drift for change in plan.changes)
    push_of(site, store, plan=plan).run()
    assert before == public(store)


def test_another_push_in_between_does_not_hide_it(store: MemoryStore, clock: Clock, tmp_path: Path) -> None:
    """Each object is measured by the push that put it, not by the last one."""
    _edit(store, LAMP, _same_size(store, LAMP))
    for new in ("rug", "vase"):
        clock.wait(60)
        site = replace(SHOP, pages=("lamp", "mug", new)).build(tmp_path)
        push_of(site, store).run()
        assert {LAMP: "drifted: content"} == _drift(site, store).reasons


def test_an_edit_while_the_push_was_under_way_is_found_by_its_size(clock: Clock, tmp_path: Path) -> None:
    """By its time it may be the push's own."""
    store, site = MemoryStore(lambda: datetime.fromtimestamp(clock(), UTC)), SHOP.build(tmp_path)

    def meddle(number: int, verb: str, key: str) -> None:
        clock.wait(1)
        if (verb, key) == ("put", f"{SALE}/index.html"):
            _edit(store, LAMP, b"edited")

    push_of(site, RecordingStore(store, meddle)).run()
    assert {LAMP: "drifted: content"} == _drift(site, store).reasons


def test_a_push_that_died_does_not_hide_it_either(store: MemoryStore, clock: Clock, tmp_path: Path) -> None:
    """Its claim is a later write of the manifest."""
    _edit(store, LAMP, _same_size(store, LAMP))
    clock.wait(60)
    site = replace(SHOP, pages=("lamp", "mug", "rug")).build(tmp_path)

    def dies(number: int, verb: str, key: str) -> None:
        if key.endswith("rug/index.html"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        push_of(site, RecordingStore(store, dies)).run()
    assert {LAMP: "drifted: content"} == _drift(site, store).reasons


def test_reasons_of_site_and_store_stand_side_by_side(store: MemoryStore, tmp_path: Path) -> None:
    """What the site wants first."""
    store.delete([LAMP])
    _edit(store, MUG, headers=replace(SHOP.page_headers, cache_control="no-store"))
    changes = _refreshed(replace(SHOP, text="bye").build(tmp_path), store).changes
    assert {
        f"{SALE}/index.html": "content",
        LAMP: "content; drifted: gone",
        MUG: "content; drifted: headers: cache-control",
    } == {change.key: change.reason for change in changes}


def test_a_pointer_that_is_put_again_says_what_that_means(store: MemoryStore, tmp_path: Path) -> None:
    """A sale that was live is not any more."""
    store.delete([KEY])
    (change,) = _refreshed(SHOP.build(tmp_path), store).changes
    assert (Op.UPDATE, "drifted: gone; put again from the journal, paused if live") == (change.op, change.reason)


def test_a_pointer_that_transitions_have_written_is_no_drift(store: MemoryStore, clock: Clock, tmp_path: Path) -> None:
    """Nor with the headers that the YAML has had since, which a transition brings along."""
    clock.wait(60)
    later = replace(SHOP, edge_ttl_seconds=2)
    transition(replace(writer_of(store), headers=pointer_headers(2)), go_live())
    assert Drift() == _drift(later.build(tmp_path), store)
    assert {"headers: cache-control"} == {change.reason for change in _refreshed(later.build(tmp_path), store).changes}


def test_a_damaged_pointer_is_refused_by_name(store: MemoryStore, tmp_path: Path) -> None:
    """As the push would be; with the way out."""
    _edit(store, KEY, b"alert(1)")
    with pytest.raises(Refused, match=f"{KEY} in the store is not a pointer"):
        _drift(SHOP.build(tmp_path), store)


def test_untracked_objects_are_reported_and_left_alone(store: MemoryStore, tmp_path: Path) -> None:
    """What is dropped, what a dead push left, and older pointers are known."""
    push_of(replace(SHOP, pages=("lamp",), version="next").build(tmp_path), store).run()
    store.put(f"{SALE}/assets/note.txt", b"", BY_HAND)
    store.put(f"{SALE}-2/index.html", b"", BY_HAND)
    site = replace(SHOP, pages=("lamp",), version="next").build(tmp_path)
    assert Drift({}, (f"{SALE}/assets/note.txt",)) == _drift(site, store)
    assert _refreshed(site, store).is_noop


def test_a_folder_is_compared_in_the_same_way(tmp_path: Path) -> None:
    """Edited with an editor, without a word to flashgen."""
    store, site = FolderStore(tmp_path / "store"), SHOP.build(tmp_path / "build")
    push_of(site, store).run()
    (tmp_path / "store" / LAMP).write_bytes(b"edited")
    (tmp_path / "store" / MUG).unlink()
    reasons = _drift(site, store).reasons
    assert "drifted: gone" == reasons[MUG]
    assert reasons[LAMP].startswith("drifted: content, headers: ")  # the headers belonged to the body of before


def test_a_bucket_is_listed_page_by_page(bucket: S3Store, tmp_path: Path) -> None:
    """2,500 objects are three pages."""
    site = SHOP.build(tmp_path)
    push_of(site, bucket).run()
    for number in range(2500):
        bucket.put(f"{SALE}/assets/{number:04}.txt", b"", BY_HAND)
    bucket.delete([f"{SALE}/index.html"])
    drift = _drift(site, bucket)
    assert (2500, {f"{SALE}/index.html": "drifted: gone"}) == (len(drift.untracked), drift.reasons)


def test_an_edit_in_the_bucket_is_found_by_its_time(bucket: S3Store, tmp_path: Path) -> None:
    """In the second of the push too."""
    site = SHOP.build(tmp_path)
    push_of(site, bucket).run()
    _edit(bucket, LAMP, _same_size(bucket, LAMP))
    assert {LAMP: "drifted: content"} == _drift(site, bucket).reasons
