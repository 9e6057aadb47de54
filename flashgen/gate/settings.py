"""What a gate needs to know of a sale and the pointer does not say: `gate.json`, made by build, never public."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from ipaddress import ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from flashgen.addresses import SecretUrl, shared_domain
from flashgen.hint import Hint, command_line
from flashgen.typed_json import MAX_SKUS, JsonReader, Line, Price, Text

MAX_BYTES = 256 * 1024 * 1024
"""A hundred thousand products in several languages."""
MAX_STOCK = 10**9
MAX_NAMES = 1_000
"""Of servers, proxies, pages and languages."""

FORMAT, FORMAT_WITH_LANGUAGES, FORMAT_WITH_PASSES, FORMAT_WITH_CONTACT, FORMAT_WITH_LIMITS = 2, 4, 5, 6, 7
"""Raised when an older gate would misread what this build writes."""
VOUCHED = "pass"
"""The `buyer` of a sale whose buyers have passes."""


@dataclass(frozen=True, slots=True)
class ItemText:
    """What shoppers read of an item, in one language: its name, its price, and the URL of its page, relative to the
    sale's folder."""

    name: Text
    price_text: Text
    page: Line


@dataclass(frozen=True, slots=True)
class TranslatedText(ItemText):
    """The same in a sale of several languages, where a name may be shown in another one: its tag, and its direction,
    `ltr` or `rtl`. Both are empty in a gate.json of format 3, whose pages do not ask for them."""

    name_lang: Line = ""
    name_dir: Line = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(ItemText):
    """One thing on sale. `price` is plain digits as forwarded (`19.90`).

    `stock` None is no limit. `image` is a URL relative to the sale's folder, or empty.
    """

    price: Price
    stock: Annotated[int, Field(ge=0, le=MAX_STOCK)] | None
    image: Line


def _network(value: str) -> str:
    ip_network(value)
    return value


def _order_url(value: SecretUrl) -> SecretUrl:
    parts = urlsplit(value.reveal())
    is_web = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    if not is_web or not value.reveal().isprintable():
        raise ValueError
    return value


Forms = Annotated[Mapping[Line, Line], Field(max_length=MAX_NAMES)]


@dataclass(frozen=True, slots=True)
class GateLanguage:
    """A sale in one of several languages: the keys of rendered pages by their name, and `items` by SKU."""

    forms: Forms
    items: Annotated[Mapping[Line, TranslatedText], Field(max_length=MAX_SKUS)]


@dataclass(frozen=True, slots=True)
class GateSettings:
    """`pointer` is the pointer's key in the store; `forms` are the keys of rendered pages, by their name.

    `servers` are the origins of all gates; each serves `slots_per_server` buyers at a time, for `lease_seconds` each.
    `buyer` is `cookie`, `pass`, or `header:NAME` as sent by a proxy in `trusted_proxies` (networks). `items` are by
    SKU. `cookie_domain` is the domain that all servers share, empty if none; None in a gate.json of format 1.
    `contact` are the fields that a guest fills in, deleted `contact_days` after the order was settled.
    `max_per_buyer` limits the units of a buyer in the whole sale (None: no limit). `checkout_origins` are where buyers
    may be sent to pay; an order waits `reservation_seconds` for its payment (None: for none).
    `languages` are by tag, and have every language of a sale with several; `forms` and `items` are in its default one.
    """

    sale: Line
    pointer: Line
    edge_ttl_seconds: Annotated[int, Field(ge=0, le=60)]
    servers: Annotated[tuple[Line, ...], Field(min_length=1, max_length=MAX_NAMES)]
    slots_per_server: Annotated[int, Field(ge=1, le=10_000)]
    lease_seconds: Annotated[int, Field(ge=1, le=86_400)]
    buyer: Line
    trusted_proxies: Annotated[tuple[Annotated[Line, AfterValidator(_network)], ...], Field(max_length=MAX_NAMES)]
    forward_to: Annotated[SecretUrl, AfterValidator(_order_url)] | None
    currency: Line
    forms: Forms
    items: Annotated[Mapping[Line, Item], Field(max_length=MAX_SKUS)]
    cookie_domain: Line | None = None
    languages: Annotated[Mapping[Line, GateLanguage], Field(max_length=MAX_NAMES)] = field(default_factory=dict)
    contact: tuple[Literal["email", "name", "address", "phone"], ...] = ()
    contact_days: Annotated[int, Field(ge=1, le=3650)] = 30
    max_per_buyer: Annotated[int, Field(ge=1, le=1_000)] | None = None
    checkout_origins: Annotated[tuple[Line, ...], Field(max_length=MAX_NAMES)] = ()
    reservation_seconds: Annotated[int, Field(ge=1, le=30 * 86_400)] | None = None

    def __post_init__(self) -> None:
        for tag, language in self.languages.items():
            if missing := self.items.keys() - language.items.keys():
                raise ValueError(f"{tag} lacks {min(missing)}")

    @property
    def shared_cookie_domain(self) -> str:
        """The Domain of buyers' cookies; empty if a cookie is for one host."""
        return cookie_domain(self.servers) if self.cookie_domain is None else self.cookie_domain


def cookie_domain(servers: Sequence[str]) -> str:
    """The longest domain that several order servers share, of two labels or more; empty if none, or with one server."""
    hosts = [urlsplit(server).hostname or "" for server in servers]
    return shared_domain(hosts) if len(set(hosts)) > 1 else ""


def render(settings: GateSettings) -> bytes:
    """gate.json's bytes: a line an item, sorted."""
    document = asdict(settings)
    document["forward_to"] = settings.forward_to.reveal() if settings.forward_to else None
    if not settings.languages:
        del document["languages"]
    document["format"] = FORMAT_WITH_LANGUAGES if settings.languages else FORMAT
    if settings.buyer == VOUCHED:
        document["format"] = FORMAT_WITH_PASSES
    if settings.contact:
        document["format"] = FORMAT_WITH_CONTACT
    else:
        del document["contact"], document["contact_days"]
    for name in ("max_per_buyer", "checkout_origins", "reservation_seconds"):
        if document[name]:
            document["format"] = FORMAT_WITH_LIMITS
        else:
            del document[name]
    return json.dumps(document, indent=0, sort_keys=True, ensure_ascii=False).encode()


def parse(body: bytes, key: str) -> GateSettings:
    """What a gate.json says. Raises Damaged, naming `key`, when it is none, Newer for a later format."""
    return _READER.read(body, f"{key} in the store", Hint(command_line("push --refresh"), " puts it again"))


_READER = JsonReader(GateSettings, "what a build wrote", MAX_BYTES, FORMAT_WITH_LIMITS)
