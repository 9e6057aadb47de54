"""What a gate knows of a sale, and that it follows the store."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from support.clock import Clock
from support.operators import HEADERS, KEY, SALE
from support.running_gate import FORM_KEYS, LIVE, PRIVATE, SETTINGS, RunningGate

from flashgen.errors import NoAnswer, Refused
from flashgen.gate.sale_reader import Parsed, SaleReader, SaleSnapshot
from flashgen.gate.settings import GateLanguage, GateSettings, TranslatedText, render
from flashgen.layout import settings_key
from flashgen.store import Stored
from flashgen.store.memory import MemoryStore
from flashgen.unlock.pointer import Forward, Pointer, pointer_key
from flashgen.unlock.pointer import render as render_pointer
from flashgen.unlock.state import State


def current(running: RunningGate) -> SaleSnapshot:
    """The latest reading."""
    assert running.reader.reading
    return running.reader.reading


def test_it_is_settings_pages_and_pointer(running: RunningGate) -> None:
    """As they lie in the store, with the moment."""
    assert (SETTINGS, LIVE, 1000.0) == (
        current(running).settings,
        current(running).pointer.state,
        current(running).taken_at,
    )
    assert set(FORM_KEYS) == set(current(running).forms)


def test_what_did_not_change_is_not_parsed_again(running: RunningGate) -> None:
    """Only the moment is new."""
    before = current(running)
    running.wait(1)
    assert current(running).settings is before.settings
    assert current(running).pointer is before.pointer
    assert 1001.0 == current(running).taken_at


def test_it_follows_a_push_and_a_transition(running: RunningGate) -> None:
    """Settings, pages and state."""
    running.store.put("_flashgen/new.html", b"new", PRIVATE)
    running.push(slots_per_server=99, forms={**FORM_KEYS, "order": "_flashgen/new.html"})
    running.point(state=State.PAUSED)
    assert 99 == current(running).settings.slots_per_server
    assert b"new" == current(running).forms["order"].fill({})
    assert State.PAUSED is current(running).pointer.state.state


def test_an_older_pointer_is_ignored(running: RunningGate) -> None:
    """A store that goes back in time is not believed, until the last reading is too old."""
    running.point(state=State.ENDED)
    running.put_pointer(Pointer(1, "n1", LIVE))
    said = len(running.events)
    running.wait(1)
    running.wait(10)
    (told,) = [facts["error"] for _, facts in running.events[said:]]
    assert f"{KEY} went from revision 3 back to 1" == told.message
    assert State.ENDED is current(running).pointer.state.state
    assert not current(running).is_fresh(running.monotonic())


def test_what_a_gate_must_not_follow_is_no_reading(running: RunningGate) -> None:
    """A push may ask for what this gate cannot do."""

    def check(settings: GateSettings) -> None:
        if len(settings.servers) > 1:
            raise Refused("two are too many")

    told: list[Any] = []
    reader = SaleReader(running.store, SALE, running.monotonic, told.append, check)
    reader.poll()
    before = reader.reading
    running.push(servers=(*SETTINGS.servers, "https://other.example.com"))
    running.monotonic.wait(1)
    reader.poll()
    assert before
    assert (before, ["two are too many"]) == (reader.reading, [error.message for error in told])


class WatchedStore:
    """A store that notes what is read, and takes its time: `seconds` for each object. Keys in `lost` do not answer."""

    def __init__(self, store: MemoryStore, monotonic: Clock, seconds: float = 0.0) -> None:
        self.url = store.url
        self.read: list[str] = []
        self.lost: set[str] = set()
        self._store = store
        self._monotonic = monotonic
        self._seconds = seconds

    def get(self, key: str) -> Any:
        """What is there, late."""
        self._monotonic.wait(self._seconds)
        self.read.append(key)
        if key in self.lost:
            raise NoAnswer("no answer")
        return self._store.get(key)


def reader_of(running: RunningGate, store: WatchedStore) -> SaleReader:
    """One that reads there."""
    return SaleReader(store, SALE, running.monotonic, lambda _: None)  # type: ignore[arg-type]


def test_a_slow_store_makes_an_old_reading(running: RunningGate) -> None:
    """It is as old as the question for the pointer: the answer may have been on its way for long."""
    reader = reader_of(running, WatchedStore(running.store, running.monotonic, 11))
    reader.read()
    assert reader.reading
    assert (running.monotonic() - 11, False) == (
        reader.reading.taken_at,
        reader.reading.is_fresh(running.monotonic()),
    )


def test_many_new_pages_do_not_make_an_old_reading(running: RunningGate) -> None:
    """However long they took to arrive: the pointer is read after them."""
    reader = reader_of(running, WatchedStore(running.store, running.monotonic, 6))
    reader.read()
    assert reader.reading
    assert reader.reading.is_fresh(running.monotonic())


def test_a_page_is_read_once(running: RunningGate) -> None:
    """A push reads the pages that are new, and the default language's are not read again as those of a language."""
    store = WatchedStore(running.store, running.monotonic)
    reader = reader_of(running, store)
    texts = {sku: TranslatedText(item.name, item.price_text, item.page) for sku, item in SETTINGS.items.items()}
    running.push(languages={"de": GateLanguage(FORM_KEYS, texts)})
    reader.read()
    assert sorted([settings_key(SALE), KEY, *FORM_KEYS.values()]) == sorted(store.read)
    store.read.clear()
    running.store.put("_flashgen/new.html", b"new", PRIVATE)
    running.push(forms={**FORM_KEYS, "order": "_flashgen/new.html"})
    reader.read()
    assert [settings_key(SALE), "_flashgen/new.html", KEY] == store.read
    assert reader.reading
    assert b"new" == reader.reading.forms["order"].fill({})


