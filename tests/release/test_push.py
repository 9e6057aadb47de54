"""Carrying out a plan without a conflict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from support.edges import Edges
from support.operators import ENDS_AT, KEY, SALE, VERSION, go_live, without_secret, writer_of
from support.recording_store import RecordingStore
from support.shop import Shop, check_whole, plan_for, public, push_of

from flashgen.errors import AccessDenied, Refused, StoreError
from flashgen.layout import manifest_key
from flashgen.page.site import Role
from flashgen.release.manifest import read_manifest
from flashgen.release.push import Push
from flashgen.store import Headers, MemoryStore
from flashgen.unlock.state import State
from flashgen.unlock.transition import transition

SHOP = Shop()
MANIFEST = manifest_key(SALE)


def _kind(key: str) -> str:
    if key == MANIFEST:
        return "manifest"
    if key.startswith("_flashgen/"):
        return "journal"
    if key.endswith(".html"):
        return "sale page" if key == f"{SALE}/index.html" else "page"
    return "asset" if "/assets/" in key else "pointer"


def test_waves_go_up_in_order(tmp_path: Path) -> None:
    """The claim; assets before the pages that name them, the pointer before those that poll it, the sale page last."""
    store = RecordingStore(MemoryStore())
    push_of(SHOP.build(tmp_path), store).run()
    puts = [_kind(key) for verb, key in store.requests if verb == "put"]
    expected = ["manifest", "asset", "asset", "journal", "pointer", "page", "page", "sale page", "manifest"]
    assert expected == puts
    assert "delete" not in {verb for verb, _ in store.requests}


def test_a_push_of_nothing_is_one_request(tmp_path: Path) -> None:
    """It reads the manifest."""
    store = MemoryStore()
    site = SHOP.build(tmp_path)
    push_of(site, store).run()
    recording = RecordingStore(store)
    push_of(site, recording).run()
    assert [("get", MANIFEST)] == recording.requests


def test_what_is_public_afterwards_is_the_site(tmp_path: Path) -> None:
    """Bodies and headers, and nothing else below the sale."""
    store, site = MemoryStore(), SHOP.build(tmp_path)
    push_of(site, store).run()
    found = public(store)
    assert {file.key for file in site.files} == found.keys()
    for file in site.files:
        if file.role is not Role.POINTER:
            assert (site.body(file), file.headers) == found[file.key]
    check_whole(store)


def test_the_manifest_says_what_is_there(tmp_path: Path) -> None:
    """Digests and headers of all but the pointer, who pushed; and the claim is gone."""
    store, site = MemoryStore(), SHOP.build(tmp_path)
    push_of(site, store, "bob").run()
    manifest = read_manifest(store, SALE).manifest
    rows = {file.key: (file.sha256, file.headers) for file in site.files if file.role is not Role.POINTER}
    assert rows == {key: (one.sha256, one.headers) for key, one in manifest.objects.items()}
    assert ("bob", None, KEY) == (manifest.who, manifest.claim, manifest.pointer and manifest.pointer.key)


def test_since_is_when_a_file_last_changed(tmp_path: Path) -> None:
    """Not the time of the last push."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    before = read_manifest(store, SALE).manifest.objects
    later = push_of(replace(SHOP, pages=("lamp", "mug", "rug")).build(tmp_path), store)
    later.writer.actor.sleep(3600)
    later.run()
    after = read_manifest(store, SALE).manifest.objects
    assert {key: one.since for key, one in before.items()} == {key: after[key].since for key in before}
    assert after[f"{SALE}/rug/index.html"].since - before[f"{SALE}/index.html"].since >= timedelta(hours=1)


