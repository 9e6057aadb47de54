"""What flashgen asks of a place that holds objects. Four verbs, and conditions on one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Headers:
    """What an origin sends besides the body. For flashgen these are part of the product, not decoration."""

    content_type: str
    cache_control: str


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it was at one instant: body, headers and etag belong together."""

    body: bytes
    headers: Headers
    etag: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a listing. `body_bytes` is the object's size."""

    key: str
    etag: str
    body_bytes: int


class Store(Protocol):
    """A flat namespace of objects. Keys are `/`-separated, relative, without empty, `.` or `..` segments.

    Every method may raise `StoreError`: `AccessDenied` where the caller may not, `NoAnswer` without an answer.
    """

    @property
    def url(self) -> str:
        """Where this is, for people: `dir:.flashgen/store`, `s3://bucket/prefix`."""

    def get(self, key: str) -> Stored | None:
        """The object, or None if there is none."""

    def put(
        self, key: str, body: bytes, headers: Headers, *, if_match: str | None = None, if_absent: bool = False
    ) -> str:
        """Write the whole object and return its new etag.

        With `if_match` only if the object's etag is that; with `if_absent` only if there is none; else `Conflict`.
        Atomic: a reader sees the old object or the new, headers included. Identical bodies have identical etags.
        A conditional put is sent once and never retried here: the caller resolves `NoAnswer` by reading back.
        """

    def list(self, prefix: str) -> Iterator[Entry]:
        """Every object whose key starts with `prefix`, sorted by key (code points)."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; those that do not exist are no error."""
