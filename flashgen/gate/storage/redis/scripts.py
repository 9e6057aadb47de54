"""What runs inside Redis: one script a decision, so that nothing comes in between; and how each is called.

Scripts say with their flags what Redis checks before it runs them, instead of in the middle: memory, disk, the server's
role. (https://redis.io/docs/latest/develop/programmability/lua-api/#script_flags)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files

from flashgen.gate.networks import UNSEEN_SECONDS
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.storage.fence import FenceLimits
from flashgen.gate.storage.protocol import Ask, Buy, Enter, Find, Seen, ShopReport, Touch, Visit
from flashgen.gate.storage.redis.records import holder, of_sale, of_server, record_of

_FOLDER = files("flashgen.gate.storage.redis") / "lua"

Command = tuple[str | int | float, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """Lua, and the name under which a server that has loaded it runs it: SHA-1 in hexadecimal digits."""

    text: str
    sha: str


@dataclass(frozen=True, slots=True)
class Call:
    """A script, the keys that it touches, and its arguments."""

    script: Script
    keys: tuple[str, ...]
    arguments: Command = ()

    def command(self) -> Command:
        """As Redis takes it."""
        return "EVALSHA", self.script.sha, len(self.keys), *self.keys, *self.arguments


def _script(name: str, before: str = "", flags: str = "") -> Script:
    """`name`.lua, behind what it shares with others. `flags` are Redis's."""
    parts = [_FOLDER.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in (before, name) if part]
    text = "\n".join([f"#!lua flags={flags}" if flags else "#!lua", *parts])
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


ENTER = _script("enter", "slots")
BUY = _script("buy", "slots")
FIND = _script("find", "slots", "no-writes")
LEAVE = _script("leave", "slots", "allow-oom")
SEEN = _script("seen", "slots", "allow-oom")
TOUCH = _script("touch", "slots")
CLAIM = _script("claim", "outbox", "allow-oom")
SETTLE = _script("settle", "outbox", "allow-oom")
RETRY = _script("retry", "outbox", "allow-oom")
BEGIN = _script("begin", "outbox")
RENEW = _script("renew", "outbox")
ACQUIRE_LEASE = _script("acquire_lease", "", "allow-oom")
"""ENTER, BUY, BEGIN and RENEW make more than there is; TOUCH says whether they could. Without memory, others go on."""

ALL = (ENTER, BUY, FIND, LEAVE, SEEN, TOUCH, CLAIM, SETTLE, RETRY, BEGIN, RENEW, ACQUIRE_LEASE)

_COMMAND = re.compile(r"redis\.call\('([A-Z]+)'")

_OTHERS = (
    *("select", "info", "config|get", "evalsha", "script|load", "wait"),
    *("hdel", "hexists", "hget", "hgetall", "hmget", "hsetnx", "sadd", "smembers", "zcount", "zrange", "zscan"),
)
"""Commands outside of scripts."""

_IN_SCRIPTS = (name.lower() for one in ALL for name in _COMMAND.findall(one.text))

RIGHTS = " ".join(["~flashgen:*", "-@all", *(f"+{command}" for command in sorted({*_OTHERS, *_IN_SCRIPTS}))])
"""Rules of a user that may do what the gate needs, and nothing else, as `ACL SETUSER` takes them.

(https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/)
"""

NOT_BEGUN, DONE, FULL, SOLD_OUT, BEHIND, LIMIT = range(6)
"""What scripts answer that neither find an order nor give a lease."""

NO_LIMIT = ""


def commands_at(script: Script, line: int) -> str:
    """Which commands a line of it calls, in words of Redis 7.2; lines count from 1."""
    named = ",".join(name.lower() for name in _COMMAND.findall(script.text.splitlines()[line - 1]))
    return f"no permissions to run the '{named}' command"


def call_of(ask: Ask, expected: Callable[[str], FenceLimits | None]) -> Call:
    """What decides it, and what the storage must be for that."""
    if isinstance(ask, Enter):
        return _enter(ask, expected(ask.visit.sale))
    if isinstance(ask, Buy):
        return _buy(ask, expected(ask.visit.sale))
    if isinstance(ask, Find):
        return Call(FIND, of_sale(ask.sale), (holder(ask.sku, ask.buyer),))
    if isinstance(ask, Touch):
        return Call(TOUCH, of_sale(ask.sale), (ask.bulk_bytes,))
    if isinstance(ask, ShopReport):
        return settling(ask.sale, ask.order, ask.result, ask.now, ask.note)
    return Call(SEEN if isinstance(ask, Seen) else LEAVE, of_server(ask.sale, ask.server), (ask.lease,))


def _enter(ask: Enter, expected: FenceLimits | None) -> Call:
    visit = ask.visit
    wish = (visit.epoch, holder(visit.sku, visit.buyer), visit.sku, visit.now, visit.server)
    arguments = (*wish, *_limits(visit), ask.lease, expires_at(visit), *_expected(expected)[:2])
    return Call(ENTER, of_server(visit.sale, visit.server), arguments)


def _buy(ask: Buy, expected: FenceLimits | None) -> Call:
    visit, order = ask.visit, ask.order
    wish = (visit.epoch, holder(visit.sku, visit.buyer), visit.sku, visit.now)
    written = (order.id, record_of(order), order.accepted_at, max(order.due_at, order.accepted_at))
    arguments = (*wish, *_limits(visit), int(ask.may_revive), *written, *_expected(expected), order.contact)
    return Call(BUY, of_server(visit.sale, visit.server), arguments)


def settling(sale: str, order: str, result: OrderState, due_at: float, note: str, checkout_url: str = "") -> Call:
    """What the order subsystem said of an order. A record has a line for each part."""
    return Call(SETTLE, of_sale(sale), (order, result.value, due_at, note.replace("\n", " "), checkout_url))


def renewing(order: Order) -> Command:
    """The arguments of RENEW for an order."""
    due_at = max(order.due_at, order.accepted_at)
    facts = order.id, record_of(order), order.accepted_at, due_at, order.sku, order.buyer
    return *facts, order.state.value, order.contact


def _expected(expected: FenceLimits | None) -> tuple[str, int | str, int | str]:
    return (expected.id, expected.least, expected.most) if expected else ("", "", NO_LIMIT)


def _limits(visit: Visit) -> tuple[int, str, float, int | str, int | str, str]:
    networks = " ".join(f"{network.name}={network.slots}" for network in visit.networks)
    return visit.slots, networks, visit.now - UNSEEN_SECONDS, _limit(visit.stock), _limit(visit.per_buyer), visit.buyer


def _limit(limit: int | None) -> int | str:
    return NO_LIMIT if limit is None else limit


def expires_at(visit: Visit) -> float:
    """When a lease that begins with this visit ends."""
    return visit.now + visit.lease_seconds
