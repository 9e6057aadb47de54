"""`GET /again`: a buyer without JavaScript who found all places taken asks once more.

The page where they wait is static and does not know the order URL, so that a cookie has to. It holds what the buyer's
browser asked for anyway, and a browser that changes it gets nothing by it.
"""

from __future__ import annotations

import re

from flashgen.gate.forms import AGAIN_PATH
from flashgen.gate.http.request import Scope, header_values
from flashgen.gate.http.response import Reply, redirect
from flashgen.gate.metrics import Count

SECONDS = 3600
"""How long it is remembered since the last try."""

_COOKIE = re.compile(r"(?:^|;)\s*flashgen_again=(/o/[A-Za-z0-9_.-]{1,1100}\?[A-Za-z0-9_.~!'()*%&=-]{1,400})\s*(?=;|$)")


def remember(path: str, attributes: str) -> str:
    """The value of Set-Cookie for an order URL's path with its query. `attributes` are without a Path."""
    return f"flashgen_again={path}; Max-Age={SECONDS}; Path={AGAIN_PATH}; {attributes}"


def ask_again(scope: Scope, site: str) -> Reply:
    """The way to the order URL that was asked last; to `site`, the URL of the sales' pages, if none is remembered."""
    for value in header_values(scope, b"cookie"):
        if found := _COOKIE.search(value):
            return redirect(found[1], Count.FULL)
    return redirect(site, Count.INVALID)
