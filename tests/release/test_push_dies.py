"""After a push that died: going back, taking over, other versions. That it can be finished: `tests/faults`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from support.aws_process import aws_process
from support.edges import Edges
from support.faults import KILLED_AFTER, Faults, Killed, dying
from support.operators import SALE, STARTS_AT, actor_of, go_live, writer_of
from support.push_process import BucketPlace, FolderPlace, Place, push_in_a_process
from support.recording_store import RecordingStore
from support.shop import Shop, check_whole, plan_for, public, push_of

from flashgen.errors import FlashgenError, LostRace, Refused
from flashgen.page.site import Site
from flashgen.release.invalidation import paths_of
from flashgen.release.manifest import is_pointer, read_manifest
from flashgen.release.prune import due_keys, plan_prune, prune
from flashgen.store import MemoryStore, Store
from flashgen.unlock.pointer import Forward, parse, pointer_name
from flashgen.unlock.transition import transition
from flashgen.unlock.verbs import close

OLD = Shop(pages=("lamp", "mug"))
UPDATE = replace(OLD, text="bye", pages=("lamp", "rug"), assets=("two", "three"))
ROTATED = replace(UPDATE, version="next")
SALE_PAGE = f"{SALE}/index.html"
SMALL = Shop(pages=("lamp",), assets=("one",))


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


@dataclass(frozen=True)
class Death:
    """A store after a push in it died, and the edges in front of it, which shoppers visit all the time."""

    store: MemoryStore
    edges: Edges

    def push(self, site: Site, who: str = "bob", *, take_over: bool = False) -> None:
        """Push again, while shoppers visit."""
        push_of(site, self.watched, who, cdn=self.edges).run(take_over=take_over)
        self.edges.visit(self.store)

    @property
    def watched(self) -> Store:
        """The store; shoppers visit before each request."""
        self.edges.visit(self.store)
        return RecordingStore(self.store, lambda *_: self.edges.visit(self.store))


def _died(start: MemoryStore, site: Site) -> Iterator[Death]:
    """After a push that was killed after call 1, 2, … to the store or to the edges, until one has come to its end."""
    for at in count(1):
        died, faults = Death(_copy(start), Edges()), Faults(KILLED_AFTER, at)
        with suppress(FlashgenError, Killed):
            push_of(site, faults.store(died.watched), cdn=faults.cdn(died.edges)).run()
        if not faults.happened:
            return
        yield died


def test_going_back_after_a_death_is_possible_too(tmp_path: Path) -> None:
    """Another target needs to take over; then the old pages are back, and nothing of the dead push is forgotten."""
    start, site = _start(OLD, tmp_path), UPDATE.build(tmp_path)
    for died in _died(start, site):
        died.push(OLD.build(tmp_path), take_over=True)
        check_whole(died.store)
        left = public(died.store)
        assert public(start).items() <= left.items()
        manifest = plan_for(OLD.build(tmp_path), died.store).base.manifest
        assert {key for key in left if not is_pointer(SALE, key)} <= manifest.objects.keys() | manifest.dropped.keys()
        died.edges.check_fresh(died.store)


def test_going_back_after_a_dead_rotation_leads_everybody_back(tmp_path: Path) -> None:
    """Tabs that got the dead push's pages go on to the old pointer; once the old one leads on, there is no way back."""
    start, site, old = _start(OLD, tmp_path), ROTATED.build(tmp_path), OLD.build(tmp_path)
    ends = set()
    for died in _died(start, site):
        if _is_forward(died.store, old.pointer_file.key):
            before = public(died.store)
            with pytest.raises(Refused, match="was rotated to"):
                died.push(old, take_over=True)
            assert before == public(died.store)
            died.push(site)
            ends.add("refused")
            continue
        died.push(old, take_over=True)
        check_whole(died.store)
        assert public(start).items() <= public(died.store).items()
        manifest = read_manifest(died.store, SALE).manifest
        assert not [key for key in manifest.dropped if is_pointer(SALE, key)]
        there = died.store.get(site.pointer_file.key)
        assert there is None or _is_forward(died.store, site.pointer_file.key)
        assert plan_for(old, died.store).is_noop
        ends.add("led back" if there else "never there")
    assert {"refused", "led back", "never there"} == ends


def _is_forward(store: Store, key: str) -> bool:
    stored = store.get(key)
    return stored is not None and isinstance(parse(stored.body, key), Forward)


def _dead_rotation(folder: Path) -> MemoryStore:
    """The new pointer is there, and the first page that polls it."""
    store = _start(OLD, folder)
    with pytest.raises(Killed):
        push_of(ROTATED.build(folder), RecordingStore(store, lambda number, verb, key: _die_at(key, SALE_PAGE))).run()
    return store


def test_what_was_dropped_after_a_dead_rotation_comes_to_its_end(tmp_path: Path) -> None:
    """Nothing waits for a pointer to be deleted, which never happens."""
    store = _dead_rotation(tmp_path)
    push_of(OLD.build(tmp_path), store).run(take_over=True)
    push_of(replace(OLD, assets=("one",)).build(tmp_path), store).run()
    dropped = read_manifest(store, SALE).manifest.dropped
    later = max(dropped.values())
    pages = {key for key in dropped if key.endswith(".html")}
    assert pages == set(due_keys(read_manifest(store, SALE).manifest, later))
    store_later = prune(plan_prune(store, SALE, timedelta(), later), store, actor_of("pam"), None)
    assert store_later.dropped.keys() == set(due_keys(store_later, max(store_later.dropped.values()))) != set()


