"""Buyers whom nobody vouches for: a random id in a cookie, signed by the gate."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from flashgen.gate.http.request import Scope, header_values
from flashgen.gate.signatures import COOKIE, Signer

COOKIE_NAME = "flashgen_buyer"

_COOKIE = re.compile(rf"(?:^|;)\s*{COOKIE_NAME}=([A-Za-z0-9_-]{{1,64}})\.([A-Za-z0-9_-]{{22}})\s*(?=;|$)")


class CookieBuyers:
    """See `Buyers`. `attributes` are those of Set-Cookie."""

    sign = (b"cookie", f"{COOKIE_NAME}=".encode())

    def __init__(self, keys: Sequence[bytes], attributes: str) -> None:
        self._signer = Signer(keys, COOKIE)
        self._attributes = attributes

    def known(self, scope: Scope) -> str | None:
        """The buyer of the first cookie that the gate signed."""
        for value in header_values(scope, b"cookie"):
            for buyer, signature in _COOKIE.findall(value):
                if self._signer.is_good(buyer, signature):
                    return str(buyer)
        return None

    def newcomer(self, new_id: Callable[[], str]) -> str | None:
        """Anybody may be a buyer."""
        return new_id()

    def form_cookie(self, buyer: str, seconds: int) -> str | None:
        """What makes a browser this buyer."""
        return f"{COOKIE_NAME}={buyer}.{self._signer.sign(buyer)}; Max-Age={seconds}; {self._attributes}"
