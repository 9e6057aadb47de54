"""From a Sale to HTML: the values that templates see, and the kinds of page.

Nothing here knows the state of the sale or the moment of the build: a cached page stays right, because all that changes
comes from the pointer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from types import SimpleNamespace

from markupsafe import Markup

from flashgen import timestamps
from flashgen.gate.forms import mark
from flashgen.page.assets import Asset
from flashgen.page.markdown import to_html
from flashgen.page.pictures import Picture
from flashgen.page.theme import Theme
from flashgen.page.wording import Wording
from flashgen.sale.model import Product, Sale
from flashgen.unlock.pointer import pointer_name


@dataclass(frozen=True, slots=True)
class SourceView:
    """What a `<source>` needs: a media type, and a srcset of URLs relative to the page."""

    type: str
    srcset: str


@dataclass(frozen=True, slots=True)
class ImageView:
    """`src` is the fallback, relative to the page; sizes are its pixels; `sources` the modern formats, best first."""

    src: str
    width: int
    height: int
    sources: tuple[SourceView, ...]


class ProductView:
    """A product as a template sees it: text in the sale's language, URLs relative to the page it is shown on."""

    def __init__(self, product: Product, wording: Wording, root: str, image: ImageView | None) -> None:
        self._product = product
        self.sku = product.sku
        self.name = product.name
        self.slug = product.slug
        self.summary = product.summary
        self.url = f"{root}{product.slug}/"
        self.image = image
        self.price = wording.money(product.price)
        reduced = product.list_price is not None and product.list_price > product.price
        self.list_price = wording.money(product.list_price) if reduced and product.list_price else None
        self.saving = wording.saving(product.price, product.list_price) if reduced and product.list_price else None

    @cached_property
    def description(self) -> Markup:
        """HTML. Made only when a template asks: most pages do not."""
        return to_html(self._product.description)


class Renderer:
    """Renders the pages of one sale. `assets` and `pictures` are by the names that theme and YAML use.

    `used_assets` are the names that templates have asked for so far.
    """

    def __init__(self, sale: Sale, theme: Theme, assets: Mapping[str, Asset], pictures: Mapping[str, Picture]) -> None:
        self.used_assets: set[str] = set()
        self._sale = sale
        self._theme = theme
        self._assets = assets
        self._pictures = pictures
        self._wording = Wording(sale.locale, sale.currency, sale.zone)
        self._messages = theme.messages(sale.locale)
        self._description = to_html(sale.description)
        self._times = {
            "starts_at": timestamps.to_text(sale.starts_at),
            "ends_at": timestamps.to_text(sale.ends_at),
        }
        self._times_text = {
            "starts_at_text": self._wording.moment(sale.starts_at),
            "ends_at_text": self._wording.moment(sale.ends_at),
        }
        # The gate's pages lie elsewhere, and no script runs in them.
        self._configs = {"": self._page_config(""), "../": self._page_config("../"), mark("site"): Markup()}

    def sale_page(self) -> bytes:
        """All products."""
        products = tuple(self._product_view(product, "") for product in self._sale.products)
        return self._render("sale.html", "", products)

    def product_page(self, product: Product) -> bytes:
        """One product."""
        return self._render("product.html", "../", (), product=self._product_view(product, "../"))

    def ended_page(self) -> bytes:
        """Where the gate sends everyone without a place."""
        # Here alone: in every page it would make a new page of each when one product comes or goes.
        return self._render("ended.html", "../", (), page=self._page_config("../", products=len(self._sale.products)))

    def gate_page(self, template: str, **more: object) -> bytes:
        """A page of the order gate. What it fills in (`gate/forms.py`) is marked: the sale's address, and in `more`."""
        return self._render(f"gate/{template}.html", mark("site"), (), **more)

    def _render(self, template: str, root: str, products: tuple[ProductView, ...], **more: object) -> bytes:
        variables = {
            "sale": self._sale_view(root, products),
            "t": self._messages,
            "page": self._configs[root],
            "asset": lambda name: f"{root}assets/{self._asset(name).name}",
            **more,
        }
        return self._theme.render(template, variables)

    def _asset(self, name: str) -> Asset:
        if name not in self._assets:
            raise LookupError(f"no asset `{name}`; the theme has {', '.join(self._assets)}")
        self.used_assets.add(name)
        return self._assets[name]

    def _sale_view(self, root: str, products: tuple[ProductView, ...]) -> SimpleNamespace:
        return SimpleNamespace(
            id=self._sale.id,
            title=self._sale.title,
            description=self._description,
            lang=self._wording.lang,
            dir=self._wording.direction,
            currency=self._sale.currency,
            url=root or "./",
            ended_url=f"{root}ended/",
            products=products,
            **self._times,
            **self._times_text,
        )

    def _product_view(self, product: Product, root: str) -> ProductView:
        image = _image_view(self._pictures[product.image], f"{root}assets/") if product.image else None
        return ProductView(product, self._wording, root, image)

    def _page_config(self, root: str, **more: int) -> Markup:
        """What page.js starts from, as JSON that cannot end its script element early."""
        facts = {
            "sale": self._sale.id,
            "pointer": root + pointer_name(self._sale.unlock.version),
            "origins": self._sale.order_origins,
            **self._times,
            **more,
        }
        text = json.dumps(facts, separators=(",", ":"))
        return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704


def _image_view(picture: Picture, folder: str) -> ImageView:
    fallback = picture.fallback
    sources = tuple(
        SourceView(f"image/{kind.lower()}", ", ".join(f"{folder}{one.asset.name} {one.width}w" for one in renditions))
        for kind, renditions in groupby(picture.modern, key=lambda one: one.format)
    )
    return ImageView(folder + fallback.asset.name, fallback.width, fallback.height, sources)
