"""An operator in slow motion: stopped before each request to the store, until told to go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

from support.operators import KEY, control_of

from flashgen.errors import Conflict, LostRace, NoAnswer, Refused
from flashgen.store import Entry, Headers, MemoryStore, Stored
from flashgen.unlock.transition import Outcome, transition
from flashgen.unlock.verbs import Verb

T = TypeVar("T")
LIMIT_SECONDS = 20


class Hand:
    """A transition in a thread of its own, which runs only within `step`. It is a store itself: the one it works on.

    `read` is the pointer as it first saw it, `written` how often it wrote it; `outcome` is there once it is `done`.
    """

    def __init__(self, inner: MemoryStore, who: str, verb: Verb) -> None:
        self.who, self.verb, self.url = who, verb, "memory:"
        self.outcome: Outcome | LostRace | Refused | BaseException | None = None
        self.read: Stored | None = None
        self.written = 0
        self._inner = inner
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
        """Let the next request happen. `lost answer`, `lost request` and `conflict` are what may befall a write."""
        self._go.put(fate)
        self._stopped.get(timeout=LIMIT_SECONDS)

    def finish(self) -> None:
        """Let it go on to its end."""
        while not self.done:
            self.step()
        self._thread.join()

    def get(self, key: str) -> Stored | None:
        """See `Store.get`."""
        found = self._request(lambda: self._inner.get(key))
        self.read = self.read or (found if key == KEY else None)
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
        fate = self._go.get() if may_fail else self._go.get() and ""
        if fate == "lost request":
            raise NoAnswer("lost")
        if fate == "conflict":
            raise Conflict("409")
        result = action()
        if fate == "lost answer":
            raise NoAnswer("lost")
        return result

    def _run(self) -> None:
        try:
            self.outcome = transition(control_of(self, self.who), self.verb)
        except BaseException as error:  # noqa: BLE001  the test looks at it
            self.outcome = error
        self._stopped.put(None)
