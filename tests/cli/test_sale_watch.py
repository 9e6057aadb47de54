"""One sale under watch: what it costs, and what it notices."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.operators import KEY, SALE, bring, chain, control_of, gate_sells, go_live
from support.recording_store import RecordingStore

from flashgen.cli import sale_watch
from flashgen.cli.sale_watch import Glimpse, SaleWatch
from flashgen.cli.shown import Onlooker
from flashgen.edge.app import Edge
from flashgen.edge.serving import Serving
from flashgen.errors import NoAnswer
from flashgen.sale.load import load_header
from flashgen.store import MemoryStore
from flashgen.unlock.journal import record_key
from flashgen.unlock.transition import transition

TICK = 0.02
YAML = """\
sale:
  id: fair
  title: Fair
  starts_at: "2026-11-27T08:00:00Z"
  ends_at: "2026-11-27T20:00:00Z"
  currency: EUR
products:
  - {sku: LAMP, name: Lamp, price: "19.90"}
unlock: {version: 7k2mq9xw4t}
"""


@dataclass
class World:
    """A store that notes what is asked of it and can be cut off, a sale in it, and a watch over that."""

    inner: MemoryStore
    path: Path
    cut: bool = False

    def __post_init__(self) -> None:
        self.store = RecordingStore(self.inner, self._before)

    def _before(self, number: int, verb: str, key: str) -> None:
        if self.cut:
            raise NoAnswer("cut off")

    def watch(self, onlooker: Onlooker) -> SaleWatch:
        """Not started yet."""
        control = replace(control_of(self.store), sale=SALE, key=KEY)
        return SaleWatch(control, load_header(self.path), self.path, onlooker)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """With a scheduled sale, looked at fifty times a second."""
    monkeypatch.setattr(sale_watch, "LOOK_EVERY_SECONDS", TICK)
    path = tmp_path / "fair.yaml"
    path.write_text(YAML, encoding="utf-8")
    store = MemoryStore()
    bring(store)
    return World(store, path)


@pytest.fixture
def watch(world: World) -> Iterator[SaleWatch]:
    """Under way, with an edge."""
    with Serving(Edge(world.inner)) as serving, Onlooker(serving.url) as onlooker:
        watch = world.watch(onlooker)
        watch.start()
        yield watch
        watch.stop()


def awaited(watch: SaleWatch, holds: Callable[[Glimpse], bool]) -> Glimpse:
    """The first glimpse of which it holds."""
    deadline = time.monotonic() + 10
    while not holds(glimpse := watch.glimpse()) and time.monotonic() < deadline:
        time.sleep(TICK / 2)
    assert holds(glimpse), glimpse
    return glimpse


def is_at(revision: int) -> Callable[[Glimpse], bool]:
    """Whether the store was seen to have it."""
    return lambda glimpse: bool(
        glimpse.standing and glimpse.standing.pointer and glimpse.standing.pointer.revision == revision
    )


def test_a_look_is_one_request(world: World, watch: SaleWatch) -> None:
    """History, manifest and journal are asked for when something has changed, and now and then."""
    awaited(watch, is_at(0))
    first = len(world.store.requests)
    awaited(watch, lambda _: len(world.store.requests) >= first + 20)
    assert {("get", KEY)} == set(world.store.requests[first : first + 20])


def test_a_change_costs_what_is_new_of_the_history(world: World, watch: SaleWatch) -> None:
    """However long it is: the newest records, down to the one that was known."""
    awaited(watch, is_at(0))
    for number in range(5):
        gate_sells(world.inner, f"SKU-{number}")
    awaited(watch, is_at(5))
    transition(control_of(world.inner), go_live())
    before = len(world.store.requests)
    glimpse = awaited(watch, is_at(6))
    read = {key for verb, key in world.store.requests[before:] if verb == "get" and key != KEY}
    newest = chain(world.inner)
    assert {record_key(SALE, record.nonce) for record in newest[:2]} == read
    assert glimpse.standing
    assert tuple(newest) == glimpse.standing.background.history


def test_who_stops_asks_no_more(world: World, watch: SaleWatch) -> None:
    """Neither the store nor the edge, which would ask it again in a second."""
    awaited(watch, is_at(0))
    watch.stop()
    asked = len(world.store.requests)
    time.sleep(10 * TICK)
    assert len(world.store.requests) - asked <= 1, "one may have been under way"


def test_edge_and_store_are_shown_together(world: World, watch: SaleWatch) -> None:
    """The edge follows within the second that it keeps a pointer."""
    transition(control_of(world.inner), go_live())
    both = awaited(
        watch, lambda glimpse: is_at(1)(glimpse) and bool(glimpse.standing and not glimpse.standing.is_behind)
    )
    assert (both.is_settling, both.standing and both.standing.shown.revision) == (True, 1)


def test_a_store_that_falls_silent_leaves_what_was_known(world: World, watch: SaleWatch) -> None:
    """And for how long it has been silent; its next answer ends that."""
    known = awaited(watch, is_at(0)).standing
    world.cut = True
    silent = awaited(watch, lambda glimpse: glimpse.silent_seconds > 2 * TICK)
    assert ("cut off", known and known.pointer) == (silent.trouble, silent.standing and silent.standing.pointer)
    world.cut = False
    assert 0.0 == awaited(watch, lambda glimpse: not glimpse.trouble).silent_seconds


def test_a_store_that_never_answered_is_said(world: World) -> None:
    """There is nothing to show but that."""
    world.cut = True
    with Onlooker(None) as onlooker:
        watch = world.watch(onlooker)
        watch.start()
        assert Glimpse(SALE, trouble="cut off") == awaited(watch, lambda glimpse: bool(glimpse.trouble))
        watch.stop()


def test_an_edited_yaml_is_followed(world: World, watch: SaleWatch) -> None:
    """Times that are to be pushed show as drift; a mistake in it is trouble until it is mended."""
    awaited(watch, is_at(0))
    moved = YAML.replace("T08:00", "T09:00")
    world.path.write_text(moved, encoding="utf-8")
    awaited(watch, lambda glimpse: bool(glimpse.standing and glimpse.standing.moved_times))
    world.path.write_text("sale: {", encoding="utf-8")
    assert re.search("problem", awaited(watch, lambda glimpse: bool(glimpse.trouble)).trouble)
    world.path.write_text(moved, encoding="utf-8")
    awaited(watch, lambda glimpse: not glimpse.trouble)