def test_a_dead_rotation_that_went_live_is_not_undone(tmp_path: Path) -> None:
    """Refused before a page moves; the dead push stays to be finished."""
    store, rotated = _dead_rotation(tmp_path), ROTATED.build(tmp_path)
    transition(writer_of(store, key=rotated.pointer_file.key), go_live())
    before = public(store)
    with pytest.raises(Refused, match="only while the sale is scheduled"):
        push_of(OLD.build(tmp_path), store).run(take_over=True)
    assert before == public(store)
    assert read_manifest(store, SALE).manifest.claim


def test_a_third_version_after_a_dead_rotation_leads_both_on(tmp_path: Path) -> None:
    """And it has the facts of the one that was pushed."""
    store, third = _dead_rotation(tmp_path), replace(UPDATE, version="third").build(tmp_path)
    transition(writer_of(store), close(frozenset({"LAMP"})))
    push_of(third, store).run(take_over=True)
    pointer = writer_of(store, key=third.pointer_file.key).file.read().pointer
    assert frozenset({"LAMP"}) == pointer.state.closed
    for key in (OLD.build(tmp_path).pointer_file.key, ROTATED.build(tmp_path).pointer_file.key):
        stored = store.get(key)
        assert stored is not None
        assert isinstance(forward := parse(stored.body, key), Forward)
        assert pointer_name("third") == forward.target
    assert plan_for(third, store).is_noop


def _die_at(key: str, where: str) -> None:
    if key == where:
        raise Killed


def test_a_push_that_died_before_it_put_anything_can_be_ended(tmp_path: Path) -> None:
    """It only dropped a page; the page is back in the build, so there is nothing to put, and its claim to be let go."""
    store, old = _start(OLD, tmp_path), OLD.build(tmp_path)
    with pytest.raises(Killed):
        push_of(replace(OLD, pages=("lamp",)).build(tmp_path), dying(store, 3)).run()
    assert read_manifest(store, SALE).manifest.claim
    plan = plan_for(old, store)
    assert ((), False) == (plan.changes, plan.is_noop)
    with pytest.raises(LostRace, match="ann began another push of fair"):
        push_of(old, store, "bob").run()
    before = public(store)
    push_of(old, store, "bob").run(take_over=True)
    assert before == public(store)
    assert plan_for(old, store).is_noop
    assert plan_prune(store, SALE, timedelta(days=7), STARTS_AT).is_noop


def test_two_dead_pushes_in_turn_leave_nothing_old_at_an_edge(tmp_path: Path) -> None:
    """The first site again, after another that came between: its invalidation must not be taken for the earlier one."""
    first, between = UPDATE.build(tmp_path), replace(UPDATE, text="between").build(tmp_path)
    died = Death(_start(OLD, tmp_path), Edges())
    for site in (first, first, between, first):
        with pytest.raises(Killed):
            push_of(site, died.watched, cdn=Faults(KILLED_AFTER, 1).cdn(died.edges)).run(take_over=True)
    died.push(first)
    died.edges.check_fresh(died.store)


def test_the_checks_can_fail(tmp_path: Path) -> None:
    """A page without its asset is noticed, and an edge with an old page."""
    store, edges = _start(OLD, tmp_path), Edges()
    edges.visit(store)
    push_of(UPDATE.build(tmp_path), store).run()
    with pytest.raises(AssertionError):
        edges.check_fresh(store)
    store.delete([key for key in public(store) if "/assets/" in key])
    with pytest.raises(AssertionError, match="is named by a page and missing"):
        check_whole(store)


@pytest.fixture(params=["folder", "bucket"])
def places(request: pytest.FixtureRequest, tmp_path: Path, aws_credentials: None) -> Iterator[Callable[[int], Place]]:
    """Stores with a CDN that outlive any process, by number; each is empty."""
    if request.param == "folder":
        yield lambda number: FolderPlace(tmp_path / f"store-{number}")
        return
    with aws_process() as aws:
        aws.empty_bucket()
        yield lambda number: BucketPlace(aws, f"sales-{number}")


def test_a_killed_push_is_finished_by_the_next(places: Callable[[int], Place], tmp_path: Path) -> None:
    """`kill -9` before each call to the store and to the CDN, in a real store."""
    old, new = SMALL.build(tmp_path), replace(SMALL, text="bye", assets=("two",)).build(tmp_path)
    for at in count(1):
        store, cdn = places(at).open()
        push_of(old, store).run()
        before = public(store)
        survived = push_in_a_process(places(at), new, kill_at=at)
        check_whole(store)
        assert before.keys() <= public(store).keys()
        if survived:
            break
        push_of(new, store, "bob", cdn=cdn).run()
        check_whole(store)
        assert plan_for(new, store).is_noop
        assert set(paths_of(key for key in before if key.endswith("fair/index.html"))) <= set(
            places(at).invalidations()[-1]
        )
    assert at > len(new.files) + len(("claim", "cdn", "manifest"))
    assert places(at).invalidations()
