"""What has to be right before a gate listens, looked at in one order; what is not is one clear error."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import urlsplit

import click

from flashgen.cli.session import Session
from flashgen.errors import Refused, StoreError
from flashgen.gate.reading import SaleReader, SaleSnapshot
from flashgen.gate.settings import GateSettings
from flashgen.gate.storage.opening import REDIS_SCHEMES, open_storage
from flashgen.gate.storage.protocol import Storage
from flashgen.layout import settings_key
from flashgen.sale.load import load_header
from flashgen.store import Store
from flashgen.unlock.token import BadToken, TokenSigner, parse_keys

LISTED = 10_000
"""How many objects of a store are looked through for the names of its sales, when one was misspelt."""


@dataclass(frozen=True)
class GateOptions:
    """What was asked for. `server` is empty where nothing was said."""

    sales: tuple[str, ...]
    host: str
    port: int
    server: str
    storage: str
    new_storage: bool


@dataclass(frozen=True)
class Ready:
    """What a gate begins with: its sales as they are now, which server it is, the URL of the pages, its storage's for
    people, and the keys that sign its sales' tokens, newest first."""

    readings: tuple[SaleSnapshot, ...]
    server: str
    site: str
    storage: str
    keys: tuple[bytes, ...] = field(repr=False)

    @property
    def sales(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(reading.settings.sale for reading in self.readings)


def make_ready(session: Session, ask: GateOptions) -> Ready:
    """Check everything, and begin the storage for sales that it is told of for the first time.

    Raises Refused, StoreError or StorageLost. A secret is made here only if none of the sales was ever live.
    """
    site = _site(session)
    readings = tuple(_read(session, sale) for sale in ask.sales or _sales_with_orders(session))
    settings = [reading.settings for reading in readings]
    server = choose_server(settings, ask)
    check_storage(settings, ask.storage)
    keys = _keys(session, readings)
    with closing(open_storage(ask.storage, session.project.root)) as storage:
        for reading in readings:
            _begin(session, storage, reading, ask.new_storage)
        _warn_of_losses(session, storage, ask.storage)
        return Ready(readings, server, site, storage.url, keys)


def choose_server(settings: Sequence[GateSettings], ask: GateOptions) -> str:
    """Which of `order.servers` this one is: what was said, the only one, or the only one that fits where it listens."""
    sales = ", ".join(one.sale for one in settings)
    shared = [server for server in settings[0].servers if all(server in one.servers for one in settings)]
    if ask.server:
        if ask.server in shared:
            return ask.server
        raise Refused(f"{ask.server} is none of the order servers of {sales}", f"--server {_choice(shared)}")
    if not shared:
        raise Refused(f"{sales} have no order server in common", "start a gate for each of them")
    fitting = [server for server in shared if _fits(server, ask.host, ask.port)] if len(shared) > 1 else shared
    if len(fitting) != 1:
        raise Refused(
            f"{sales}: there are {len(shared)} order servers; which one is this?", f"--server {_choice(shared)}"
        )
    return fitting[0]


def check_storage(settings: Sequence[GateSettings], url: str) -> None:
    """Refuse a storage that one server has for itself where a sale has several."""
    several = [one for one in settings if len(one.servers) > 1]
    if several and not url.startswith(REDIS_SCHEMES):
        count = len(several[0].servers)
        raise Refused(
            f"{several[0].sale} has {count} order servers, and {url} is for one: each would sell the whole stock",
            "give all of them one Redis: --storage redis://HOST:6379/0",
        )


def _site(session: Session) -> str:
    name, target = session.project.target(session.target_name)
    if target.url is None:
        raise Refused(
            f"target `{name}` has no `url`: buyers without a place are sent to its pages",
            "add `url: https://sale.example.com` to the target in flashgen.yaml",
        )
    return f"{target.url.rstrip('/')}/"


def _sales_with_orders(session: Session) -> tuple[str, ...]:
    headers = [load_header(path) for path in session.project.sale_paths(())]
    found = tuple(header.id for header in headers if header.order)
    if not found:
        raise Refused("no sale here has an `order` section", "add `order: {servers: [...]}` to its YAML, then push")
    return found


def _read(session: Session, sale: str) -> SaleSnapshot:
    store = session.project.store(session.target_name)
    reader = SaleReader(store, sale, time.monotonic, lambda _: None)
    try:
        reader.read()
    except Refused:
        if store.get(settings_key(sale)) is None:
            raise _not_pushed(store, sale) from None
        raise
    if reader.reading is None:
        raise RuntimeError("a first reading is behind nothing")
    return reader.reading


def _not_pushed(store: Store, sale: str) -> Refused:
    """With the names of those that were, where it may be asked for them."""
    start, _, end = settings_key("*").partition("*")
    try:
        keys = [entry.key for entry in islice(store.list(start), LISTED)]
    except StoreError:
        keys = []
    there = ", ".join(key.removeprefix(start).removesuffix(end) for key in keys if key.endswith(end))
    message = f"no sale {sale} has been pushed to {store.url}"
    return Refused(f"{message}; there is: {there}" if there else message, f"flashgen push {sale}")


def _keys(session: Session, readings: Sequence[SaleSnapshot]) -> tuple[bytes, ...]:
    """Those of this target's secret. With another than `go-live` had, every buyer would be sent away."""
    was_live = any(reading.pointer.state.epoch for reading in readings)
    keys = parse_keys(session.project.secret(session.target_name, make=not was_live))
    signer = TokenSigner(keys)
    for reading in readings:
        if order := reading.pointer.order:
            try:
                signer.read(order.path.rpartition("/")[2])
            except BadToken as bad:
                sale = reading.settings.sale
                raise Refused(
                    f"the secret here did not sign the token of {sale}'s open sale: every buyer would be refused",
                    "give the gate the secret that `flashgen go-live` had: the same `secret:`, or a copy of its file",
                ) from bad
    return keys


def _choice(servers: Sequence[str]) -> str:
    return " or ".join(servers) or "one that all of them name"


def _fits(server: str, host: str, port: int) -> bool:
    """Whether a server listens here by its own origin, or is called as this machine is."""
    parts = urlsplit(server)
    name = parts.hostname or ""
    itself = socket.gethostname().lower()
    if name in (itself, host.lower()) or (itself and name.partition(".")[0] == itself):
        return parts.scheme == "https" or parts.port == port
    return name in ("localhost", "127.0.0.1", "::1") and parts.port == port


def _begin(session: Session, storage: Storage, reading: SaleSnapshot, new_storage: bool) -> None:
    sale, epoch = reading.settings.sale, reading.pointer.state.epoch
    if storage.is_begun(sale):
        return
    if epoch and not new_storage:
        raise Refused(
            f"{storage.url} knows nothing of {sale}, which has been live: its orders are somewhere else, or lost",
            "name the storage that has them; only if no order was ever taken, add --new-storage",
        )
    storage.begin(sale)
    if epoch:
        session.note(f"{sale} begins anew in {storage.url}: its whole stock is for sale")


def _warn_of_losses(session: Session, storage: Storage, url: str) -> None:
    if not url.startswith(REDIS_SCHEMES):
        return
    from flashgen.gate.storage.redis import RedisStorage
    from flashgen.gate.storage.redis_durability import ADVICE

    if isinstance(storage, RedisStorage) and (advice := ADVICE[storage.durability()]):
        session.note(f"{click.style('warning', fg='yellow', bold=True)}: {storage.url}: {advice}")
