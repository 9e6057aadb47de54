"""The pages that buyers see, of one sale as it was built: the theme's forms, filled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from flashgen.gate import forms
from flashgen.gate.forms import Form
from flashgen.gate.metrics import Count
from flashgen.gate.response import HTML, Fields, Reply, page_policy, reply
from flashgen.gate.settings import GateSettings, Item
from flashgen.gate.storage.protocol import Order

_BARE = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    b"<title>One moment, please</title><h1>One moment, please</h1><p>This page tries again by itself.</p></html>"
)
_NOTHING = dict.fromkeys(forms.FIELDS, "")
_NO_ITEM = Item("", "", "", None, "", "")


class Pages:
    """Fills pages in. `folder` is the URL of the sale's folder, ending in `/`."""

    def __init__(self, settings: GateSettings, pages: Mapping[str, Form], folder: str) -> None:
        self._items = settings.items
        self._currency = settings.currency
        self._forms = pages
        self._folder = folder
        self._policy = ("Content-Security-Policy", page_policy(folder))
        self.early = lru_cache(maxsize=64)(self._early)

    def form(self, sku: str, lease: str, remaining: str, cookie: str | None) -> Reply:
        """The buy form of a SKU, for who has a place: `lease` as the form carries it, `remaining` as `m:ss`."""
        name = forms.FORM_PICTURED if self._items[sku].image else forms.FORM
        body = self._fill(name, sku, lease=lease, remaining=remaining)
        return self._page(200, body, Count.FORM, (("Set-Cookie", cookie),) if cookie else ())

    def order(self, order: Order) -> Reply:
        """What a buyer has ordered, at its price. Since then its product may cost another, or have left the sale."""
        known = self._items.get(order.sku)
        shown = {} if known else {"name": order.sku}
        if known is None or (known.price, self._currency) != (order.price, order.currency):
            shown["price"] = f"{order.price} {order.currency}"
        return self._page(200, self._fill(forms.ORDER, order.sku, order_id=order.id, **shown), Count.ORDER)

    def nobody(self) -> Reply:
        """The buyer cannot be told from others."""
        return self._page(403, self._fill(forms.NOBODY), Count.NOBODY)

    def unavailable(self, seconds: int) -> Reply:
        """The gate cannot answer now; the page asks again after `seconds`."""
        return self._page(503, self._fill(forms.UNAVAILABLE), Count.UNAVAILABLE, _again(seconds))

    def _early(self, sku: str, seconds: int) -> Reply:
        """The sale has not opened yet; the page asks again after `seconds`."""
        return self._page(403, self._fill(forms.EARLY, sku), Count.EARLY, (("Refresh", str(seconds)),))

    def _page(self, status: int, body: bytes, count: Count, fields: Fields = ()) -> Reply:
        return reply(status, body, HTML, count, (self._policy, *fields))

    def _fill(self, page: str, sku: str = "", /, **values: str) -> bytes:
        item = self._items.get(sku, _NO_ITEM)
        about = {"name": item.name, "price": item.price_text, "image": item.image, "page": item.page}
        return self._forms[page].fill({**_NOTHING, "site": self._folder, **about, **values})


def bare_unavailable(seconds: int) -> Reply:
    """The same as `Pages.unavailable`, while nothing is known of the sale, not even its language."""
    policy = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    return reply(503, _BARE, HTML, Count.UNAVAILABLE, (policy, *_again(seconds)))


def _again(seconds: int) -> Fields:
    """`Retry-After` is for machines, `Refresh` for browsers."""
    return (("Retry-After", str(seconds)), ("Refresh", str(seconds)))
