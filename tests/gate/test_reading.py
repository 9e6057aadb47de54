"""What a gate knows of a sale, and that it follows the store."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from support.clock import Clock
from support.gate_house import FORM_KEYS, LIVE, PRIVATE, SETTINGS, House
from support.operators import HEADERS, KEY, SALE

from flashgen.errors import NoAnswer, Refused
from flashgen.gate.reading import Parsed, SaleReader, SaleSnapshot
from flashgen.gate.settings import GateSettings, render
from flashgen.layout import settings_key
from flashgen.store import Stored
from flashgen.store.memory import MemoryStore
from flashgen.unlock.pointer import Forward, Pointer, pointer_key
from flashgen.unlock.pointer import render as render_pointer
from flashgen.unlock.state import State


def current(house: House) -> SaleSnapshot:
    """The latest reading."""
    assert house.reader.reading
    return house.reader.reading


def test_it_is_settings_pages_and_pointer(house: House) -> None:
    """As they lie in the store, with the moment."""
    assert (SETTINGS, LIVE, 1000.0) == (current(house).settings, current(house).pointer.state, current(house).taken_at)
    assert set(FORM_KEYS) == set(current(house).forms)


def test_what_did_not_change_is_not_parsed_again(house: House) -> None:
    """Only the moment is new."""
    before = current(house)
    house.wait(1)
    assert current(house).settings is before.settings
    assert current(house).pointer is before.pointer
    assert 1001.0 == current(house).taken_at


def test_it_follows_a_push_and_a_transition(house: House) -> None:
    """Settings, pages and state."""
    house.store.put("_flashgen/new.html", b"new", PRIVATE)
    house.push(slots_per_server=99, forms={**FORM_KEYS, "order": "_flashgen/new.html"})
    house.point(state=State.PAUSED)
    assert 99 == current(house).settings.slots_per_server
    assert b"new" == current(house).forms["order"].fill({})
    assert State.PAUSED is current(house).pointer.state.state


def test_an_older_pointer_is_ignored(house: House) -> None:
    """A store that goes back in time is not believed, until the last reading is too old."""
    house.point(state=State.ENDED)
    house.put_pointer(Pointer(1, "n1", LIVE))
    said = len(house.events)
    house.wait(1)
    house.wait(10)
    (told,) = [facts["error"] for _, facts in house.events[said:]]
    assert f"{KEY} went from revision 3 back to 1" == told.message
    assert State.ENDED is current(house).pointer.state.state
    assert not current(house).is_fresh(house.even())


def test_what_a_gate_must_not_follow_is_no_reading(house: House) -> None:
    """A push may ask for what this gate cannot do."""

    def check(settings: GateSettings) -> None:
        if len(settings.servers) > 1:
            raise Refused("two are too many")

    told: list[Any] = []
    reader = SaleReader(house.store, SALE, house.even, told.append, check)
    reader.look()
    before = reader.reading
    house.push(servers=(*SETTINGS.servers, "https://other.example.com"))
    house.even.wait(1)
    reader.look()
    assert before
    assert (before, ["two are too many"]) == (reader.reading, [error.message for error in told])


def test_a_slow_store_makes_an_old_reading(house: House) -> None:
    """It is as old as the first question: the answer may have been on its way for long."""
    slow = Slow(house.store, house.even)
    reader = SaleReader(slow, SALE, house.even, lambda _: None)  # type: ignore[arg-type]
    reader.read()
    assert reader.reading
    assert (1000.0, False) == (reader.reading.taken_at, reader.reading.is_fresh(house.even()))


class Slow:
    """A store that takes its time."""

    def __init__(self, store: MemoryStore, even: Clock) -> None:
        self.url = store.url
        self._store = store
        self._even = even

    def get(self, key: str) -> Any:
        """What is there, late."""
        self._even.wait(6)
        return self._store.get(key)


def test_an_object_at_another_key_is_another() -> None:
    """Also when its store calls both versions the same."""

    class Numbered:
        url = "numbered:"

        def get(self, key: str) -> Stored:
            """The key."""
            return Stored(key.encode(), PRIVATE, "1")

    parsed = Parsed(lambda body, key: body)
    assert [b"a", b"b"] == [parsed.read(Numbered(), key) for key in ("a", "b")]  # type: ignore[arg-type]


def test_a_rotated_pointer_counts_anew(house: House) -> None:
    """gate.json names the new one."""
    key = pointer_key(SALE, "another1")
    house.store.put(key, render_pointer(Pointer(0, "n0", replace(LIVE, token_nonce="x"))), HEADERS)
    house.push(pointer=key)
    assert "x" == current(house).pointer.state.token_nonce


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
def test_what_is_damaged_is_no_reading(house: House, key: str, body: bytes) -> None:
    """The last one stays as it is, and gets older."""
    before = current(house)
    house.store.put(key, body, PRIVATE)
    house.wait(1)
    assert before is house.reader.reading
    assert "reader" == house.logged()[-1]


def test_what_is_missing_is_no_reading(house: House) -> None:
    """Neither of the two."""
    for key in (KEY, settings_key(SALE)):
        house.store.delete([key])
        with pytest.raises(Refused, match=key):
            house.reader.read()


@pytest.mark.parametrize(
    ("settings", "pointer", "message"),
    [
        (SETTINGS, Forward(9, "n9", "unlock.other123.js"), "leads on to unlock.other123.js"),
        (replace(SETTINGS, sale="other"), Pointer(9, "n9", LIVE), "is of other"),
        (replace(SETTINGS, forms={}), Pointer(9, "n9", LIVE), "names no page `form`"),
    ],
)
def test_what_is_wrong_is_said(house: House, settings: GateSettings, pointer: Pointer | Forward, message: str) -> None:
    """For who reads the log."""
    house.store.put(settings_key(SALE), render(settings), PRIVATE)
    house.put_pointer(pointer)
    with pytest.raises(Refused, match=message):
        house.reader.read()


def test_trouble_is_told_once_and_its_end_too(house: House) -> None:
    """A store that is away for an hour writes no 3600 lines."""
    said = len(house.events)
    house.store.delete([KEY])
    house.wait(1)
    house.wait(1)
    house.point()
    house.wait(1)
    told = [facts["error"] for _, facts in house.events[said:]]
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
    reader.look()
    reader.look()
    assert (1, None) == (len(told), reader.reading)


def test_the_thread_reads_on_its_own(house: House) -> None:
    """Within a second or so, until it is stopped."""
    house.reader.start()
    house.put_pointer(Pointer(99, "n99", replace(LIVE, state=State.PAUSED)))
    deadline = time.monotonic() + 10
    while current(house).pointer.revision != 99 and time.monotonic() < deadline:
        time.sleep(0.02)
    house.reader.stop(5)
    assert 99 == current(house).pointer.revision
