"""What a simulated visitor reads: where a page's pointer lies, and what it says."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urljoin

_CONFIG = re.compile(rb'<script type="application/json" id="flashgen">(.*?)</script>', re.DOTALL)
_CALL = re.compile(r"flashgen\((.*)\)", re.DOTALL)


def pointer_url(page: bytes, url: str) -> str:
    """Where the pointer of a page lies that came from `url`, a URL or its path. Raises OSError if it names none."""
    config = _CONFIG.search(page)
    if config is None:
        raise OSError(f"{url} is not a page of a sale")
    return urljoin(url, str(json.loads(config[1])["pointer"]))


def facts_of(body: bytes) -> dict[str, Any]:
    """What a pointer says; nothing for what is no pointer. Raises ValueError when it is damaged."""
    call = _CALL.search(body.decode())
    facts: dict[str, Any] = json.loads(call[1]) if call else {}
    return facts


def gone_in(facts: dict[str, Any]) -> frozenset[str]:
    """The SKUs that nobody can order, whoever said so; `*` is all of them."""
    return frozenset(facts["closed"]) | frozenset(facts["sold"])
