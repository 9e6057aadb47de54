"""What has to be right before a gate listens, looked at in one order; what is not is one clear error."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import parse_qs, urlsplit

from flashgen.addresses import SecretUrl, is_loopback, without_secrets
from flashgen.cli.runtime import check_conditions
from flashgen.cli.session import Session
from flashgen.errors import Refused, StoreError
from flashgen.gate.mark.keeper import claim
from flashgen.gate.mark.storage_mark import StopReason, StorageMark, advice, read, shown
from flashgen.gate.sale_reader import SaleReader, SaleSnapshot
from flashgen.gate.settings import VOUCHED, GateSettings
from flashgen.gate.storage.opening import check_storage, open_storage
from flashgen.gate.storage.protocol import Storage
from flashgen.hint import command_line
from flashgen.layout import settings_key
from flashgen.passes import PassKeys
from flashgen.proxies import check_proxies
from flashgen.sale.load import load_header
from flashgen.store import Store
from flashgen.unlock.token import BadToken, TokenSigner, parse_keys

MIN_ORIGIN_SECRET = 16

LISTED = 10_000
"""How many objects of a store are looked through for the names of its sales, when one was misspelt."""

FEWEST_FILES = 64
"""A worker with no buyer yet has some 40 files open."""

FILES_OF_A_CROWD = 4096
"""Fewer are too few for the connections of a sale, on any machine."""


@dataclass(frozen=True)
class GateOptions:
    """What was asked for. `server` is empty where the option was not given."""

    sales: tuple[str, ...]
    host: str
    port: int
    server: str
    storage: SecretUrl
    new_storage: bool


@dataclass(frozen=True)
class Ready:
    """What a gate begins with: its sales as they are now, which server it is, the URL of the pages, its storage's for
    people, the keys that sign its sales' tokens, newest first, and those of passes, if a sale asks for passes,
    and what a proxy shows that names buyers."""

    readings: tuple[SaleSnapshot, ...]
    server: str
    site: str
    storage: str
    keys: tuple[bytes, ...] = field(repr=False)
    pass_keys: tuple[str, ...] = field(repr=False)
    origin_secrets: tuple[bytes, ...] = field(repr=False)

    @property
    def sales(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(reading.settings.sale for reading in self.readings)


def make_ready(session: Session, ask: GateOptions) -> Ready:
    """Check everything, and begin the storage for sales that are new to it.

    Raises Refused, StoreError or StorageLost. A secret is made here only if none of the sales was ever live.
    """
    check_proxies()
    _check_open_files(session)
    site = _site(session)
    readings = tuple(_read(session, sale) for sale in ask.sales or _sales_with_orders(session))
    settings = [reading.settings for reading in readings]
    server = choose_server(settings, ask)
    check_storage(settings, ask.storage.reveal())
    keys, pass_keys = _keys(session, readings), _pass_keys(session, settings)
    origin_secrets = _origin_secrets(session, settings)
    _warn_of_tls(session, ask.storage.reveal())
    check_conditions(session, [one.sale for one in settings])
    with closing(open_storage(ask.storage.reveal(), session.project.root)) as storage:
        for reading in readings:
            _begin(session, storage, reading, ask.new_storage)
        for message, hint in storage.concerns():
            session.warn(f"{storage.url}: {message}", hint)
        return Ready(readings, server, site, storage.url, keys, pass_keys, origin_secrets)


def choose_server(settings: Sequence[GateSettings], ask: GateOptions) -> str:
    """Which of `order.servers` this is: the one of the option, the only one, or the only one that fits the address."""
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


def _check_open_files(session: Session) -> None:
    """By the limit that the system sets: a gate raises its own to that."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    hint = "raise it: `ulimit -n 65536` in the shell before, or `LimitNOFILE=262144` in the systemd unit"
    if most == resource.RLIM_INFINITY or most >= FILES_OF_A_CROWD:
        return
    if most < FEWEST_FILES:
        raise Refused(f"a process may open {most} files here, and a gate needs {FEWEST_FILES} at least", hint)
    session.warn(f"a process may open {most:,} files here, and each connection is one: further buyers wait", hint)


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
    store = session.store
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
    return Refused(f"{message}; there is: {there}" if there else message, command_line(f"push {sale}"))


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


