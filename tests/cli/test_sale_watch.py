"""One sale under watch: what it costs, and what it notices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from support.operators import KEY, SALE, acting, bring, chain, gate_sells, go_live, writer_of
from support.recording_store import RecordingStore

from flashgen.cli.status.sale_watch import SILENT_AFTER_SECONDS, SaleWatch, WatchSnapshot
from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.errors import NoAnswer
from flashgen.sale.load import load_header
from flashgen.store import MemoryStore
from flashgen.unlock.journal import record_key
from flashgen.unlock.pending_attempts import AttemptStatus, PendingAttempt
from flashgen.unlock.pointer_file import PointerFile
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
class WatchedSale:
    """A store that notes what is asked of it and can be cut off, or hang; a sale in it, and a watch over that."""

    inner: MemoryStore
    path: Path
    cut: bool = False
    silent_seconds: float = SILENT_AFTER_SECONDS
    settle_seconds: float = LIMIT_SECONDS
    answers: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.answers.set()
        self.store = RecordingStore(self.inner, self._before)

    def _before(self, number: int, verb: str, key: str) -> None:
        self.answers.wait(LIMIT_SECONDS)
        if self.cut:
            raise NoAnswer("cut off")

    def watch(self, edge_reader: EdgePointerReader) -> SaleWatch:
        """Not started yet."""
        file, header = PointerFile(self.store, SALE, KEY), load_header(self.path)
        return SaleWatch(
            file,
            header,
            self.path,
            edge_reader,
            poll_seconds=TICK,
            silent_seconds=self.silent_seconds,
            settle_seconds=self.settle_seconds,
        )


@pytest.fixture
def watched(tmp_path: Path) -> WatchedSale:
    """With a scheduled sale, polled fifty times a second."""
    path = tmp_path / "fair.yaml"
    path.write_text(YAML, encoding="utf-8")
    store = MemoryStore()
    bring(store)
    return WatchedSale(store, path)


@pytest.fixture
def watch(watched: WatchedSale) -> Iterator[SaleWatch]:
    """Under way, with an edge."""
    with Serving(Edge(watched.inner)) as serving, EdgePointerReader(serving.url) as edge_reader:
        watch = watched.watch(edge_reader)
        watch.start()
        yield watch
        watch.stop()


def awaited(watch: SaleWatch, holds: Callable[[WatchSnapshot], bool]) -> WatchSnapshot:
    """The first snapshot of which it holds."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while not holds(snapshot := watch.snapshot()) and time.monotonic() < deadline:
        time.sleep(TICK / 2)
    assert holds(snapshot), snapshot
    return snapshot


def is_at(revision: int) -> Callable[[WatchSnapshot], bool]:
    """Whether the store was seen to have it."""
    return lambda snapshot: bool(
        snapshot.status and snapshot.status.pointer and snapshot.status.pointer.revision == revision
    )


def test_a_poll_is_one_request(watched: WatchedSale, watch: SaleWatch) -> None:
    """History, manifest and journal are asked for when something has changed, and now and then."""
    awaited(watch, is_at(0))
    first = len(watched.store.requests)
    awaited(watch, lambda _: len(watched.store.requests) >= first + 20)
    assert {("get", KEY)} == set(watched.store.requests[first : first + 20])


def test_a_change_costs_what_is_new_of_the_history(watched: WatchedSale, watch: SaleWatch) -> None:
    """However long it is: the newest records, down to the one that was known."""
    awaited(watch, is_at(0))
    for number in range(5):
        gate_sells(watched.inner, f"SKU-{number}")
    awaited(watch, is_at(5))
    transition(writer_of(watched.inner), go_live())
    before = len(watched.store.requests)
    snapshot = awaited(watch, is_at(6))
    read = {key for verb, key in watched.store.requests[before:] if verb == "get" and key != KEY}
    newest = chain(watched.inner)
    assert {record_key(SALE, record.nonce) for record in newest[:2]} == read
    assert snapshot.status
    assert tuple(newest) == snapshot.status.details.history


def test_a_stopped_watch_polls_no_more(watched: WatchedSale, watch: SaleWatch) -> None:
    """Neither the store nor the edge, which would ask it again in a second."""
    awaited(watch, is_at(0))
    watch.stop()
    asked = len(watched.store.requests)
    time.sleep(10 * TICK)
    assert len(watched.store.requests) - asked <= 1, "one may have been under way"


def test_edge_and_store_are_shown_together(watched: WatchedSale, watch: SaleWatch) -> None:
    """The edge follows within the second that it keeps a pointer."""
    transition(writer_of(watched.inner), go_live())
    both = awaited(
        watch, lambda snapshot: is_at(1)(snapshot) and bool(snapshot.status and snapshot.status.edge.revision)
    )
    assert (both.is_settling, both.status and both.status.edge.revision) == (True, 1)


def test_a_store_that_falls_silent_leaves_what_was_known(watched: WatchedSale, watch: SaleWatch) -> None:
    """And for how long it has been silent; its next answer ends that."""
    known = awaited(watch, is_at(0)).status
    watched.cut = True
    silent = awaited(watch, lambda snapshot: snapshot.silent_seconds > 2 * TICK)
    assert ("cut off", known and known.pointer) == (silent.trouble, silent.status and silent.status.pointer)
    watched.cut = False
    assert 0.0 == awaited(watch, lambda snapshot: not snapshot.trouble).silent_seconds


