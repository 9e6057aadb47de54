"""What a page's script does: where it finds the pointer, what it reads there, and how often it polls.

It reads pages and pointers as a browser would, without the package's own parser. The polling table is also in page.js,
and a test compares the two.
"""

from __future__ import annotations

import json
import re
from math import inf
from typing import Any
from urllib.parse import urljoin

SCHEDULE = ((3600.0, 300.0), (600.0, 60.0), (60.0, 15.0), (10.0, 5.0), (-inf, 1.0))
"""(seconds to the opening, seconds between polls while there are more than that), until the sale is open."""

RUSH_SECONDS = 300.0
POLL_IN_RUSH_SECONDS = 10.0
POLL_LATER_SECONDS = 30.0
"""Once open: every 10 s for five minutes, then every 30 s."""

JITTER = 0.2
"""Each wait is drawn between 80 % and 120 % of the table's, so that a crowd that came at once spreads out."""

_CONFIG = re.compile(rb'<script type="application/json" id="flashgen">(.*?)</script>', re.DOTALL)
_CALL = re.compile(r"flashgen\((.*)\)", re.DOTALL)


def pointer_url(page: bytes, url: str) -> str:
    """The URL of a page's pointer. `url` is the page's own, or its path. Raises OSError if it names none."""
    return urljoin(url, str(_config(page, url)["pointer"]))


def order_query(page: bytes, url: str) -> str:
    """What a page adds to order URLs: `&lang=de`, empty in a sale of one language. Raises OSError as `pointer_url`."""
    return str(_config(page, url).get("query", ""))


def _config(page: bytes, url: str) -> dict[str, Any]:
    config = _CONFIG.search(page)
    if config is None:
        raise OSError(f"{url} is not a page of a sale")
    values: dict[str, Any] = json.loads(config[1])
    return values


def parse_pointer(body: bytes) -> dict[str, Any]:
    """A pointer's JSON; empty for what is no pointer. Raises ValueError when it is damaged."""
    call = _CALL.search(body.decode())
    pointer: dict[str, Any] = json.loads(call[1]) if call else {}
    return pointer


def unavailable_skus(pointer: dict[str, Any]) -> frozenset[str]:
    """The SKUs that are sold out or closed; `*` is all of them."""
    return frozenset(pointer["closed"]) | frozenset(pointer["sold"])


def wait_seconds(seconds_to_opening: float, *, is_open: bool) -> float:
    """Seconds until the next poll, before jitter. `seconds_to_opening` is negative after it."""
    if not is_open:
        return next(wait for above, wait in SCHEDULE if seconds_to_opening > above)
    return POLL_IN_RUSH_SECONDS if -seconds_to_opening < RUSH_SECONDS else POLL_LATER_SECONDS


def jittered(seconds: float, draw: float) -> float:
    """A wait with its jitter; `draw` is uniform in [0, 1)."""
    return seconds * (1 - JITTER + 2 * JITTER * draw)
