"""The shop's own system, which gets each order by HTTP: one POST, and what its answer means.

2xx is done, 409 and 422 are rejected, and everything else is unknown: also 401 and 404, because a wrong credential or
address says nothing about the order, and must not sell its unit again.
"""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from socket import socket
from typing import Any

import urllib3

from flashgen import timestamps
from flashgen.gate.storage.protocol import Order, OrderState

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
"""An order subsystem that needs longer is asked again, under the same key. For the whole answer, however it drips."""

DRAIN_BYTES = 16 * 1024
"""What is read of an answer's body, to keep the connection for the next order; a longer one is not worth it."""

REJECTIONS = frozenset({409, 422})


@dataclass(frozen=True, slots=True)
class ForwardResult:
    """What became of one attempt: `done`, `rejected` or `unknown`, and in a few words what was met."""

    state: OrderState
    note: str


class OrderSubsystemClient:
    """Where accepted orders go. `key` signs them; `now` is this machine's clock in seconds. Threads may share it."""

    def __init__(self, url: str, key: bytes, now: Callable[[], float], at_once: int) -> None:
        self.url = url
        self._key = key
        self._now = now
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
        self._pool = urllib3.PoolManager(1, timeout=timeout, retries=False, maxsize=at_once)
        self._pool.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def send(self, order: Order) -> ForwardResult:
        """Forward an order once. Never raises: without an answer it is `unknown`. Its head is the answer."""
        body = _body(order)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": order.id,
            "Flashgen-Signature": signature(self._key, int(self._now()), body),
            "User-Agent": "flashgen-gate",
        }
        try:
            answer = self._pool.request(
                "POST", self.url, body=body, headers=headers, redirect=False, preload_content=False
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return ForwardResult(OrderState.UNKNOWN, f"no answer: {_reason(error)}")
        _put_away(answer)
        return ForwardResult(meaning(answer.status), f"HTTP {answer.status}")

    def close(self) -> None:
        """Close idle connections."""
        self._pool.clear()


class _Arriving(RawIOBase):
    """What comes through a socket until `deadline` of the monotonic clock: time-outs are from one byte to the next."""

    def __init__(self, raw: RawIOBase, connection: socket, deadline: float) -> None:
        self._raw = raw
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        read: int | None = self._raw.readinto(buffer)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(HTTPResponse):
    """One that is there READ_SECONDS after it was waited for, or not at all."""

    def __init__(self, sock: socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = BufferedReader(_Arriving(self.fp.detach(), sock, time.monotonic() + READ_SECONDS))


class _Connection(urllib3.connection.HTTPConnection):
    response_class = _Answer


class _TlsConnection(urllib3.connection.HTTPSConnection):
    response_class = _Answer


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


def _put_away(answer: urllib3.BaseHTTPResponse) -> None:
    """A connection that has been read to the end is kept for the next order; any other is closed."""
    is_read = False
    with suppress(urllib3.exceptions.HTTPError, OSError):
        is_read = len(answer.read(DRAIN_BYTES, decode_content=False)) < DRAIN_BYTES
    if not is_read:
        answer.close()
    answer.release_conn()


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
