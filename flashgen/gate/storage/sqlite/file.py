"""A database file that several processes write, and what can go wrong with it.

WAL with synchronous=FULL: a commit has been synced when it returns, and readers never wait. A writer that is killed
leaves a transaction that the next one to open the file discards, or none at all. (https://www.sqlite.org/wal.html)
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import uniform
from threading import RLock

from flashgen.errors import Refused
from flashgen.gate.storage.protocol import StorageLost
from flashgen.gate.storage.sqlite.schema import prepare

PATIENCE_SECONDS = 4.0
"""How long to wait for other writers, each of which is done in milliseconds: less than requests wait for an answer."""

RETRY_SECONDS = (0.0002, 0.002)
"""How often to try whether the other writer is done. SQLite's own busy handler sleeps up to 100 ms, and a busy worker
would starve the rest."""

_MESSAGES = {
    "SQLITE_FULL": ("the disk is full", "free some space; orders go on by themselves"),
    "SQLITE_BUSY": ("another process holds it locked", "close whatever else has the file open"),
    "SQLITE_READONLY": ("it cannot be written", "give this user write access to the file and its folder"),
    "SQLITE_CANTOPEN": ("it cannot be opened", "give this user access to the file and its folder"),
    "SQLITE_PERM": ("it cannot be opened", "give this user access to the file and its folder"),
    "SQLITE_NOTADB": ("it is not a database", "name another file with `--storage sqlite:PATH`"),
    "SQLITE_CORRUPT": ("it is damaged", "stop the gate and restore the file; orders must not be lost"),
    "SQLITE_IOERR": ("the disk cannot be read or written", "see what the system's log says of the disk"),
}
_BUGS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
"""These say that a question was wrong, not that the file is gone."""

_FIRST_READ = "SELECT 1 FROM sqlite_schema"
"""The first read may have to wait, while what a killed process left is being cleared away."""

Inodes = tuple[tuple[int, int], ...]


class SqliteFile:
    """One connection to a file, for any thread; one transaction at a time. `url` names it in messages."""

    def __init__(self, path: Path, url: str) -> None:
        if sqlite3.sqlite_version_info < (3, 37):
            raise Refused(f"{url} needs SQLite 3.37 or later, found {sqlite3.sqlite_version}", "use a newer Python")
        self.path = path
        self._log = path.with_name(f"{path.name}-wal")
        self.url = url
        self._lock = RLock()
        with self._explained():
            _make_file(path)
            self._connection: sqlite3.Connection | None = self._connect()
        try:
            with self._explained():
                self._prepare(self._connection)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone among all writers: durable when this ends well, else nothing has happened.

        Raises StorageLost.
        """
        with self._lock, self._explained():
            connection = self._open()
            self._check_file()
            patiently(connection, "BEGIN IMMEDIATE")
            with _ended(connection):
                yield connection
            # What went into a file that is gone by now must not be confirmed to a buyer.
            self._check_file()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """One consistent view, while others write. Raises StorageLost."""
        with self._lock, self._explained():
            connection = self._open()
            self._check_file()
            connection.execute("BEGIN")
            with _ended(connection):
                patiently(connection, _FIRST_READ)
                yield connection

    @contextmanager
    def aside(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own, to read at leisure. Raises StorageLost."""
        with self._explained():
            self._check_file()
            connection = self._connect(timeout=PATIENCE_SECONDS)
            try:
                yield connection
            finally:
                connection.close()

    def close(self) -> None:
        """Close the connection; the last process to close it empties the log into the file."""
        with self._lock, self._explained():
            connection, self._connection = self._connection, None
            if connection:
                connection.close()

    def _connect(self, *, timeout: float = 0) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=timeout, isolation_level=None, check_same_thread=False)
        patiently(connection, "PRAGMA synchronous = FULL")
        # Every 16 MB, not 4: the commit that triggers it waits for the copying, and a crowd too (docs/gate-speed.md).
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        patiently(connection, "PRAGMA journal_mode = WAL")
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        if mode != "wal":
            raise StorageLost(f"{self.url}: its file system has no shared memory", "put the file on a local disk")
        patiently(connection, "BEGIN IMMEDIATE")
        with _ended(connection):
            prepare(connection, self.url)
        self._inodes = self._file_ids()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StorageLost(f"{self.url} has been closed")
        return self._connection

    def _check_file(self) -> None:
        """SQLite would go on writing into a file that has no name any more, and nobody would find the orders."""
        if self._file_ids() != self._inodes:
            raise StorageLost(
                f"{self.url} was removed or replaced while the gate was running",
                "stop every worker, put the file back with its -wal, then start again",
            )

    def _file_ids(self) -> Inodes:
        try:
            seen = (self.path.stat(), self._log.stat())
        except FileNotFoundError:
            return ()
        return tuple((one.st_dev, one.st_ino) for one in seen)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except _BUGS:
            raise
        except sqlite3.Error as error:
            raise _lost(self.url, error) from error
        except (FileExistsError, NotADirectoryError) as error:
            raise StorageLost(f"{self.url}: a file is where its folder should be", "choose another path") from error
        except OSError as error:
            raise StorageLost(f"{self.url}: {(error.strerror or str(error)).lower()}") from error


def patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Execute what may find the file locked, again and again until PATIENCE_SECONDS are over."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if not _name(error).startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
        time.sleep(uniform(*RETRY_SECONDS))  # noqa: S311  (nothing secret about it)


@contextmanager
def _ended(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit, or undo all of it."""
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _make_file(path: Path) -> None:
    """With its final mode in one step, and on disk by name: buyers are in it.

    Never open one that is there: closing a descriptor drops every lock that this process has on the file
    (https://www.sqlite.org/howtocorrupt.html).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _lost(url: str, error: sqlite3.Error) -> StorageLost:
    name = _name(error)
    message, hint = next(
        (found for start, found in _MESSAGES.items() if name.startswith(start)), (str(error).lower(), "")
    )
    return StorageLost(f"{url}: {message}", hint)


def _name(error: sqlite3.Error) -> str:
    """`SQLITE_BUSY`, with an ending where SQLite knows more: `SQLITE_BUSY_RECOVERY`."""
    return getattr(error, "sqlite_errorname", "")
