"""What a build makes for the order gate: its pages, as the theme has them, and gate.json, which names them.

A page is rendered once for all buyers, with marks in place of what differs (`gate/forms.py`): no template engine runs
in the gate. A template is given no other fields than the gate has values for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace

from flashgen.gate import forms
from flashgen.gate.settings import GateSettings, Item, render
from flashgen.layout import forms_folder, settings_key
from flashgen.page.assets import fingerprinted
from flashgen.page.headers import private_headers
from flashgen.page.pictures import Picture
from flashgen.page.render import Renderer
from flashgen.page.site import Role, SiteFile, digest
from flashgen.page.wording import Wording
from flashgen.sale.model import OrderSettings, Product, Sale
from flashgen.store import Headers
from flashgen.unlock.pointer import pointer_key

FORM_HEADERS = private_headers("text/html; charset=utf-8")
SETTINGS_HEADERS = private_headers("application/json")

Made = tuple[SiteFile, bytes]
"""A file of the site, and its body."""


def order_gate_files(sale: Sale, renderer: Renderer, pictures: Mapping[str, Picture]) -> tuple[Made, ...]:
    """The gate's pages, then gate.json; none for a sale without an `order` section."""
    if sale.order is None:
        return ()
    pages = {name: _page(sale.id, name, body) for name, body in _rendered(renderer, sale.order)}
    settings = GateSettings(
        sale=sale.id,
        pointer=pointer_key(sale.id, sale.unlock.version),
        edge_ttl_seconds=sale.unlock.edge_ttl_seconds,
        servers=sale.order.servers,
        slots_per_server=sale.order.slots_per_server,
        lease_seconds=sale.order.lease_seconds,
        buyer=sale.order.buyer,
        trusted_proxies=sale.order.trusted_proxies,
        forward_to=sale.order.forward_to,
        currency=sale.currency,
        forms={name: file.key for name, (file, _) in pages.items()},
        items=_items(sale, pictures),
    )
    return *pages.values(), _made(settings_key(sale.id), Role.GATE, render(settings), SETTINGS_HEADERS)


def _rendered(renderer: Renderer, order: OrderSettings) -> Iterator[tuple[str, bytes]]:
    site, of_order = forms.mark("site"), {"order_id": forms.mark("order_id")}
    of_form = {"lease": forms.mark("lease"), "remaining": forms.mark("remaining")}
    facts = {"name": forms.mark("name"), "price": forms.mark("price"), "url": site + forms.mark("page")}
    plain, pictured = (SimpleNamespace(**facts, image=image) for image in ("", site + forms.mark("image")))
    yield forms.FORM, renderer.gate_page("form", item=plain, **of_form)
    yield forms.FORM_PICTURED, renderer.gate_page("form", item=pictured, **of_form)
    yield forms.ORDER, renderer.gate_page("order", item=plain, **of_order)
    yield forms.EARLY, renderer.gate_page("early")
    yield forms.NOBODY, renderer.gate_page("nobody", buyers_sign_in=order.buyer != "cookie")
    yield forms.UNAVAILABLE, renderer.gate_page("unavailable")


def _items(sale: Sale, pictures: Mapping[str, Picture]) -> dict[str, Item]:
    wording = Wording(sale.locale, sale.currency, sale.zone)
    return {product.sku: _item(product, wording, pictures) for product in sale.products}


def _item(product: Product, wording: Wording, pictures: Mapping[str, Picture]) -> Item:
    return Item(
        name=product.name,
        price=f"{product.price:f}",
        price_text=wording.money(product.price),
        stock=product.stock,
        page=f"{product.slug}/",
        image=f"assets/{pictures[product.image].fallback.asset.name}" if product.image else "",
    )


def _page(sale: str, name: str, body: bytes) -> Made:
    return _made(forms_folder(sale) + fingerprinted(f"{name}.html", body).name, Role.FORM, body, FORM_HEADERS)


def _made(key: str, role: Role, body: bytes, headers: Headers) -> Made:
    return SiteFile(key, role, digest(body), len(body), headers), body
