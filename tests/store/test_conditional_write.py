"""Conditional writes whose outcome is known, and how long one tries to know it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf

import pytest

from flashgen.errors import AccessDenied, Conflict, NoAnswer, StoreError
from flashgen.store import Headers, MemoryStore, Stored
from flashgen.store.conditional_write import PATIENCE_SECONDS, RETRY_WAITS, put_settled

PLAIN = Headers("text/plain", "no-store")
SILENT = NoAnswer("silent")


@dataclass
class Time:
    """Seconds that pass when somebody sleeps or asks."""

    now: float = 0.0

    def monotonic(self) -> float:
        """Now."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass. As the real one it refuses to go back."""
        assert seconds >= 0
        self.now += seconds


@dataclass
class Answering(MemoryStore):
    """A store of which PUT number `n` meets `put_says(n)` and a GET `get_says()`, after `seconds`.

    PUTs whose numbers are in `written` are done all the same. `puts` are when they came. What is under way at `back_at`
    is answered then.
    """

    put_says: Callable[[int], StoreError | None]
    get_says: Callable[[], StoreError | None] = lambda: None
    written: frozenset[int] = frozenset()
    seconds: float = 0.0
    back_at: float = inf
    clock: Time = field(default_factory=Time)
    puts: list[float] = field(default_factory=list)
    _inside: bool = False

    def __post_init__(self) -> None:
        super().__init__()

    def get(self, key: str) -> Stored | None:
        """See `Store.get`."""
        if not self._inside:
            self._take_time()
            if error := self.get_says():
                raise error
        return super().get(key)

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """See `Store.put`."""
        number = len(self.puts)
        self.puts.append(self.clock.now)
        self._take_time()
        error = self.put_says(number)
        if error and number not in self.written:
            raise error
        self._inside = True
        try:
            etag = super().put(key, body, headers, if_match=if_match, if_absent=if_absent)
        finally:
            self._inside = False
        if error:
            raise error
        return etag

    def _take_time(self) -> None:
        now = self.clock.now
        self.clock.now = min(now + self.seconds, max(now, self.back_at))


@pytest.fixture
def clock() -> Time:
    """A virtual one."""
    return Time()


def _written(store: Answering) -> str:
    return put_settled(
        store, "k", b"ours", PLAIN, if_match=None, sleep=store.clock.sleep, monotonic=store.clock.monotonic
    )


def _found(store: Answering) -> bytes:
    stored = MemoryStore.get(store, "k")
    return stored.body if stored else b""


def test_the_answer_to_the_very_last_try_counts(clock: Time) -> None:
    """Nobody looks after it."""
    last = len(RETRY_WAITS)
    store = Answering(lambda number: None if number == last else SILENT, lambda: SILENT, clock=clock)
    assert _written(store)
    assert (last + 1, b"ours") == (len(store.puts), _found(store))


@pytest.mark.parametrize("seconds", [0.0, 0.3, 1.0, 3.0, 5.0])
def test_after_twelve_seconds_no_other_try_is_begun(clock: Time, seconds: float) -> None:
    """However long each takes; each is followed by a look."""
    store = Answering(lambda _: SILENT, lambda: SILENT, seconds=seconds, clock=clock)
    with pytest.raises(NoAnswer, match="silent"):
        _written(store)
    assert PATIENCE_SECONDS + 1e-6 > store.puts[-1]
    assert clock.now <= PATIENCE_SECONDS + 2 * seconds + 1e-6


@pytest.mark.parametrize("seconds", [0.0, 0.3, 2.0, 3.0, 5.0])
def test_ten_seconds_of_silence_are_survived(clock: Time, seconds: float) -> None:
    """Also where nothing is refused and each request takes its time."""

    # TCP sends again what is under way, within a second.
    back_at = 11.0 if seconds else 10.0

    def silent() -> StoreError | None:
        return SILENT if clock.now < back_at else None

    store = Answering(lambda _: silent(), silent, seconds=seconds, back_at=back_at, clock=clock)
    assert _written(store)


@pytest.mark.parametrize("refusal", [AccessDenied("403"), StoreError("400")])
@pytest.mark.parametrize("seen", [None, SILENT, AccessDenied("403")])
def test_what_is_refused_at_once_was_not_written(clock: Time, refusal: StoreError, seen: StoreError | None) -> None:
    """Whether one may look or not: S3 has said so."""
    store = Answering(lambda _: refusal, lambda: seen, clock=clock)
    with pytest.raises(StoreError) as raised:
        _written(store)
    assert refusal is raised.value
    assert [0.0] == store.puts


def test_a_refusal_of_what_was_written_is_none(clock: Time) -> None:
    """Something on the way has spoilt the answer."""
    assert _written(Answering(lambda _: AccessDenied("403"), written=frozenset({0}), clock=clock))


def test_a_refusal_where_something_else_stands_is_a_conflict(clock: Time) -> None:
    """It may have been built on ours: the caller, which knows of ancestors, has to read it."""

    def built_upon() -> None:
        MemoryStore.put(store, "k", b"theirs, on ours", PLAIN)

    store = Answering(lambda _: AccessDenied("403"), built_upon, written=frozenset({0}), clock=clock)
    with pytest.raises(Conflict):
        _written(store)


def test_a_later_refusal_says_nothing_of_the_first_try(clock: Time) -> None:
    """And is not waited out."""
    store = Answering(lambda number: AccessDenied("403") if number else SILENT, clock=clock)
    with pytest.raises(NoAnswer, match="403"):
        _written(store)
    assert 2 == len(store.puts)


def test_nor_does_a_look_that_is_refused(clock: Time) -> None:
    """There is no use in asking on."""
    store = Answering(lambda _: SILENT, lambda: AccessDenied("expired", "sign in"), clock=clock)
    with pytest.raises(NoAnswer, match="expired") as unknown:
        _written(store)
    assert ("sign in", 1) == (unknown.value.hint, len(store.puts))


def test_a_store_that_is_never_content_is_quoted(clock: Time) -> None:
    """It did answer."""
    store = Answering(lambda _: Conflict("412"), clock=clock)
    with pytest.raises(NoAnswer, match="goes on refusing to write k, which nobody else has written: 412"):
        _written(store)
