"""SQLite as a storage of the gate."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Timer

import pytest
from support import storage_hammer
from support.storage_contract import StorageContract
from support.visits import NOW, ask, bought, buy, enter

from flashgen.errors import Refused
from flashgen.gate.orders.order import OrderState
from flashgen.gate.storage.protocol import Ask, Lease, StorageLost
from flashgen.gate.storage.sqlite import file as sqlite_file
from flashgen.gate.storage.sqlite.schema import VERSION
from flashgen.gate.storage.sqlite.storage import SqliteStorage


class TestSqliteStorage(StorageContract):
    """Keeps the contract."""

    @pytest.fixture
    def storage_url(self) -> str:
        """A file in the test's own folder."""
        return "sqlite:gate.db"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file of `storage` is."""
    return tmp_path / "gate.db"


@pytest.fixture
def storage(path: Path) -> Iterator[SqliteStorage]:
    """An empty one, with `night` begun."""
    storage = SqliteStorage(path, "sqlite:gate.db")
    storage.begin("night")
    yield storage
    storage.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a lock."""
    monkeypatch.setattr(sqlite_file, "PATIENCE_SECONDS", 0.01)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Whoever may write everything becomes somebody who may not."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """The system refuses to let any file of this process grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def crowd(count: int, name: str = "buyer") -> list[Ask]:
    """Orders of so many buyers."""
    return [buy(f"{name}-{number}", stock=None) for number in range(count)]


def orders_in(path: Path) -> int:
    """How many orders a damaged or undamaged file has, read by SQLite alone; it must be sound."""
    with closing(sqlite3.connect(path)) as connection:
        assert [("ok",)] == connection.execute("PRAGMA integrity_check").fetchall()
        (units,) = connection.execute("SELECT coalesce(sum(taken), 0) FROM unit").fetchone()
        (orders,) = connection.execute("SELECT count(*) FROM purchase WHERE state <> 'rejected'").fetchone()
    assert units == orders
    return int(orders)


def test_a_file_is_its_owners_alone(storage: SqliteStorage, path: Path) -> None:
    """Buyers are in it, and in its log; whatever the umask is."""
    ask(storage, buy())
    assert {"gate.db": 0o600, "gate.db-shm": 0o600, "gate.db-wal": 0o600} == {
        file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()
    }


def test_a_folder_is_made(tmp_path: Path) -> None:
    """`.flashgen/` is not there in a fresh checkout on a server."""
    storage = SqliteStorage(tmp_path / "a" / "b" / "gate.db", "sqlite:a/b/gate.db")
    storage.close()
    assert (tmp_path / "a" / "b" / "gate.db").is_file()


def test_every_commit_is_synced(storage: SqliteStorage) -> None:
    """WAL alone may lose the last commits when the power fails."""
    with storage._file.reading() as connection:
        settings = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert ["wal", 2] == settings


def test_a_batch_that_fails_never_happened(storage: SqliteStorage, path: Path) -> None:
    """The orders before the one that cannot be written are undone with it."""
    with pytest.raises(sqlite3.IntegrityError):
        storage.decide([*crowd(5), buy("bob", order="order-buyer-0")])
    assert 0 == orders_in(path)
    storage.decide(crowd(5))
    assert 5 == orders_in(path)


