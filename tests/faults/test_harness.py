"""The harness itself: what befalls a call is what was said, and the checker sees each invariant broken."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from support.faults import FATES, Faults, Killed, dying
from support.invariants import World, check
from support.operators import KEY, SALE, SECRET, bring, go_live, signed, writer_of
from support.shop import Shop, push_of
from support.visits import bought

from flashgen.errors import Conflict, NoAnswer, StoreError
from flashgen.gate.orders.order import OrderState
from flashgen.gate.storage.sqlite.storage import SqliteStorage
from flashgen.store import Headers, MemoryStore
from flashgen.unlock import verbs
from flashgen.unlock.state import State
from flashgen.unlock.transition import transition

PAGE = Headers("text/html", "")


@pytest.mark.parametrize(
    ("fate", "error", "is_written"),
    [
        ("refused", StoreError, False),
        ("silent", NoAnswer, False),
        ("done, but silent", NoAnswer, True),
        ("done late", NoAnswer, False),
        ("done twice", Conflict, True),
        ("killed before", Killed, False),
        ("killed after", Killed, True),
    ],
)
def test_one_call_meets_its_fate(fate: str, error: type[BaseException], is_written: bool) -> None:
    """The second; the third is as ever, unless the process is dead."""
    inner, faults = MemoryStore(), Faults(FATES[fate], 2)
    store = faults.store(inner)
    store.put("first", b"", PAGE, if_absent=True)
    with pytest.raises(error):
        store.put("second", b"", PAGE, if_absent=True)
    assert is_written == (inner.get("second") is not None)
    if FATES[fate].lasts:
        with pytest.raises(Killed):
            store.get("first")
    else:
        assert store.get("first")
    assert ["put first", "put second", "get first"] == faults.calls


def test_a_late_write_arrives_before_the_call_after_the_next() -> None:
    """Or when all is over; a refusal of it is heard by nobody."""
    for calls, is_there in ((1, False), (2, True)):
        inner, faults = MemoryStore(), Faults(FATES["done late"], 1)
        store = faults.store(inner)
        with pytest.raises(NoAnswer):
            store.put("late", b"", PAGE, if_absent=True)
        for _ in range(calls):
            store.get("other")
        assert is_there == (inner.get("late") is not None)
        faults.deliver()
        assert inner.get("late")


def test_only_some_calls_count() -> None:
    """A dead process stays dead for all."""
    inner = MemoryStore()
    store = Faults(FATES["refused"], 1, only="put ").store(inner)
    assert None is store.get("page")
    with pytest.raises(StoreError):
        store.put("page", b"", PAGE)
    with pytest.raises(Killed):
        dying(inner, 1).get("page")


def pushed(folder: Path) -> World:
    """A live sale."""
    store = MemoryStore()
    push_of(Shop().build(folder), store, "ops").run()
    transition(writer_of(store, "ops"), go_live())
    return World(store).begin()


def test_a_sale_as_it_should_be(tmp_path: Path) -> None:
    """Nothing is wrong."""
    check(pushed(tmp_path))


def test_a_leak_is_seen(tmp_path: Path) -> None:
    """1: a token in a page, in a pointer that is not live; the secret anywhere."""
    state = writer_of(pushed(tmp_path).store).file.read().pointer.state
    for key, body in ((f"{SALE}/x.txt", signed(state).encode()), ("_flashgen/x", SECRET)):
        world = pushed(tmp_path)
        world.store.put(key, body, PAGE)
        with pytest.raises(AssertionError, match="invariant 1"):
            check(world)


def test_a_second_object_is_seen(tmp_path: Path) -> None:
    """2: one that is not the command's; 4: one that is gone."""
    world = pushed(tmp_path)
    world.touches = lambda key: key == KEY
    world.store.put("index.html", b"", PAGE)
    with pytest.raises(AssertionError, match="invariant 2"):
        check(world)
    world.store.delete(["index.html", f"{SALE}/lamp/index.html"])
    with pytest.raises(AssertionError, match="invariant 4"):
        check(world)


def test_a_page_without_its_asset_is_seen(tmp_path: Path) -> None:
    """4: even where a prune may delete."""
    world = replace(pushed(tmp_path), prunes=True)
    world.store.delete([key for key in world.before if "/assets/" in key])
    with pytest.raises(AssertionError, match="is named by a page and missing"):
        check(world)


def test_a_second_winner_is_seen() -> None:
    """5: one command won twice, or overwrote what nobody had journaled."""
    world = World()
    bring(world.store, State.LIVE)
    for verb in (verbs.pause(), verbs.resume()):
        transition(writer_of(world.store), verb)
    with pytest.raises(AssertionError, match="invariant 5"):
        check(world)
    world = World()
    bring(world.store)
    writer = writer_of(world.store)
    seen = writer.file.read()
    writer.put(replace(seen.pointer, revision=1, nonce="nobody's"), if_match=seen.etag)
    with pytest.raises(AssertionError):
        check(world)


def test_orders_that_cannot_be_are_seen(tmp_path: Path) -> None:
    """7: more than there are; seen and lost; settled and never sent; sent and unknown."""
    path = tmp_path / "gate.db"
    with closing(SqliteStorage(path, "sqlite:gate.db")) as storage:
        storage.begin(SALE)
        bought(storage, "ada", "bob", sale=SALE)
        world = World(storage=path, stock={"PHONE": 2}).begin()
        check(world)
        with pytest.raises(AssertionError, match="2 of 1 PHONE"):
            check(replace(world, stock={"PHONE": 1}))
        with pytest.raises(AssertionError, match="are lost"):
            check(replace(world, seen={"order-eve"}))
        storage.settle(f"order-ada-{SALE}", OrderState.DONE, 0, 0, "")
        with pytest.raises(AssertionError, match="never came"):
            check(world)
