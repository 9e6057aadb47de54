"""A push that dies at any of its requests: what the public sees is whole, and the next push finishes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.operators import STARTS_AT
from support.recording_store import DEATHS, DyingStore, Killed, RecordingStore
from support.shop import Shop, check_whole, plan_for, public, push_of

from flashgen.errors import FlashgenError
from flashgen.page.site import Site
from flashgen.store import MemoryStore

OLD = Shop(pages=("lamp", "mug"))
FIRST = OLD
UPDATE = replace(OLD, text="bye", pages=("lamp", "rug"), assets=("two", "three"))
POSTPONED = replace(UPDATE, starts_at=STARTS_AT + timedelta(hours=1))
ROTATED = replace(UPDATE, version="next")
PUSHES = {"first": (None, FIRST), "update": (OLD, UPDATE), "postponed": (OLD, POSTPONED), "rotated": (OLD, ROTATED)}


def _copy(store: MemoryStore) -> MemoryStore:
    copy = MemoryStore()
    for entry in store.list(""):
        stored = store.get(entry.key)
        assert stored is not None
        copy.put(entry.key, stored.body, stored.headers)
    return copy


def _start(old: Shop | None, folder: Path) -> MemoryStore:
    store = MemoryStore()
    if old:
        push_of(old.build(folder), store).run()
    return store


def _died(start: MemoryStore, site: Site, death: type[BaseException], written: bool) -> Iterator[MemoryStore]:
    """The store after dying at request 1, 2, …, until a push has come to its end."""
    counting = RecordingStore(_copy(start))
    push_of(site, counting).run()
    for at in range(1, len(counting.requests) + 1):
        store = _copy(start)
        with suppress(FlashgenError, Killed):
            push_of(site, DyingStore(store, at, death, written=written)).run()
        yield store


@pytest.mark.parametrize("death", DEATHS)
@pytest.mark.parametrize("name", PUSHES)
def test_a_push_may_die_anywhere(name: str, death: str, tmp_path: Path) -> None:
    """Whole pages at every instant, nothing deleted, and pushing again ends as if nothing had happened."""
    old, new = PUSHES[name]
    start, site = _start(old, tmp_path), new.build(tmp_path)
    clean = _copy(start)
    push_of(site, clean).run()
    for store in _died(start, site, *DEATHS[death]):
        check_whole(store)
        assert public(start).keys() <= public(store).keys()
        push_of(site, store, "bob").run()
        assert public(clean) == public(store)
        assert plan_for(site, store).is_noop


def test_going_back_after_a_death_is_possible_too(tmp_path: Path) -> None:
    """Another target needs to take over; then the old pages are back, and nothing of the dead push is forgotten."""
    start, site = _start(OLD, tmp_path), UPDATE.build(tmp_path)
    for store in _died(start, site, Killed, True):
        push_of(OLD.build(tmp_path), store).run(take_over=True)
        check_whole(store)
        left = public(store)
        assert public(start).items() <= left.items()
        manifest = plan_for(OLD.build(tmp_path), store).base.manifest
        assert {key for key in left if "unlock" not in key} <= manifest.objects.keys() | manifest.dropped.keys()


def test_the_checks_can_fail(tmp_path: Path) -> None:
    """A page without its asset is noticed."""
    store = _start(OLD, tmp_path)
    store.delete([key for key in public(store) if "/assets/" in key])
    with pytest.raises(AssertionError, match="is named by a page and missing"):
        check_whole(store)