def test_another_programs_file_is_left_alone(path: Path) -> None:
    """It is no empty storage."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(Refused, match=r"sqlite:gate.db is another program's database"):
        SqliteStorage(path, "sqlite:gate.db")
    with closing(sqlite3.connect(path)) as connection:
        assert [("recipes",)] == connection.execute("SELECT name FROM sqlite_schema").fetchall()
    assert len(before) == path.stat().st_size


def test_a_newer_flashgens_file_is_refused(storage: SqliteStorage, path: Path) -> None:
    """Its tables may mean something else."""
    storage.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(Refused, match=rf"has version {VERSION + 1} of a gate's tables; .* version {VERSION}"):
        SqliteStorage(path, "sqlite:gate.db")


@pytest.mark.parametrize(("version", "lacks"), [(1, ("id", "changes")), (2, ()), (3, ()), (4, ())])
def test_an_older_flashgens_file_is_upgraded(
    storage: SqliteStorage, path: Path, version: int, lacks: tuple[str, ...]
) -> None:
    """Its orders stay, and count as changes; leases of before version 3 are ended."""
    (order,) = bought(storage, "ada")
    ask(storage, enter("bob"))
    storage.close()
    with closing(sqlite3.connect(path)) as connection:
        for column in lacks:
            connection.execute(f"ALTER TABLE sale DROP COLUMN {column}")
        if version < 3:
            connection.execute("DROP TABLE network")
        if version < 4:
            connection.execute("DROP TABLE contact")
        _have_orders_of_version_4(connection)
        connection.execute(f"PRAGMA user_version = {version}")
    with closing(SqliteStorage(path, "sqlite:gate.db")) as upgraded:
        assert ((order,), 1) == (tuple(upgraded.orders("night")), upgraded.version("night").changes)
        assert 24 <= len(upgraded.version("night").id)
        assert (1 if version >= 3 else 0) == sum(upgraded.tally("night", NOW).in_use.values())
        upgraded.settle(order.id, OrderState.RESERVED, NOW, NOW + 900, "HTTP 201", "https://pay.example.com/1")
    with closing(SqliteStorage(path, "sqlite:gate.db")) as again:
        assert 2 == again.version("night").changes
        assert isinstance(ask(again, enter("bob")), Lease)


def _have_orders_of_version_4(connection: sqlite3.Connection) -> None:
    """As they were before they could be reserved."""
    for index in ("one_purchase", "outbox", "reservations"):
        connection.execute(f"DROP INDEX {index}")
    connection.execute("ALTER TABLE purchase DROP COLUMN checkout_url")
    connection.execute("CREATE UNIQUE INDEX one_purchase ON purchase (sale, sku, buyer) WHERE state <> 'rejected'")
    outbox = "purchase (sale, due_at, accepted_at, id) WHERE state IN ('accepted', 'unknown')"
    connection.execute(f"CREATE INDEX outbox ON {outbox}")


def test_what_is_no_database_is_lost(path: Path) -> None:
    """And stays as it is."""
    path.write_bytes(b"notes to myself " * 100)
    with pytest.raises(StorageLost, match=r"sqlite:gate.db: it is not a database"):
        SqliteStorage(path, "sqlite:gate.db")
    assert b"notes to myself " * 100 == path.read_bytes()


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """Nor is what lies beyond a file."""
    with pytest.raises(StorageLost, match=r"it cannot be opened"):
        SqliteStorage(tmp_path, "sqlite:.")
    (tmp_path / "file").touch()
    with pytest.raises(StorageLost, match=r"sqlite:file/gate.db: a file is where its folder should be"):
        SqliteStorage(tmp_path / "file" / "gate.db", "sqlite:file/gate.db")


def test_an_old_sqlite_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """STRICT tables came with 3.37."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    with pytest.raises(Refused, match=r"needs SQLite 3.37"):
        SqliteStorage(path, "sqlite:gate.db")


@pytest.mark.parametrize("ending", ["", "-wal"], ids=["file", "log"])
def test_a_removed_file_is_lost(storage: SqliteStorage, path: Path, ending: str) -> None:
    """SQLite would go on writing where nobody finds it; put back as it was, it is the storage again."""
    storage.decide(crowd(3))
    gone, aside = path.with_name(path.name + ending), path.with_name("aside")
    gone.rename(aside)
    with pytest.raises(StorageLost, match=r"sqlite:gate.db was removed or replaced"):
        ask(storage, buy("late"))
    with pytest.raises(StorageLost, match=r"removed or replaced"):
        list(storage.orders("night"))
    with pytest.raises(StorageLost, match=r"removed or replaced"):
        storage.tally("night", NOW)
    aside.rename(gone)
    assert isinstance(ask(storage, enter()), Lease)
    assert 3 == len(list(storage.orders("night")))


def test_a_replaced_file_is_lost(storage: SqliteStorage, path: Path) -> None:
    """Another one by the same name knows nothing of what was sold."""
    storage.decide(crowd(3))
    for file in list(path.parent.iterdir()):
        file.rename(file.with_name(f"old-{file.name}"))
    other = SqliteStorage(path, "sqlite:gate.db")
    other.begin("night")
    with pytest.raises(StorageLost, match=r"removed or replaced"):
        ask(storage, enter())
    assert isinstance(ask(other, enter()), Lease)
    other.close()


def test_a_file_that_goes_during_a_commit_is_lost(storage: SqliteStorage, path: Path) -> None:
    """The order went with it, and must not be told to its buyer."""
    with ExitStack() as transaction:
        transaction.enter_context(storage._file.writing()).execute("INSERT INTO sale (name) VALUES ('day')")
        path.unlink()
        with pytest.raises(StorageLost, match=r"removed or replaced"):
            transaction.close()


