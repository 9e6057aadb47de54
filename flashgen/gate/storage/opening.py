"""A storage by its URL, as `--storage` has it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from flashgen.errors import Refused
from flashgen.gate.storage.protocol import Storage

REDIS_SCHEMES = ("redis://", "rediss://")
_SHAPES = "`sqlite:PATH`, or `redis://[:PASSWORD@]HOST:PORT/DB` (`rediss://` for TLS)"


def open_storage(url: str, folder: Path) -> Storage:
    """What `url` names: `sqlite:PATH`, relative to the project's `folder`, `redis://…` or `rediss://…`.

    Raises Refused for anything else and where the redis package is missing, StorageLost when it cannot be opened.
    """
    if url.startswith("sqlite:"):
        return _open_sqlite(url, folder)
    if url.startswith(REDIS_SCHEMES):
        return _open_redis(url)
    raise Refused(f"a storage must be {_SHAPES}, found `{_without_password(url)}`")


def _open_sqlite(url: str, folder: Path) -> Storage:
    from flashgen.gate.storage.sqlite import SqliteStorage

    path = url.removeprefix("sqlite:")
    if not path or path.startswith("//") or path == ":memory:":
        hint = "such as `sqlite:.flashgen/gate.db`, relative to the project, or `sqlite:/var/lib/flashgen/gate.db`"
        raise Refused(f"a storage in SQLite must be `sqlite:PATH` with the path of a file, found `{url}`", hint)
    return SqliteStorage(folder / path, url)


def _open_redis(url: str) -> Storage:
    if find_spec("redis") is None:
        raise Refused(
            "a storage in Redis needs the redis package, which is not installed", "pip install 'flashgen[redis]'"
        )
    from flashgen.gate.storage.redis import RedisStorage

    return RedisStorage(url)


def _without_password(url: str) -> str:
    """A mistyped scheme before a password must not show it."""
    scheme, at, rest = url.rpartition("@")
    return f"{scheme.partition(':')[0]}:…@{rest}" if at else url
