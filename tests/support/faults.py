"""What may befall one call to a store, a CDN, a storage, an order subsystem or a clock, and all that follow it.

`Faults` counts calls, whatever they go to, so that a test can let each in turn meet each of FATES.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from threading import RLock
from typing import Any, Final, TypeVar, cast

from flashgen.errors import FlashgenError, NoAnswer, StoreError
from flashgen.store import Entry, Headers, Store, Stored
from flashgen.store.protocol import Cdn

T = TypeVar("T")


class Killed(BaseException):
    """The process ends here: nothing catches this, and nothing that is wrapped answers any more."""


class Heard(Enum):
    """What the caller hears."""

    ANSWER = "the answer to the last of its calls"
    REFUSAL = "an error, at once"
    SILENCE = "nothing until its time-out"
    DEATH = "nothing any more"


@dataclass(frozen=True)
class Fate:
    """A call is carried out so many `times`, and its caller hears that.

    It `lasts`: the same befalls all later calls, but that they are not carried out. A `late` one is carried out before
    the call after the next, or when all is over.
    """

    times: int
    heard: Heard
    lasts: bool = False
    late: bool = False


FATES: Final = {
    "refused": Fate(0, Heard.REFUSAL),
    "refused from then on": Fate(0, Heard.REFUSAL, lasts=True),
    "silent": Fate(0, Heard.SILENCE),
    "silent from then on": Fate(0, Heard.SILENCE, lasts=True),
    "done, but silent": Fate(1, Heard.SILENCE),
    "done, but silent from then on": Fate(1, Heard.SILENCE, lasts=True),
    "done late": Fate(0, Heard.SILENCE, late=True),
    "done twice": Fate(2, Heard.ANSWER),
    "killed before": Fate(0, Heard.DEATH, lasts=True),
    "killed after": Fate(1, Heard.DEATH, lasts=True),
}
KILLED, KILLED_AFTER = FATES["killed before"], FATES["killed after"]

Errors = Callable[[Heard], Exception]
"""What REFUSAL and SILENCE look like at a boundary."""


def store_error(heard: Heard) -> Exception:
    """A store's."""
    return StoreError("told to fail") if heard is Heard.REFUSAL else NoAnswer("told to stay silent")


@dataclass
class Faults:
    """Call number `at` (from 1) meets `fate`; without one nothing happens. Threads may share it.

    `calls` are the names of all calls so far, of those that begin with `only`. `before` is done ahead of each.
    """

    fate: Fate | None = None
    at: int = 0
    only: str = ""
    before: Callable[[], object] = lambda: None
    calls: list[str] = field(default_factory=list)
    _late: list[tuple[int, Callable[[], object]]] = field(default_factory=list)
    _lock: RLock = field(default_factory=RLock)

    @property
    def happened(self) -> bool:
        """Whether there was a call with that number."""
        return self.fate is not None and len(self.calls) >= self.at

    def __str__(self) -> str:
        return f"call {self.at}, {self.calls[self.at - 1] if self.happened else 'which never came'}"

    def call(self, name: str, action: Callable[[], T], error: Errors) -> T:
        """Carry `action` out as fate will have it."""
        with self._lock:
            self.before()
            if not name.startswith(self.only):
                return action()
            self.calls.append(name)
            number = len(self.calls)
            self._deliver(number)
            fate = self.fate
            if fate is None or number < self.at or (number > self.at and not fate.lasts):
                return action()
            return self._befallen(number, fate, action, error)

    def _befallen(self, number: int, fate: Fate, action: Callable[[], T], error: Errors) -> T:
        if fate.late:
            self._late.append((number + 2, action))
        answers = [action() for _ in range(fate.times if number == self.at else 0)]
        if fate.heard is Heard.DEATH:
            raise Killed(str(self))
        if fate.heard is Heard.ANSWER:
            return answers[-1]
        raise error(fate.heard)

    def deliver(self) -> None:
        """All is over: what is still on its way arrives."""
        self._deliver(len(self.calls) + 3)

    def _deliver(self, number: int) -> None:
        due = [action for when, action in self._late if when <= number]
        self._late = [(when, action) for when, action in self._late if when > number]
        for action in due:
            try:
                action()
            except FlashgenError:
                continue  # nobody hears it

    def store(self, inner: Store) -> Store:
        """A store behind all this."""
        return _Store(self, inner)

    def cdn(self, inner: Cdn) -> Cdn:
        """A CDN behind all this."""
        return _Cdn(self, inner)

    def wrap(self, inner: T, error: Errors, *methods: str) -> T:
        """Anything else, of which `methods` are behind all this. A plain function's is `__call__`."""
        return cast(T, _Wrapped(self, inner, error, methods))

    def clock(self, now: Callable[[], datetime]) -> Callable[[], datetime]:
        """A clock that a fault sets back by an hour, or an hour ahead as after a machine's sleep."""
        offset = timedelta()

        def set_by_fault() -> datetime:
            nonlocal offset
            try:
                instant = self.call("clock", now, _ClockSet)
            except _ClockSet as moved:
                offset, instant = moved.by, now()
            return instant + offset

        return set_by_fault