def test_dropped_keys_stay_in_the_store(tmp_path: Path) -> None:
    """Only prune deletes; the manifest says when a key was dropped. What comes back is no longer dropped."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    before = public(store)
    push_of(replace(SHOP, pages=("lamp",)).build(tmp_path), store).run()
    gone = f"{SALE}/mug/index.html"
    assert before == public(store)
    assert {gone} == read_manifest(store, SALE).manifest.dropped.keys()
    push_of(SHOP.build(tmp_path), store).run()
    manifest = read_manifest(store, SALE).manifest
    assert ({}, True) == (manifest.dropped, gone in manifest.objects)


def test_an_asset_that_comes_back_gets_its_headers_of_today(tmp_path: Path) -> None:
    """It lay in the store with those of before; the name holds the content alone."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    push_of(replace(SHOP, assets=("one",)).build(tmp_path), store).run()
    new = replace(SHOP, asset_headers=Headers("text/css", "public, max-age=1"))
    push_of(new.build(tmp_path), store).run()
    clean = MemoryStore()
    push_of(new.build(tmp_path), clean).run()
    assert public(clean) == public(store)


def test_a_tampered_asset_is_refused(tmp_path: Path) -> None:
    """Caches keep it for a year under its name; pages do not move."""
    store, site = MemoryStore(), SHOP.build(tmp_path)
    asset = site.having(Role.ASSET)[0]
    store.put(asset.key, b"evil", asset.headers)
    with pytest.raises(StoreError, match=f"{asset.key} holds other bytes than its name says"):
        push_of(site, store).run()
    assert not [key for key in public(store) if key.endswith(".html")]


def test_a_tampered_build_is_refused(tmp_path: Path) -> None:
    """What was planned is what is pushed, or nothing."""
    store, site = MemoryStore(), SHOP.build(tmp_path)
    page = site.having(Role.PAGE)[0]
    (site.folder / page.key).write_bytes(b"edited")
    with pytest.raises(Refused, match="is not what was built"):
        push_of(site, store).run()
    assert page.key not in public(store)


def test_a_push_leaves_the_state_alone(tmp_path: Path) -> None:
    """Pages move while live; the pointer does not."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    transition(writer_of(store), go_live())
    before = store.get(KEY)
    push_of(replace(SHOP, text="bye").build(tmp_path), store).run()
    assert before == store.get(KEY)


def test_new_times_reach_the_pointer(tmp_path: Path) -> None:
    """By a transition of its own: the state stays, the revision grows."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    transition(writer_of(store), go_live())
    later = replace(SHOP, ends_at=ENDS_AT + timedelta(hours=1))
    push_of(later.build(tmp_path), store).run()
    pointer = writer_of(store).file.read().pointer
    assert (State.LIVE, later.ends_at, 2) == (pointer.state.state, pointer.state.ends_at, pointer.revision)


def test_rescheduling_a_live_sale_without_a_secret_moves_no_page(tmp_path: Path) -> None:
    """The token has to be signed again, and that fails before the pages go up."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    transition(writer_of(store), go_live())
    before = public(store)
    push = push_of(replace(SHOP, text="bye", ends_at=ENDS_AT + timedelta(hours=1)).build(tmp_path), store)
    with pytest.raises(Refused, match="has no secret"):
        replace(push, writer=without_secret(push.writer)).run()
    assert before == public(store)
    assert read_manifest(store, SALE).manifest.claim is None  # the corrected push needs no --take-over


def test_new_order_servers_reach_the_pointer_before_the_pages(tmp_path: Path) -> None:
    """A live page accepts only the servers that were baked into it."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    transition(writer_of(store), go_live())
    moved = push_of(replace(SHOP, text="bye", origins=("https://new.example",)).build(tmp_path), store)
    assert "order servers" in [change.reason for change in moved.plan.changes]
    moved.run()
    order = writer_of(store).file.read().pointer.order
    assert order
    assert (*SHOP.origins, "https://new.example") == order.origins


