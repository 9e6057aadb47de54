"""The index of all products: what a script needs to search, filter and sort them, and to show a card for each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flashgen.page.assets import Asset, fingerprinted
from flashgen.page.locale_format import LocaleFormat
from flashgen.page.pictures.encode import Picture
from flashgen.page.pictures.gather import pictures_of
from flashgen.sale.product import Product

INDEX_NAME = "products.json"
"""The name by which a template asks for it: `asset("products.json")`."""

CARD_WIDTH_MAX = 960
"""Pixels: the widest rendition of a picture that a card needs, on a sharp screen."""


def product_index(products: Sequence[Product], formats: LocaleFormat, pictures: Mapping[str, Picture]) -> Asset:
    """JSON: `categories`, and in `products` one row each, in the sale's order.

    A row is sku, name, slug, price, its text, list price (0 if it is not reduced), its text, the saving's text, the
    place of the category in `categories` (-1: none), and the picture: fallback, width, height and a srcset of AVIF;
    0 if there is none. Rows without names and one modern format keep 3,000 products light. Names of pictures are
    relative to the index.
    """
    categories = list(dict.fromkeys(product.category for product in products if product.category))
    places = {category: place for place, category in enumerate(categories)}
    rows = [_row(product, formats, pictures, places) for product in products]
    index = {"categories": categories, "products": rows}
    return fingerprinted(INDEX_NAME, json.dumps(index, ensure_ascii=False, separators=(",", ":")).encode())


def _row(
    product: Product, formats: LocaleFormat, pictures: Mapping[str, Picture], places: Mapping[str, int]
) -> list[Any]:
    list_price = product.list_price if product.list_price and product.list_price > product.price else None
    picture = next(iter(pictures_of(product, pictures)), None)
    return [
        product.sku,
        product.name,
        product.slug,
        float(product.price),
        formats.money(product.price),
        float(list_price) if list_price else 0,
        formats.money(list_price) if list_price else "",
        formats.saving(product.price, list_price) if list_price else "",
        places.get(product.category, -1),
        _picture(picture) if picture else 0,
    ]


def _picture(picture: Picture) -> list[Any]:
    avif = [one for one in picture.modern if one.format == "AVIF" and one.width <= CARD_WIDTH_MAX]
    srcset = [[one.asset.name, one.width] for one in avif]
    return [picture.fallback.asset.name, picture.fallback.width, picture.fallback.height, srcset]
