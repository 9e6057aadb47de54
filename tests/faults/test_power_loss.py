"""A power cut at any moment, in a folder store: what decides is whole, and what was said to be done is done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.operators import HEADERS, KEY, SALE, bring, chain, go_live, writer_of
from support.power_loss import Rename, recorded
from support.shop import Shop, check_whole, public, push_of

from flashgen.files import replace_file
from flashgen.release.drift import find_drift
from flashgen.release.manifest import read_manifest
from flashgen.release.plan import make_plan
from flashgen.store import FolderStore
from flashgen.unlock.state import State
from flashgen.unlock.transition import transition


def test_a_power_cut_during_a_transition(tmp_path: Path) -> None:
    """The pointer is the old one or the new one, with headers and journal; the new one after go-live."""
    folder = tmp_path / "store"
    bring(FolderStore(folder))
    with recorded(folder, tmp_path) as disk:
        transition(writer_of(FolderStore(folder)), go_live())
    moments = len(disk.done)
    found = set()
    for moment, place in disk.crashes(tmp_path / "crashes"):
        store = FolderStore(place)
        stored = store.get(KEY)
        assert stored
        assert HEADERS == stored.headers
        chain(store)
        state = writer_of(store).file.read().pointer.state.state
        assert state is State.LIVE or moment < moments, "go-live said that it was done"
        found.add(state)
        transition(writer_of(store), go_live())
    assert {State.SCHEDULED, State.LIVE} == found


def test_a_file_that_is_not_durable_may_be_cut(tmp_path: Path) -> None:
    """The model bites: without a flush the name may lead to nothing, and be lost."""
    folder, place = tmp_path / "files", tmp_path / "files" / "one"
    folder.mkdir()
    for durable, expected in ((False, {None, b"", b"ab", b"abcd"}), (True, {None, b"abcd"})):
        place.unlink(missing_ok=True)
        with recorded(folder, tmp_path / str(durable)) as disk:
            replace_file(place, b"abcd", durable=durable)
        crashed = [place / "one" for _, place in disk.crashes(tmp_path / str(durable) / "crashes")]
        assert expected == {path.read_bytes() if path.exists() else None for path in crashed}
        assert [durable] == [one.is_flushed for one in disk.done if isinstance(one, Rename)]


def test_a_power_cut_during_a_push(tmp_path: Path) -> None:
    """Pages may be lost: the same push with --refresh finds and puts them, whatever is missing."""
    folder = tmp_path / "store"
    old, new = Shop(), replace(Shop(), text="bye", pages=("lamp", "rug"))
    push_of(old.build(tmp_path), FolderStore(folder)).run()
    site = new.build(tmp_path)
    with recorded(folder, tmp_path) as disk:
        push_of(site, FolderStore(folder)).run()
    for _, place in disk.crashes(tmp_path / "crashes", worst=True):
        store = FolderStore(place)
        base = read_manifest(store, SALE)
        plan = make_plan(site, base, find_drift(site, base, store).reasons)
        push_of(site, store, plan=plan).run()
        check_whole(store)
        assert public(FolderStore(folder)) == public(store)
