"""Buyers with passes of the shop: a cookie says whose pass was shown in one sale, signed by the gate."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence

from flashgen.gate.http.request import Scope, header_values
from flashgen.gate.signatures import SUBJECT, Signer
from flashgen.passes import Pass, Withdrawn

PREFIX = "flashgen_pass_"
FORM_PREFIX = "flashgen_form_"
"""Of a cookie without meaning but this: a form was shown to this browser, so it may have an order."""


class PassBuyers:
    """See `Buyers`. `attributes` are those of Set-Cookie, `withdrawn` says which passes are withdrawn by now.

    The cookie outlives its pass, so that a buyer keeps seeing their order; a withdrawn pass takes it along.
    """

    def __init__(self, sale: str, keys: Sequence[bytes], attributes: str, withdrawn: Callable[[], Withdrawn]) -> None:
        self.sign = (b"cookie", f"{FORM_PREFIX}{sale}=".encode())
        self._sale = sale
        self._name = f"{PREFIX}{sale}"
        self._signer = Signer(keys, SUBJECT)
        self._attributes = attributes
        self._withdrawn = withdrawn
        self._pattern = re.compile(
            rf"(?:^|;)\s*{re.escape(self._name)}=([A-Za-z0-9_-]{{1,1100}})\.([A-Za-z0-9_-]{{0,350}})"
            r"\.([A-Za-z0-9_-]{22})\s*(?=;|$)"
        )

    def known(self, scope: Scope) -> str | None:
        """The subject of the pass that was shown, unless the pass was withdrawn."""
        for value in header_values(scope, b"cookie"):
            for subject, pass_id, signature in self._pattern.findall(value):
                if self._signer.is_good(self._text(subject, pass_id), signature):
                    found = _decoded(subject)
                    return None if self._withdrawn().has(found, _decoded(pass_id)) else found
        return None

    def newcomer(self, new_id: Callable[[], str]) -> str | None:
        """Only the shop says who somebody is."""

    def form_cookie(self, buyer: str, seconds: int) -> str | None:
        """What says that a form was shown to this browser, and so that it may have an order: `sign` looks for it."""
        return f"{FORM_PREFIX}{self._sale}=1; Max-Age={seconds}; {self._attributes}"

    def pass_cookie(self, accepted: Pass, seconds: int) -> str:
        """The value of Set-Cookie that makes a browser the pass's subject, for so many seconds."""
        subject, pass_id = _encoded(accepted.subject), _encoded(accepted.id)
        signature = self._signer.sign(self._text(subject, pass_id))
        return f"{self._name}={subject}.{pass_id}.{signature}; Max-Age={seconds}; {self._attributes}"

    def _text(self, subject: str, pass_id: str) -> str:
        return "\n".join((self._sale, subject, pass_id))


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _decoded(text: str) -> str:
    """Of what we signed ourselves."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
