"""What a page's script does: where it finds the pointer, and what it reads there.

It reads pages and pointers as a browser would, without the package's own parser.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urljoin

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
