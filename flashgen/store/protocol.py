"""What flashgen asks of a place that holds objects: four verbs, and conditions on one of them.

And what it asks of the CDN in front of that place: to forget.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Headers:
    """What an origin sends besides the body. For flashgen these are part of the product, not decoration."""

    content_type: str
    cache_control: str


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it was at one instant: body, headers and etag belong together.

    `modified_at` is as in `Entry`; None where the store does not say. It does not count in comparisons.
    """

    body: bytes
    headers: Headers
    etag: str
    modified_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a listing. `body_bytes` is the object's size.

    `modified_at` is when body or headers were last written: aware, UTC, by the store's clock; S3 tells whole seconds.
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
        `reference` with the same paths is the same invalidation, whoever asks again and however often.
        """

    def is_done(self, invalidation: str) -> bool:
        """Whether an invalidation has reached every edge."""
