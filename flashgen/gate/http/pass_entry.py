"""`GET /pass?p=…`: a buyer shows a pass, gets this gate's cookie for it, and goes on to the sale's page.

Nothing of it is logged or stored, no slot is taken, and the storage is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping

from flashgen.gate import forms
from flashgen.gate.buyers.buyers import COOKIE_SECONDS_AFTER
from flashgen.gate.buyers.by_pass import PassBuyers
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.http.request import ENTRY_FIELD, Scope, field_of
from flashgen.gate.http.response import Reply, redirect, refusal
from flashgen.gate.http.sale.served_sale import ServedSale
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
    """Answers it for the sales of `served`, by their ids."""

    def __init__(self, served: Mapping[str, ServedSale], dependencies: Dependencies) -> None:
        self._served = served
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
        served = self._served.get(shown.sale)
        if served is None:
            return self._refused(shown.sale, PassFault.OTHER_SALE, query)
        reading, now = served.latest(), self._dependencies.now()
        if reading is None or not reading.is_fresh(self._dependencies.monotonic()):
            return served.unavailable(served.language(query))
        if not isinstance(served.buyers, PassBuyers):
            return self._refused(shown.sale, PassFault.OTHER_SALE, query)
        if fault := shown.fault(now, reading.withdrawn):
            return self._refused(shown.sale, fault, query)
        lasts = max(0, int(reading.ends_at - now)) + COOKIE_SECONDS_AFTER
        cookie = served.buyers.pass_cookie(shown, lasts)
        return redirect(served.folder_in(served.language(query)) + READY, Count.PASS, (("Set-Cookie", cookie),))

    def _refused(self, sale: str, fault: PassFault, query: bytes) -> Reply:
        """In the words of the sale that it names, or of the only one that asks for passes."""
        asking = {
            name: one for name, one in self._served.items() if one.latest() and isinstance(one.buyers, PassBuyers)
        }
        served = asking.get(sale) or (next(iter(asking.values())) if len(asking) == 1 else None)
        if served is None:
            return _NOBODYS
        return served.pages(served.language(query)).pass_refused(_NOTICES.get(fault, forms.UNREADABLE))
