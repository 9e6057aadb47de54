"""A storage in one SQLite file, for the workers of one server. Slots, units and outbox change in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from flashgen.gate.orders.order import Order, OrderState, nobody
from flashgen.gate.storage.fence import Fence, NoFence, StorageVersion
from flashgen.gate.storage.protocol import Answer, Ask, StorageLost, Tally
from flashgen.gate.storage.sqlite.admission import Decisions
from flashgen.gate.storage.sqlite.file import SqliteFile
from flashgen.gate.storage.sqlite.orders import (
    COLUMNS,
    IS_RESERVED,
    IS_WAITING,
    insert_order,
    order_of,
    order_of_buyer,
)


class SqliteStorage:
    """`path` is made if it is not there, readable by its owner alone. `url` names it for people.

    Safe to share by threads, not by forks: each process opens its own.
    Raises StorageLost when the file cannot be opened, Refused when it is another program's or a newer flashgen's.
    """

    def __init__(self, path: Path, url: str, fence: Fence | None = None) -> None:
        self._file = SqliteFile(path, url)
        self._fence = fence or NoFence()

    @property
    def url(self) -> str:
        """As it was given."""
        return self._file.url

    def decide(self, asks: Sequence[Ask]) -> list[Answer]:
        """An answer to each; one transaction, synced to disk, for all."""
        if not asks:
            return []
        with self._file.writing() as connection:
            decisions = Decisions(connection, self.url, self._fence)
            answers = [decisions.answer(ask) for ask in asks]
            decisions.save()
        decisions.note()
        return answers

    def tally(self, sale: str, now: float) -> Tally:
        """Counts, of one moment."""
        with self._file.reading() as connection:
            execute = connection.execute
            if not execute("SELECT 1 FROM sale WHERE name = ?", (sale,)).fetchone():
                raise self._not_begun(sale)
            taken = execute("SELECT sku, taken FROM unit WHERE sale = ? AND taken > 0", (sale,))
            in_use = execute(
                "SELECT server, count(*) FROM lease WHERE sale = ? AND expires_at > ? GROUP BY server", (sale, now)
            )
            states = execute("SELECT state, count(*) FROM purchase WHERE sale = ? GROUP BY state", (sale,))
            oldest = execute(f"SELECT min(accepted_at) FROM purchase WHERE sale = ? AND {IS_WAITING}", (sale,))  # noqa: S608
            overdue = execute(
                f"SELECT count(*) FROM purchase WHERE sale = ? AND {IS_RESERVED} AND attempts > 0",  # noqa: S608
                (sale,),
            )
            orders = {OrderState(state): count for state, count in states}
            return Tally(dict(taken), dict(in_use), orders, *oldest.fetchone(), *overdue.fetchone())

    def claim(self, sale: str, now: float, until: float, limit: int, *, reserved: bool = False) -> tuple[Order, ...]:
        """Those that are due for the longest time, and of these the oldest."""
        which = IS_RESERVED if reserved else IS_WAITING
        due = f"SELECT id FROM purchase WHERE sale = ? AND {which} AND due_at <= ?"  # noqa: S608
        with self._file.writing() as connection:
            rows = connection.execute(
                f"UPDATE purchase SET due_at = ? WHERE id IN ({due} ORDER BY due_at, accepted_at, id LIMIT ?)"  # noqa: S608
                f" RETURNING {COLUMNS}",
                (until, sale, now, limit),
            ).fetchall()
        return tuple(sorted(map(order_of, rows), key=_age))

    def settle(
        self, order: str, result: OrderState, now: float, due_at: float, note: str, checkout_url: str = ""
    ) -> Order | None:
        """In one transaction with the unit that goes back."""
        with self._file.writing() as connection:
            decisions = Decisions(connection, self.url, self._fence)
            after = decisions.settle(order, result, due_at, note, checkout_url)
            decisions.save()
        decisions.note()
        return after

    def retry(self, sale: str, now: float, ids: Collection[str] | None = None) -> int:
        """Those that had an attempt and are not due yet."""
        hurry = "UPDATE purchase SET due_at = ? WHERE sale = ? AND state = 'unknown' AND due_at > ?"
        with self._file.writing() as connection:
            if ids is None:
                return connection.execute(hurry, (now, sale, now)).rowcount
            return sum(connection.execute(f"{hurry} AND id = ?", (now, sale, now, one)).rowcount for one in ids)

    def purge_contacts(self, sale: str, before: float) -> int:
        """An order that waits for nothing is due at the time of its last news."""
        old = f"SELECT id FROM purchase WHERE sale = ? AND due_at < ? AND NOT {IS_WAITING} AND NOT {IS_RESERVED}"  # noqa: S608
        with self._file.writing() as connection:
            return connection.execute(f"DELETE FROM contact WHERE id IN ({old})", (sale, before)).rowcount  # noqa: S608

    def orders(self, sale: str) -> Iterator[Order]:
        """As they are when the first one is read."""
        with self._file.aside() as connection:
            listing = f"SELECT {COLUMNS} FROM purchase WHERE sale = ? ORDER BY accepted_at, id"  # noqa: S608
            for row in connection.execute(listing, (sale,)):
                yield order_of(row)

    def is_begun(self, sale: str) -> bool:
        """Whether the sale has its row."""
        with self._file.reading() as connection:
            return connection.execute("SELECT 1 FROM sale WHERE name = ?", (sale,)).fetchone() is not None

    def begin(self, sale: str) -> None:
        """With epoch 0: any live sale's is higher."""
        with self._file.writing() as connection:
            connection.execute(
                "INSERT INTO sale (name, id) VALUES (?, lower(hex(randomblob(15)))) ON CONFLICT DO NOTHING", (sale,)
            )

    def version(self, sale: str) -> StorageVersion:
        """As the sale's row has it."""
        with self._file.reading() as connection:
            row = connection.execute("SELECT id, changes FROM sale WHERE name = ?", (sale,)).fetchone()
        if row is None:
            raise self._not_begun(sale)
        return StorageVersion(*row)

    def renew(self, sale: str, version: StorageVersion, orders: Sequence[Order] = ()) -> int:
        """In one transaction."""
        with self._file.writing() as connection:
            count = 0
            for order in orders:
                if connection.execute("SELECT 1 FROM purchase WHERE id = ?", (order.id,)).fetchone():
                    continue
                is_second = order_of_buyer(connection, sale, order.sku, order.buyer)
                insert_order(connection, replace(order, buyer=nobody(order)) if is_second else order)
                connection.execute(
                    "INSERT INTO unit VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET taken = taken + 1", (sale, order.sku)
                )
                count += 1
            changed = connection.execute(
                "UPDATE sale SET id = ?, changes = max(changes, ?) WHERE name = ? RETURNING 1",
                (version.id, version.changes, sale),
            ).fetchall()
            if not changed:
                raise self._not_begun(sale)
        return count

    def acquire_lease(self, name: str, holder: str, now: float, until: float) -> bool:
        """One row a lease."""
        with self._file.writing() as connection:
            return bool(
                connection.execute(
                    "INSERT INTO office VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
                    " SET holder = excluded.holder, until = excluded.until WHERE holder = excluded.holder OR until <= ?"
                    " RETURNING 1",
                    (name, holder, until, now),
                ).fetchall()
            )

    @property
    def primary(self) -> str:
        """None: it is a file."""
        return ""

    def concerns(self) -> Iterator[tuple[str, str]]:
        """None: each commit is synced to the disk."""
        yield from ()

    def close(self) -> None:
        """Twice is no error."""
        self._file.close()

    def _not_begun(self, sale: str) -> StorageLost:
        return StorageLost(f"{self.url} knows nothing of the sale `{sale}`", "is it the storage it began with?")


def _age(order: Order) -> tuple[float, str]:
    return order.accepted_at, order.id
