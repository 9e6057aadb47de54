"""An operator in slow motion: stopped before each request that others could cross, until told to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from support.armed import Watching, at_once
from support.faults import Killed
from support.operators import KEY, STARTS_AT, Clock, writer_of

from flashgen.errors import Conflict, NoAnswer
from flashgen.store import Entry, Headers, MemoryStore, Stored
from flashgen.unlock.arm import Moment, await_moment, fire
from flashgen.unlock.pointer_file import StoredPointer
from flashgen.unlock.pointer_writer import PointerWriter
from flashgen.unlock.transition import Outcome, transition
from flashgen.unlock.verbs import Verb

T = TypeVar("T")
Plan = Callable[[PointerWriter, StoredPointer], Verb]
"""What to do about the pointer as it was seen. May read the journal."""

LIMIT_SECONDS = 20
ARMED_FOR = timedelta(seconds=7)


class Hand:
    """A transition in a thread of its own, which runs only within `step`. It is a store itself: the one it works on.

    An `armed` one waits for the start of the sale, by a clock of its own that is ARMED_FOR before it. `read` is the
    pointer as it first saw it, `written` how often it wrote it; `outcome` is there once it is `done`. `late` are writes
    that it has given up, and that are still on their way.
    """

    def __init__(self, inner: MemoryStore, who: str, plan: Plan, *, armed: bool = False) -> None:
        self.who, self.armed, self.url = who, armed, "memory:"
        self.verb: Verb | None = None
        self.outcome: Outcome | BaseException | None = None
        self.read: Stored | None = None
        self.written = self.failed = 0
        self.late: list[Callable[[], object]] = []
        self._inner, self._plan = inner, plan
        self._go: SimpleQueue[str] = SimpleQueue()
        self._stopped: SimpleQueue[None] = SimpleQueue()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        self._stopped.get(timeout=LIMIT_SECONDS)

    @property
    def done(self) -> bool:
        """Whether it has come to its end."""
        return self.outcome is not None

    def step(self, fate: str = "") -> None:
        """Let the next request happen, or not: `killed`.

        `lost answer`, `lost request`, `late` and `conflict` are what may befall a write of the pointer.
        """
        self._go.put(fate)
        self._stopped.get(timeout=LIMIT_SECONDS)

    def finish(self) -> None:
        """Let it go on to its end."""
        while not self.done:
            self.step()
        self._thread.join()

    def deliver(self) -> None:
        """Let the oldest late write arrive. Nobody hears what the store says."""
        try:
            self.late.pop(0)()
        except Conflict:
            return

    def get(self, key: str) -> Stored | None:
        """See `Store.get`. A record never changes: to stop before it would be of no use."""
        if key != KEY:
            return self._inner.get(key)
        found = self._request(lambda: self._inner.get(key))
        self.read = self.read or found
        return found

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """See `Store.put`."""

        def write() -> str:
            etag = self._inner.put(key, body, headers, if_match=if_match, if_absent=if_absent)
            self.written += key == KEY
            return etag

        return self._request(write, may_fail=key == KEY)

    def list(self, prefix: str) -> Iterator[Entry]:
        """No transition lists."""
        raise AssertionError("a transition listed the store")

    def delete(self, keys: Iterable[str]) -> None:
        """No transition deletes."""
        raise AssertionError("a transition deleted something")

    def _request(self, action: Callable[[], T], *, may_fail: bool = False) -> T:
        self._stopped.put(None)
        fate = self._go.get()
        if fate == "killed":
            raise Killed
        return self._befallen(action, fate) if fate and may_fail else action()

    def _befallen(self, action: Callable[[], T], fate: str) -> T:
        self.failed += 1
        if fate == "conflict":
            raise Conflict("409")
        if fate == "late":
            self.late.append(action)
        if fate == "lost answer":
            action()
        raise NoAnswer("lost")

    def _run(self) -> None:
        try:
            self.outcome = self._transition()
        except BaseException as error:  # noqa: BLE001  the test looks at it
            self.outcome = error
        self._stopped.put(None)

    def _transition(self) -> Outcome:
        writer = writer_of(self, self.who, Clock(STARTS_AT - ARMED_FOR))
        seen = writer.file.read()
        self.verb = verb = replace(self._plan(writer, seen), waits=self.armed)
        if not self.armed:
            return transition(writer, verb, seen)
        moment = Moment(lambda state: state.starts_at)
        return fire(writer, verb, await_moment(writer, verb, moment, Watching(), seen, at_once))
