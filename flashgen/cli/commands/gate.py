"""`flashgen gate`: the order gate, and the orders it has taken."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sale_argument, sales_argument, yes_option
from flashgen.cli.session import Session

if TYPE_CHECKING:
    from flashgen.cli.gate.start import Ready

# `flashgen.gate.storage.protocol.OrderState`, which help must not import; a test holds the two together.
STATES = ("accepted", "unknown", "done", "rejected")
_ON_ITS_WAY = "an attempt may be on its way right now: if that is accepted after all, its unit is sold twice"

storage_option = click.option(
    "--storage",
    default="",
    metavar="URL",
    envvar="FLASHGEN_STORAGE",
    help="sqlite:PATH, or redis://[:PASSWORD@]HOST:PORT/DB; also $FLASHGEN_STORAGE."
    "  [default: sqlite:.flashgen/gate-TARGET.db]",
)


@click.group("gate")
def gate() -> None:
    """The order gate: the one server of a sale."""


@command("serve")
@sales_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8090, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that serve it.")
@click.option("--server", default="", metavar="URL", help="Which of `order.servers` this is, if there are several.")
@storage_option
@click.option("--new-storage", is_flag=True, help="Sell a sale that has been live from a storage that is empty.")
def serve(session: Session, sales: tuple[str, ...], workers: int, storage: str, **options: Any) -> dict[str, Any]:
    """Take orders of SALE, or of every sale that has an `order` section, until it is stopped.

    It reads what was pushed and looks again every second; neither YAML nor pages are needed here.
    """
    import tempfile

    from flashgen.cli.gate.start import GateOptions, make_ready
    from flashgen.cli.gate.worker import WorkerConfig, standard_log
    from flashgen.edge.local.serving import listening
    from flashgen.gate.serving import serve as serve_gate

    if session.as_json:
        raise click.UsageError("gate serve never ends: there is no JSON document to print")
    ask = GateOptions(tuple(dict.fromkeys(sales)), storage=_storage(session, storage), **options)
    ready = make_ready(session, ask)
    session.is_watching = True
    with listening(ask.host, ask.port) as bound, tempfile.TemporaryDirectory(prefix="flashgen-gate-") as folder:
        _say(session, ready, ask.host, ask.port)
        counts = Path(folder) / "counts"
        recipe = WorkerConfig(
            session.project, session.target_name, ready.sales, ready.site, ready.server, ask.storage, ready.keys, counts
        )
        serve_gate(recipe, bound, workers, standard_log())
    return {}


def _storage(session: Session, url: str) -> str:
    """The one that was named, or this target's own: sales of two targets have the same names."""
    return url or f"sqlite:.flashgen/gate-{session.project.target(session.target_name)[0]}.db"


def _say(session: Session, ready: Ready, host: str, port: int) -> None:
    here = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    session.say(f"listening on {here}" + (f", as {ready.server}" if ready.server != here else ""))
    for reading in ready.readings:
        settings, state = reading.settings, reading.pointer.state.state
        # Without the query: there may be a password in it.
        target = (settings.forward_to or "").partition("?")[0] or "nobody: `order.forward_to` is not set"
        session.say(f"{settings.sale}: {state}, {settings.slots_per_server} slots, orders go to {target}")
    session.say(f"storage: {ready.storage}")


@click.group("orders")
def orders() -> None:
    """The orders that a gate has taken."""


@command("list")
@sale_argument
@click.option("--state", "states", type=click.Choice(STATES), multiple=True, help="Only these.")
@storage_option
def list_orders(session: Session, sale: str, states: tuple[str, ...], storage: str) -> dict[str, Any]:
    """List orders, oldest first: when, id, SKU, state, attempts, what the last one met."""
    from flashgen.cli.gate.orders import facts, line, open_book

    with open_book(_storage(session, storage), session.project.root, sale) as book:
        found = [order for order in book.orders(sale) if not states or order.state in states]
        for order in found:
            session.say(line(order))
        counts = ", ".join(f"{count} {state}" for state, count in sorted(book.tally(sale, time.time()).orders.items()))
        session.note(f"{sale} in {book.url}: {counts or 'no orders'}")
        return {"sale": sale, "storage": book.url, "orders": [facts(order) for order in found]}