@pytest.mark.usefixtures("impatient")
def test_a_locked_file_is_lost_for_the_moment(storage: SqliteStorage, path: Path) -> None:
    """Somebody has it open in a shell, say; reading goes on, and when they are done all of it does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageLost, match=r"sqlite:gate.db: another process holds it locked"):
            ask(storage, enter())
        assert {} == storage.tally("night", NOW).in_use
        somebody.execute("COMMIT")
    assert isinstance(ask(storage, enter()), Lease)


def test_a_lock_that_is_held_for_a_moment_is_waited_for(storage: SqliteStorage, path: Path) -> None:
    """Other workers commit too."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as somebody:
        somebody.execute("BEGIN IMMEDIATE")
        Timer(0.1, somebody.execute, ["COMMIT"]).start()
        assert isinstance(ask(storage, enter()), Lease)


def test_a_full_disk_is_lost_until_there_is_room(storage: SqliteStorage, path: Path) -> None:
    """Nothing of the batch remains, and nothing is damaged."""
    storage.decide(crowd(10))
    with storage._file.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageLost, match=r"sqlite:gate.db: the disk is full"):
        storage.decide(crowd(1000, "late"))
    assert 10 == orders_in(path)
    with storage._file.reading() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
    storage.decide(crowd(1000, "late"))
    assert 1010 == orders_in(path)


def test_a_disk_that_refuses_is_lost_until_it_does_not(storage: SqliteStorage, path: Path) -> None:
    """As the system says it, in the middle of a commit."""
    storage.decide(crowd(10))
    with no_file_larger_than(path.with_name("gate.db-wal").stat().st_size + 10_000):
        with pytest.raises(StorageLost, match=r"sqlite:gate.db: the disk"):
            storage.decide(crowd(1000, "late"))
        assert 10 == orders_in(path)
    storage.decide(crowd(1000, "late"))
    assert 1010 == orders_in(path)


def test_a_file_without_permission_is_lost(storage: SqliteStorage, path: Path) -> None:
    """Neither opened nor made."""
    folder = Path(tempfile.mkdtemp())  # where another user can come as far as to the file itself
    try:
        folder.chmod(0o755)
        ours = folder / "gate.db"
        storage.close()
        ours.write_bytes(path.read_bytes())
        folder.chmod(0o555)  # SQLite writes beside the file
        for mode in (0o000, 0o444):
            ours.chmod(mode)
            with as_nobody(), pytest.raises(StorageLost, match=r"it cannot be (opened|written)"):
                SqliteStorage(ours, "sqlite:gate.db")
        if not os.geteuid():
            with as_nobody(), pytest.raises(StorageLost, match=r"permission denied"):
                SqliteStorage(folder / "new.db", "sqlite:new.db")
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_a_closed_storage_is_lost(storage: SqliteStorage) -> None:
    """Whoever asks it still is told so."""
    storage.close()
    with pytest.raises(StorageLost, match=r"has been closed"):
        ask(storage, enter())


def test_threads_share_a_storage(storage: SqliteStorage, path: Path) -> None:
    """Requests, metrics and the election of an office, in one worker."""

    def work(thread: int) -> None:
        for turn in range(20):
            storage.decide(crowd(2, f"{thread}-{turn}"))
            storage.tally("night", NOW)
            list(storage.orders("night"))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6)))
    assert 240 == orders_in(path)


def test_what_was_acknowledged_outlives_a_kill(tmp_path: Path) -> None:
    """Ten times, at any moment of a writer that does nothing but commit: not one order is lost, nothing is damaged."""
    path = tmp_path / "gate.db"
    told: list[str] = []
    for turn in range(10):
        with storage_hammer.start(path, turn) as writer:
            assert writer.stdout
            told += [writer.stdout.readline().strip() for _ in range(1 + 5 * turn)]
            writer.kill()
            told += writer.stdout.read().splitlines()
    assert all(told)
    assert len(told) == len(set(told))
    storage = SqliteStorage(path, "sqlite:gate.db")
    assert set(told) <= {order.id for order in storage.orders("night")}
    storage.close()
    assert orders_in(path) >= len(told)


def test_workers_may_start_at_once(path: Path) -> None:
    """Each would make the file and its tables; one does, and all of them order."""
    with ExitStack() as stack:
        workers = [stack.enter_context(storage_hammer.start(path, number)) for number in range(6)]
        for worker in workers:
            stack.callback(worker.kill)
        assert [True] * 6 == [worker.stdout is not None and bool(worker.stdout.readline()) for worker in workers]
    assert orders_in(path) >= 6


def test_an_iterator_that_is_left_holds_nothing(storage: SqliteStorage, path: Path) -> None:
    """Whoever looks at the first order only does not keep the file open."""
    storage.decide(crowd(10))
    listed = storage.orders("night")
    assert isinstance(listed, Generator)
    next(listed)
    listed.close()
    assert 10 == orders_in(path)
