"""Questions as calls of scripts. What a script is told comes in the order in which its first lines take it."""

from __future__ import annotations

from flashgen.gate.storage.protocol import Ask, Buy, Enter, Find, Visit
from flashgen.gate.storage.redis_keys import of_sale, of_server
from flashgen.gate.storage.redis_records import holder, record_of
from flashgen.gate.storage.redis_scripts import BUY, ENTER, FIND, LEAVE
from flashgen.gate.storage.redis_server import Call

NO_LIMIT = ""


def call_of(ask: Ask) -> Call:
    """What decides it."""
    if isinstance(ask, Enter):
        return _enter(ask)
    if isinstance(ask, Buy):
        return _buy(ask)
    if isinstance(ask, Find):
        return Call(FIND, of_sale(ask.sale), (holder(ask.sku, ask.buyer),))
    return Call(LEAVE, of_server(ask.sale, ask.server), (ask.lease,))


def _enter(ask: Enter) -> Call:
    visit = ask.visit
    wish = (visit.epoch, holder(visit.sku, visit.buyer), visit.sku, visit.now, visit.server)
    return Call(ENTER, of_server(visit.sale, visit.server), (*wish, *_limits(visit), ask.lease, expires_at(visit)))


def _buy(ask: Buy) -> Call:
    visit, order = ask.visit, ask.order
    wish = (visit.epoch, holder(visit.sku, visit.buyer), visit.sku, visit.now)
    written = (order.id, record_of(order), order.accepted_at, max(order.due_at, order.accepted_at))
    return Call(BUY, of_server(visit.sale, visit.server), (*wish, *_limits(visit), int(ask.may_revive), *written))


def _limits(visit: Visit) -> tuple[int, str, int | str, int | str]:
    return visit.slots, visit.address, _limit(visit.slots_per_address), _limit(visit.stock)


def _limit(limit: int | None) -> int | str:
    return NO_LIMIT if limit is None else limit


def expires_at(visit: Visit) -> float:
    """When a lease that begins with this visit ends."""
    return visit.now + visit.lease_seconds