def dying(inner: Store, at: int, fate: Fate = KILLED) -> Store:
    """A store whose caller dies at call number `at`."""
    return Faults(fate, at).store(inner)


@contextmanager
def on_files(faults: Faults, folder: Path) -> Iterator[None]:
    """Within the block, `faults` are between this process and all that it changes below `folder`.

    Python tells of files by audit events (https://docs.python.org/3/library/audit_events.html), whoever opens, renames
    or removes them. An event comes ahead of the call, so that a call can be refused, or be the last.
    """

    def listen(event: str, args: tuple[Any, ...]) -> None:
        if _changes_file(event, args, f"{folder}/"):
            faults.call(f"{event} {str(args[0]).removeprefix(f'{folder}/')}", lambda: None, _disk_full)

    _listeners.append(listen)
    try:
        yield
    finally:
        _listeners.remove(listen)


_listeners: list[Callable[[str, tuple[Any, ...]], None]] = []


def _hear(event: str, args: tuple[Any, ...]) -> None:
    for listen in _listeners:
        listen(event, args)


sys.addaudithook(_hear)  # a hook is for good


def _changes_file(event: str, args: tuple[Any, ...], below: str) -> bool:
    if event == "open":
        path, _, flags = args
        return str(path).startswith(below) and bool(flags & (os.O_WRONLY | os.O_RDWR))
    return event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate") and str(args[0]).startswith(below)


def _disk_full(heard: Heard) -> Exception:
    code = errno.ENOSPC if heard is Heard.REFUSAL else errno.EIO
    return OSError(code, os.strerror(code))


class _ClockSet(Exception):
    def __init__(self, heard: Heard) -> None:
        super().__init__(heard.value)
        self.by = timedelta(hours=-1 if heard is Heard.REFUSAL else 1)


@dataclass(frozen=True)
class _Store:
    faults: Faults
    inner: Store

    @property
    def url(self) -> str:
        return self.inner.url

    def get(self, key: str) -> Stored | None:
        return self.faults.call(f"get {key}", lambda: self.inner.get(key), store_error)

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        def write() -> str:
            return self.inner.put(key, body, headers, if_match=if_match, if_absent=if_absent)

        return self.faults.call(f"put {key}", write, store_error)

    def list(self, prefix: str) -> Iterator[Entry]:
        return self.faults.call(f"list {prefix}", lambda: self.inner.list(prefix), store_error)

    def delete(self, keys: Iterable[str]) -> None:
        keys = tuple(keys)
        self.faults.call(f"delete {keys}", lambda: self.inner.delete(keys), store_error)


@dataclass(frozen=True)
class _Cdn:
    faults: Faults
    inner: Cdn

    @property
    def name(self) -> str:
        return self.inner.name

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        return self.faults.call("invalidate", lambda: self.inner.invalidate(paths, reference), store_error)

    def is_done(self, invalidation: str) -> bool:
        return self.faults.call("is_done", lambda: self.inner.is_done(invalidation), store_error)


class _Wrapped:
    def __init__(self, faults: Faults, inner: Any, error: Errors, methods: Sequence[str]) -> None:
        self._faults, self._inner, self._error, self._methods = faults, inner, error, methods

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._methods:
            return found
        return lambda *args, **words: self._faults.call(name, lambda: found(*args, **words), self._error)

    def __call__(self, *args: Any, **words: Any) -> Any:
        return self._faults.call("call", lambda: self._inner(*args, **words), self._error)
