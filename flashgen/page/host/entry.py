"""What a sale contributes to the host's root. The build makes it, and push writes it into the host's register."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from flashgen.typed_json import Line, Text

MAX_LINKS = 1_000


def _base64(value: str) -> str:
    base64.b64decode(value, validate=True)
    return value


Lines = Annotated[tuple[Line, ...], Field(max_length=MAX_LINKS)]


@dataclass(frozen=True, slots=True)
class HostLink:
    """A sale in one language, with the language's `name`. `path` leads to its page from the host's root."""

    lang: Line
    dir: Line
    name: Line
    title: Text
    path: Line


@dataclass(frozen=True, slots=True)
class HostEntry:
    """A sale as the host's root shows it. It has all that the root is made from, so that any project can make it.

    `links` has the default language first. `starts_at` is as in the pointer, `starts` and `ends` are for readers.
    `url` is the public address of the root, empty if it is not known; `sitemaps` are absolute. `styles` and `icon` are
    keys of the sale's assets, `favicon` an .ico file in base64. `not_found` is a text in the default language. A sale
    that is not `is_listed` is neither on the list nor in the sitemap.
    """

    sale: Line
    is_listed: bool
    links: Annotated[tuple[HostLink, ...], Field(min_length=1, max_length=MAX_LINKS)]
    description: Text
    starts_at: Line
    starts: Text
    ends: Text
    url: Line
    sitemaps: Lines
    styles: Lines
    icon: Line
    favicon: Annotated[str, AfterValidator(_base64)]
    not_found: Text

    def to_json(self) -> dict[str, Any]:
        """Plain data, as a JsonReader reads it."""
        return asdict(self)
