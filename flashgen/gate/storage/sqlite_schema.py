"""The tables of a storage in SQLite, and how a file gets them. Names of columns are those of the protocol.

::

    sale      what was begun, and its epoch
    lease     slots: one a buyer, SKU and server; expired ones lie here until somebody needs their place
    unit      what is taken of each SKU: its orders that are not rejected
    purchase  orders, which are the outbox too: what is accepted or unknown is forwarded when it is due
    office    who was elected to what, and until when
"""

from __future__ import annotations

import sqlite3

from flashgen.errors import Refused

APPLICATION_ID = 0x666C6173
"""`flas`: tells this file from another program's (https://www.sqlite.org/pragma.html#pragma_application_id)."""

VERSION = 1
"""Raised when an older gate would misread these tables."""

_TABLES = (
    """
    CREATE TABLE sale (
        name TEXT NOT NULL PRIMARY KEY,
        epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE lease (
        sale TEXT NOT NULL,
        server TEXT NOT NULL,
        sku TEXT NOT NULL,
        buyer TEXT NOT NULL,
        id TEXT NOT NULL,
        address TEXT NOT NULL,
        expires_at REAL NOT NULL,
        PRIMARY KEY (sale, server, sku, buyer)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX lease_by_id ON lease (sale, server, id)",
    "CREATE INDEX lease_by_address ON lease (sale, server, address)",
    """
    CREATE TABLE unit (
        sale TEXT NOT NULL,
        sku TEXT NOT NULL,
        taken INTEGER NOT NULL CHECK (taken >= 0),
        PRIMARY KEY (sale, sku)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE purchase (
        id TEXT NOT NULL PRIMARY KEY,
        sale TEXT NOT NULL,
        sku TEXT NOT NULL,
        buyer TEXT NOT NULL,
        price TEXT NOT NULL,
        currency TEXT NOT NULL,
        accepted_at REAL NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('accepted', 'unknown', 'done', 'rejected')),
        attempts INTEGER NOT NULL CHECK (attempts >= 0),
        due_at REAL NOT NULL,
        note TEXT NOT NULL
    ) STRICT
    """,
    "CREATE UNIQUE INDEX one_purchase ON purchase (sale, sku, buyer) WHERE state <> 'rejected'",
    "CREATE INDEX outbox ON purchase (sale, due_at, accepted_at, id) WHERE state IN ('accepted', 'unknown')",
    """
    CREATE TABLE office (
        name TEXT NOT NULL PRIMARY KEY,
        holder TEXT NOT NULL,
        until REAL NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)


def prepare(connection: sqlite3.Connection, url: str) -> None:
    """Make the tables in an empty file, within the caller's transaction.

    Raises Refused for another program's file, and for one that a newer flashgen made.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application == APPLICATION_ID and version == VERSION:
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
