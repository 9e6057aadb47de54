"""A storage by its URL, as `--storage` has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

from flashgen.addresses import without_secrets
from flashgen.errors import FlashgenError, Refused
from flashgen.gate.settings import GateSettings
from flashgen.gate.storage.fence import Fence
from flashgen.gate.storage.protocol import Answer, Ask, Storage, StorageLost, Tally
from flashgen.gate.storage.redis.url import REDIS_SCHEMES, SENTINEL_SHAPE, SHAPE

_SHAPES = f"`sqlite:PATH`, `{SHAPE}` (`rediss://` for TLS, `valkey://` for Valkey) or `{SENTINEL_SHAPE}`"


def open_storage(url: str, folder: Path, fence: Fence | None = None) -> Storage:
    """What `url` names: `sqlite:PATH`, relative to the project's `folder`, or one of REDIS_SCHEMES.

    Without a `fence` it sells whatever it is.

    Raises Refused for anything else and where the redis package is missing, StorageLost when it cannot be opened.
    """
    if url.startswith("sqlite:"):
        return _open_sqlite(url, folder, fence)
    if url.startswith(REDIS_SCHEMES):
        return _open_redis(url, fence)
    raise Refused(f"a storage must be {_SHAPES}, found `{without_secrets(url)}`")


def _open_sqlite(url: str, folder: Path, fence: Fence | None) -> Storage:
    from flashgen.gate.storage.sqlite.storage import SqliteStorage

    path = url.removeprefix("sqlite:")
    if not path or path.startswith("//") or path == ":memory:":
        hint = "such as `sqlite:.flashgen/gate.db`, relative to the project, or `sqlite:/var/lib/flashgen/gate.db`"
        raise Refused(f"a storage in SQLite must be `sqlite:PATH` with the path of a file, found `{url}`", hint)
    return SqliteStorage(folder / path, url, fence)


def _open_redis(url: str, fence: Fence | None) -> Storage:
    if find_spec("redis") is None:
        raise Refused(
            "a storage in Redis needs the redis package, which is not installed",
            "pip install -r requirements/redis.txt, in flashgen's folder",
        )
    from flashgen.gate.storage.redis.storage import RedisStorage

    return RedisStorage(url, fence)


def check_storage(settings: Sequence[GateSettings], url: str) -> None:
    """Refuse a storage that one server has for itself where a sale has several."""
    several = [one for one in settings if len(one.servers) > 1]
    if several and not url.startswith(REDIS_SCHEMES):
        count = len(several[0].servers)
        raise Refused(
            f"{several[0].sale} has {count} order servers, and {without_secrets(url)} is for one: "
            "each would sell the whole stock",
            "give all of them one Redis: --storage redis://HOST:6379/0",
        )


class LazyStorage:
    """The part of a Storage that requests need, opened at the first request; threads may share it.

    If opening fails, the next request tries again: a worker that starts while the storage is away answers 503, instead
    of dying over and over.
    """

    def __init__(self, open_storage: Callable[[], Storage]) -> None:
        self._open_storage = open_storage
        self._storage: Storage | None = None
        self._lock = Lock()

    def decide(self, asks: Sequence[Ask]) -> list[Answer]:
        """As the storage does."""
        return self._opened().decide(asks)

    def tally(self, sale: str, now: float) -> Tally:
        """As the storage does."""
        return self._opened().tally(sale, now)

    @property
    def primary(self) -> str:
        """As the storage's; empty before it is opened."""
        storage = self._storage
        return storage.primary if storage else ""

    def close(self) -> None:
        """Close what was opened."""
        with self._lock:
            storage, self._storage = self._storage, None
        if storage:
            storage.close()

    def _opened(self) -> Storage:
        with self._lock:
            if self._storage is None:
                try:
                    self._storage = self._open_storage()
                except FlashgenError as error:
                    raise StorageLost(error.message, error.hint) from error
            return self._storage
