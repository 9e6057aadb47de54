"""A plan in a file is carried out as it was reviewed, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.faults import Killed, dying
from support.operators import KEY, SALE, SECRET, Clock, actor_of, go_live, writer_of
from support.recording_store import RecordingStore
from support.shop import Shop, plan_for, push_of

from flashgen.errors import LostRace, Refused
from flashgen.release.drift import find_drift
from flashgen.release.manifest import read_manifest
from flashgen.release.plan import Plan, make_plan
from flashgen.release.prune import plan_prune, prune
from flashgen.release.saved_plan import (
    SavedPlan,
    SavedSale,
    is_carried_out,
    is_plan,
    make_saved_plan,
    parse_plan,
    plan_again,
    render_plan,
)
from flashgen.store import MemoryStore
from flashgen.typed_json import Newer
from flashgen.unlock.transition import transition

OLD, NEW = Shop(), replace(Shop(), text="bye", pages=("lamp",))
MADE_AT, HOUR = Clock().instant, timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    """With an older site."""
    store = MemoryStore()
    push_of(OLD.build(tmp_path), store).run()
    return store


def _saved(plan: Plan) -> SavedSale:
    """Written and read again."""
    saved = make_saved_plan([plan], "production", "s3://sale", "ann", MADE_AT)
    assert saved == parse_plan(render_plan(saved), "p.json")
    return saved.sales[0]


def _again(saved: SavedSale, folder: Path, store: MemoryStore, shop: Shop = NEW) -> Plan:
    return plan_again(saved, shop.build(folder), read_manifest(store, SALE), "p.json")


def _done(saved: SavedSale, store: MemoryStore) -> bool:
    return is_carried_out(saved, MADE_AT, read_manifest(store, SALE))


def test_what_was_planned_is_what_is_pushed(store: MemoryStore, tmp_path: Path) -> None:
    """As long as nothing has moved."""
    plan = plan_for(NEW.build(tmp_path), store)
    saved = _saved(plan)
    assert plan == _again(saved, tmp_path, store)
    assert not _done(saved, store)


def test_once_it_is_carried_out_there_is_nothing_left(store: MemoryStore, tmp_path: Path) -> None:
    """Running any command twice changes nothing."""
    plan = plan_for(NEW.build(tmp_path), store)
    push_of(NEW.build(tmp_path), store, plan=plan).run()
    assert _done(_saved(plan), store)


def test_another_push_makes_it_stale(store: MemoryStore, tmp_path: Path) -> None:
    """It says whose manifest it is now."""
    saved = _saved(plan_for(NEW.build(tmp_path), store))
    push_of(replace(OLD, text="theirs").build(tmp_path), store, "bob").run()
    assert not _done(saved, store)
    with pytest.raises(LostRace, match=r"p\.json is out of date: fair is as bob pushed it at 2026-11-27") as lost:
        _again(saved, tmp_path, store)
    assert ("bob", True) == (lost.value.winner, "flashgen plan fair" in lost.value.hint)


def test_stale_is_stale_also_with_nothing_to_do(store: MemoryStore, tmp_path: Path) -> None:
    """What was reviewed is that nothing changes, on what is no more."""
    saved = _saved(plan_for(OLD.build(tmp_path), store))
    assert _again(saved, tmp_path, store, OLD).is_noop
    push_of(NEW.build(tmp_path), store, "bob").run()
    with pytest.raises(LostRace):
        _again(saved, tmp_path, store, OLD)


def test_a_push_or_prune_under_way_makes_it_stale(store: MemoryStore, tmp_path: Path) -> None:
    """By name, and by what it does."""
    saved = _saved(plan_for(NEW.build(tmp_path), store))

    def check(number: int, verb: str, key: str) -> None:
        if read_manifest(store, SALE).manifest.claim:
            with pytest.raises(LostRace, match="bob began to push fair"):
                _again(saved, tmp_path, store)

    push_of(replace(OLD, text="theirs").build(tmp_path), RecordingStore(store, check), "bob").run()
    clock = Clock(MADE_AT + timedelta(days=30))
    push_of(replace(OLD, text="theirs", pages=()).build(tmp_path), store).run()
    dead = dying(store, 4)
    with pytest.raises(Killed):
        prune(plan_prune(dead, SALE, timedelta(), clock.now()), dead, actor_of("pam", clock), None)
    with pytest.raises(LostRace, match="pam began to prune fair"):
        _again(saved, tmp_path, store)


def test_a_push_of_it_that_died_is_resumed(store: MemoryStore, tmp_path: Path) -> None:
    """Its own claim does not make the manifest another one, whatever request it died at."""
    site = NEW.build(tmp_path)
    for at in range(1, 20):
        copy = MemoryStore()
        for entry in store.list(""):
            stored = store.get(entry.key)
            assert stored is not None
            copy.put(entry.key, stored.body, stored.headers)
        saved = _saved(plan_for(site, copy))
        dead = dying(copy, at)
        try:
            push_of(site, dead, plan=plan_for(site, copy)).run()
        except Killed:
            push_of(site, copy, plan=_again(saved, tmp_path, copy)).run()
        assert _done(saved, copy)


def test_a_manifest_that_was_deleted_makes_it_stale(store: MemoryStore, tmp_path: Path) -> None:
    """There is no winner to name."""
    saved = _saved(plan_for(NEW.build(tmp_path), store))
    store.delete([f"_flashgen/{SALE}/manifest.json"])
    with pytest.raises(LostRace, match="the manifest of fair is gone"):
        _again(saved, tmp_path, store)


def test_another_build_is_refused(store: MemoryStore, tmp_path: Path) -> None:
    """Headers count too."""
    saved = _saved(plan_for(NEW.build(tmp_path), store))
    for shop in (replace(NEW, text="edited"), replace(NEW, edge_ttl_seconds=2)):
        with pytest.raises(Refused, match=r"build/ is not what p\.json was made for"):
            _again(saved, tmp_path, store, shop)


def test_an_edited_file_is_refused(store: MemoryStore, tmp_path: Path) -> None:
    """What is shown for review is what the digests mean."""
    saved = _saved(plan_for(NEW.build(tmp_path), store))
    with pytest.raises(Refused, match="it was edited, or another version made it"):
        _again(replace(saved, changes=saved.changes[1:]), tmp_path, store)


def test_drift_is_part_of_a_plan(store: MemoryStore, tmp_path: Path) -> None:
    """It is set right as it was found; only that makes the plan carried out, though the site is the same."""
    site = OLD.build(tmp_path)
    store.delete([f"{SALE}/lamp/index.html"])
    base = read_manifest(store, SALE)
    saved = _saved(make_plan(site, base, find_drift(site, base, store).reasons))
    assert not _done(saved, store)
    plan = _again(saved, tmp_path, store, OLD)
    assert ["drifted: gone"] == [change.reason for change in plan.changes]
    push = push_of(site, store, plan=plan)
    push.writer.actor.sleep(60)
    push.run()
    assert _done(saved, store)


def test_drift_that_is_still_there_is_not_carried_out(store: MemoryStore, tmp_path: Path) -> None:
    """Other pushes went to another site and back, without --refresh."""
    site, clock = OLD.build(tmp_path), Clock()
    store.delete([f"{SALE}/assets/one.7692c3ad35.css"])
    base = read_manifest(store, SALE)
    (saved,) = make_saved_plan(
        [make_plan(site, base, find_drift(site, base, store).reasons)], "local", "s", "ann", clock.now() + HOUR
    ).sales
    assert ["drifted: gone"] == [change.reason for change in saved.changes]
    for shop in (NEW, OLD):
        push_of(shop.build(tmp_path), store, "bob").run()
    assert not is_carried_out(saved, MADE_AT + HOUR, read_manifest(store, SALE))
    with pytest.raises(LostRace):
        _again(saved, tmp_path, store, OLD)


def test_what_was_carried_out_and_is_being_changed_is_stale(store: MemoryStore, tmp_path: Path) -> None:
    """It is unknown whether the object is still there."""
    site = NEW.build(tmp_path)
    saved = _saved(plan_for(site, store))
    push_of(site, store).run()
    with pytest.raises(Killed):
        push_of(OLD.build(tmp_path), dying(store, 3), "bob").run()
    assert not _done(saved, store)
    with pytest.raises(LostRace, match="bob began to push fair"):
        _again(saved, tmp_path, store)


def _edited(**fields: Any) -> Callable[[bytes], bytes]:
    return lambda body: json.dumps({**json.loads(body), **fields}).encode()


NO_PLANS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda body: b"", "is not a plan of flashgen"),
    "half": (lambda body: body[:100], "is not a plan of flashgen"),
    "bytes": (lambda body: b"\xff\x00", "is not a plan of flashgen"),
    "a list": (lambda body: b"[]", "is not a plan of flashgen"),
    "something else": (lambda body: b'{"kind": "invoice"}', "is not a plan of flashgen"),
    "deep": (lambda body: b"[" * 100_000, "is not a plan of flashgen"),
    "no sales": (_edited(sales=None), "is not a plan of flashgen"),
    "a target of many": (_edited(target=["local"]), "is not a plan of flashgen"),
    "a sale of nothing": (_edited(sales=[{}]), "is not a plan of flashgen"),
}


@pytest.mark.parametrize("name", NO_PLANS)
def test_what_is_no_plan_is_refused_by_name(name: str) -> None:
    """In one line, with the way to a good one."""
    spoil, expected = NO_PLANS[name]
    body = render_plan(SavedPlan("local", "dir:x", "ann", datetime(2026, 11, 20, tzinfo=UTC), ()))
    with pytest.raises(Refused, match=expected) as refused:
        parse_plan(spoil(body), "p.json")
    assert ("p.json" in refused.value.message, "flashgen plan -o " in refused.value.hint) == (True, True)
    assert "\n" not in refused.value.message


def test_a_newer_flashgens_plan_is_refused() -> None:
    """It may say something that this one does not know of; it is a plan all the same."""
    body = _edited(format=2)(render_plan(SavedPlan("local", "dir:x", "ann", datetime(2026, 11, 20, tzinfo=UTC), ())))
    with pytest.raises(Newer, match=r"p\.json was written by a newer flashgen"):
        parse_plan(body, "p.json")
    assert is_plan(body)


def test_a_plan_file_holds_neither_secret_nor_token_nor_page(store: MemoryStore, tmp_path: Path) -> None:
    """Also while the sale is live, when the store has a token."""
    transition(writer_of(store), go_live())
    pointer = store.get(KEY)
    assert pointer is not None
    (path,) = [part for part in pointer.body.decode().split('"') if part.startswith("/o/")]
    site = replace(NEW, text="a page's text").build(tmp_path)
    base = read_manifest(store, SALE)
    plan = make_plan(site, base, find_drift(site, base, store).reasons)
    body = render_plan(make_saved_plan([plan], "production", "s3://sale", "ann", MADE_AT)).decode()
    for word in (*path.removeprefix("/o/").split("."), SECRET.decode(), SECRET.hex(), "token-1", "a page's text"):
        assert word not in body
