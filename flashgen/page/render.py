"""Renders a Sale to HTML: each kind of page. What templates see is in views.py.

Nothing here knows the sale's state or the time of the build. A cached page stays right, because the page reads all that
changes from the pointer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from markupsafe import Markup

from flashgen import timestamps
from flashgen.gate.forms import AGAIN_PATH, LANGUAGE_FIELD, mark
from flashgen.page.assets import Asset
from flashgen.page.brand.brand import Brand
from flashgen.page.brand.view import NO_BRAND, BrandView, brand_view
from flashgen.page.foreign_parts import description_html, marked_messages, with_lang
from flashgen.page.lists.paging import Paging, list_folder
from flashgen.page.lists.product_index import INDEX_NAME, product_index
from flashgen.page.locale_format import LocaleFormat
from flashgen.page.metadata.calendar import calendar_name
from flashgen.page.metadata.language_view import language_view
from flashgen.page.metadata.metadata import Metadata
from flashgen.page.pictures.encode import Picture
from flashgen.page.pictures.gather import pictures_of
from flashgen.page.pictures.image_view import image_view
from flashgen.page.theme import Theme
from flashgen.page.views import ProductView, SaleView
from flashgen.sale.model import Product, Sale
from flashgen.sale.order import VOUCHED
from flashgen.unlock.pointer import pointer_name


class Renderer:
    """Renders the pages of one sale in one of its languages. Keys of `assets` are names in the theme, of `pictures`
    names in the YAML. `metadata` is what the pages' heads say.

    `languages` are the sale in each of its languages, if there are several. They share assets, pictures and the
    pointer, which are one folder above the pages of each. `used_assets` are the names that templates have used so far.
    """

    def __init__(
        self,
        sale: Sale,
        theme: Theme,
        assets: Mapping[str, Asset],
        pictures: Mapping[str, Picture],
        languages: Sequence[Sale] = (),
        metadata: Metadata | None = None,
        brand: Brand | None = None,
    ) -> None:
        self._metadata = metadata or Metadata(sale, languages)
        self.used_assets: set[str] = set()
        self._languages = tuple(languages)
        self._folder = sale.language_folder
        self._sale = sale
        self._theme = theme
        self._assets = assets
        self._pictures = pictures
        self._formats = LocaleFormat(sale.locale, sale.currency, sale.zone)
        self._brand = brand
        self._messages = marked_messages(theme, sale.locale)
        vars(self._messages).update(sale.brand.texts if sale.brand else {})
        self._description = description_html(sale.description)
        self._times = {
            "starts_at": timestamps.to_text(sale.starts_at),
            "ends_at": timestamps.to_text(sale.ends_at),
        }
        self._times_text = {
            "starts_at_text": self._formats.date_and_time(sale.starts_at),
            "ends_at_text": self._formats.date_and_time(sale.ends_at),
        }
        self._configs = {home: self._page_config(home) for home in ("", "../")}

    @property
    def list_pages(self) -> int:
        """How many pages the list of products has."""
        return self._paging.pages

    @cached_property
    def _paging(self) -> Paging:
        return Paging(self._sale.products, self._theme.products_per_page, self._pictures)

    @cached_property
    def _product_index(self) -> Asset:
        return product_index(self._sale.products, self._formats, self._pictures)

    def sale_page(self, number: int = 1) -> bytes:
        """A page of the list of products, numbered from 1; the first is the sale page."""
        folder = list_folder(number)
        home = "../../" if folder else ""
        more = self._in_languages(f"../{home}", folder)
        more["meta"] = self._metadata.sale_page(folder)
        more["listing"] = self._paging.view(number)
        if self._theme.products_per_page:
            # A page that shows some of the products, or those that a visitor searched for.
            more["page"] = self._page_config(home, products=len(self._sale.products))
        products = (self._product_view(product, home) for product in self._paging.products(number))
        return self._render("sale.html", home, tuple(products), **more)

    def product_page(self, product: Product) -> bytes:
        """The page of one product."""
        languages = self._in_languages("../../", f"{product.slug}/")
        view, meta = self._product_view(product, "../"), self._metadata.product_page(product)
        return self._render("product.html", "../", (), product=view, meta=meta, **languages)

    def ended_page(self) -> bytes:
        """The page to which the gate sends buyers for whom nothing is left."""
        # The number of products is in this page only: in every page, one more product would change them all.
        config = self._page_config("../", products=len(self._sale.products))
        languages = self._in_languages("../../", "ended/")
        meta = self._metadata.buyers_page("ended/", self._messages.no_order)
        return self._render("ended.html", "../", (), page=config, meta=meta, **languages)

    def waiting_page(self, place_seconds: int, server: str) -> bytes:
        """The page to which the gate sends buyers while all places are taken. A place lasts `place_seconds`.

        `server` is a gate's origin, which knows what a browser without JavaScript asked for.
        """
        place = self._formats.duration(place_seconds)
        more = self._in_languages("../../", "waiting/")
        more["meta"] = self._metadata.buyers_page("waiting/", self._messages.all_taken, is_hidden=True)
        return self._render("waiting.html", "../", (), place_time=place, again_url=f"{server}{AGAIN_PATH}", **more)

    def choice_page(self, up: str, page: str) -> bytes:
        """A page of links to `page` in every language. `up` leads to the sale's folder, where this page is."""
        meta, languages = self._metadata.choice_page(up, page), self._in_languages(up, page)
        return self._render("languages.html", up, (), page=Markup(), meta=meta, shared=up, **languages)

    def host_texts(self) -> tuple[str, str, str]:
        """When the sale starts and ends, and that a page is not found, for the host's root: plain text."""
        texts = self._theme.messages(self._sale.locale)
        starts, ends = self._times_text["starts_at_text"], self._times_text["ends_at_text"]
        return f"{texts.starts}: {starts}", f"{texts.ends}: {ends}", texts.not_found

    def gate_page(self, template: str, **more: object) -> bytes:
        """A page of the order gate. The sale's address, and values in `more`, are marks that the gate fills in."""
        # The gate serves its pages at another address, and no script runs in them.
        site = mark("site")
        home = site + self._folder
        return self._render(f"gate/{template}.html", home, (), page=Markup(), shared=site, **more)

    def _render(
        self, template: str, home: str, products: tuple[ProductView, ...], *, shared: str | None = None, **more: object
    ) -> bytes:
        """`home` leads to the sale's page in this language, `shared` to the folder of what its languages share."""
        assets = f"{self._shared(home) if shared is None else shared}assets/"
        variables = {
            "sale": self._sale_view(home, products),
            "t": self._messages,
            "page": self._configs.get(home),
            "asset": lambda name: f"{assets}{self._asset(name).name}",
            "languages": (),
            "brand": self._brand_view(self._shared(home) if shared is None else shared),
            "meta": None,
            **more,
        }
        return with_lang(self._theme.render(template, variables), self._formats.direction)

    def _shared(self, home: str) -> str:
        """From a page to the sale's folder, given the way to the sale's page in its language."""
        return f"../{home}" if self._folder else home

    def _in_languages(self, up: str, page: str) -> dict[str, Any]:
        """`page` in each language; nothing in a sale of one language."""
        if not self._languages:
            return {}
        views = tuple(language_view(each, f"{up}{each.language_folder}{page}") for each in self._languages)
        return {"languages": views}

    def _brand_view(self, shared: str) -> BrandView:
        """The brand on a page that is as far below the sale's folder as `shared` says."""
        if self._brand is None or self._sale.brand is None:
            return NO_BRAND

        def url(name: str) -> str:
            return f"{shared}assets/{self._asset(name).name if name else ''}"

        return brand_view(self._brand, self._sale.brand, self._messages, shared, url)

    def asset_name(self, name: str) -> str:
        """The published name of an asset, which is thereby used."""
        return self._asset(name).name

    def asset(self, name: str) -> Asset:
        """An asset that a template may ask for."""
        if name == INDEX_NAME:
            return self._product_index
        if name not in self._assets:
            raise LookupError(f"no asset `{name}`; the theme has {', '.join(self._assets)}")
        return self._assets[name]

    def _asset(self, name: str) -> Asset:
        asset = self.asset(name)
        self.used_assets.add(name)
        return asset

    def _sale_view(self, root: str, products: tuple[ProductView, ...]) -> SaleView:
        order = self._sale.order
        return SaleView(
            id=self._sale.id,
            title=self._sale.title,
            description=self._description,
            lang=self._formats.lang,
            dir=self._formats.direction,
            currency=self._sale.currency,
            url=root or "./",
            ended_url=f"{root}ended/",
            calendar_url=f"{root}{calendar_name(self._sale)}",
            products=products,
            needs_pass=order is not None and order.buyer == VOUCHED,
            pass_url=(order.pass_url or "") if order else "",
            **self._times,
            **self._times_text,
        )

    def _product_view(self, product: Product, root: str) -> ProductView:
        assets = f"{self._shared(root)}assets/"
        pictures = tuple(image_view(one, assets) for one in pictures_of(product, self._pictures))
        return ProductView(product, self._formats, root, pictures, show_limit=self._sale.show_limit)

    def _page_config(self, root: str, **more: int) -> Markup:
        """The configuration of page.js, as JSON that cannot end its script element early."""
        language = {"query": f"&{LANGUAGE_FIELD}={self._sale.locale}"} if self._folder else {}
        config = {
            "sale": self._sale.id,
            "pointer": self._shared(root) + pointer_name(self._sale.unlock.version),
            "origins": self._sale.order_origins,
            "timezone": self._sale.timezone,
            **self._times,
            **language,
            **more,
        }
        text = json.dumps(config, separators=(",", ":"))
        return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704
