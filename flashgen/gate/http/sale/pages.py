"""The pages that buyers see, of one sale as it was built: the theme's forms, filled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from flashgen.gate import forms
from flashgen.gate.contact import Contact, faults
from flashgen.gate.forms import Form
from flashgen.gate.http.response import HTML, Fields, Reply, page_policy, reply
from flashgen.gate.metrics import Count
from flashgen.gate.orders.order import Order
from flashgen.gate.settings import GateSettings, ItemText, TranslatedText

_BARE = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    b"<title>One moment, please</title><h1>One moment, please</h1><p>This page tries again by itself.</p></html>"
)
_NOTHING = dict.fromkeys(forms.FIELDS, "")
_NO_TEXT = TranslatedText("", "", "", "", "auto")  # a name that is a SKU, in no language


class Pages:
    """Fills pages in. `texts` are those of the items in the pages' language, by SKU.

    `folder` is the URL of the sale's folder, ending in `/`.
    """

    def __init__(
        self, settings: GateSettings, pages: Mapping[str, Form], texts: Mapping[str, ItemText], folder: str
    ) -> None:
        self._items = settings.items
        self._texts = texts
        self._currency = settings.currency
        self._forms = pages
        self._folder = folder
        self._policy = ("Content-Security-Policy", page_policy(folder, settings.checkout_origins))
        self.early = lru_cache(maxsize=64)(self._early)
        self.limit = lru_cache(maxsize=1)(self._limit)
        self.nobody = lru_cache(maxsize=1)(self._nobody)
        self.pass_refused = lru_cache(maxsize=len(forms.REFUSALS))(self._pass_refused)

    def form(
        self, sku: str, lease: str, remaining_seconds: float, cookie: str | None, mistaken: Contact | None = None
    ) -> Reply:
        """The buy form of a SKU: `lease` as signed for the form, `cookie` as the value of Set-Cookie.

        `mistaken` is what a guest typed, if something in it cannot be used.
        """
        name = forms.FORM_PICTURED if self._image(sku) else forms.FORM
        typed = _typed(mistaken) if mistaken else {}
        body = self._fill(name, sku, lease=lease, remaining=_clock(remaining_seconds), **typed)
        return self._page(422 if mistaken else 200, body, Count.FORM, (("Set-Cookie", cookie),) if cookie else ())

    def order(self, order: Order, refresh_seconds: int = 0) -> Reply:
        """What a buyer has ordered, at its price. Since then its product may cost another, or have left the sale.

        With `refresh_seconds` the page asks again after them: the buyer is sent on as soon as it is known where to.
        """
        known = self._items.get(order.sku)
        shown = {} if known else {"name": order.sku}
        if known is None or (known.price, self._currency) != (order.price, order.currency):
            shown["price"] = f"{order.price} {order.currency}"
        fields = (("Refresh", str(refresh_seconds)),) if refresh_seconds else ()
        name = forms.ORDER_PICTURED if self._image(order.sku) else forms.ORDER
        return self._page(200, self._fill(name, order.sku, order_id=order.id, **shown), Count.ORDER, fields)

    def _limit(self) -> Reply:
        """The buyer has as many units as one may have."""
        return self._page(403, self._fill(forms.LIMIT if forms.LIMIT in self._forms else forms.NOBODY), Count.LIMIT)

    def _nobody(self) -> Reply:
        """The buyer cannot be told from others."""
        return self._page(403, self._fill(forms.NOBODY), Count.NOBODY)

    def _pass_refused(self, name: str) -> Reply:
        """Why a pass is not accepted: one of `forms.REFUSALS`."""
        return self._page(403, self._fill(name if name in self._forms else forms.NOBODY), Count.NOBODY)

    def unavailable(self, seconds: int) -> Reply:
        """The gate cannot answer now; the page asks again after `seconds`."""
        return self._page(503, self._fill(forms.UNAVAILABLE), Count.UNAVAILABLE, _again(seconds))

    def _early(self, sku: str, seconds: int) -> Reply:
        """The sale has not opened yet; the page asks again after `seconds`."""
        return self._page(403, self._fill(forms.EARLY, sku), Count.EARLY, (("Refresh", str(seconds)),))

    def _page(self, status: int, body: bytes, count: Count, fields: Fields = ()) -> Reply:
        return reply(status, body, HTML, count, (self._policy, *fields))

    def _fill(self, page: str, sku: str = "", /, **values: str) -> bytes:
        text = self._texts.get(sku, _NO_TEXT)
        about = {"name": text.name, "price": text.price_text, "image": self._image(sku), "page": text.page}
        if isinstance(text, TranslatedText):
            about |= {"name_lang": text.name_lang, "name_dir": text.name_dir}
        return self._forms[page].fill({**_NOTHING, "site": self._folder, **about, **values})

    def _image(self, sku: str) -> str:
        item = self._items.get(sku)
        return item.image if item else ""


def _typed(contact: Contact) -> dict[str, str]:
    """The fields of a form that is shown again."""
    values = {f"value_{name}": text for name, text in contact.items()}
    return values | {f"fault_{name}": "true" for name in faults(contact)}


def bare_unavailable(seconds: int) -> Reply:
    """The same as `Pages.unavailable`, while nothing is known of the sale, not even its language."""
    policy = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    return reply(503, _BARE, HTML, Count.UNAVAILABLE, (policy, *_again(seconds)))


def _clock(seconds: float) -> str:
    """A span of time as `m:ss`, rounded down."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes}:{rest:02}"


def _again(seconds: int) -> Fields:
    """`Retry-After` is for machines, `Refresh` for browsers."""
    return (("Retry-After", str(seconds)), ("Refresh", str(seconds)))
