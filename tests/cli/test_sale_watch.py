"""One sale under watch: what it costs, and what it notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from support.operators import KEY, SALE, bring, chain, control_of, gate_sells, go_live
from support.recording_store import RecordingStore

from flashgen.cli.status import sale_watch
from flashgen.cli.status.sale_watch import SaleWatch, WatchSnapshot
from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.errors import NoAnswer
from flashgen.sale.load import load_header
from flashgen.store import MemoryStore
from flashgen.unlock.journal import record_key
from flashgen.unlock.pending_attempts import Fate, PendingAttempt
from flashgen.unlock.transition import prepare, transition
from flashgen.unlock.visibility import EdgePointer
from flashgen.verify.edge_pointer import EdgePointerReader

TICK = 0.02
LIMIT_SECONDS = 10
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
MOVED = YAML.replace("T08:00", "T09:00")


@dataclass
class World:
    """A store that notes what is asked of it and can be cut off, or hang; a sale in it, and a watch over that."""

    inner: MemoryStore
    path: Path
    cut: bool = False
    answers: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.answers.set()
        self.store = RecordingStore(self.inner, self._before)

    def _before(self, number: int, verb: str, key: str) -> None:
        self.answers.wait(LIMIT_SECONDS)
        if self.cut:
            raise NoAnswer("cut off")

    def watch(self, onlooker: EdgePointerReader) -> SaleWatch:
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
    with Serving(Edge(world.inner)) as serving, EdgePointerReader(serving.url) as onlooker:
        watch = world.watch(onlooker)
        watch.start()
        yield watch
        watch.stop()


def awaited(watch: SaleWatch, holds: Callable[[WatchSnapshot], bool]) -> WatchSnapshot:
    """The first glimpse of which it holds."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not holds(glimpse := watch.glimpse()) and time.monotonic() < deadline:
        time.sleep(TICK / 2)
    assert holds(glimpse), glimpse
    return glimpse


def is_at(revision: int) -> Callable[[WatchSnapshot], bool]:
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
    with EdgePointerReader(None) as onlooker:
        watch = world.watch(onlooker)
        watch.start()
        glimpse = awaited(watch, lambda glimpse: bool(glimpse.trouble))
        assert (SALE, None, "cut off") == (glimpse.sale, glimpse.standing, glimpse.trouble)
        watch.stop()


def test_an_edited_yaml_is_followed(world: World, watch: SaleWatch) -> None:
    """Times that are to be pushed show as drift."""
    awaited(watch, is_at(0))
    world.path.write_text(MOVED, encoding="utf-8")
    awaited(watch, lambda glimpse: bool(glimpse.standing and glimpse.standing.moved_times))


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (MOVED + "sale: {", "line 10: not well-formed YAML"),
        (MOVED.replace("currency: EUR", "currency: EURO").replace("title: Fair", "title: ''"), ", and 1 more"),
        (None, "no such file"),
    ],
)
def test_a_yaml_that_is_broken_hides_nothing(world: World, watch: SaleWatch, text: str | None, mistake: str) -> None:
    """The sale is followed by what the YAML said before, and its mistake is told until it is mended."""
    world.path.write_text(MOVED, encoding="utf-8")
    awaited(watch, lambda glimpse: bool(glimpse.standing and glimpse.standing.moved_times))
    if text:
        world.path.write_text(text, encoding="utf-8")
    else:
        world.path.unlink()
    awaited(watch, lambda glimpse: mistake in glimpse.mistake)
    transition(control_of(world.inner), go_live())
    followed = awaited(watch, is_at(1))
    assert ("", True) == (followed.trouble, bool(followed.standing and followed.standing.moved_times))
    world.path.write_text(YAML, encoding="utf-8")
    mended = awaited(watch, lambda glimpse: not glimpse.mistake)
    assert not awaited(watch, lambda glimpse: glimpse.standing is not mended.standing).trouble


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for six seconds; and a machine with much to do is not silent yet."""
    monkeypatch.setattr(sale_watch, "SILENT_AFTER_SECONDS", 1.0)


def test_a_store_that_hangs_is_silent_before_it_fails(world: World, watch: SaleWatch, impatient: None) -> None:
    """What is known is no news any more, whenever the look that is under way gives up."""
    awaited(watch, is_at(0))
    world.answers.clear()
    silent = awaited(watch, lambda glimpse: bool(glimpse.trouble))
    assert ("no answer", True) == (silent.trouble, is_at(0)(silent))
    assert silent.silent_seconds > 1.0
    world.answers.set()
    awaited(watch, lambda glimpse: not glimpse.trouble)


def test_so_is_one_that_hangs_from_the_start(world: World, impatient: None) -> None:
    """Nobody looks at `looking …` for a minute."""
    world.answers.clear()
    with EdgePointerReader(None) as onlooker:
        watch = world.watch(onlooker)
        watch.start()
        assert "no answer" == awaited(watch, lambda glimpse: bool(glimpse.trouble)).trouble
        watch.stop()
        world.answers.set()


class Sleeper(EdgePointerReader):
    """Looks once, then hangs."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.answers = Event()
        self.looks = 0

    def look(self, key: str) -> EdgePointer:
        """See `EdgePointerReader.look`."""
        self.looks += 1
        if self.looks > 1:
            self.answers.wait(LIMIT_SECONDS)
        return super().look(key)


def test_an_edge_that_hangs_is_not_shown_as_it_was(world: World, impatient: None) -> None:
    """The store goes on telling."""
    with Serving(Edge(world.inner)) as serving, Sleeper(serving.url) as onlooker:
        watch = world.watch(onlooker)
        watch.start()
        awaited(watch, lambda glimpse: bool(glimpse.standing and glimpse.standing.shown.nonce))
        hung = awaited(watch, lambda glimpse: glimpse.edge_silent_seconds > 0)
        assert hung.standing
        assert ("no answer", None) == (hung.standing.shown.problem, hung.standing.shown.revision)
        assert ("", True) == (hung.trouble, hung.standing.shown.url.endswith(KEY))
        watch.stop()
        onlooker.answers.set()


def test_what_was_tried_before_a_change_is_old_news(world: World) -> None:
    """An attempt that waited is gone as soon as another revision is seen, not when the journal is listed next."""
    armed_at, due = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
    bob = replace(control_of(world.inner, "bob"), now=lambda: due)
    prepare(bob, go_live(), bob.read())
    with EdgePointerReader(None) as onlooker:
        watch = world.watch(onlooker)
        watch.start()
        (attempt,) = attempts(awaited(watch, is_at(0)))
        assert ("bob", Fate.ARMED) == (attempt.record.who, attempt.fate)
        assert armed_at <= attempt.written_at <= datetime.now(UTC)
        transition(control_of(world.inner), go_live())
        assert () == attempts(awaited(watch, is_at(1)))
        watch.stop()


def attempts(glimpse: WatchSnapshot) -> tuple[PendingAttempt, ...]:
    """Those that came to nothing, as far as was seen."""
    assert glimpse.standing
    return glimpse.standing.background.unelected
