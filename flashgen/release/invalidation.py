"""The invalidation of a push: which paths, under which reference, and waiting until all edges have done it.

Limits and prices: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from urllib.parse import quote

from flashgen import timestamps
from flashgen.release.manifest import Claim, is_public
from flashgen.release.plan import Plan, Wave
from flashgen.store.protocol import Cdn

MAX_PATHS = 3000
"""How many paths a distribution may have in progress at one time, without wildcards."""

LIMIT_SECONDS = 60.0
"""CloudFront reports an invalidation as completed within seconds, now and then within some minutes."""

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 1.0, 5.0
_FILE_WAVES = (Wave.ASSETS, Wave.PAGES, Wave.SALE_PAGE, Wave.ROOT_PAGE)
_INDEX = "index.html"


def outdated_paths(plan: Plan, max_paths: int = MAX_PATHS) -> tuple[str, ...]:
    """The paths of which an edge may hold a copy that `plan` makes outdated; sorted.

    Without the pointer, which edges keep for 2 s at most, and without new files, whose absence they keep for a second.
    More than `max_paths` become one wildcard. So does a push into a store where no push ever finished, or whose
    manifest is gone: it is unknown what the distribution served before, from this bucket or another.
    """
    sale, before = plan.site.sale, plan.base.manifest
    put = [change.key for change in plan.changes if change.wave in _FILE_WAVES]
    if before.when is None:
        return whole_sale(sale) if put else ()
    # What was pushed, what an unfinished push may have put, and what left the site but is still in the store.
    known = {*before.objects, *(before.claim.keys if before.claim else ()), *before.dropped}
    return paths_or_whole_sale(sale, (key for key in put if key in known and is_public(sale, key)), max_paths)


def paths_or_whole_sale(sale: str, keys: Iterable[str], max_paths: int = MAX_PATHS) -> tuple[str, ...]:
    """The paths of some keys of a sale; one wildcard if there are more than `max_paths`."""
    paths = paths_of(keys)
    return paths if len(paths) <= max_paths else whole_sale(sale)


def whole_sale(sale: str) -> tuple[str, ...]:
    """One wildcard for the whole sale, and nothing else of the distribution."""
    return (f"/{quote(sale)}/*",)


def paths_of(keys: Iterable[str]) -> tuple[str, ...]:
    """The paths under which objects are cached, percent-encoded as browsers do it; sorted.

    An index page has two, because an edge function rewrites `/x/` to `/x/index.html`, and AWS says to invalidate both
    the path that the viewer requests and the path that the function makes of it:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
    A store's prefix is the distribution's origin path, which is no part of a path.
    """
    return tuple(sorted({path for key in keys for path in _paths(key)}))


def push_reference(claim: Claim, paths: tuple[str, ...]) -> str:
    """The caller reference of a push's invalidation, by the claim and the paths.

    A request repeated within a push is the same invalidation. Another claim makes another one, even for the same site:
    a push that died in between may have let edges fetch other pages.
    """
    return caller_reference(claim.target, claim.nonce, claim.who, timestamps.to_text(claim.when), paths)


def caller_reference(*parts: object) -> str:
    """A digest of `parts`, which are JSON: requests with the same reference are one invalidation."""
    return f"flashgen-{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}"


def await_edges(
    cdn: Cdn,
    invalidation: str,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    limit_seconds: float = LIMIT_SECONDS,
) -> bool:
    """Poll until every edge has dropped its copies; False after `limit_seconds`, when the CDN goes on by itself.

    Raises StoreError when a poll fails.
    """
    deadline, wait = now() + timedelta(seconds=limit_seconds), _FIRST_WAIT_SECONDS
    while not cdn.is_done(invalidation):
        if now() + timedelta(seconds=wait) > deadline:
            return False
        sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
    return True


def _paths(key: str) -> Iterator[str]:
    # Exactly RFC 1738's unsafe characters are encoded: with any other set the path would name another object.
    path = "/" + quote(key, safe="/!$&'()+,:;=@").replace("~", "%7E")
    yield path
    if path.rpartition("/")[2] == _INDEX:
        yield path.removesuffix(_INDEX)
