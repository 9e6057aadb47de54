"""Invariants 1 and 2: nothing leaks early, and going live touches one public object."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from support.armed import Watching, at_once
from support.operators import ENDS_AT, KEY, SALE, SECRET, STARTS_AT, VERSION, Clock, acting, go_live, signed, writer_of
from support.recording_store import RecordingStore
from support.shop import Shop, push_of

from flashgen.store import FolderStore, Store
from flashgen.unlock import verbs
from flashgen.unlock.arm import Moment, await_moment
from flashgen.unlock.journal import record_key
from flashgen.unlock.pointer import first_pointer
from flashgen.unlock.transition import transition


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder store with the sale, pushed twice."""
    store = FolderStore(tmp_path / "store")
    push_of(Shop().build(tmp_path / "build"), store).run()
    push_of(Shop(text="bye", pages=("lamp",)).build(tmp_path / "build"), store).run()
    return tmp_path / "store"


def _leaks(folder: Path) -> list[str]:
    """Files, metadata included, with the secret in any spelling, or the token or a part of it."""
    scheduled = first_pointer(SALE, VERSION, STARTS_AT, ENDS_AT).state
    payload, _, signature = signed(go_live().apply(scheduled)).removeprefix("/o/").partition(".")
    spellings = [SECRET, SECRET.hex().encode(), base64.b64encode(SECRET), base64.urlsafe_b64encode(SECRET)]
    words = [*spellings, payload.encode(), signature.encode()]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(word in path.read_bytes() for word in words)]


def test_a_pushed_sale_holds_neither_secret_nor_token(folder: Path) -> None:
    """Bodies, metadata, manifest and journal."""
    assert [] == _leaks(folder)


def test_an_armed_attempt_holds_neither(folder: Path) -> None:
    """Its journal record is there; what makes a token of it is not. Nor is it after Ctrl-C."""
    store, clock, checks = FolderStore(folder), Clock(), 0

    def look_then_interrupt(seconds: float) -> None:
        nonlocal checks
        checks += 1
        assert [] == _leaks(folder)
        clock.sleep(seconds)
        if checks == 3:
            raise KeyboardInterrupt

    writer = acting(writer_of(store, clock=clock), sleep=look_then_interrupt)
    attempts = sum("/journal/" in entry.key for entry in store.list("_flashgen/"))
    with pytest.raises(KeyboardInterrupt):
        await_moment(writer, go_live(), Moment(lambda _: STARTS_AT), Watching(), writer.file.read(), at_once)
    assert attempts + 1 == sum("/journal/" in entry.key for entry in store.list("_flashgen/"))
    assert [] == _leaks(folder)


def test_once_live_the_pointer_alone_holds_the_token(folder: Path) -> None:
    """Which also shows that this search finds a token."""
    transition(writer_of(FolderStore(folder)), go_live())
    assert [str(folder / KEY)] == _leaks(folder)


def test_when_paused_nothing_holds_it(folder: Path) -> None:
    """It is signed again on resume."""
    writer = writer_of(FolderStore(folder))
    transition(writer, go_live())
    transition(writer, verbs.pause())
    assert [] == _leaks(folder)


def _digests(store: Store) -> dict[str, tuple[str, object]]:
    return {entry.key: (entry.etag, getattr(store.get(entry.key), "headers", None)) for entry in store.list("")}


def test_go_live_writes_one_public_object(folder: Path) -> None:
    """And one private journal record; no listing, nothing else read but the pointer."""
    store = FolderStore(folder)
    before, recording = _digests(store), RecordingStore(store)
    outcome = transition(writer_of(recording), go_live())
    after = _digests(store)
    record = record_key(SALE, outcome.after.nonce)
    assert {KEY, record} == {key for key in after if after[key] != before.get(key)}
    assert before.keys() | {record} == after.keys()
    assert [("get", KEY), ("put", record), ("put", KEY)] == recording.requests
