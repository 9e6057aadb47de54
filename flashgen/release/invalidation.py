"""What a CDN has to be told of a push: which paths, and under which reference. And waiting until its edges know.

Limits and prices: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from urllib.parse import quote

from flashgen import timestamps
from flashgen.release.manifest import Claim, Manifest, is_public
from flashgen.release.plan import Plan, Wave
from flashgen.store.protocol import Cdn

MAX_PATHS = 3000
"""What a distribution may have in progress at one time, wildcards not counted."""

LIMIT_SECONDS = 60.0
"""CloudFront reports an invalidation as completed within seconds, now and then within some minutes."""

_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 1.0, 5.0
_PUT_HERE = (Wave.ASSETS, Wave.PAGES, Wave.SALE_PAGE)
_INDEX = "index.html"


def changed_paths(plan: Plan) -> tuple[str, ...]:
    """The paths of which an edge may hold a copy that `plan` makes an old one; sorted.

    Not the pointer, which no edge keeps for more than 2 s, and not what is simply new: that it was missing is
    remembered for a second. More than MAX_PATHS become one wildcard. So does a push into a store where none has ever
    finished, or whose manifest is gone: nobody knows what a distribution has served before, from there or from
    another bucket.
    """
    if plan.base.manifest.when is None:
        return everything(plan.site.sale) if _has_files(plan) else ()
    known = _known_keys(plan.base.manifest)
    put = (change.key for change in plan.changes if change.wave in _PUT_HERE and is_public(plan.site.sale, change.key))
    paths = paths_of(key for key in put if key in known)
    return paths if len(paths) <= MAX_PATHS else everything(plan.site.sale)


def everything(sale: str) -> tuple[str, ...]:
    """One wildcard for all of a sale, and for nothing else of the distribution."""
    return (f"/{quote(sale)}/*",)


def paths_of(keys: Iterable[str]) -> tuple[str, ...]:
    """The paths under which objects are cached, percent-encoded as a browser does it; sorted.

    An index page has two, since an edge function turns `/x/` into `/x/index.html`, and AWS says to invalidate both the
    path that the viewer asks for and the one that the function makes of it:
    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html
    A store's prefix is the distribution's origin path, which is no part of a path.
    """
    return tuple(sorted({path for key in keys for path in _paths(key)}))


def reference(claim: Claim, paths: tuple[str, ...]) -> str:
    """The name of an invalidation: by what is pushed, under which claim, and the paths.

    Whatever is sent again within a push is one invalidation. Another claim makes another, for the same site too: edges
    may have fetched other pages since, from a push that came between and died.
    """
    facts = json.dumps([claim.target, claim.nonce, claim.who, timestamps.to_text(claim.when), paths])
    return f"flashgen-{hashlib.sha256(facts.encode()).hexdigest()[:32]}"


def await_edges(
    cdn: Cdn,
    invalidation: str,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    limit_seconds: float = LIMIT_SECONDS,
) -> bool:
    """Ask until every edge has forgotten what was invalidated; False after `limit_seconds`. It happens in any case.

    Raises StoreError when asking fails.
    """
    deadline, wait = now() + timedelta(seconds=limit_seconds), _FIRST_WAIT_SECONDS
    while not cdn.is_done(invalidation):
        if now() + timedelta(seconds=wait) > deadline:
            return False
        sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
    return True


def _has_files(plan: Plan) -> bool:
    return any(change.wave in _PUT_HERE for change in plan.changes)


def _known_keys(before: Manifest) -> frozenset[str]:
    """What there was, what a push that did not finish may have put, and what is there from before it left the site."""
    return frozenset((*before.objects, *(before.claim.keys if before.claim else ()), *before.dropped))


def _paths(key: str) -> Iterator[str]:
    # To be encoded are RFC 1738's unsafe characters and no others, or the path names something else.
    path = "/" + quote(key, safe="/!$&'()+,:;=@").replace("~", "%7E")
    yield path
    if path.rpartition("/")[2] == _INDEX:
        yield path.removesuffix(_INDEX)
