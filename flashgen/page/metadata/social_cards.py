"""The cards of a sale: one for the sale in each language, and one for each product that has a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from flashgen.page.description import to_html
from flashgen.page.locale_format import LocaleFormat
from flashgen.page.metadata.page_meta import shortened
from flashgen.page.pictures.encode import Picture
from flashgen.page.pictures.gather import Report, no_report, pictures_of
from flashgen.page.pictures.social_card import CardContent, CardLook, SocialCard, make_card
from flashgen.page.workers import spread
from flashgen.sale.model import Product, Sale

CARDS_A_TASK = 25
"""Large enough to make the cost of a task small; a card takes some 50 ms."""

_PICTURES_OF_SALE = 4


@dataclass(frozen=True)
class SocialCards:
    """`of_sale` by locale, `of_products` by locale and SKU. A card that could show nothing is left out."""

    of_sale: Mapping[str, SocialCard] = field(default_factory=dict)
    of_products: Mapping[tuple[str, str], SocialCard] = field(default_factory=dict)

    def all(self) -> Iterator[SocialCard]:
        """Every card, each name once."""
        cards = {one.name: one for one in (*self.of_sale.values(), *self.of_products.values())}
        yield from cards.values()


@dataclass(frozen=True)
class _CardMaker:
    pictures: Mapping[str, Picture]
    look: CardLook
    site_url: str
    cache: Path

    def of_sale(self, sale: Sale) -> SocialCard | None:
        """The pictures of its first products, its title, and how its description begins."""
        own = (pictures_of(product, self.pictures) for product in sale.products)
        shown = [pictures[0] for pictures in own if pictures][:_PICTURES_OF_SALE]
        bodies = tuple(picture.fallback.asset.body for picture in shown)
        host = urlsplit(self.site_url).netloc
        content = CardContent(bodies, host, sale.title, shortened(to_html(sale.description)))
        return make_card(sale.id, content, self.look, self.cache)

    def of_products(self, work: tuple[Sale, Sequence[Product]]) -> list[SocialCard | None]:
        """Of each product its picture, name and price; None for those without a picture."""
        sale, products = work
        formats = LocaleFormat(sale.locale, sale.currency, sale.zone)
        return [self._of_product(sale, product, formats) for product in products]

    def _of_product(self, sale: Sale, product: Product, formats: LocaleFormat) -> SocialCard | None:
        pictures = pictures_of(product, self.pictures)
        if not pictures:
            return None
        content = CardContent(
            (pictures[0].fallback.asset.body,), sale.title, product.name, formats.money(product.price)
        )
        return make_card(product.slug, content, self.look, self.cache)


def make_cards(
    sale: Sale,
    pictures: Mapping[str, Picture],
    look: CardLook,
    site_url: str,
    root: Path,
    jobs: int,
    report: Report = no_report,
) -> SocialCards:
    """All cards of a sale. Those that are not in the project's cache are drawn, in up to `jobs` processes.

    `report` is told after each task that has drawn any. None are made without a `site_url`: messengers want the
    absolute address of a picture.
    """
    if not site_url:
        return SocialCards()
    maker = _CardMaker(pictures, look, site_url, root / ".flashgen" / "cache" / "cards")
    tasks = [
        (one, one.products[start : start + CARDS_A_TASK])
        for one in sale.languages
        for start in range(0, len(one.products), CARDS_A_TASK)
    ]
    of_products: dict[tuple[str, str], SocialCard] = {}
    done, total = 0, sum(len(products) for _, products in tasks)
    for (one, products), cards in zip(tasks, spread(maker.of_products, tasks, jobs), strict=True):
        made = {(one.locale, product.sku): card for product, card in zip(products, cards, strict=True) if card}
        of_products |= made
        done += len(products)
        if any(card.is_drawn for card in made.values()):
            report("cards", done, total)
    of_sale = {one.locale: card for one in sale.languages if (card := maker.of_sale(one))}
    return SocialCards(of_sale, of_products)
