"""Orders that a gate has taken, as people list, export, hurry and decide them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.command import Flashgen
from support.visits import NOW, ask, buy, enter

from flashgen.cli.gate.orders import COLUMNS
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.signatures import FORWARD, derived
from flashgen.gate.storage.sqlite.storage import SqliteStorage

BUYERS = {"ada": OrderState.ACCEPTED, "=ben": OrderState.UNKNOWN, "cam": OrderState.DONE, "dan": OrderState.REJECTED}
LATER = 4e9
"""Due in another century."""


@pytest.fixture
def storage(project: Path) -> Iterator[SqliteStorage]:
    """The project's, with an order in each state; ids are `order-0` to `order-3`."""
    with closing(SqliteStorage(project / ".flashgen" / "gate-local.db", "sqlite:.flashgen/gate-local.db")) as one:
        one.begin("night")
        for number, (buyer, state) in enumerate(BUYERS.items()):
            _buy(one, buyer, f"order-{number}", NOW + number)
            if state is not OrderState.ACCEPTED:
                one.settle(f"order-{number}", state, NOW, LATER, "HTTP 503")
        yield one


def _buy(storage: SqliteStorage, buyer: str, order: str, now: float) -> None:
    ask(storage, enter(buyer, now=now))
    assert isinstance(ask(storage, buy(buyer, order=order, now=now)), Order)


def states(storage: SqliteStorage) -> list[OrderState]:
    """Of all orders, in their order."""
    return [order.state for order in storage.orders("night")]


def test_orders_are_listed(flashgen: Flashgen, storage: SqliteStorage) -> None:
    """Oldest first, with what the last attempt met, and a count; without buyers."""
    run = flashgen("gate", "orders", "list", "night")
    assert 0 == run.exit_code
    assert [
        "2026-11-22T17:53:20Z  order-0  PHONE        accepted",
        "2026-11-22T17:53:21Z  order-1  PHONE        unknown     1× HTTP 503",
        "2026-11-22T17:53:22Z  order-2  PHONE        done           HTTP 503",
        "2026-11-22T17:53:23Z  order-3  PHONE        rejected       HTTP 503",
    ] == run.out.splitlines()
    assert "1 accepted, 1 done, 1 rejected, 1 unknown" in run.err
    assert not [buyer for buyer in BUYERS if buyer in run.out + run.err]


def test_orders_are_listed_by_state(flashgen: Flashgen, storage: SqliteStorage) -> None:
    """Those that somebody has to look at, say."""
    run = flashgen("gate", "orders", "list", "night", "--state", "unknown", "--state", "accepted", "--json")
    assert ["order-0", "order-1"] == [order["order_id"] for order in run.result["orders"]]
    assert list(COLUMNS) == list(run.result["orders"][0])


def test_a_spreadsheet_gets_text_where_it_would_see_a_formula(flashgen: Flashgen, storage: SqliteStorage) -> None:
    """A buyer's name comes from outside."""
    run = flashgen("gate", "orders", "export", "night")
    header, *rows = csv.reader(io.StringIO(run.out))
    assert list(COLUMNS) == header
    assert ["ada", "'=ben", "cam", "dan"] == [row[3] for row in rows]
    assert "17:53:20" in rows[0][6]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_as_a_formula(flashgen: Flashgen, storage: SqliteStorage, start: str) -> None:
    """Each of the ways to begin one."""
    _buy(storage, f"{start}1+1", "order-9", NOW + 9)
    rows = list(csv.reader(io.StringIO(flashgen("gate", "orders", "export", "night").out, newline="")))
    assert f"'{start}1+1" == rows[-1][3]


def test_a_file_is_for_its_owner_alone(flashgen: Flashgen, storage: SqliteStorage, project: Path) -> None:
    """There are buyers in it."""
    run = flashgen("gate", "orders", "export", "night", "-o", "orders.json", "--json")
    assert {"sale": "night", "file": "orders.json", "count": 4} == run.result
    assert 0o600 == (project / "orders.json").stat().st_mode & 0o777
    orders = json.loads((project / "orders.json").read_text(encoding="utf-8"))
    assert ["ada", "=ben", "cam", "dan"] == [order["buyer"] for order in orders]
    flashgen("gate", "orders", "export", "night", "-o", "orders.csv")
    assert (project / "orders.csv").read_bytes().startswith(b"order_id,sale,")


def test_a_file_that_cannot_be_written_is_said(flashgen: Flashgen, storage: SqliteStorage, project: Path) -> None:
    """And nothing is left."""
    run = flashgen("gate", "orders", "export", "night", "-o", "nowhere/orders.csv")
    assert 1 == run.exit_code
    assert "no such file" in run.err


def test_what_waits_is_forwarded_at_once(flashgen: Flashgen, storage: SqliteStorage) -> None:
    """All of it, when a storm is over."""
    run = flashgen("gate", "orders", "retry", "night", "--json")
    assert {"sale": "night", "retried": 1} == run.result
    (waiting,) = (order for order in storage.orders("night") if order.id == "order-1")
    assert waiting.due_at != LATER


def test_one_order_is_forwarded_at_once(flashgen: Flashgen, storage: SqliteStorage) -> None:
    """By its id; its note stays."""
    assert 1 == flashgen("gate", "orders", "retry", "night", "order-1", "--json").result["retried"]
    (waiting,) = (order for order in storage.orders("night") if order.id == "order-1")
    assert waiting.due_at != LATER
    assert ("HTTP 503", OrderState.UNKNOWN) == (waiting.note, waiting.state)