def test_a_store_that_never_answered_is_reported(watched: WatchedSale) -> None:
    """There is nothing to show but that."""
    watched.cut = True
    with EdgePointerReader(None) as edge_reader:
        watch = watched.watch(edge_reader)
        watch.start()
        snapshot = awaited(watch, lambda snapshot: bool(snapshot.trouble))
        assert (SALE, None, "cut off") == (snapshot.sale, snapshot.status, snapshot.trouble)
        watch.stop()


def test_an_edited_yaml_is_followed(watched: WatchedSale, watch: SaleWatch) -> None:
    """Times that are to be pushed show as drift."""
    awaited(watch, is_at(0))
    watched.path.write_text(MOVED, encoding="utf-8")
    awaited(watch, lambda snapshot: bool(snapshot.status and snapshot.status.moved_times))


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (MOVED + "sale: {", "line 10: not well-formed YAML"),
        (MOVED.replace("currency: EUR", "currency: EURO").replace("title: Fair", "title: ''"), ", and 1 more"),
        (None, "no such file"),
    ],
)
def test_a_yaml_that_is_broken_hides_nothing(
    watched: WatchedSale, watch: SaleWatch, text: str | None, mistake: str
) -> None:
    """The former YAML counts, and the mistake is reported until it is corrected."""
    watched.path.write_text(MOVED, encoding="utf-8")
    awaited(watch, lambda snapshot: bool(snapshot.status and snapshot.status.moved_times))
    if text:
        watched.path.write_text(text, encoding="utf-8")
    else:
        watched.path.unlink()
    awaited(watch, lambda snapshot: mistake in snapshot.mistake)
    transition(writer_of(watched.inner), go_live())
    followed = awaited(watch, is_at(1))
    assert ("", True) == (followed.trouble, bool(followed.status and followed.status.moved_times))
    watched.path.write_text(YAML, encoding="utf-8")
    mended = awaited(watch, lambda snapshot: not snapshot.mistake)
    assert not awaited(watch, lambda snapshot: snapshot.status is not mended.status).trouble


@pytest.fixture
def impatient(watched: WatchedSale) -> None:
    """No test waits for six seconds; and a busy machine is not silent at once."""
    watched.silent_seconds = 1.0


def test_a_store_that_hangs_is_silent_before_it_fails(watched: WatchedSale, impatient: None, watch: SaleWatch) -> None:
    """Before the poll that is under way fails."""
    awaited(watch, is_at(0))
    watched.answers.clear()
    silent = awaited(watch, lambda snapshot: bool(snapshot.trouble))
    assert ("no answer", True) == (silent.trouble, is_at(0)(silent))
    assert silent.silent_seconds > 1.0
    watched.answers.set()
    awaited(watch, lambda snapshot: not snapshot.trouble)


def test_so_is_one_that_hangs_from_the_start(watched: WatchedSale, impatient: None) -> None:
    """The board does not display `looking …` for a minute."""
    watched.answers.clear()
    with EdgePointerReader(None) as edge_reader:
        watch = watched.watch(edge_reader)
        watch.start()
        assert "no answer" == awaited(watch, lambda snapshot: bool(snapshot.trouble)).trouble
        watch.stop()
        watched.answers.set()


class HangingReader(EdgePointerReader):
    """Reads once, then hangs."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.answers = Event()
        self.reads = 0

    def read(self, key: str) -> EdgePointer:
        """See `EdgePointerReader.read`."""
        self.reads += 1
        if self.reads > 1:
            self.answers.wait(LIMIT_SECONDS)
        return super().read(key)


def test_an_edge_that_hangs_is_not_shown_as_it_was(watched: WatchedSale, impatient: None) -> None:
    """The store goes on telling."""
    with Serving(Edge(watched.inner)) as serving, HangingReader(serving.url) as edge_reader:
        watch = watched.watch(edge_reader)
        watch.start()
        awaited(watch, lambda snapshot: bool(snapshot.status and snapshot.status.edge.nonce))
        hung = awaited(watch, lambda snapshot: snapshot.edge_silent_seconds > 0)
        assert hung.status
        assert ("no answer", None) == (hung.status.edge.problem, hung.status.edge.revision)
        assert ("", True) == (hung.trouble, hung.status.edge.url.endswith(KEY))
        watch.stop()
        edge_reader.answers.set()


def test_what_was_tried_before_a_change_is_old_news(watched: WatchedSale) -> None:
    """An attempt that waited is gone as soon as another revision is seen, not when the journal is listed next."""
    armed_at, due = datetime.now(UTC), datetime.now(UTC) + timedelta(hours=1)
    bob = acting(writer_of(watched.inner, "bob"), now=lambda: due)
    prepare(bob, go_live(), bob.file.read())
    with EdgePointerReader(None) as edge_reader:
        watch = watched.watch(edge_reader)
        watch.start()
        (attempt,) = attempts(awaited(watch, is_at(0)))
        assert ("bob", AttemptStatus.ARMED) == (attempt.record.who, attempt.status)
        assert armed_at <= attempt.written_at <= datetime.now(UTC)
        transition(writer_of(watched.inner), go_live())
        assert () == attempts(awaited(watch, is_at(1)))
        watch.stop()


def attempts(snapshot: WatchSnapshot) -> tuple[PendingAttempt, ...]:
    """Those that came to nothing, as far as was seen."""
    assert snapshot.status
    return snapshot.status.details.pending_attempts
