"""What templates see: the values that each of them gets, from which docs/theme-context.md is made.

All text is in the page's language, all URLs are relative to the page, and nothing depends on the sale's state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import TypedDict

from markupsafe import Markup

from flashgen.page.brand.view import BrandView
from flashgen.page.foreign_parts import description_html
from flashgen.page.lists.paging import ListView
from flashgen.page.locale_format import LocaleFormat
from flashgen.page.metadata.language_view import LanguageView
from flashgen.page.metadata.page_meta import PageMeta
from flashgen.page.pictures.image_view import ImageView
from flashgen.sale.model import Product


class ProductView:
    """A product."""

    sku: str
    """As in the YAML; a buy button has it as `data-sku`."""
    name: str
    slug: str
    """The last part of its page's address."""
    summary: str
    """One line; may be empty."""
    category: str
    """May be empty."""
    url: str
    """Its page."""
    specs: Mapping[str, str]
    """Names and values; may be empty."""
    limit: str | None
    """How many units are on sale in all, if the sale shows it."""
    images: tuple[ImageView, ...]
    image: ImageView | None
    """The first of `images`."""
    price: str
    """With its currency."""
    list_price: str | None
    """The price before, if it is higher."""
    saving: str | None
    """In percent, if there is a `list_price`."""

    def __init__(
        self,
        product: Product,
        formats: LocaleFormat,
        root: str,
        images: tuple[ImageView, ...],
        *,
        show_limit: bool = False,
    ) -> None:
        self._product = product
        self.sku = product.sku
        self.name = product.name
        self.slug = product.slug
        self.summary = product.summary
        self.category = product.category
        self.url = f"{root}{product.slug}/"
        self.specs = product.specs
        self.limit = formats.number(product.stock) if show_limit and product.stock is not None else None
        self.images = images
        self.image = images[0] if images else None
        self.price = formats.money(product.price)
        reduced = product.list_price is not None and product.list_price > product.price
        self.list_price = formats.money(product.list_price) if reduced and product.list_price else None
        self.saving = formats.saving(product.price, product.list_price) if reduced and product.list_price else None

    @cached_property
    def description(self) -> Markup:
        """May be empty. Made only if a template uses it, because most pages do not."""
        return description_html(self._product.description, self._product.description_format)


@dataclass(frozen=True, slots=True)
class SaleView:
    """The sale."""

    id: str
    title: str
    description: Markup
    """May be empty."""
    lang: str
    """The page's language, such as `pt-BR`."""
    dir: str
    """`ltr` or `rtl`."""
    currency: str
    """Three letters, such as `EUR`."""
    url: str
    """The page of all products."""
    ended_url: str
    """The page for buyers who got nothing."""
    calendar_url: str
    """A reminder of the start, for calendars."""
    products: tuple[ProductView, ...]
    """Those of this page; none on pages that list none."""
    needs_pass: bool
    """Whether buyers need a pass of the shop's."""
    pass_url: str
    """Where they get one; may be empty."""
    starts_at: str
    """For `datetime`: in UTC, such as `2027-11-27T09:00:00Z`."""
    ends_at: str
    """As `starts_at`."""
    starts_at_text: str
    """Date and time in the sale's zone."""
    ends_at_text: str
    """As `starts_at_text`."""


class ItemView(SimpleNamespace):
    """The product of a form or an order. Values are marks that the gate fills in for each buyer: print them unchanged,
    as text or in a quoted attribute.
    """

    name: str
    name_lang: str
    """The language of the name; empty if that is always the page's. Another language of the sale may lack the name, and
    show that of the first."""
    name_dir: str
    """The direction of the name, `ltr` or `rtl`, for `dir`; empty with `name_lang`."""
    price: str
    url: str
    """The product's page."""
    image: str
    """The URL of its picture; empty if it has none."""


class ContactView(SimpleNamespace):
    """A field of the form that a guest fills in."""

    name: str
    """`email`, `name`, `address` or `phone`."""
    value: str
    """A mark: what was typed, when the form is shown again."""
    fault: str
    """A mark: `true` where that cannot be used, else empty."""
    autocomplete: str
    """HTML's token for it."""
    longest: int
    """How many characters it takes."""


class Context(TypedDict):
    """What every template gets."""

    sale: SaleView
    t: SimpleNamespace
    """The theme's texts in the page's language: `t.back` is `back` of `messages/<language>.yaml`. plain's
    `messages/en.yaml` has them all."""
    page: Markup | None
    """Where page.js starts from, as JSON; empty or none on pages without that script, such as the order gate's."""
    asset: Callable[[str], str]
    """`asset("page.js")` is the URL of a file in `assets/`, the nearest theme's. Only files asked for are published."""
    languages: tuple[LanguageView, ...]
    """The page in each language of the sale; empty if it has one."""
    brand: BrandView
    meta: PageMeta | None
    """For the page's `<head>`; none on the order gate's pages."""


class SaleContext(Context):
    """The page of all products, or one page of their list."""

    listing: ListView


class ProductContext(Context):
    """The page of one product."""

    product: ProductView


class EndedContext(Context):
    """The page for buyers who got nothing."""


class WaitingContext(Context):
    """The page for buyers while all places are taken."""

    place_time: str
    """How long a place lasts at most, in words."""
    again_url: str
    """Where a browser without JavaScript asks again for what it asked last: at a gate."""


class ChoiceContext(Context):
    """The page that chooses a language, in a sale of several."""


class FormContext(Context):
    """The order gate's form."""

    item: ItemView
    lease: str
    """A mark; the form sends it as the hidden field `lease`."""
    remaining: str
    """A mark: how long the buyer's place is kept."""
    contact: tuple[ContactView, ...]
    """What a guest fills in; empty where the shop knows its buyers."""


class OrderContext(Context):
    """The order gate's confirmation."""

    item: ItemView
    order_id: str
    """A mark."""


class NobodyContext(Context):
    """The order gate's page for a buyer without a cookie, a pass or a name."""

    buyers_sign_in: bool
    """Whether buyers sign in at the shop."""
    pass_fault: str
    """Why a pass is not accepted: `expired`, `withdrawn`, `other_sale` or `unreadable`; empty without a pass."""


class NoticeContext(Context):
    """The order gate's pages of one message."""


CONTEXTS: dict[str, type] = {
    "sale.html": SaleContext,
    "product.html": ProductContext,
    "ended.html": EndedContext,
    "waiting.html": WaitingContext,
    "languages.html": ChoiceContext,
    "gate/form.html": FormContext,
    "gate/order.html": OrderContext,
    "gate/nobody.html": NobodyContext,
    "gate/early.html": NoticeContext,
    "gate/unavailable.html": NoticeContext,
}
"""By template: what it gets. A test renders every one and compares."""