def test_an_order_on_its_way_is_left_alone(flashgen: Flashgen, storage: SqliteStorage) -> None:
    """Whoever has claimed it sends it; nobody else does at the same time."""
    (claimed,) = storage.claim("night", NOW + 60, LATER, 1)
    assert "order-0" == claimed.id
    assert 0 == flashgen("gate", "orders", "retry", "night", "order-0", "--json").result["retried"]
    assert (OrderState.ACCEPTED, LATER) == next(
        (order.state, order.due_at) for order in storage.orders("night") if order.id == "order-0"
    )


@pytest.mark.parametrize(("flag", "till"), [("rejected", LATER), ("rejected", 0.0), ("done", LATER)])
def test_rejecting_what_may_be_on_its_way_is_warned_of(
    flashgen: Flashgen, storage: SqliteStorage, flag: str, till: float
) -> None:
    """Its unit would be sold twice."""
    storage.claim("night", NOW + 60, till, 1)
    run = flashgen("gate", "orders", "reconcile", "night", "order-0", f"--{flag}", "--yes")
    assert 0 == run.exit_code
    assert ((flag, till) == ("rejected", LATER)) == ("may be on its way" in run.err)


@pytest.mark.parametrize(("order", "said"), [("order-2", "is done"), ("order-3", "is rejected"), ("x", "no order x")])
def test_what_is_settled_is_not_forwarded_again(
    flashgen: Flashgen, storage: SqliteStorage, order: str, said: str
) -> None:
    """Nor is anything else that was named with it."""
    before = list(storage.orders("night"))
    run = flashgen("gate", "orders", "retry", "night", "order-1", order)
    assert 1 == run.exit_code
    assert said in run.err
    assert before == list(storage.orders("night"))


@pytest.mark.parametrize(("order", "flag"), [("order-0", "rejected"), ("order-1", "done"), ("order-1", "rejected")])
def test_a_person_decides_what_was_left_open(flashgen: Flashgen, storage: SqliteStorage, order: str, flag: str) -> None:
    """With their name on it; a rejected one gives its unit back."""
    before = storage.tally("night", NOW).taken["PHONE"]
    run = flashgen("gate", "orders", "reconcile", "night", order, f"--{flag}", "--yes", "--json")
    assert {"sale": "night", "order": order, "state": flag, "changed": True} == run.result
    (decided,) = (one for one in storage.orders("night") if one.id == order)
    assert (flag, "by hand: tester") == (decided.state, decided.note)
    assert before - (flag == "rejected") == storage.tally("night", NOW).taken["PHONE"]


def test_deciding_twice_changes_nothing(flashgen: Flashgen, storage: SqliteStorage) -> None:
    """And is no error."""
    run = flashgen("gate", "orders", "reconcile", "night", "order-2", "--done", "--yes", "--json")
    assert (0, False) == (run.exit_code, run.result["changed"])
    assert "HTTP 503" == next(one.note for one in storage.orders("night") if one.id == "order-2")


@pytest.mark.parametrize(("order", "flag"), [("order-2", "--rejected"), ("order-3", "--done")])
def test_what_is_settled_stays(flashgen: Flashgen, storage: SqliteStorage, order: str, flag: str) -> None:
    """A unit that was returned may be somebody else's by now."""
    before = states(storage)
    run = flashgen("gate", "orders", "reconcile", "night", order, flag, "--yes")
    assert 1 == run.exit_code
    assert "nothing was changed" in run.err
    assert before == states(storage)


def test_deciding_needs_a_word(flashgen: Flashgen, storage: SqliteStorage) -> None:
    """Which of the two it is, and --yes where nobody can be asked."""
    before = states(storage)
    assert 2 == flashgen("gate", "orders", "reconcile", "night", "order-1", "--yes").exit_code
    assert 2 == flashgen("gate", "orders", "reconcile", "night", "order-1", "--done").exit_code
    assert before == states(storage)


def test_looking_makes_no_storage(flashgen: Flashgen, project: Path) -> None:
    """A mistyped path would hold an empty one for ever."""
    run = flashgen("gate", "orders", "list", "night", "--storage", "sqlite:other.db")
    assert 1 == run.exit_code
    assert "there is no sqlite:other.db" in run.err
    assert not (project / "other.db").exists()


def test_a_sale_that_a_storage_does_not_know_is_said(flashgen: Flashgen, storage: SqliteStorage) -> None:
    """Rather than that it has no orders."""
    run = flashgen("gate", "orders", "list", "dawn")
    assert 1 == run.exit_code
    assert "knows nothing of dawn" in run.err


def test_the_key_alone_is_on_stdout(flashgen: Flashgen, project: Path) -> None:
    """To be piped into where secrets are kept; the newest one, and not the secret itself."""
    newest, older = b"n" * 32, b"o" * 32
    (project / "keys").write_bytes(newest + b"\n" + older)
    (project / "keys").chmod(0o600)
    (project / "flashgen.yaml").write_text("secret: file:keys\n", encoding="utf-8")
    run = flashgen("gate", "key")
    assert f"{derived(newest, FORWARD).hex()}\n" == run.out
    assert "is a secret" in run.err
    assert newest.decode() not in run.out + run.err