@command("export")
@sale_argument
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; else stdout.")
@click.option("--format", "form", type=click.Choice(("csv", "json")), help="[default: as FILE's name says, else csv]")
@storage_option
def export(session: Session, sale: str, output: Path | None, form: str | None, storage: str) -> dict[str, Any]:
    """Write all orders with their buyers, for a spreadsheet or another system."""
    from flashgen.cli.gate.orders import as_csv, as_json, facts, open_book, write_private

    with open_book(_storage(session, storage), session.project.root, sale) as book:
        found = list(book.orders(sale))
    is_json = (form or (output.suffix.lstrip(".") if output else "")) == "json"
    text = as_json(found) if is_json else as_csv(found)
    if output is None:
        session.say(text.rstrip("\r\n"))
        return {"sale": sale, "orders": [facts(order) for order in found]}
    write_private(output, text)
    session.note(f"{len(found)} orders in {output}, readable by you alone")
    return {"sale": sale, "file": str(output), "count": len(found)}


@command("retry")
@sale_argument
@click.argument("ids", nargs=-1, metavar="[ORDER]...")
@storage_option
def retry(session: Session, sale: str, ids: tuple[str, ...], storage: str) -> dict[str, Any]:
    """Forward orders without a clear answer now, not when their next attempt is due."""
    from flashgen.cli.gate.orders import open_book, retry_now

    with open_book(_storage(session, storage), session.project.root, sale) as book:
        count = retry_now(book, sale, ids)
    session.say(f"{sale}: {count} orders are forwarded as soon as a gate looks")
    return {"sale": sale, "retried": count}


@command("reconcile")
@sale_argument
@click.argument("order_id", metavar="ORDER")
@click.option("--done", "state", flag_value="done", help="The order subsystem has it.")
@click.option("--rejected", "state", flag_value="rejected", help="It does not: the unit is sold again.")
@storage_option
@yes_option
def reconcile(session: Session, sale: str, order_id: str, state: str | None, storage: str, yes: bool) -> dict[str, Any]:
    """Decide what the order subsystem left open, after somebody has looked there."""
    from flashgen.cli.gate import orders as order_book
    from flashgen.cli.runtime import operator
    from flashgen.gate.storage.protocol import OrderState

    if state is None:
        raise click.UsageError("say what is true: --done or --rejected")
    with order_book.open_book(_storage(session, storage), session.project.root, sale) as book:
        (order,) = order_book.find(book, sale, (order_id,))
        if order.state in (OrderState.ACCEPTED, OrderState.UNKNOWN):
            session.note(order_book.line(order))
            if state == "rejected" and order_book.may_be_on_its_way(order):
                session.note(_ON_ITS_WAY)
            session.confirm(f"write down that it is {state}?", yes)
        changed = order_book.reconcile(book, order, OrderState(state), operator())
    session.say(f"{order_id} is {state}" if changed else f"{order_id} is {state} already")
    return {"sale": sale, "order": order_id, "state": state, "changed": changed}


@command("key")
def key(session: Session) -> dict[str, Any]:
    """Print the key that proves to the order subsystem that an order is the gate's."""
    from flashgen.gate.seal import FORWARD, derived
    from flashgen.unlock.token import parse_keys

    newest = parse_keys(session.project.secret(session.target_name))[0]
    shown = derived(newest, FORWARD).hex()
    session.note("this key is a secret: whoever has it can place orders in the gate's name")
    session.say(shown)
    return {"key": shown}


for each in (list_orders, export, retry, reconcile):
    orders.add_command(each)
for one in (serve, orders, key):
    gate.add_command(one)
