"""The shop's own system, which gets each order by HTTP: one POST, and what its answer means.

2xx is done; 422, and a 4xx whose JSON body has `"result": "rejected"`, are rejected; everything else is unknown. Also
401 and 404, because a wrong credential or address says nothing about the order, and must not sell its unit again. And
409: an earlier copy of the order is still being worked on (draft-ietf-httpapi-idempotency-key-header, section 2.6).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import urllib3

from flashgen import timestamps
from flashgen.addresses import SecretUrl
from flashgen.gate.contact import Contact
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.sale_reader import SaleSnapshot
from flashgen.timed_http import connections, put_away, reason

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
"""An order subsystem that needs longer is asked again, under the same key. For the whole answer, however it drips."""

REJECTED, HELD = 422, 409

MAX_IN_FLIGHT = 4
"""Orders that a worker has under way: hundreds a second, and gentle on a system that was not built for a flood."""


@dataclass(frozen=True, slots=True)
class ForwardResult:
    """What became of one attempt: `done`, `rejected` or `unknown`, and in a few words what was met."""

    state: OrderState
    note: str


SEALED = "its contact cannot be opened: the secret has no key that sealed it"
"""The note of an order whose guest's contact is lost. It is not forwarded: nobody could deliver it."""

OpenContact = Callable[[str, str], Contact | None]
Send = Callable[[Order], ForwardResult]


class OrderSubsystemClient:
    """Where accepted orders go. `key` signs them; `now` is this machine's clock in seconds. Threads may share it.

    `open_contact` opens what was sealed for an order, by its id; None for what cannot be opened.

    An answer that is not there after `read_seconds` is none. The environment's proxies are used. Raises Refused for one
    that cannot be.
    """

    def __init__(
        self,
        url: SecretUrl,
        key: bytes,
        now: Callable[[], float],
        open_contact: OpenContact = lambda _id, _sealed: None,
        *,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self.url = url
        self._key = key
        self._now = now
        self._open_contact = open_contact
        self._pool = connections(url.reveal(), CONNECT_SECONDS, read_seconds, MAX_IN_FLIGHT)

    def send(self, order: Order) -> ForwardResult:
        """Forward an order once. Never raises: without an answer it is `unknown`.

        Only status and header fields have to arrive; the body counts for a 4xx alone, if it is whole and short.
        """
        contact = self._open_contact(order.id, order.contact) if order.contact else {}
        if contact is None:
            return ForwardResult(OrderState.UNKNOWN, SEALED)
        body = _body(order, contact)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": order.id,
            "Flashgen-Signature": signature(self._key, int(self._now()), body),
            "User-Agent": "flashgen-gate",
        }
        try:
            answer = self._pool.request(
                "POST", self.url.reveal(), body=body, headers=headers, redirect=False, preload_content=False
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return ForwardResult(OrderState.UNKNOWN, f"no answer: {reason(error)}")
        state = meaning(answer.status, put_away(answer))
        is_held = answer.status == HELD and state is OrderState.UNKNOWN
        return ForwardResult(state, f"HTTP {answer.status}" + (": still working on it" if is_held else ""))

    def close(self) -> None:
        """Close idle connections."""
        self._pool.clear()


class Destination:
    """Where orders go now: `forward_to` of gate.json, which a push may change while the gate runs.

    Called, it returns how to send an order, or None while `forward_to` is unset or unknown. `key` signs orders; `now`
    is in seconds since the Unix epoch.
    """

    def __init__(
        self,
        reading: Callable[[], SaleSnapshot | None],
        key: bytes,
        now: Callable[[], float],
        open_contact: OpenContact = lambda _id, _sealed: None,
    ) -> None:
        self._reading = reading
        self._key = key
        self._now = now
        self._open_contact = open_contact
        self._subsystem: OrderSubsystemClient | None = None

    def __call__(self) -> Send | None:
        if reading := self._reading():
            self._follow(reading.settings.forward_to)
        return self._subsystem.send if self._subsystem else None

    def _follow(self, url: SecretUrl | None) -> None:
        """Keep the client, and its connections, as long as the URL is the same."""
        before = self._subsystem
        if url == (before.url if before else None):
            return
        self._subsystem = OrderSubsystemClient(url, self._key, self._now, self._open_contact) if url else None
        if before:
            before.close()


def meaning(status: int, body: bytes = b"") -> OrderState:
    """What an answer says of an order."""
    if 200 <= status < 300:
        return OrderState.DONE
    is_rejected = status == REJECTED or (400 <= status < 500 and _says_rejected(body))
    return OrderState.REJECTED if is_rejected else OrderState.UNKNOWN


def _says_rejected(body: bytes) -> bool:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.get("result") == "rejected"


def signature(key: bytes, seconds: int, body: bytes) -> str:
    """Proof of the sender and of the moment: `t=<Unix seconds>,v1=<hex HMAC-SHA-256 of "<t>.<body>">`."""
    proof = hmac.digest(key, f"{seconds}.".encode() + body, "sha256").hex()
    return f"t={seconds},v1={proof}"


def _body(order: Order, contact: Contact) -> bytes:
    document: dict[str, object] = {
        "order_id": order.id,
        "sale": order.sale,
        "sku": order.sku,
        "quantity": 1,
        "buyer": order.buyer,
        "price": order.price,
        "currency": order.currency,
        "accepted_at": timestamps.to_text(datetime.fromtimestamp(order.accepted_at, UTC)),
    }
    if contact:
        document["contact"] = dict(contact)
    return json.dumps(document, separators=(",", ":")).encode()
