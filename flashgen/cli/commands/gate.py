"""`flashgen gate`: the order gate, and the orders it has taken."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, sale_argument, sales_argument, storage_option, yes_option
from flashgen.cli.session import Session

if TYPE_CHECKING:
    from flashgen.cli.gate.start import Ready

# `flashgen.gate.orders.order.OrderState`, which help must not import; a test holds the two together.
STATES = ("accepted", "unknown", "done", "rejected", "reserved", "paid", "released", "paid-late")
MAX_PORT = 65535
_ON_ITS_WAY = "an attempt may be on its way right now: if that is accepted after all, its unit is sold twice"


@click.group("gate")
def gate() -> None:
    """The order gate: the one server of a sale."""


@command("serve")
@sales_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8090, show_default=True, type=click.IntRange(1, MAX_PORT), help="Port to listen on.")
@click.option("--admin-host", default="127.0.0.1", show_default=True, help="Address for /metrics and /stats.")
@click.option("--admin-port", type=click.IntRange(1, MAX_PORT), help="Port for them.  [default: the one after --port]")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes that serve it.")
@click.option("--server", default="", metavar="URL", help="Which of `order.servers` this is, if there are several.")
@storage_option
@click.option("--new-storage", is_flag=True, help="Sell a sale that has been live from a storage that is empty.")
def serve(
    session: Session,
    sales: tuple[str, ...],
    admin_host: str,
    admin_port: int | None,
    workers: int,
    storage: str,
    **options: Any,
) -> dict[str, Any]:
    """Take orders of SALE, or of every sale that has an `order` section, until it is stopped.

    It reads what was pushed and reads it again every second; neither YAML nor pages are needed here.
    """
    import tempfile
    from functools import partial

    from flashgen.addresses import SecretUrl
    from flashgen.cli.gate.start import GateOptions, make_ready
    from flashgen.cli.hooks import open_hooks
    from flashgen.cli.runtime import new_nonce, now
    from flashgen.gate.log import standard_log
    from flashgen.gate.process.config import WorkerConfig
    from flashgen.gate.process.supervisor import serve as serve_gate
    from flashgen.gate.process.worker import make_gate
    from flashgen.http_server import listening
    from flashgen.unlock.pointer_writer import Actor

    if session.as_json:
        raise click.UsageError("gate serve never ends: there is no JSON document to print")
    ask = GateOptions(tuple(dict.fromkeys(sales)), storage=SecretUrl(_storage(session, storage)), **options)
    admin_port = admin_port or (ask.port + 1 if ask.port < MAX_PORT else ask.port - 1)
    if admin_port == ask.port:
        raise click.UsageError(f"--admin-port must be another port than --port, found {admin_port}")
    ready, hooks = make_ready(session, ask), open_hooks(session)
    session.is_watching = True
    with (
        listening(ask.host, ask.port) as public,
        listening(admin_host, admin_port, "--admin-port") as admin,
        tempfile.TemporaryDirectory(prefix="flashgen-gate-") as folder,
    ):
        _report(session, ready, ask.host, ask.port)
        session.say(f"/metrics and /stats: {_origin(admin_host, admin_port)}")
        counts = Path(folder) / "counts"
        config = WorkerConfig(
            open_store=partial(session.project.store, session.target_name),
            folder=session.project.root,
            actor=Actor(f"gate {ready.server}", now, new_nonce, time.sleep),
            sales=ready.sales,
            site=ready.site,
            server=ready.server,
            storage=ask.storage,
            keys=ready.keys,
            counts=counts,
            admin_port=admin_port,
            hooks=hooks,
            target=session.project.target(session.target_name)[0],
            pass_keys=ready.pass_keys,
            origin_secrets=ready.origin_secrets,
        )
        serve_gate(partial(make_gate, config), [public, admin], workers, standard_log())
    return {}


def _storage(session: Session, url: str) -> str:
    """The one that was named, or this target's own: sales of two targets have the same names."""
    return url or f"sqlite:.flashgen/gate-{session.project.target(session.target_name)[0]}.db"


