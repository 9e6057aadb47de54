"""What a gate needs to know of a sale and the pointer does not say: `gate.json`, made by build, never public."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flashgen.errors import Refused

FORMAT = 1
"""Raised when an older gate would misread what this build writes."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on sale. `price` is plain digits as forwarded (`19.90`), `price_text` as shoppers read it.

    `stock` None is no limit. `page` and `image` are URLs relative to the sale's folder; `image` may be empty.
    """

    name: str
    price: str
    price_text: str
    stock: int | None
    page: str
    image: str


@dataclass(frozen=True, slots=True)
class GateSettings:
    """`pointer` is the pointer's key in the store; `forms` are the keys of rendered pages, by their name.

    `servers` are the origins of all gates; each serves `slots_per_server` buyers at a time, for `lease_seconds` each.
    `buyer` is `cookie`, or `header:NAME` as sent by a proxy in `trusted_proxies` (networks). `items` are by SKU.
    """

    sale: str
    pointer: str
    edge_ttl_seconds: int
    servers: tuple[str, ...]
    slots_per_server: int
    lease_seconds: int
    buyer: str
    trusted_proxies: tuple[str, ...]
    forward_to: str | None
    currency: str
    forms: Mapping[str, str]
    items: Mapping[str, Item]


def render(settings: GateSettings) -> bytes:
    """gate.json's bytes: a line an item, sorted."""
    return (json.dumps({"format": FORMAT, **asdict(settings)}, indent=0, sort_keys=True, ensure_ascii=False)).encode()


def parse(body: bytes, key: str) -> GateSettings:
    """What a gate.json says. Raises Refused, naming `key`, when it is none, or a newer flashgen's."""
    try:
        facts = json.loads(body)
        written = facts.pop("format")
        if written > FORMAT:
            raise Refused(
                f"{key} has format {written}; this gate reads up to {FORMAT}", "install the flashgen that pushed it"
            )
        return _settings(**facts)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(
            f"{key} in the store is not what a build wrote ({error})", "flashgen push --refresh puts it again"
        ) from error


def _settings(*, items: dict[str, Any], servers: list[str], trusted_proxies: list[str], **facts: Any) -> GateSettings:
    return GateSettings(
        servers=tuple(servers),
        trusted_proxies=tuple(trusted_proxies),
        items={sku: Item(**item) for sku, item in items.items()},
        **facts,
    )