def test_pages_that_were_read_before_a_failure_are_kept(running: RunningGate) -> None:
    """So that a push of many pages arrives over a store that answers now and then."""
    store = WatchedStore(running.store, running.monotonic)
    store.lost = {FORM_KEYS["order"]}
    reader = reader_of(running, store)
    with pytest.raises(NoAnswer):
        reader.read()
    store.lost.clear()
    arrived = set(store.read) & set(FORM_KEYS.values()) - {FORM_KEYS["order"]}
    store.read.clear()
    reader.read()
    assert arrived
    assert set(FORM_KEYS.values()) - arrived == set(store.read) & set(FORM_KEYS.values())


def test_an_object_at_another_key_is_another() -> None:
    """Also when its store calls both versions the same."""

    class Numbered:
        url = "numbered:"

        def get(self, key: str) -> Stored:
            """The key."""
            return Stored(key.encode(), PRIVATE, "1")

    parsed = Parsed(lambda body, key: body)
    assert [b"a", b"b"] == [parsed.read(Numbered(), key) for key in ("a", "b")]  # type: ignore[arg-type]


def test_a_rotated_pointer_counts_anew(running: RunningGate) -> None:
    """gate.json names the new one."""
    key = pointer_key(SALE, "another1")
    running.store.put(key, render_pointer(Pointer(0, "n0", replace(LIVE, token_nonce="x"))), HEADERS)
    running.push(pointer=key)
    assert "x" == current(running).pointer.state.token_nonce


@pytest.mark.parametrize(
    ("key", "body"),
    [
        (KEY, b"nonsense"),
        (KEY, render_pointer(Forward(9, "n9", "unlock.other123.js"))),
        (settings_key(SALE), b"{}"),
        (settings_key(SALE), b"\xff"),
        (settings_key(SALE), render(replace(SETTINGS, sale="other"))),
        (settings_key(SALE), render(replace(SETTINGS, forms={"form": FORM_KEYS["form"]}))),
        (settings_key(SALE), render(replace(SETTINGS, forms={**FORM_KEYS, "form": "_flashgen/none.html"}))),
        (settings_key(SALE), render(replace(SETTINGS, forms={**FORM_KEYS, "form": "../../etc/passwd"}))),
    ],
)
def test_what_is_damaged_is_no_reading(running: RunningGate, key: str, body: bytes) -> None:
    """The last one stays as it is, and gets older."""
    before = current(running)
    running.store.put(key, body, PRIVATE)
    running.wait(1)
    assert before is running.reader.reading
    assert "reader" == running.logged()[-1]


def test_what_is_missing_is_no_reading(running: RunningGate) -> None:
    """Neither of the two."""
    for key in (KEY, settings_key(SALE)):
        running.store.delete([key])
        with pytest.raises(Refused, match=key):
            running.reader.read()


@pytest.mark.parametrize(
    ("settings", "pointer", "message"),
    [
        (SETTINGS, Forward(9, "n9", "unlock.other123.js"), "leads on to unlock.other123.js"),
        (replace(SETTINGS, sale="other"), Pointer(9, "n9", LIVE), "is of other"),
        (replace(SETTINGS, forms={}), Pointer(9, "n9", LIVE), "names no page `form`"),
    ],
)
def test_what_is_wrong_is_said(
    running: RunningGate, settings: GateSettings, pointer: Pointer | Forward, message: str
) -> None:
    """For who reads the log."""
    running.store.put(settings_key(SALE), render(settings), PRIVATE)
    running.put_pointer(pointer)
    with pytest.raises(Refused, match=message):
        running.reader.read()


def test_trouble_is_told_once_and_its_end_too(running: RunningGate) -> None:
    """A store that is away for an hour writes no 3600 lines."""
    said = len(running.events)
    running.store.delete([KEY])
    running.wait(1)
    running.wait(1)
    running.point()
    running.wait(1)
    told = [facts["error"] for _, facts in running.events[said:]]
    assert [True, False] == [error is not None for error in told]


class Flaky:
    """A store that raises what it is told."""

    url = "flaky:"

    def __init__(self, error: Exception) -> None:
        self.error: Exception = error

    def get(self, key: str) -> Any:
        """Raise."""
        raise self.error


@pytest.mark.parametrize("error", [NoAnswer("no answer"), RuntimeError("a surprise"), OSError("what")])
def test_no_trouble_ends_the_thread(error: Exception) -> None:
    """The next look may succeed."""
    told: list[object] = []
    reader = SaleReader(Flaky(error), SALE, time.monotonic, told.append)  # type: ignore[arg-type]
    reader.poll()
    reader.poll()
    assert (1, None) == (len(told), reader.reading)


def test_the_thread_reads_on_its_own(running: RunningGate) -> None:
    """Within a second or so, until it is stopped."""
    running.reader.start()
    running.put_pointer(Pointer(99, "n99", replace(LIVE, state=State.PAUSED)))
    deadline = time.monotonic() + 10
    while current(running).pointer.revision != 99 and time.monotonic() < deadline:
        time.sleep(0.02)
    running.reader.stop(5)
    assert 99 == current(running).pointer.revision
