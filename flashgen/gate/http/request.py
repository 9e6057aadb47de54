"""What a request asks, from its raw ASGI scope: nothing in it is believed, and nothing in it raises."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs, quote

from flashgen.gate.forms import LANGUAGE_FIELD

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

ORDER_PATH = "/o/"
ENTRY_PATH = "/pass"
ENTRY_FIELD = "p"
MAX_SKU = 64
MAX_BODY_BYTES = 8192
"""A form with all that a guest may type, in a script of three bytes a character."""
BODY_SECONDS = 5.0
MAX_FIELDS = 20
FORM_TYPE = "application/x-www-form-urlencoded"


class Unreadable(Exception):
    """A body that is none of the gate's forms. `status` is what to answer: 408, 413 or 415."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Disconnected(Exception):
    """There is nobody to answer."""


def query_for(sku: str, language: str = "") -> str:
    """The query that asks for a SKU, as `encodeURIComponent` in the sale's pages writes it.

    Pages of a sale in several languages add theirs: `sku=LAMP&lang=de`.
    """
    return "sku=" + quote(sku, safe="!'()*") + (f"&{LANGUAGE_FIELD}={language}" if language else "")


def sku_of(query: bytes) -> str | None:
    """The SKU that a query asks for: exactly one, as a sale may have it; else None."""
    asked = _fields(query).get("sku", [])
    if len(asked) != 1 or not 0 < len(asked[0]) <= MAX_SKU or not asked[0].isprintable():
        return None
    return asked[0]


def field_of(query: bytes, name: str) -> str | None:
    """A field of a query or of a form that is there exactly once; else None."""
    found = _fields(query).get(name, [])
    return found[0] if len(found) == 1 else None


def header_values(scope: Scope, name: bytes) -> list[str]:
    """The values of a header field, in their order; `name` is in lower case."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


async def read_form(scope: Scope, receive: Receive) -> bytes:
    """The body of a form that was posted: at most MAX_BODY_BYTES, within BODY_SECONDS.

    Raises Unreadable, and Disconnected when the client left.
    """
    types = header_values(scope, b"content-type")
    if len(types) != 1 or types[0].partition(";")[0].strip().lower() != FORM_TYPE:
        raise Unreadable(415)
    return await read_body(scope, receive)


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """A body of any type, within the same limits and with the same exceptions."""
    if any(not _is_small(length) for length in header_values(scope, b"content-length")):
        raise Unreadable(413)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(receive)
    except TimeoutError:
        raise Unreadable(408) from None


async def until_disconnected(receive: Receive) -> None:
    """Return when the client has left, or has its answer."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        body += bytes(message.get("body", b""))
        if len(body) > MAX_BODY_BYTES:
            raise Unreadable(413)
        if not message.get("more_body", False):
            return body


def _is_small(length: str) -> bool:
    return length.isascii() and length.isdigit() and len(length) < 10 and int(length) <= MAX_BODY_BYTES


def _fields(query: bytes) -> dict[str, list[str]]:
    try:
        return parse_qs(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
