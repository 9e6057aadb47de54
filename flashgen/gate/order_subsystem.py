"""The shop's own system, which gets each order by HTTP: one POST, and what its answer means.

2xx is done, 409 and 422 are rejected, and everything else is unknown: also 401 and 404, because a wrong credential or
address says nothing about the order, and must not sell its unit again.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import urllib3

from flashgen import timestamps
from flashgen.gate.storage.protocol import Order, OrderState

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
"""An order subsystem that needs longer is asked again, under the same key."""

REJECTIONS = frozenset({409, 422})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one attempt: `done`, `rejected` or `unknown`, and in a few words what was met."""

    state: OrderState
    note: str


class OrderSubsystem:
    """Where accepted orders go. `key` signs them; `now` is this machine's clock in seconds. Threads may share it."""

    def __init__(self, url: str, key: bytes, now: Callable[[], float], at_once: int) -> None:
        self.url = url
        self._key = key
        self._now = now
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._pool = urllib3.PoolManager(1, timeout=timeout, retries=False, maxsize=at_once)

    def send(self, order: Order) -> Verdict:
        """Forward an order once. Never raises: without an answer it is `unknown`."""
        body = _body(order)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": order.id,
            "Flashgen-Signature": signature(self._key, int(self._now()), body),
            "User-Agent": "flashgen-gate",
        }
        try:
            answer = self._pool.request("POST", self.url, body=body, headers=headers, redirect=False)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return Verdict(OrderState.UNKNOWN, f"no answer: {_reason(error)}")
        return Verdict(meaning(answer.status), f"HTTP {answer.status}")

    def close(self) -> None:
        """Close idle connections."""
        self._pool.clear()


def meaning(status: int) -> OrderState:
    """What a status says of an order."""
    if 200 <= status < 300:
        return OrderState.DONE
    return OrderState.REJECTED if status in REJECTIONS else OrderState.UNKNOWN


def signature(key: bytes, seconds: int, body: bytes) -> str:
    """Proof of the sender and of the moment: `t=<Unix seconds>,v1=<hex HMAC-SHA-256 of "<t>.<body>">`."""
    proof = hmac.digest(key, f"{seconds}.".encode() + body, "sha256").hex()
    return f"t={seconds},v1={proof}"


def _body(order: Order) -> bytes:
    facts = {
        "order_id": order.id,
        "sale": order.sale,
        "sku": order.sku,
        "quantity": 1,
        "buyer": order.buyer,
        "price": order.price,
        "currency": order.currency,
        "accepted_at": timestamps.to_text(datetime.fromtimestamp(order.accepted_at, UTC)),
    }
    return json.dumps(facts, separators=(",", ":")).encode()


def _reason(error: BaseException) -> str:
    """In few words, without the address: notes are shown in lists."""
    if isinstance(error, urllib3.exceptions.NewConnectionError):  # first: urllib3 has it as a time-out, too
        return "cannot connect"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return "timed out"
    return type(error).__name__
