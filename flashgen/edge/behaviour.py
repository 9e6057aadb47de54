"""The distribution's behaviours as data: which paths are kept for how long, and what a viewer is told.

The query is in no cache key: pollers add a random one, and each would be a miss.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from flashgen.edge.local.cache_control import CacheControl

#: CloudFront's ErrorCachingMinTTL: its default of 10 s would hide a page for 10 s after it was put.
ERROR_TTL_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the edge does with the paths of one pattern (`*`: any characters, `/` too; `?`: one; case matters).

    `is_polled`: responses carry `x-now`, the edge's clock in milliseconds, and tell the viewer `no-store`.
    """

    pattern: str
    min_ttl_seconds: int
    default_ttl_seconds: int
    max_ttl_seconds: int
    compresses: bool = True
    is_polled: bool = False


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a response is fresh, and how long after that it may be served: while asking again, and on errors."""

    fresh_seconds: int
    stale_while_revalidate_seconds: int = 0
    stale_if_error_seconds: int = 0


#: MinTTL 1: CloudFront collapses simultaneous misses only of what it may keep.
POINTER = Behaviour("*/unlock.*.js", 1, 1, 2, compresses=False, is_polled=True)

#: The TTLs of CloudFront's managed policy CachingOptimized.
DEFAULT = Behaviour("*", 1, 86_400, 31_536_000)

#: In the order in which a distribution tries them.
BEHAVIOURS = (POINTER, DEFAULT)

#: What a gate behind the same distribution answers: orders, and whether it is there. Not for the local edge.
ORDER_PATTERNS = ("o/*", "readyz")


def uncached_pointer(sale: str) -> Behaviour:
    """For a sale with `edge_ttl_seconds: 0`, before `POINTER`: there CloudFront would keep `no-store` for MinTTL."""
    return Behaviour(f"{sale}/unlock.*.js", 0, 0, 0, compresses=False, is_polled=True)


def behaviour_for(key: str, behaviours: Sequence[Behaviour] = BEHAVIOURS) -> Behaviour:
    """The first whose pattern fits `key`, a path without its leading `/`; `DEFAULT` if none does."""
    return next((each for each in behaviours if matches(each.pattern, key)), DEFAULT)


def matches(pattern: str, key: str) -> bool:
    """Whether a path pattern of CloudFront fits a path; the leading `/` of either is optional."""
    return _compiled(pattern.removeprefix("/")).fullmatch(key.removeprefix("/")) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def lifetime(behaviour: Behaviour, status: int, said: CacheControl) -> Lifetime | None:
    """How long a response of the origin is kept; None is "not at all": every request reaches the origin.

    Errors (4xx, 5xx) are kept for `ERROR_TTL_SECONDS` whatever they say. What says `no-store`, `no-cache` or
    `private` is not kept. CloudFront would keep it for MinTTL; the stack gives a pointer with `edge_ttl_seconds: 0` a
    behaviour of its own, and here its header stands for that.

    `s-maxage` alone does not forbid serving stale, as RFC 9111 (5.2.2.10) would have it: with RFC 5861's directives
    beside it, CDNs take those as the origin's consent. `must-revalidate` does forbid it.
    """
    if status >= 400:
        return Lifetime(ERROR_TTL_SECONDS)
    if said.forbids_keeping:
        return None
    asked = behaviour.default_ttl_seconds if said.shared_seconds is None else said.shared_seconds
    fresh = min(max(asked, behaviour.min_ttl_seconds), behaviour.max_ttl_seconds)
    if said.must_revalidate:
        return Lifetime(fresh)
    return Lifetime(fresh, said.stale_while_revalidate, said.stale_if_error)
