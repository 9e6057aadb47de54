"""The cookie that a buyer gets for a pass: who they are in one sale, signed by the gate."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from flashgen.gate.http.request import Scope, header_values
from flashgen.gate.signatures import Signer
from flashgen.passes import Pass, Withdrawn

PREFIX = "flashgen_pass_"
FORM_PREFIX = "flashgen_form_"
"""Of a cookie without meaning but this: a form was shown to this browser, so it may have an order."""


class PassCookie:
    """A sale's. `attributes` are those of Set-Cookie. It outlives its pass, so that a buyer keeps seeing their order;
    a withdrawn pass takes it along."""

    def __init__(self, sale: str, signer: Signer, attributes: str) -> None:
        self._sale = sale
        self._name = f"{PREFIX}{sale}"
        self._signer = signer
        self._attributes = attributes
        self._pattern = re.compile(
            rf"(?:^|;)\s*{re.escape(self._name)}=([A-Za-z0-9_-]{{1,1100}})\.([A-Za-z0-9_-]{{0,350}})"
            r"\.([A-Za-z0-9_-]{22})\s*(?=;|$)"
        )

    def make(self, accepted: Pass, seconds: int) -> str:
        """The value of Set-Cookie that makes a browser the pass's subject, for so many seconds."""
        subject, pass_id = _encoded(accepted.subject), _encoded(accepted.id)
        signature = self._signer.sign(self._text(subject, pass_id))
        return f"{self._name}={subject}.{pass_id}.{signature}; Max-Age={seconds}; {self._attributes}"

    def form_shown(self, seconds: int) -> str:
        """The value of Set-Cookie that comes with a form."""
        return f"{FORM_PREFIX}{self._sale}=1; Max-Age={seconds}; {self._attributes}"

    @property
    def form_sign(self) -> tuple[bytes, bytes]:
        """A field's name, and bytes that its value has when a form was shown."""
        return b"cookie", f"{FORM_PREFIX}{self._sale}=".encode()

    def subject(self, scope: Scope, withdrawn: Withdrawn) -> str | None:
        """Whom a request is of, if a cookie of ours says so and the pass was not withdrawn."""
        for value in header_values(scope, b"cookie"):
            for subject, pass_id, signature in self._pattern.findall(value):
                if self._signer.is_good(self._text(subject, pass_id), signature):
                    found = _decoded(subject)
                    return None if withdrawn.has(found, _decoded(pass_id)) else found
        return None

    def _text(self, subject: str, pass_id: str) -> str:
        return "\n".join((self._sale, subject, pass_id))


def _encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _decoded(text: str) -> str:
    """Of what we signed ourselves."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
