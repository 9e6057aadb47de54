"""`GET /pass?p=…`: a buyer shows a pass, gets this gate's cookie for it, and goes on to the sale's page.

Nothing of it is logged or stored, no slot is taken, and the storage is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping

from flashgen.gate import forms
from flashgen.gate.http.buyer import COOKIE_SECONDS_AFTER
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.http.request import ENTRY_FIELD, Scope, field_of
from flashgen.gate.http.response import Reply, redirect, refusal
from flashgen.gate.http.sale_handler import SaleHandler
from flashgen.gate.metrics import Count
from flashgen.passes import BadPass, PassFault, unverified

READY = "#ready"
"""What the sale's page shows as signed in. A fragment is sent to nobody."""

_NOTICES = {
    PassFault.EXPIRED: forms.EXPIRED,
    PassFault.WITHDRAWN: forms.WITHDRAWN,
    PassFault.OTHER_SALE: forms.OTHER_SALE,
}
_NOT_FOUND = refusal(404, "not found")
_NOBODYS = refusal(403, "this pass is for no sale here")


class PassEntry:
    """Answers it for the sales of `handlers`, by their ids."""

    def __init__(self, handlers: Mapping[str, SaleHandler], dependencies: Dependencies) -> None:
        self._handlers = handlers
        self._dependencies = dependencies

    def answer(self, scope: Scope) -> Reply:
        """The way to the sale, or a page that says why not."""
        passes, query = self._dependencies.passes, scope["query_string"]
        if passes is None:
            return _NOT_FOUND
        text = field_of(query, ENTRY_FIELD) or ""
        try:
            shown = passes.read(text)
        except BadPass as bad:
            return self._refused(str(unverified(text).get("aud")), bad.fault, query)
        handler = self._handlers.get(shown.sale)
        if handler is None:
            return self._refused(shown.sale, PassFault.OTHER_SALE, query)
        reading, now = handler.latest(), self._dependencies.now()
        if reading is None or not reading.is_fresh(self._dependencies.monotonic()):
            return handler.unavailable(query)
        if handler.pass_cookie is None:
            return self._refused(shown.sale, PassFault.OTHER_SALE, query)
        if fault := shown.fault(now, reading.withdrawn):
            return self._refused(shown.sale, fault, query)
        lasts = max(0, int(reading.ends_at - now)) + COOKIE_SECONDS_AFTER
        cookie = handler.pass_cookie.make(shown, lasts)
        return redirect(handler.pages_in(query)[1] + READY, Count.PASS, (("Set-Cookie", cookie),))

    def _refused(self, sale: str, fault: PassFault, query: bytes) -> Reply:
        """In the words of the sale that it names, or of the only one that asks for passes."""
        asking = {name: one for name, one in self._handlers.items() if one.latest() and one.pass_cookie}
        handler = asking.get(sale) or (next(iter(asking.values())) if len(asking) == 1 else None)
        if handler is None:
            return _NOBODYS
        return handler.pages_in(query)[0].pass_refused(_NOTICES.get(fault, forms.UNREADABLE))