def _origin(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _report(session: Session, ready: Ready, host: str, port: int) -> None:
    from flashgen.gate.mark.storage_mark import most_unmarked

    here = _origin(host, port)
    session.say(f"listening on {here}" + (f", as {ready.server}" if ready.server != here else ""))
    for reading in ready.readings:
        settings, state = reading.settings, reading.pointer.state.state
        target = settings.forward_to or "nobody: `order.forward_to` is not set"
        session.say(f"{settings.sale}: {state}, {settings.slots_per_server} slots, orders go to {target}")
        if any(item.stock is not None for item in settings.items.values()):
            session.say(
                f"{settings.sale}: if its storage goes back, at most {most_unmarked(settings)} units are sold again"
            )
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
    from flashgen.cli.gate.orders import line, open_book, to_json

    with open_book(_storage(session, storage), session.project.root, sale) as book:
        found = [order for order in book.orders(sale) if not states or order.state in states]
        for order in found:
            session.say(line(order))
        counts = ", ".join(f"{count} {state}" for state, count in sorted(book.tally(sale, time.time()).orders.items()))
        session.note(f"{sale} in {book.url}: {counts or 'no orders'}")
        return {"sale": sale, "storage": book.url, "orders": [to_json(order) for order in found]}


@command("export")
@sale_argument
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file; else stdout.")
@click.option("--format", "form", type=click.Choice(("csv", "json")), help="[default: as FILE's name says, else csv]")
@click.option("--contacts", is_flag=True, help="With what guests typed, as far as it is not deleted yet.")
@storage_option
def export(
    session: Session, sale: str, output: Path | None, form: str | None, contacts: bool, storage: str
) -> dict[str, Any]:
    """Write all orders with their buyers, for a spreadsheet or another system."""
    from flashgen.cli.gate.orders import as_csv, as_json, open_book, to_json, with_contact, write_private
    from flashgen.unlock.token import parse_keys

    with open_book(_storage(session, storage), session.project.root, sale) as book:
        found = list(book.orders(sale))
    keys = parse_keys(session.project.secret(session.target_name)) if contacts else ()
    rows = [with_contact(order, keys) if contacts else to_json(order) for order in found]
    is_json = (form or (output.suffix.lstrip(".") if output else "")) == "json"
    text = as_json(rows) if is_json else as_csv(rows, contacts=contacts)
    if output is None:
        session.say(text.rstrip("\r\n"))
        return {"sale": sale, "orders": rows}
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
        session.has_begun = True
        count = retry_now(book, sale, ids)
    session.say(f"{sale}: {count} orders are forwarded as soon as a gate looks")
    return {"sale": sale, "retried": count}


@command("purge")
@sale_argument
@click.option("--days", type=click.IntRange(0, 3650), help="Days since orders were settled.  [default: the sale's]")
@storage_option
@yes_option
def purge(session: Session, sale: str, days: int | None, storage: str, yes: bool) -> dict[str, Any]:
    """Delete what guests typed, of orders that were settled some days ago. Gates do it by themselves every hour."""
    from flashgen.cli.gate.orders import open_book, purge_contacts, pushed_settings

    kept = days if days is not None else pushed_settings(session, sale).contact_days
    session.confirm(f"delete the contacts of orders that were settled {kept} days ago or earlier?", yes)
    with open_book(_storage(session, storage), session.project.root, sale) as book:
        session.has_begun = True
        count = purge_contacts(book, sale, kept)
    session.say(f"{sale}: {count} contacts deleted")
    return {"sale": sale, "deleted": count, "days": kept}


@command("reconcile")
@sale_argument
@click.argument("order_id", metavar="ORDER")
@click.option("--done", "state", flag_value="done", help="The order subsystem has it.")
@click.option("--rejected", "state", flag_value="rejected", help="It does not: the unit is sold again.")
@click.option("--paid", "state", flag_value="paid", help="It was paid.")
@click.option("--released", "state", flag_value="released", help="Nobody will pay: the unit is sold again.")
@storage_option
@yes_option
def reconcile(session: Session, sale: str, order_id: str, state: str | None, storage: str, yes: bool) -> dict[str, Any]:
    """Decide what the order subsystem left open, after somebody has looked there."""
    from flashgen.cli.gate import orders as order_book
    from flashgen.cli.runtime import operator
    from flashgen.gate.orders.order import OPEN, OrderState

    if state is None:
        raise click.UsageError("say what is true: --done, --rejected, --paid or --released")
    with order_book.open_book(_storage(session, storage), session.project.root, sale) as book:
        (order,) = order_book.find(book, sale, (order_id,))
        if order.state in OPEN:
            session.note(order_book.line(order))
            if not OrderState(state).holds_unit and order_book.may_be_on_its_way(book, order):
                session.note(_ON_ITS_WAY)
            session.confirm(f"write down that it is {state}?", yes)
        session.has_begun = True
        changed = order_book.reconcile(book, order, OrderState(state), operator())
    session.say(f"{order_id} is {state}" if changed else f"{order_id} is {state} already")
    return {"sale": sale, "order": order_id, "state": state, "changed": changed}


@command("reconcile")
@sale_argument
@click.option(
    "--orders",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The order subsystem's list: CSV or JSON lines with order_id and sku.",
)
@click.option(
    "--log",
    "logs",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A gate's log: finds orders that buyers were told of and nobody has.",
)
@storage_option
@yes_option
def reconcile_sale(
    session: Session, sale: str, orders: Path, logs: tuple[Path, ...], storage: str, yes: bool
) -> dict[str, Any]:
    """Give a storage back what it lost, and name what was sold beyond the stock; then SALE's gates sell on."""
    from flashgen.cli.gate.reconcile import reconcile

    return reconcile(session, sale, _storage(session, storage), orders, logs, yes)


@command("move")
@sale_argument
@storage_option
@yes_option
def move_sale(session: Session, sale: str, storage: str, yes: bool) -> dict[str, Any]:
    """Have another storage sell SALE from now on; gates of the one before refuse."""
    from flashgen.cli.gate.reconcile import move

    return move(session, sale, _storage(session, storage), yes)


@command("key")
@click.option("--webhook", is_flag=True, help="As libraries of Standard Webhooks take it, to sign reports.")
def key(session: Session, webhook: bool) -> dict[str, Any]:
    """Print the key that proves to the order subsystem that an order is the gate's, and to the gate that a report is
    the order subsystem's."""
    from base64 import b64encode

    from flashgen.gate.signatures import FORWARD, derived
    from flashgen.unlock.token import parse_keys

    newest = parse_keys(session.project.secret(session.target_name))[0]
    made = derived(newest, FORWARD)
    shown = f"whsec_{b64encode(made).decode()}" if webhook else made.hex()
    session.note("this key is a secret: who has it can place orders in the gate's name")
    session.say(shown)
    return {"key": shown}


for each in (list_orders, export, retry, reconcile, purge):
    orders.add_command(each)
for one in (serve, orders, reconcile_sale, move_sale, key):
    gate.add_command(one)
