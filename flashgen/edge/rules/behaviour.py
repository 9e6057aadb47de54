"""The distribution's behaviours as data: which paths are kept for how long, and which headers viewers get.

The query is in no cache key: pollers add a random one, and each would be a miss.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from flashgen.cache_control import CacheControl

#: CloudFront's ErrorCachingMinTTL: its default of 10 s would hide a page for 10 s after it was put.
ERROR_TTL_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the edge does with the paths of one pattern (`*`: any characters, `/` too; `?`: one; case matters).

    `is_polled`: responses carry `x-now`, the edge's clock in milliseconds, and viewers get `no-store`.
    `is_shared`: pages of any origin may use them (`SHARED`).
    """

    pattern: str
    min_ttl_seconds: int
    default_ttl_seconds: int
    max_ttl_seconds: int
    compresses: bool = True
    is_polled: bool = False
    is_shared: bool = False


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

#: A brand's fonts, which the order gate's pages use from another origin; browsers ask for consent for fonts alone.
#: Not all files have it: any site that somebody visits could read a preview on their machine.
FONTS = Behaviour("*/assets/*.woff2", 1, 86_400, 31_536_000, compresses=False, is_shared=True)

#: What responses say that are `is_shared` (https://fetch.spec.whatwg.org/#http-access-control-allow-origin).
SHARED = ("Access-Control-Allow-Origin", "*")

#: In the order in which a distribution tries them.
BEHAVIOURS = (POINTER, FONTS, DEFAULT)


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


def lifetime(behaviour: Behaviour, status: int, header: CacheControl) -> Lifetime | None:
    """How long a response of the origin is kept; None is "not at all": every request reaches the origin.

    Errors (4xx, 5xx) are kept for `ERROR_TTL_SECONDS` whatever they say. What says `no-store`, `no-cache` or
    `private` is not kept. CloudFront would keep it for MinTTL; the stack gives a pointer with `edge_ttl_seconds: 0` a
    behaviour of its own; here its header has that effect.

    `s-maxage` alone does not forbid serving stale, as RFC 9111 (5.2.2.10) would have it: with RFC 5861's directives
    beside it, CDNs take those as the origin's consent. `must-revalidate` does forbid it.
    """
    if status >= 400:
        return Lifetime(ERROR_TTL_SECONDS)
    if header.forbids_keeping:
        return None
    asked = behaviour.default_ttl_seconds if header.shared_seconds is None else header.shared_seconds
    fresh = min(max(asked, behaviour.min_ttl_seconds), behaviour.max_ttl_seconds)
    if header.must_revalidate:
        return Lifetime(fresh)
    return Lifetime(fresh, header.stale_while_revalidate, header.stale_if_error)
