"""A gate with all its parts, on a clock that a test sets: a store that was pushed to, and a storage in SQLite."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from support.clock import Clock
from support.operators import ENDS_AT, HEADERS, KEY, SALE, SECRET, STARTS_AT

from flashgen.gate import forms
from flashgen.gate.clocks import Clocks
from flashgen.gate.http.app import Gate
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.http.request import Message, query_for
from flashgen.gate.metrics import Count, Counters
from flashgen.gate.orders.order import Order
from flashgen.gate.sale_reader import SaleReader
from flashgen.gate.settings import GateSettings, Item, render
from flashgen.gate.storage.batch import Batcher
from flashgen.gate.storage.protocol import Tally
from flashgen.gate.storage.sqlite.storage import SqliteStorage
from flashgen.layout import settings_key
from flashgen.store import Headers
from flashgen.store.memory import MemoryStore
from flashgen.unlock import pointer
from flashgen.unlock.pointer import Forward, Pointer
from flashgen.unlock.state import SaleState, State
from flashgen.unlock.token import Claims, TokenSigner, claims_of

T = TypeVar("T")

SERVER = "https://order.example.com"
SITE = "https://sale.example.com/"
FOLDER = f"{SITE}{SALE}/"
ENDED = f"{FOLDER}ended/"
WAITING = f"{FOLDER}waiting/"
OPEN_SECONDS = STARTS_AT.timestamp() + 60
PORT, ADMIN_PORT = 8090, 8091
CLIENT = ("203.0.113.9", 51234)
ORIGIN_SECRET = "shown-by-the-proxy"
PRIVATE = Headers("application/json", "private, no-store")
FORM_KEYS = {name: f"_flashgen/{SALE}/gate/{name}.0123456789.html" for name in forms.NAMES}
LIVE = SaleState(State.LIVE, STARTS_AT, ENDS_AT, opens_at=STARTS_AT, epoch=1, token_nonce="token-1")
SETTINGS = GateSettings(
    sale=SALE,
    pointer=KEY,
    edge_ttl_seconds=1,
    servers=(SERVER,),
    slots_per_server=12,
    lease_seconds=180,
    buyer="cookie",
    trusted_proxies=(),
    forward_to=None,
    currency="EUR",
    forms=FORM_KEYS,
    items={
        "LAMP": Item("A <lamp>", "19,90 €", "lamp/", price="19.90", stock=3, image=""),
        "MUG": Item("Mug", "5,00 €", "mug/", price="5.00", stock=None, image="assets/mug.jpg"),
        "É 1": Item("Odd", "1,00 €", "odd/", price="1.00", stock=1, image=""),
    },
)


def page_text(name: str) -> str:
    """A page as a theme might render it, with every field in it once."""
    fields = "".join(f'<i data-{one}="{forms.mark(one)}">{forms.mark(one)}</i>' for one in forms.FIELDS)
    return f"<!doctype html><title>{name}</title>{fields}"


@dataclass(frozen=True)
class Answer:
    """What came back; names of `headers` are in lower case, and may come twice."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def one(self, name: str) -> str:
        """The value of a header that is there at most once; empty if it is not."""
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, f"{name} comes {len(found)} times"
        return found[0] if found else ""

    @property
    def page(self) -> str:
        """Which page this is."""
        found = re.search(rb"<title>([a-z-]+)</title>", self.body)
        return found[1].decode() if found else ""

    def value(self, name: str) -> str:
        """What a field of a page was filled with, as a browser reads it."""
        found = re.search(rb'data-%s="([^"]*)"' % name.encode(), self.body)
        assert found, f"no {name}"
        return found[1].decode()


@dataclass
class RunningGate:
    """A gate and everything around it. `events` is its log, `accepted` the sales of new orders."""

    store: MemoryStore
    storage: SqliteStorage
    counters: Counters
    runner: asyncio.Runner
    clock: Clock
    monotonic: Clock
    gate: Gate = field(init=False)
    reader: SaleReader = field(init=False)
    outside: Dependencies = field(init=False)
    events: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    state: SaleState = LIVE
    settings: GateSettings = SETTINGS
    revision: int = 1

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        """Do it on the gate's loop."""
        return self.runner.run(doing)

    def push(self, settings: GateSettings | None = None, /, **changes: Any) -> None:
        """Put gate.json, and have the gate read it."""
        self.settings = replace(settings or self.settings, **changes)
        self.store.put(settings_key(SALE), render(self.settings), PRIVATE)
        self.reader.poll()

    def point(self, state: SaleState | None = None, /, **changes: Any) -> None:
        """Write the pointer's next revision, and have the gate read it."""
        self.state = replace(state or self.state, **changes)
        self.revision += 1
        self.put_pointer(Pointer(self.revision, f"n{self.revision}", self.state))
        self.reader.poll()

    def put_pointer(self, written: Pointer | Forward) -> None:
        """Write a pointer."""
        self.store.put(self.settings.pointer, pointer.render(written), HEADERS)

    def count(self, one: Count) -> int:
        """What was counted."""
        return self.counters.total(one)

    def tally(self) -> Tally:
        """The storage's."""
        return self.storage.tally(SALE, self.clock())

    def in_use(self) -> int:
        """Slots that are taken."""
        return self.tally().in_use.get(SERVER, 0)

    def orders(self) -> list[Order]:
        """All that there are."""
        return list(self.storage.orders(SALE))

    def wait(self, seconds: float) -> None:
        """Let time pass, in which the store was read."""
        self.clock.wait(seconds)
        self.monotonic.wait(seconds)
        self.reader.poll()

    def logged(self) -> list[str]:
        """The names of events."""
        return [event for event, _ in self.events]


