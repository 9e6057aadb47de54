"""How orders are taken: the gate's servers, their slots, and where orders go."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from flashgen.document.validation import Model
from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale import instant, origin, text
from flashgen.sale.fields import whole

MAX_SERVERS = 64
_HEADER_NAME = re.compile(r"header:[A-Za-z0-9][A-Za-z0-9-]{0,63}")


class OrderSettings(Model):
    """How orders are taken. A sale without it can be built, and cannot go live."""

    servers: tuple[Annotated[str, BeforeValidator(origin.origin)], ...] = Field(
        description="Origins of the order gate's servers; the page picks one at random.",
        examples=["[https://order.example.com]"],
    )
    slots_per_server: Annotated[int, whole(1, 10_000)] = Field(
        default=10, description="Buyers a server serves at the same time, 1 to 10,000.", examples=["10"]
    )
    lease_seconds: int = Field(
        default=180, alias="lease", description="How long a slot waits for its buyer, 10s to 1h.", examples=["3m"]
    )
    trusted_proxies: tuple[Annotated[str, BeforeValidator(origin.network)], ...] = Field(
        default=(),
        description="Proxies whose buyer header is believed: addresses or networks.",
        examples=["[10.0.0.0/8]"],
    )
    buyer: str = Field(
        default="cookie",
        description="How a buyer is known: `cookie`, or `header:NAME` as set by a trusted proxy.",
        examples=["cookie", "header:X-User-Id"],
    )
    forward_to: Annotated[str, BeforeValidator(origin.url)] | None = Field(
        default=None,
        description="Where accepted orders are sent.",
        examples=["https://orders.internal.example/api/orders"],
    )

    @field_validator("servers", "trusted_proxies", mode="before")
    @classmethod
    def _lists(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, str):
            example = "https://order.example.com" if info.field_name == "servers" else "10.0.0.0/8"
            raise InvalidValue(f"must be a list, found {quoted(value)}", f"write it as [{example}]")
        return value

    @field_validator("servers")
    @classmethod
    def _servers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not 1 <= len(value) <= MAX_SERVERS:
            raise InvalidValue(f"must have 1 to {MAX_SERVERS} origins, found {len(value)}")
        for place, server in enumerate(value):
            if server in value[:place]:
                raise InvalidValue(f"must not name a server twice, found {server} again", "keep one of them")
        return value

    @field_validator("lease_seconds", mode="before")
    @classmethod
    def _lease(cls, value: object) -> int:
        return instant.seconds(value, 10, 3600)

    @field_validator("buyer", mode="before")
    @classmethod
    def _buyer(cls, value: object, info: ValidationInfo) -> str:
        written = text.given(value)
        if written != "cookie" and not _HEADER_NAME.fullmatch(written):
            raise InvalidValue(f"must be cookie or header:NAME, found {quoted(written)}", "write header:X-User-Id, say")
        if written != "cookie" and info.data.get("trusted_proxies") == ():
            hint = "add `trusted_proxies: [10.0.0.0/8]`, or write cookie"
            raise InvalidValue(f"must not be {written} without `trusted_proxies`: anyone can send a header", hint)
        return written
