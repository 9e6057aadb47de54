"""What flashgen asks of a place that holds objects: four verbs, and conditions on one of them.

And what it asks of the CDN in front of that place: to forget.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers that an origin sends with the body. They are planned, pushed and verified as the body is."""

    content_type: str
    cache_control: str


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it was at one instant: body, headers and etag belong together.

    `modified_at` is as in `Entry`; None where the store does not give it. `answered_at` is the `Date` of the
    answer that brought it, in seconds since the epoch; None without a server. Comparisons ignore both.
    """

    body: bytes
    headers: Headers
    etag: str
    modified_at: datetime | None = field(default=None, compare=False)
    answered_at: float | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a listing. `body_bytes` is the object's size.

    `modified_at` is when body or headers were last written: aware, UTC, by the store's clock; S3 has whole seconds.
    """

    key: str
    etag: str
    body_bytes: int
    modified_at: datetime


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


@runtime_checkable
class Dated(Protocol):
    """A store behind a server that sends its time. One on this machine has no other clock to compare."""

    def date(self) -> float:
        """The server's clock, cut to the second, in seconds since the epoch; one small request that changes nothing.

        It goes over the connection of conditional writes, and keeps that open. Raises StoreError without an answer, or
        without a `Date` in it.
        """


@runtime_checkable
class Remote(Protocol):
    """A store behind a server that somebody has chosen, of which nothing is known but its protocol."""

    @property
    def endpoint_url(self) -> str:
        """Where the server is, without credentials; empty for AWS's own S3."""


class Cdn(Protocol):
    """The edges that hold copies of a store's objects.

    Every method may raise `StoreError`: `AccessDenied` where the caller may not, `NoAnswer` without an answer.
    """

    @property
    def name(self) -> str:
        """What this is, for people: `CloudFront E2EXAMPLE`."""

    def invalidate(self, paths: Sequence[str], reference: str) -> str:
        """Have every edge forget its copies of `paths`, and return the invalidation's id.

        A path starts with `/` and is percent-encoded; only its last character may be the wildcard `*`. The same
        `reference` with the same paths is the same invalidation, also when another caller asks again.
        """

    def is_done(self, invalidation: str) -> bool:
        """Whether an invalidation has reached every edge."""