def token(key: bytes = SECRET, **changes: Any) -> str:
    """The token of the live sale; `changes` are to its claims."""
    return TokenSigner([key]).sign(replace(claims_of(SALE, LIVE), **changes))


def claims(**changes: Any) -> Claims:
    """What it says."""
    return replace(claims_of(SALE, LIVE), **changes)


def order_path(sku: str = "LAMP", shown: str | None = None) -> str:
    """Where a page sends its buyers."""
    return f"/o/{token() if shown is None else shown}?{query_for(sku)}"


@contextmanager
def running_gate(folder: Path, **changes: Any) -> Iterator[RunningGate]:
    """Push a sale that is open, and start its gate; `changes` are to its Settings."""
    clock, even = Clock(OPEN_SECONDS), Clock(1000.0)
    storage = SqliteStorage(folder / "gate.db", "sqlite:gate.db")
    storage.begin(SALE)
    with asyncio.Runner() as runner, Counters(folder / "counts") as counters:
        running = RunningGate(MemoryStore(), storage, counters, runner, clock, even)
        batcher = Batcher(storage)
        _furnish(running, batcher)
        running.push(SETTINGS, **changes)
        running.point()
        try:
            yield running
        finally:
            runner.run(batcher.close())
            storage.close()


class OneClock(Clocks):
    """Clocks of a machine and a storage that are the same."""

    def storage_now(self) -> float:
        """The test's."""
        return self.now()

    def note_storage(self, sent: float, seconds: float) -> None:
        """A file's own clock is the real one, and of no interest."""


def _furnish(running: RunningGate, batcher: Batcher) -> None:
    for name, key in FORM_KEYS.items():
        running.store.put(key, page_text(name).encode(), PRIVATE)
    numbers = count(1)

    async def tally(sale: str) -> Tally:
        return running.storage.tally(sale, running.clock())

    running.reader = SaleReader(
        running.store, SALE, running.monotonic, lambda error: running.events.append(("reader", {"error": error}))
    )
    running.outside = Dependencies(
        server=SERVER,
        site=SITE,
        keys=(SECRET,),
        decide=batcher.decide,
        tally=tally,
        accepted=running.accepted.append,
        primary=str,
        stopped=lambda _: None,
        unmarked=lambda _: 0,
        counters=running.counters,
        clocks=OneClock(running.clock, running.monotonic, lambda trouble: None),
        now=running.clock,
        monotonic=running.monotonic,
        new_id=lambda: f"id-{next(numbers)}",
        random=lambda: 0.5,
        origin_secrets=(ORIGIN_SECRET.encode(),),
        log=lambda event, **facts: running.events.append((event, facts)),
    )
    running.gate = Gate({SALE: lambda: running.reader.reading}, running.outside, ADMIN_PORT)


@dataclass
class Browser:
    """A buyer's browser: it keeps its cookie, and knows the lease of the last form."""

    running: RunningGate
    client: tuple[str, int] | None = CLIENT
    cookie: str = ""
    lease: str = ""
    sends: tuple[tuple[str, str], ...] = ()
    port: int = PORT

    def get(self, sku: str = "LAMP", shown: str | None = None) -> Answer:
        """Come from the page's button."""
        return self.ask("GET", order_path(sku, shown))

    def post(self, sku: str = "LAMP", lease: str | None = None, shown: str | None = None) -> Answer:
        """Press the form's button."""
        return self.ask("POST", order_path(sku, shown), f"lease={self.lease if lease is None else lease}".encode())

    def ask(self, method: str, target: str, body: bytes = b"") -> Answer:
        """One request; `target` is as on a request line."""
        return self.running.run(self.asking(method, target, body))

    async def asking(self, method: str, target: str, body: bytes = b"") -> Answer:
        """The same, among others."""
        answer = await exchange(self.running.gate, self.scope(method, target, body), body)
        cookie = answer.one("set-cookie")
        if cookie and not cookie.startswith("flashgen_again="):
            self.cookie = cookie.partition(";")[0]
        if answer.page.startswith("form"):
            self.lease = answer.value("lease")
        return answer

    def scope(self, method: str, target: str, body: bytes = b"") -> Message:
        """What a server makes of a request."""
        fields = [*self.sends, *([("cookie", self.cookie)] if self.cookie else [])]
        if method == "POST":
            fields += [("content-type", "application/x-www-form-urlencoded"), ("content-length", str(len(body)))]
        return scope_of(method, target, fields, self.client, self.port)


def scope_of(
    method: str,
    target: str,
    fields: list[tuple[str, str]] | tuple[tuple[str, str], ...] = (),
    client: tuple[str, int] | None = CLIENT,
    port: int = PORT,
) -> Message:
    """An ASGI scope of a request that came in at `port`."""
    path, _, query = target.partition("?")
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
        "client": client,
        "server": ("10.0.0.9", port),
    }


async def exchange(gate: Gate, scope: Message, body: bytes = b"") -> Answer:
    """Ask, and stay until the answer is there, as a client does that has not left."""
    sent: list[Message] = []
    received = 0

    async def receive() -> Message:
        nonlocal received
        received += 1
        if received > 1:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await gate(scope, receive, send)
    start, last = sent
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    return Answer(start["status"], headers, last["body"])


def before_start(**delta: float) -> float:
    """Seconds since the epoch, so long before the sale opens."""
    return (STARTS_AT - timedelta(**delta)).timestamp()
