"""A storage in a Redis server, version 7 or later: for the gates of several machines.

One script decides one question, so nothing comes in between; scripts of a batch travel together. What lies there, all
of a sale under its hash tag:

::

    flashgen:sales                         set   sales that were begun
    flashgen:{SALE}                        hash  epoch · id · changes · taken:SKU → units · orders:STATE → how many
                                                 overdue → how many are reserved beyond their time
                                                 server:ORIGIN · touched → when it was last tried
    flashgen:{SALE}:buyers                 hash  SKU and buyer → id of their order that holds a unit
    flashgen:{SALE}:units                  hash  buyer → how many of these
    flashgen:{SALE}:orders                 hash  id → record (records.py) · contact:ID → what a guest gave, sealed
    flashgen:{SALE}:accepted               zset  ids by when they were accepted
    flashgen:{SALE}:waiting                zset  of these, those without a clear answer yet
    flashgen:{SALE}:outbox                 zset  the same ids by when they are due
    flashgen:{SALE}:reserved               zset  ids that are reserved, by when they are due
    flashgen:{SALE}:slots:ORIGIN           zset  SKUs and buyers that hold a slot, by when it expires
    flashgen:{SALE}:leases:ORIGIN          hash  epoch · holder:SKU and buyer → lease and networks
                                                 lease:ID → SKU and buyer · network:NAME → how many leases
                                                 unused:NAME → how many ran out since the last order from there
    flashgen:{SALE}:unseen:ORIGIN          zset  SKUs and buyers that gave no sign of life, by since when
    flashgen:office:NAME                   hash  holder, until

A sale is begun when its hash has an epoch: after FLUSHALL none is. No key has a time to live.

**No answer** (a connection cut, a time-out) means that nobody knows what was done, and nothing is sent again by
itself. Asking again is safe: who ordered is given that order, who entered that lease, and a settled order stays as it
is. A slot whose buyer never comes back expires.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from secrets import token_hex
from typing import Any

from flashgen.gate.orders.order import OPEN, Order, OrderState
from flashgen.gate.storage.fence import Fence, NoFence, StorageVersion
from flashgen.gate.storage.protocol import (
    Answer,
    Ask,
    Buy,
    Enter,
    Lease,
    NoPlace,
    StorageBehind,
    StorageLost,
    Tally,
    Touch,
)
from flashgen.gate.storage.redis import records as keys
from flashgen.gate.storage.redis.durability import check, concerns, read_settings
from flashgen.gate.storage.redis.records import order_of
from flashgen.gate.storage.redis.scripts import (
    ACQUIRE_LEASE,
    BEGIN,
    BEHIND,
    CLAIM,
    DONE,
    FULL,
    LIMIT,
    NOT_BEGUN,
    RENEW,
    RETRY,
    SOLD_OUT,
    Call,
    Command,
    call_of,
    expires_at,
    renewing,
    settling,
)
from flashgen.gate.storage.redis.server import RedisServer
from flashgen.typed_json import UnreadableObject

PAGE = 500
"""Orders that are read or changed in one step: no decision waits behind more than that."""

_NO_PLACES = {FULL: NoPlace.FULL, SOLD_OUT: NoPlace.SOLD_OUT, LIMIT: NoPlace.LIMIT}


class RedisStorage:
    """`url` is as `url.py` says. Threads may share it.

    Raises StorageLost when it cannot be reached, Refused for another URL and for a server that is no good for orders.
    """

    def __init__(self, url: str, fence: Fence | None = None) -> None:
        self._server = RedisServer(url)
        self._fence = fence or NoFence()
        self._sale_of: dict[str, str] = {}
        self.settings = read_settings(self._server)
        check(self.settings)

    @property
    def url(self) -> str:
        """Without a password."""
        return self._server.url

    @property
    def primary(self) -> str:
        """Which server Sentinels have named last, or the one of the URL."""
        return self._server.primary

    def decide(self, asks: Sequence[Ask]) -> list[Answer]:
        """An answer to each; one round trip for all. When this raises, some may have been decided."""
        if not asks:
            return []
        replicas = self.settings.confirmations if any(isinstance(ask, Buy) for ask in asks) else 0
        replies = self._server.run([call_of(ask, self._fence.expected) for ask in asks], replicas)
        return [self._answer(ask, reply) for ask, reply in zip(asks, replies, strict=True)]

    def tally(self, sale: str, now: float) -> Tally:
        """Counts. What is taken and the orders are of one moment, slots of the next."""
        (facts,) = self._server.ask(("HGETALL", keys.of_sale(sale)[0]))
        if "epoch" not in facts:
            raise self._not_begun(sale)
        servers = sorted(_under(facts, "server:"))
        in_use, oldest = self._in_use(sale, servers, facts["epoch"], now)
        taken = {sku: int(units) for sku, units in _under(facts, "taken:").items() if units != "0"}
        orders = {OrderState(state): int(count) for state, count in _under(facts, "orders:").items()}
        return Tally(taken, in_use, orders, oldest, int(facts.get("overdue", 0)))

    def claim(self, sale: str, now: float, until: float, limit: int, *, reserved: bool = False) -> tuple[Order, ...]:
        """Those that are due for the longest time."""
        which = OrderState.RESERVED.value if reserved else ""
        records = self._run(sale, Call(CLAIM, keys.of_sale(sale), (now, until, limit, which)))
        orders = [self._order(record) for record in records]
        self._sale_of.update((order.id, sale) for order in orders)
        return tuple(sorted(self._with_contacts(sale, orders), key=_age))

    def settle(
        self, order: str, result: OrderState, now: float, due_at: float, note: str, checkout_url: str = ""
    ) -> Order | None:
        """In one script with the unit that goes back."""
        if result in (OrderState.ACCEPTED, OrderState.PAID_LATE):
            raise ValueError(f"nobody says {result} of an order")
        sale = self._sale_of.pop(order, None) or self._sale_with(order)
        if sale is None:
            return None
        record = self._run(sale, settling(sale, order, result, due_at, note, checkout_url))
        return None if record == DONE else self._order(record)

    def retry(self, sale: str, now: float, ids: Collection[str] | None = None) -> int:
        """Those that had an attempt and are not due yet."""
        pages = self._pages_of_outbox(sale) if ids is None else (tuple(ids),)
        return sum(self._run(sale, Call(RETRY, keys.of_sale(sale), (now, *page)))[0] for page in pages)

    def purge_contacts(self, sale: str, before: float) -> int:
        """An order that waits for nothing is due at the time of its last news."""
        old = [
            keys.contact_of(order.id)
            for order in self.orders(sale)
            if order.contact and order.due_at < before and order.state not in OPEN
        ]
        pages = (old[start : start + PAGE] for start in range(0, len(old), PAGE))
        return sum(self._server.ask(("HDEL", keys.of_sale(sale)[2], *page))[0] for page in pages)

    def orders(self, sale: str) -> Iterator[Order]:
        """Each as it is when its page is read."""
        if not self.is_begun(sale):
            raise self._not_begun(sale)
        start, last = 0, (float("-inf"), "")
        while page := self._page_of_orders(sale, start):
            # An order of a gate whose clock is behind may have come in before; then the rest have moved up.
            yield from (order for order in page if _age(order) > last)
            start, last = start + len(page), max(last, _age(page[-1]))

    def is_begun(self, sale: str) -> bool:
        """Whether the sale has an epoch."""
        (begun,) = self._server.ask(("HEXISTS", keys.of_sale(sale)[0], "epoch"))
        return bool(begun)

    def begin(self, sale: str) -> None:
        """With epoch 0: any live sale's is higher. A sale of an older flashgen gets its id."""
        self._server.ask(("SADD", keys.SALES, sale))
        self._run(sale, Call(BEGIN, keys.of_sale(sale), (token_hex(15),)))

    def version(self, sale: str) -> StorageVersion:
        """As the sale's hash has it."""
        ((epoch, version, changes),) = self._server.ask(("HMGET", keys.of_sale(sale)[0], "epoch", "id", "changes"))
        if epoch is None:
            raise self._not_begun(sale)
        return StorageVersion(version or "", int(changes or 0))

    def renew(self, sale: str, version: StorageVersion, orders: Sequence[Order] = ()) -> int:
        """Page by page; it becomes `version` with the last."""
        count = 0
        for start in range(0, len(orders), PAGE):
            page = [word for order in orders[start : start + PAGE] for word in renewing(order)]
            count += self._run(sale, Call(RENEW, keys.of_sale(sale), ("", 0, *page)))[0]
        self._run(sale, Call(RENEW, keys.of_sale(sale), (version.id, version.changes)))
        return count

    def acquire_lease(self, name: str, holder: str, now: float, until: float) -> bool:
        """One hash a lease."""
        (acquired,) = self._server.run([Call(ACQUIRE_LEASE, (keys.worker_lease(name),), (holder, now, until))])
        return bool(acquired)

    def concerns(self) -> Iterator[tuple[str, str]]:
        """As its settings were when it was opened."""
        return concerns(self.settings)

    def close(self) -> None:
        """Close connections. Twice is no error."""
        self._server.close()

    def _answer(self, ask: Ask, reply: Any) -> Answer:
        if isinstance(reply, str):
            return float(reply) if isinstance(ask, Touch) else self._order(reply)
        if isinstance(reply, list) and isinstance(ask, Buy):
            self._fence.note(ask.visit.sale, reply[0])
            return ask.order
        if isinstance(reply, list):
            lease, until = reply
            return Lease(lease, float(until), is_new=False)
        if reply == NOT_BEGUN:
            raise self._not_begun(_sale(ask))
        if reply == BEHIND:
            raise StorageBehind(f"{self.url} is not the storage in which the sale `{_sale(ask)}` went on")
        if reply == DONE and isinstance(ask, Enter):
            return Lease(ask.lease, expires_at(ask.visit), is_new=True)
        if reply == DONE:
            return None
        return _NO_PLACES[reply]

    def _run(self, sale: str, call: Call) -> Any:
        (reply,) = self._server.run([call])
        if reply == NOT_BEGUN:
            raise self._not_begun(sale)
        return reply

    def _in_use(self, sale: str, servers: Sequence[str], epoch: str, now: float) -> tuple[dict[str, int], float | None]:
        """Slots by server, and when the oldest order that waits was accepted."""
        commands: list[Command] = [("ZRANGE", keys.of_sale(sale)[4], 0, 0, "WITHSCORES")]
        for server in servers:
            *_, slots, leases, _ = keys.of_server(sale, server)
            commands += [("HGET", leases, "epoch"), ("ZCOUNT", slots, f"({now!r}", "+inf")]
        oldest, *replies = self._server.ask(*commands)
        counts = zip(servers, replies[::2], replies[1::2], strict=True)
        in_use = {server: count for server, of_epoch, count in counts if count and of_epoch == epoch}
        return in_use, float(oldest[1]) if oldest else None

    def _page_of_orders(self, sale: str, start: int) -> list[Order]:
        _, _, records, accepted, *_ = keys.of_sale(sale)
        (ids,) = self._server.ask(("ZRANGE", accepted, start, start + PAGE - 1))
        if not ids:
            return []
        (page,) = self._server.ask(("HMGET", records, *ids))
        return self._with_contacts(sale, [self._order(record) for record in page])

    def _with_contacts(self, sale: str, orders: list[Order]) -> list[Order]:
        if not orders:
            return []
        fields = [keys.contact_of(order.id) for order in orders]
        (contacts,) = self._server.ask(("HMGET", keys.of_sale(sale)[2], *fields))
        return [replace(one, contact=sealed) if sealed else one for one, sealed in zip(orders, contacts, strict=True)]

    def _pages_of_outbox(self, sale: str) -> Iterator[tuple[str, ...]]:
        cursor, begun = 0, False
        while cursor or not begun:
            ((cursor, members),) = self._server.ask(("ZSCAN", keys.of_sale(sale)[5], cursor, "COUNT", PAGE))
            begun = True
            yield tuple(member for member, _ in members)

    def _sale_with(self, order: str) -> str | None:
        (sales,) = self._server.ask(("SMEMBERS", keys.SALES))
        if not sales:
            raise StorageLost(f"{self.url} knows of no sale", "is it the storage that the sale began with?")
        found = self._server.ask(*(("HEXISTS", keys.of_sale(sale)[2], order) for sale in sorted(sales)))
        return next((sale for sale, is_there in zip(sorted(sales), found, strict=True) if is_there), None)

    def _order(self, record: str | None) -> Order:
        try:
            return order_of(record or "")
        except UnreadableObject as error:
            raise StorageLost(f"{self.url}: an order in it is damaged", "see what else writes into it") from error

    def _not_begun(self, sale: str) -> StorageLost:
        return StorageLost(f"{self.url} knows nothing of the sale `{sale}`", "is it the storage it began with?")


def _sale(ask: Ask) -> str:
    return ask.visit.sale if isinstance(ask, Enter | Buy) else ask.sale


def _age(order: Order) -> tuple[float, str]:
    return order.accepted_at, order.id


def _under(facts: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The facts of one kind, by what follows it."""
    return {name.removeprefix(prefix): value for name, value in facts.items() if name.startswith(prefix)}
