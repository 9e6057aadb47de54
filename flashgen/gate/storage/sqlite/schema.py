"""The tables of a storage in SQLite, and how a file gets them. Names of columns are those of the protocol.

::

    sale      what was begun, its epoch, and its StorageVersion
    lease     slots: one a buyer, SKU and server; expired ones lie here until somebody needs their place
    network   how many leases a network has, and how many ran out since the last order from there
    unit      what is taken of each SKU: its orders that hold a unit
    purchase  orders, which are the outbox too: what is accepted or unknown is forwarded when it is due, and what is
              reserved is asked for
    contact   of orders of guests, sealed, until it is deleted
    office    leases of workers: which one has which, and until when; and when the file was last tried
"""

from __future__ import annotations

import sqlite3

from flashgen.errors import Refused
from flashgen.gate.storage.sqlite.orders import HOLDS_UNIT, IS_RESERVED, IS_WAITING

APPLICATION_ID = 0x666C6173
"""`flas`: tells this file from another program's (https://www.sqlite.org/pragma.html#pragma_application_id)."""

VERSION = 5
"""Raised when an older gate would misread these tables."""

_LEASES = (
    """
    CREATE TABLE lease (
        sale TEXT NOT NULL,
        server TEXT NOT NULL,
        sku TEXT NOT NULL,
        buyer TEXT NOT NULL,
        id TEXT NOT NULL,
        networks TEXT NOT NULL,
        expires_at REAL NOT NULL,
        unseen_since REAL,
        PRIMARY KEY (sale, server, sku, buyer)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX lease_by_id ON lease (sale, server, id)",
    "CREATE INDEX lease_by_expiry ON lease (sale, server, expires_at)",
    "CREATE INDEX lease_unseen ON lease (sale, server, unseen_since) WHERE unseen_since IS NOT NULL",
    """
    CREATE TABLE network (
        sale TEXT NOT NULL,
        server TEXT NOT NULL,
        name TEXT NOT NULL,
        in_use INTEGER NOT NULL,
        unused INTEGER NOT NULL,
        PRIMARY KEY (sale, server, name)
    ) STRICT, WITHOUT ROWID
    """,
)

_CONTACT = """
    CREATE TABLE contact (
        id TEXT NOT NULL PRIMARY KEY,
        sealed TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """

_PURCHASES = (
    """
    CREATE TABLE purchase (
        id TEXT NOT NULL PRIMARY KEY,
        sale TEXT NOT NULL,
        sku TEXT NOT NULL,
        buyer TEXT NOT NULL,
        price TEXT NOT NULL,
        currency TEXT NOT NULL,
        accepted_at REAL NOT NULL,
        state TEXT NOT NULL CHECK (
            state IN ('accepted', 'unknown', 'done', 'rejected', 'reserved', 'paid', 'released', 'paid-late')
        ),
        attempts INTEGER NOT NULL CHECK (attempts >= 0),
        due_at REAL NOT NULL,
        note TEXT NOT NULL,
        checkout_url TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    f"CREATE UNIQUE INDEX one_purchase ON purchase (sale, buyer, sku) WHERE {HOLDS_UNIT}",
    f"CREATE INDEX outbox ON purchase (sale, due_at, accepted_at, id) WHERE {IS_WAITING}",
    f"CREATE INDEX reservations ON purchase (sale, due_at, accepted_at, id) WHERE {IS_RESERVED}",
)

_TABLES = (
    """
    CREATE TABLE sale (
        name TEXT NOT NULL PRIMARY KEY,
        epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0),
        id TEXT NOT NULL DEFAULT '',
        changes INTEGER NOT NULL DEFAULT 0 CHECK (changes >= 0)
    ) STRICT, WITHOUT ROWID
    """,
    *_LEASES,
    """
    CREATE TABLE unit (
        sale TEXT NOT NULL,
        sku TEXT NOT NULL,
        taken INTEGER NOT NULL CHECK (taken >= 0),
        PRIMARY KEY (sale, sku)
    ) STRICT, WITHOUT ROWID
    """,
    *_PURCHASES,
    _CONTACT,
    """
    CREATE TABLE office (
        name TEXT NOT NULL PRIMARY KEY,
        holder TEXT NOT NULL,
        until REAL NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)

_OLD_COLUMNS = "id, sale, sku, buyer, price, currency, accepted_at, state, attempts, due_at, note"
"""Of version 4 and before."""


def prepare(connection: sqlite3.Connection, url: str) -> None:
    """Make the tables in an empty file, or of an older version's the ones of today, within the caller's transaction.

    Raises Refused for another program's file, and for one that a newer flashgen made.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application == APPLICATION_ID and version == VERSION:
        return
    if application == APPLICATION_ID and 0 < version < VERSION:
        _upgrade(connection, version)
        return
    if application == APPLICATION_ID:
        raise Refused(
            f"{url} has version {version} of a gate's tables; this flashgen knows version {VERSION}",
            "run the flashgen that made it; orders in it must not be lost",
        )
    if connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
        raise Refused(f"{url} is another program's database", "name another file with `--storage sqlite:PATH`")
    _make(connection)


def _make(connection: sqlite3.Connection) -> None:
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _upgrade(connection: sqlite3.Connection, version: int) -> None:
    """From version 1, whose storages had no version of a sale; 2, whose leases had an address; 3, without contacts; or
    4, whose orders were not reserved.

    Leases are ended: they are of minutes, and their buyers come again."""
    if version == 1:
        _add_versions(connection)
    if version < 3:
        _renew_leases(connection)
    if version < 4:
        connection.execute(_CONTACT)
    _renew_purchases(connection)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _renew_leases(connection: sqlite3.Connection) -> None:
    connection.execute("DROP TABLE lease")
    for statement in _LEASES:
        connection.execute(statement)


def _renew_purchases(connection: sqlite3.Connection) -> None:
    """With all their orders. A CHECK cannot be changed in place (https://www.sqlite.org/lang_altertable.html, 7)."""
    connection.execute("ALTER TABLE purchase RENAME TO old_purchase")
    connection.execute("DROP INDEX one_purchase")
    connection.execute("DROP INDEX outbox")
    for statement in _PURCHASES:
        connection.execute(statement)
    connection.execute(f"INSERT INTO purchase ({_OLD_COLUMNS}) SELECT {_OLD_COLUMNS} FROM old_purchase")  # noqa: S608
    connection.execute("DROP TABLE old_purchase")


def _add_versions(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE sale ADD COLUMN id TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE sale ADD COLUMN changes INTEGER NOT NULL DEFAULT 0 CHECK (changes >= 0)")
    connection.execute(
        "UPDATE sale SET id = lower(hex(randomblob(15))),"
        " changes = (SELECT count(*) FROM purchase WHERE purchase.sale = sale.name)"
    )