def test_progress_counts_each_wave_to_its_end(tmp_path: Path) -> None:
    """Wave, done, of how many."""
    reports: list[tuple[str, int, int]] = []
    push = push_of(SHOP.build(tmp_path), MemoryStore())
    Push(push.plan, push.writer, lambda wave, done, of: reports.append((wave.value, done, of))).run()
    assets, pages = [("assets", n, 2) for n in (0, 1, 2)], [("pages", n, 2) for n in (0, 1, 2)]
    pointer, sale_page = [("pointer", n, 1) for n in (0, 1)], [("sale page", n, 1) for n in (0, 1)]
    assert [*assets, *pointer, *pages, *sale_page] == reports


def test_a_rotation_is_followed_by_cached_pages(tmp_path: Path) -> None:
    """New pointer, new pages, then the old pointer leads to the new one; the operators' facts go with it."""
    store, recording = MemoryStore(), None
    push_of(SHOP.build(tmp_path), store).run()
    new = replace(SHOP, version="next")
    recording = RecordingStore(store)
    push_of(new.build(tmp_path), recording).run()
    puts = [key.removeprefix(f"{SALE}/") for verb, key in recording.requests if verb == "put" and key[0] != "_"]
    assert ["unlock.next.js", f"unlock.{VERSION}.js"] == [puts[0], puts[-1]]
    check_whole(store)
    assert plan_for(new.build(tmp_path), store).is_noop
    with pytest.raises(Refused, match=r"rotated to unlock\.next\.js"):
        transition(writer_of(store), go_live())


def test_a_live_sale_is_not_rotated(tmp_path: Path) -> None:
    """Refused before a page moves."""
    store = MemoryStore()
    push_of(SHOP.build(tmp_path), store).run()
    transition(writer_of(store), go_live())
    before = public(store)
    with pytest.raises(Refused, match="only while the sale is scheduled"):
        push_of(replace(SHOP, version="next").build(tmp_path), store).run()
    assert before == public(store)


def test_the_invalidation_is_between_the_last_page_and_the_manifest(tmp_path: Path) -> None:
    """Earlier, edges would fetch old pages again; later, a push that dies would leave it out."""
    store, edges = MemoryStore(), Edges()
    push_of(SHOP.build(tmp_path), store).run()
    counts: list[int] = []

    def count(number: int, verb: str, key: str) -> None:
        counts.append(len(edges.invalidations))

    recording = RecordingStore(store, count)
    invalidation = push_of(replace(SHOP, text="bye").build(tmp_path), recording, cdn=edges).run()
    puts = [(key, count) for (verb, key), count in zip(recording.requests, counts, strict=True) if verb == "put"]
    assert [(f"{SALE}/index.html", 0), (MANIFEST, 1)] == puts[-2:]
    assert [invalidation and invalidation.paths] == edges.invalidations


def test_a_push_of_nothing_invalidates_nothing(tmp_path: Path) -> None:
    """Nor does one whose changes no edge can have seen."""
    store, edges = MemoryStore(), Edges()
    push_of(SHOP.build(tmp_path), store).run()
    assert push_of(SHOP.build(tmp_path), store, cdn=edges).run() is None
    postponed = replace(SHOP, starts_at=SHOP.starts_at + timedelta(minutes=1))
    assert push_of(postponed.build(tmp_path), store, cdn=edges).run() is None
    assert [] == edges.invalidations


class DeniedEdges(Edges):
    """They are somebody else's."""

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        """See `Cdn.invalidate`."""
        raise AccessDenied("edges: access denied", "allow it")


def test_a_failed_invalidation_leaves_the_push_unfinished(tmp_path: Path) -> None:
    """The kind of error stays, with its fix; the claim remains, and the next push finishes."""
    store, edges = MemoryStore(), Edges()
    with pytest.raises(AccessDenied, match="edges may show old ones until it is told") as caught:
        push_of(SHOP.build(tmp_path), store, cdn=DeniedEdges()).run()
    assert "allow it; then push again, which finishes this one" == caught.value.hint
    assert read_manifest(store, SALE).manifest.claim
    push_of(SHOP.build(tmp_path), store, cdn=edges).run()
    assert [(f"/{SALE}/*",)] == edges.invalidations
    assert read_manifest(store, SALE).manifest.claim is None
