"""Makes the metadata of each kind of page of one sale in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from markupsafe import Markup

from flashgen.page.description import to_html
from flashgen.page.metadata.page_meta import AlternateView, CardView, PageMeta, open_graph_locale, shortened
from flashgen.page.metadata.social_cards import SocialCards
from flashgen.page.metadata.structured_data import Node, breadcrumb_node, product_node, rendered, sale_node
from flashgen.page.pictures.encode import Picture
from flashgen.page.pictures.gather import pictures_of
from flashgen.page.pictures.social_card import HEIGHT, WIDTH, SocialCard
from flashgen.sale.model import Product, Sale


@dataclass(frozen=True)
class Metadata:
    """`site_url` is the public address of the folder with all sales, empty if it is not known.

    Then pages have no address of their own, and no cards, as both have to be absolute. `languages` are the sale in each
    of its languages if there are several, the default first. Keys of `pictures` are names in the YAML.
    """

    sale: Sale
    languages: Sequence[Sale] = ()
    site_url: str = ""
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    cards: SocialCards = field(default_factory=SocialCards)

    def sale_page(self, page: str = "") -> PageMeta:
        """The page with all products; `page` is the folder of a further part of them."""
        description = shortened(to_html(self.sale.description)) or self.sale.title
        card, url, up = self.cards.of_sale.get(self.sale.locale), self._url(""), "../../../" if page else "../"
        node = sale_node(self.sale, description, url, self._card_url(card))
        nodes, choice = ([], None) if page else ([node], "")
        return self._meta(page, self.sale.title, description, card=card, nodes=nodes, choice=choice, up=up)

    def product_page(self, product: Product) -> PageMeta:
        """The page of one product."""
        page, sale = f"{product.slug}/", self.sale
        html = to_html(product.description, product.description_format) if not product.summary else Markup()
        description = shortened(product.summary or html) or product.name
        images = [self._asset(one.fallback.asset.name) for one in pictures_of(product, self.pictures)]
        url = self._url(page)
        nodes = [product_node(sale, product, description, url, images if self.site_url else ())]
        if url:
            nodes.append(breadcrumb_node([(sale.title, self._url("")), (product.name, url)]))
        card = self.cards.of_products.get((sale.locale, product.sku))
        return self._meta(page, product.name, description, kind="product", card=card, nodes=nodes, up="../../")

    def buyers_page(self, page: str, description: str, *, is_hidden: bool = False) -> PageMeta:
        """A page to which the gate sends buyers: search engines take the sale's page for it."""
        meta = self._meta(page, self.sale.title, description, choice=page, up="../../")
        return replace(meta, canonical=self._url(""), is_hidden=is_hidden or self.sale.noindex)

    def choice_page(self, up: str, page: str) -> PageMeta:
        """The page that leads to `page` in every language. `up` leads to the sale's folder."""
        description = shortened(to_html(self.sale.description)) or self.sale.title
        card = self.cards.of_sale.get(self.sale.locale)
        meta = self._meta(page, self.sale.title, description, card=card, choice=page, up=up)
        return replace(meta, canonical=self._absolute(page))

    def _meta(
        self,
        page: str,
        title: str,
        description: str,
        *,
        up: str,
        kind: str = "website",
        card: SocialCard | None = None,
        nodes: Sequence[Node] = (),
        choice: str | None = None,
    ) -> PageMeta:
        """`up` leads from the page to the sale's folder, if there are several languages."""
        own = open_graph_locale(self.sale.locale)
        locales = [open_graph_locale(one.locale) for one in self.languages]
        return PageMeta(
            title=title,
            description=description,
            kind=kind,
            canonical=self._url(page),
            locale=own,
            other_locales=tuple(one for one in dict.fromkeys(locales) if one != own),
            alternates=self._alternates(page, up, choice),
            is_hidden=self.sale.noindex,
            card=CardView(self._asset(card.name), WIDTH, HEIGHT, title) if card else None,
            structured_data=rendered(nodes),
        )

    def _alternates(self, page: str, up: str, choice: str | None) -> tuple[AlternateView, ...]:
        """`page` in each language; for readers of none of them `choice` in the sale's folder, else the default's."""
        if not self.languages:
            return ()
        pages = {one.locale: f"{one.language_folder}{page}" for one in self.languages}
        pages["x-default"] = pages[self.languages[0].locale] if choice is None else choice
        return tuple(AlternateView(tag, self._absolute(one) or f"{up}{one}") for tag, one in pages.items())

    def _url(self, page: str) -> str:
        """The absolute address of a page in this language; empty if the public one is not known."""
        return self._absolute(f"{self.sale.language_folder}{page}")

    def _asset(self, name: str) -> str:
        return self._absolute(f"assets/{name}")

    def _card_url(self, card: SocialCard | None) -> list[str]:
        return [self._asset(card.name)] if card else []

    def _absolute(self, path: str) -> str:
        return f"{self.site_url}/{self.sale.id}/{path}" if self.site_url else ""
