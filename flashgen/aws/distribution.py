"""A CloudFront distribution as data: what matters of its configuration, and nothing of how it was asked for.

Reading is in `distribution_reader.py`; what it should be, `flashgen.doctor` knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """How long, in seconds, and what besides the path is in the cache key (`query strings`, `cookies`, `headers`)."""

    min_ttl_seconds: int
    default_ttl_seconds: int
    max_ttl_seconds: int
    keyed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeadersPolicy:
    """What viewers are told. None is "not sent"; `custom` has lower-case names, and only what overrides the origin."""

    content_security_policy: str | None = None
    hsts_seconds: int | None = None
    nosniff: bool = False
    referrer_policy: str | None = None
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PathBehaviour:
    """What the distribution does with the paths of one pattern.

    `cache` and `headers` are None where they could not be looked at; without a headers policy `headers` is empty.
    `functions` are event types (`viewer-request`, `viewer-response`) that have a function.
    """

    pattern: str
    origin_id: str
    viewer_protocol: str
    compresses: bool
    cache: CachePolicy | None
    headers: HeadersPolicy | None
    functions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DistributionOrigin:
    """Where content comes from. `path` is put before every key; `has_access_control` means an OAC signs requests."""

    id: str
    domain: str
    path: str
    has_access_control: bool


@dataclass(frozen=True, slots=True)
class DistributionFacts:
    """`behaviours` are in the order in which they are tried, the default (`*`) last.

    `error_ttl_seconds` is by HTTP status, where the distribution says one. `denied` are IAM actions that were refused:
    what they would have told is None.
    """

    id: str
    domain: str
    aliases: tuple[str, ...]
    is_enabled: bool
    is_deployed: bool
    origins: tuple[DistributionOrigin, ...]
    behaviours: tuple[PathBehaviour, ...]
    error_ttl_seconds: Mapping[int, int] = field(default_factory=dict)
    denied: tuple[str, ...] = ()
