"""Splits the list of products over pages: `/<sale>/`, `/<sale>/page/2/`, …"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flashgen.page.pictures.encode import Picture
from flashgen.page.pictures.gather import pictures_of
from flashgen.page.pictures.image_view import image_view
from flashgen.sale.product import Product

_NEIGHBOURS = 1


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page of the list: its number, from 1, and its URL, relative to the page that links to it."""

    number: int
    url: str


@dataclass(frozen=True, slots=True)
class ListView:
    """A page of the list as a template sees it.

    It has the products `first` to `last` of `total`, numbered from 1. `links` are to the first, the last and the
    nearest pages, with None where some are left out; `previous` and `next` are None at the ends. `categories` has each
    category of the sale's products with their number, in the order of the products. `has_pictures` tells whether any of
    the sale's products has one, and `shape` which shape all first pictures have: `square`, `wide`, `tall`, or `mixed`.
    """

    number: int
    pages: int
    first: int
    last: int
    total: int
    links: tuple[PageLink | None, ...]
    previous: PageLink | None
    next: PageLink | None
    categories: tuple[tuple[str, int], ...]
    has_pictures: bool
    shape: str


def list_folder(number: int) -> str:
    """The folder of a page of the list, below that of the first: `page/2/`, empty for the first."""
    return f"page/{number}/" if number > 1 else ""


class Paging:
    """The list of a sale's products in pages of `per_page`; None: one page has all.

    Keys of `pictures` are names in the YAML.
    """

    def __init__(self, products: Sequence[Product], per_page: int | None, pictures: Mapping[str, Picture]) -> None:
        self._products = products
        self._size = per_page or len(products)
        self.pages = -(-len(products) // self._size)
        # Once, and not for each page: they are those of the whole sale.
        self._categories = tuple(Counter(product.category for product in products if product.category).items())
        self._shapes = {image_view(one, "").shape for product in products for one in pictures_of(product, pictures)[:1]}

    def products(self, number: int) -> Sequence[Product]:
        """The products on a page of the list."""
        return self._products[(number - 1) * self._size : number * self._size]

    def view(self, number: int) -> ListView:
        """A page of the list for its template."""
        home = "../../" if number > 1 else ""

        def link(other: int) -> PageLink | None:
            return PageLink(other, (home + list_folder(other)) or "./") if 1 <= other <= self.pages else None

        return ListView(
            number=number,
            pages=self.pages,
            first=(number - 1) * self._size + 1,
            last=min(number * self._size, len(self._products)),
            total=len(self._products),
            links=tuple(link(other) for other in _shown_numbers(number, self.pages)),
            previous=link(number - 1),
            next=link(number + 1),
            categories=self._categories,
            has_pictures=bool(self._shapes),
            shape=self._shapes.copy().pop() if len(self._shapes) == 1 else "mixed",
        )


def _shown_numbers(number: int, pages: int) -> list[int]:
    """The numbers to link to, sorted; 0 stands for several that are left out."""
    near = {1, pages, *range(max(1, number - _NEIGHBOURS), min(pages, number + _NEIGHBOURS) + 1)}
    # A gap of one page would be as wide as its number.
    near |= {other + 1 for other in near if other + 2 in near}
    shown: list[int] = []
    for other in sorted(near):
        shown += [0] if shown and other > shown[-1] + 1 else []
        shown.append(other)
    return shown