def _pass_keys(session: Session, settings: Sequence[GateSettings]) -> tuple[str, ...]:
    """Those of flashgen.yaml, if a sale asks for passes. Raises Refused where they are missing or bad."""
    if all(one.buyer != VOUCHED for one in settings):
        return ()
    texts = session.project.pass_keys(session.target_name)
    PassKeys(texts)
    return texts


def _origin_secrets(session: Session, settings: Sequence[GateSettings]) -> tuple[bytes, ...]:
    """Those of flashgen.yaml, if a proxy names buyers. Raises Refused where there is none, or a short one."""
    by_header = [one for one in settings if one.buyer.startswith("header:")]
    if not by_header:
        return ()
    found = session.project.origin_secrets(session.target_name)
    if not found:
        raise Refused(
            f"{by_header[0].sale}: `buyer: {by_header[0].buyer}` needs a secret that only your proxy sends:"
            " whoever else reaches this gate could be any buyer",
            "add `origin_secrets: [env:FLASHGEN_ORIGIN_SECRET]` to flashgen.yaml, and have the proxy send it as"
            " Flashgen-Origin-Secret",
        )
    if any(len(one) < MIN_ORIGIN_SECRET for one in found):
        raise Refused(
            f"an origin secret must have {MIN_ORIGIN_SECRET} characters or more", "make one: `openssl rand -hex 32`"
        )
    return found


def _choice(servers: Sequence[str]) -> str:
    return " or ".join(servers) or "one that all of them name"


def _fits(server: str, host: str, port: int) -> bool:
    """Whether a server listens here by its own origin, or is called as this machine is."""
    parts = urlsplit(server)
    name = parts.hostname or ""
    itself = socket.gethostname().lower()
    if name in (itself, host.lower()) or (itself and name.partition(".")[0] == itself):
        return parts.scheme == "https" or parts.port == port
    return is_loopback(server) and parts.port == port


def _begin(session: Session, storage: Storage, reading: SaleSnapshot, new_storage: bool) -> None:
    sale, epoch = reading.settings.sale, reading.pointer.state.epoch
    is_new, stored = not storage.is_begun(sale), read(session.store, sale)
    if is_new and stored:
        raise _sold_elsewhere(sale, stored.mark, storage)
    if is_new and epoch and not new_storage:
        raise Refused(
            f"{storage.url} knows nothing of {sale}, which has been live: its orders are somewhere else, or lost",
            "name the storage that has them; only if no order was ever taken, add --new-storage",
        )
    storage.begin(sale)  # one that an older flashgen began gets its id
    _check_mark(session, sale, storage)
    if is_new and epoch:
        session.note(f"{sale} begins anew in {storage.url}: its whole stock is for sale")


def _check_mark(session: Session, sale: str, storage: Storage) -> None:
    """Refuse another storage than the one that sells the sale; warn of one that is older than it was."""
    mark, version = claim(session.store, sale, storage, time.sleep), storage.version(sale)
    if mark.storage != version.id:
        raise _sold_elsewhere(sale, mark, storage)
    if mark.stopped or version.changes < mark.changes:
        message, hint = advice(StopReason.BEHIND, sale)
        counts = f"it has {shown(version.changes)}, and had {shown(mark.changes)}"
        session.warn(f"{message} ({counts}); nothing is sold until it is reconciled", hint)


def _sold_elsewhere(sale: str, mark: StorageMark, storage: Storage) -> Refused:
    _, hint = advice(StopReason.OTHER, sale)
    return Refused(
        f"{sale} is sold by another storage, {mark.place} (id {mark.storage[:8]}): {storage.url} would sell it again",
        hint,
    )


def _warn_of_tls(session: Session, url: str) -> None:
    if "none" in parse_qs(url.partition("?")[2]).get("ssl_cert_reqs", ()):
        session.warn(
            f"{without_secrets(url)}: with `ssl_cert_reqs=none` anybody on the way can read its password and orders",
            "name the authority that signed its certificate instead: `ssl_ca_certs=/path/of/ca.pem`",
        )
