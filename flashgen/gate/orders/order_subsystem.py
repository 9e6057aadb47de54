"""The shop's own system, which gets each order by HTTP: one POST, and what its answer means.

2xx is done, or reserved until it is paid; 422, and a 4xx whose JSON body has `"result": "rejected"`, are rejected;
everything else is unknown. Also 401 and 404, because a wrong credential or address says nothing about the order, and
must not sell its unit again. And 409: an earlier copy of the order is still being worked on
(draft-ietf-httpapi-idempotency-key-header, section 2.6).
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import urllib3

from flashgen import timestamps
from flashgen.addresses import SecretUrl
from flashgen.gate.contact import Contact
from flashgen.gate.orders.order import Order, OrderState
from flashgen.gate.sale_reader import SaleSnapshot
from flashgen.gate.settings import GateSettings
from flashgen.timed_http import connections, put_away, reason

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
"""An order subsystem that needs longer is asked again, under the same key. For the whole answer, however it drips."""

REJECTED, HELD = 422, 409

ASK_AGAIN_SECONDS = 30.0
"""How long an order stays reserved that the order subsystem says is still to be paid."""

MAX_CHECKOUT_URL = 2000

_RESULTS = {state.value: state for state in (OrderState.PAID, OrderState.RELEASED, OrderState.RESERVED)}
"""What the order subsystem may say of a reserved order."""

MAX_IN_FLIGHT = 4
"""Orders that a worker has under way: hundreds a second, and gentle on a system that was not built for a flood."""


@dataclass(frozen=True, slots=True)
class ForwardResult:
    """What became of one attempt: the state that the order subsystem named, and in a few words what was met.

    `checkout_url` is where the buyer pays; a reserved order is asked for in `due_in` seconds.
    """

    state: OrderState
    note: str
    checkout_url: str = ""
    due_in: float = 0.0


SEALED = "its contact cannot be opened: the secret has no key that sealed it"
"""The note of an order whose guest's contact is lost. It is not forwarded: nobody could deliver it."""

OpenContact = Callable[[str, str], Contact | None]
Send = Callable[[Order], ForwardResult]


class OrderSubsystemClient:
    """Where accepted orders go. `key` signs them; `now` is this machine's clock in seconds. Threads may share it.

    `open_contact` opens what was sealed for an order, by its id; None for what cannot be opened.
    An order waits `reservation_seconds` to be paid (None: it is done when it was taken), at a checkout of one of
    `checkout_origins`.

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
        reservation_seconds: int | None = None,
        checkout_origins: Collection[str] = (),
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self.reservation_seconds = reservation_seconds
        self.checkout_origins = checkout_origins
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
        said = put_away(answer)
        state = meaning(answer.status, said)
        if state is OrderState.DONE:
            return self._taken(answer.status, said)
        is_held = answer.status == HELD and state is OrderState.UNKNOWN
        return ForwardResult(state, f"HTTP {answer.status}" + (": still working on it" if is_held else ""))

    def ask(self, order: Order) -> ForwardResult:
        """Ask what became of a reserved order. Never raises: whatever does not say it clearly is `unknown`."""
        headers = {
            "Accept": "application/json",
            "Flashgen-Signature": signature(self._key, int(self._now()), order.id.encode()),
            "User-Agent": "flashgen-gate",
        }
        try:
            url = _url_of(self.url.reveal(), order.id)
            answer = self._pool.request("GET", url, headers=headers, redirect=False, preload_content=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return ForwardResult(OrderState.UNKNOWN, f"asked: no answer: {reason(error)}")
        said = _document(put_away(answer)).get("result") if 200 <= answer.status < 300 else None
        state = _RESULTS.get(str(said), OrderState.UNKNOWN)
        note = f"asked: HTTP {answer.status}" + (f": {state}" if state is not OrderState.UNKNOWN else "")
        return ForwardResult(state, note, due_in=ASK_AGAIN_SECONDS if state is OrderState.RESERVED else 0.0)

    def _taken(self, status: int, body: bytes) -> ForwardResult:
        """The order subsystem has the order; its buyer may have to pay."""
        note, named = f"HTTP {status}", _document(body).get("checkout_url")
        url = named if isinstance(named, str) and is_checkout(named, self.checkout_origins) else ""
        if named and not url:
            note += ": its checkout_url is not followed: it is not at one of order.checkout_origins"
        if self.reservation_seconds is None:
            return ForwardResult(OrderState.DONE, note, url)
        return ForwardResult(OrderState.RESERVED, note, url, self.reservation_seconds)

    def close(self) -> None:
        """Close idle connections."""
        self._pool.clear()


class Destination:
    """Where orders go now: `forward_to` of gate.json, which a push may change while the gate runs.

    Called, it returns how to send an order, or how to ask for it if it `asks`; or None while `forward_to` is
    unset or unknown. `key` signs orders; `now`
    is in seconds since the Unix epoch.
    """

    def __init__(
        self,
        reading: Callable[[], SaleSnapshot | None],
        key: bytes,
        now: Callable[[], float],
        open_contact: OpenContact = lambda _id, _sealed: None,
        *,
        asks: bool = False,
    ) -> None:
        self._asks = asks
        self._reading = reading
        self._key = key
        self._now = now
        self._open_contact = open_contact
        self._subsystem: OrderSubsystemClient | None = None

    def __call__(self) -> Send | None:
        if reading := self._reading():
            self._follow(reading.settings)
        if self._subsystem is None:
            return None
        return self._subsystem.ask if self._asks else self._subsystem.send

    def _follow(self, settings: GateSettings) -> None:
        """Keep the client, and its connections, as long as what it needs is the same."""
        before, url = self._subsystem, settings.forward_to
        wanted = url, settings.reservation_seconds, settings.checkout_origins
        if before and wanted == (before.url, before.reservation_seconds, before.checkout_origins):
            return
        self._subsystem = None
        if url:
            self._subsystem = OrderSubsystemClient(
                url,
                self._key,
                self._now,
                self._open_contact,
                reservation_seconds=settings.reservation_seconds,
                checkout_origins=settings.checkout_origins,
            )
        if before:
            before.close()


def meaning(status: int, body: bytes = b"") -> OrderState:
    """What an answer says of an order."""
    if 200 <= status < 300:
        return OrderState.DONE
    is_rejected = status == REJECTED or (400 <= status < 500 and _says_rejected(body))
    return OrderState.REJECTED if is_rejected else OrderState.UNKNOWN


def _says_rejected(body: bytes) -> bool:
    return _document(body).get("result") == "rejected"


def _document(body: bytes) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def is_checkout(url: str, origins: Collection[str]) -> bool:
    """Whether a buyer may be sent to a URL: at one of `origins`, and of a length that browsers take."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_plain = (
        len(url) <= MAX_CHECKOUT_URL and url.isascii() and url.isprintable() and " " not in url and "\\" not in url
    )
    return is_plain and f"{parts.scheme}://{parts.netloc}".lower() in origins


def _url_of(forward_to: str, order: str) -> str:
    """Where an order is asked for: its id is one more segment of the path."""
    parts = urlsplit(forward_to)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{order}"))


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
