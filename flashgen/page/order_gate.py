"""Makes the order gate's files: its pages, which the theme renders, and gate.json, which names them.

A page is rendered once for all buyers, with marks where one buyer's page differs (`gate/forms.py`), so that the gate
runs no template engine. A template gets only the fields for which the gate has values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from flashgen.gate import forms
from flashgen.gate.contact import FIELDS
from flashgen.gate.settings import GateLanguage, GateSettings, Item, TranslatedText, cookie_domain, render
from flashgen.layout import forms_folder, settings_key
from flashgen.page.assets import fingerprinted
from flashgen.page.headers import private_headers
from flashgen.page.locale_format import LocaleFormat, text_direction
from flashgen.page.pictures.encode import Picture
from flashgen.page.pictures.gather import pictures_of
from flashgen.page.render import Renderer
from flashgen.page.site import Role, SiteFile
from flashgen.page.views import ContactView, ItemView
from flashgen.sale.model import OrderSettings, Product, Sale
from flashgen.sale.order import VOUCHED
from flashgen.sale.translation import FallbackText
from flashgen.store import Headers
from flashgen.unlock.pointer import pointer_key

FORM_HEADERS = private_headers("text/html; charset=utf-8")
SETTINGS_HEADERS = private_headers("application/json")

FileBody = tuple[SiteFile, bytes]
"""A file of the site, and its body."""


def order_gate_files(
    sale: Sale, renderers: Sequence[Renderer], pictures: Mapping[str, Picture]
) -> tuple[FileBody, ...]:
    """The gate's pages, then gate.json. No files for a sale without an `order` section.

    `renderers` are for each language of the sale, the default first.
    """
    if sale.order is None:
        return ()
    pages = [
        _pages(sale.id, renderer, sale.order, may_lack_names=each is not sale.languages[0])
        for each, renderer in zip(sale.languages, renderers, strict=True)
    ]
    keys = [{name: file.key for name, (file, _) in each.items()} for each in pages]
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
        forms=keys[0],
        items=_items(sale, pictures),
        cookie_domain=cookie_domain(sale.order.servers),
        languages=_languages(sale, keys),
        contact=sale.order.contact,
        contact_days=sale.order.contact_days,
        max_per_buyer=sale.order.max_per_buyer,
        checkout_origins=sale.order.checkout_origins,
        reservation_seconds=sale.order.reservation_seconds,
    )
    files = {file.key: (file, body) for each in pages for file, body in each.values()}
    return *files.values(), _with_body(settings_key(sale.id), Role.GATE, render(settings), SETTINGS_HEADERS)


def _pages(sale: str, renderer: Renderer, order: OrderSettings, *, may_lack_names: bool) -> dict[str, FileBody]:
    return {name: _page(sale, name, body) for name, body in _rendered(renderer, order, may_lack_names)}


def _languages(sale: Sale, form_keys: Iterable[Mapping[str, str]]) -> dict[str, GateLanguage]:
    """The forms and items of each language; none for a sale of one."""
    if not sale.is_multilingual:
        return {}
    pairs = zip(sale.languages, form_keys, strict=True)
    return {each.locale: GateLanguage(keys, _item_texts(each)) for each, keys in pairs}


def _item_texts(sale: Sale) -> dict[str, TranslatedText]:
    formats = LocaleFormat(sale.locale, sale.currency, sale.zone)

    def text(product: Product) -> TranslatedText:
        lang = product.name.lang if isinstance(product.name, FallbackText) else formats.lang
        price, page = formats.money(product.price), _product_page(sale, product)
        return TranslatedText(str(product.name), price, page, lang, text_direction(lang))

    return {product.sku: text(product) for product in sale.products}


def _product_page(sale: Sale, product: Product) -> str:
    return f"{sale.language_folder}{product.slug}/"


def _rendered(renderer: Renderer, order: OrderSettings, may_lack_names: bool) -> Iterator[tuple[str, bytes]]:
    site, order_fields = forms.mark("site"), {"order_id": forms.mark("order_id")}
    form_fields = {"lease": forms.mark("lease"), "remaining": forms.mark("remaining"), "contact": _contact(order)}
    fields = {"name": forms.mark("name"), "price": forms.mark("price"), "url": site + forms.mark("page")}
    fields |= {key: forms.mark(key) if may_lack_names else "" for key in ("name_lang", "name_dir")}
    plain, pictured = (ItemView(**fields, image=image) for image in ("", site + forms.mark("image")))
    yield forms.FORM, renderer.gate_page("form", item=plain, **form_fields)
    yield forms.FORM_PICTURED, renderer.gate_page("form", item=pictured, **form_fields)
    yield forms.ORDER, renderer.gate_page("order", item=plain, **order_fields)
    yield forms.ORDER_PICTURED, renderer.gate_page("order", item=pictured, **order_fields)
    yield forms.EARLY, renderer.gate_page("early")
    yield forms.NOBODY, renderer.gate_page("nobody", buyers_sign_in=order.buyer != "cookie", pass_fault="")
    for name in forms.REFUSALS if order.buyer == VOUCHED else ():
        fault = name.removeprefix("pass-").replace("-", "_")
        yield name, renderer.gate_page("nobody", buyers_sign_in=True, pass_fault=fault)
    if order.max_per_buyer:
        yield forms.LIMIT, renderer.gate_page("limit")
    yield forms.UNAVAILABLE, renderer.gate_page("unavailable")


def _contact(order: OrderSettings) -> tuple[ContactView, ...]:
    def view(name: str) -> ContactView:
        field = FIELDS[name]
        marks = {"value": forms.mark(f"value_{name}"), "fault": forms.mark(f"fault_{name}")}
        return ContactView(name=name, **marks, autocomplete=field.autocomplete, longest=field.longest)

    return tuple(view(name) for name in order.contact)


def _items(sale: Sale, pictures: Mapping[str, Picture]) -> dict[str, Item]:
    formats = LocaleFormat(sale.locale, sale.currency, sale.zone)
    return {product.sku: _item(sale, product, formats, pictures) for product in sale.products}


def _item(sale: Sale, product: Product, formats: LocaleFormat, pictures: Mapping[str, Picture]) -> Item:
    picture = next(iter(pictures_of(product, pictures)), None)
    return Item(
        name=product.name,
        price_text=formats.money(product.price),
        page=_product_page(sale, product),
        price=f"{product.price:f}",
        stock=product.stock,
        image=f"assets/{picture.fallback.asset.name}" if picture else "",
    )


def _page(sale: str, name: str, body: bytes) -> FileBody:
    return _with_body(forms_folder(sale) + fingerprinted(f"{name}.html", body).name, Role.FORM, body, FORM_HEADERS)


def _with_body(key: str, role: Role, body: bytes, headers: Headers) -> FileBody:
    return SiteFile.of(key, role, body, headers), body
