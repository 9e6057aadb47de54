"""Makes products from rows: a Shopify export's variants and pictures, the item groups of a Merchant feed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from flashgen.sale.feeds.headings import COLUMNS, Format
from flashgen.sale.text import MAX_SLUG, RESERVED_SLUGS, default_slug
from flashgen.sale.transliteration import has_other_letters, slugified

Cells = Mapping[str, Sequence[str]]
"""The cells of each role, by row."""

_OPTIONS = ("option1", "option2", "option3", "option4")
_OF_GROUP = ("name", "description")  # what variants have in common
_NO_OPTION = "default title"  # Shopify's option of a product without variants
_TAGS = "p|br|ul|ol|li|b|strong|i|em|a|h[1-6]|div|span|table|section|article|blockquote|meta"
_TAG = re.compile(rf"</?(?:{_TAGS})\b[^>]*>", re.IGNORECASE)
_SEPARATORS = re.compile(r"\s*[|,;\n]\s*")
_URL = re.compile(r"https?://", re.IGNORECASE)
_BEFORE_URL = re.compile(r"[\s|,;]+(?=https?://)", re.IGNORECASE)
_SHOPIFY_KEYS = ("sku", "price", "list_price", "stock", "gtin")
_MERCHANT_KEYS = ("sku", "name", "price", "stock", "gtin", "description")
_OUT_OF_STOCK = frozenset({"out of stock", "out_of_stock"})


@dataclass
class ProductRow:
    """A product that is being made: its row in the table, from 0, and its values by key.

    `group` is the same for the variants of one product.
    """

    row: int
    values: dict[str, str]
    group: str = ""
    options: tuple[str, ...] = ()
    pictures: list[str] = field(default_factory=list)


def product_rows(format: Format, cells: Cells, rows: Iterable[int], locale: str) -> list[ProductRow]:
    """The products in these rows, in order. Their pictures are `images`, one in a line.

    `locale` is that of their names, from which slugs are made.
    """
    match format:
        case Format.SHOPIFY:
            products = _with_own_names(_shopify(cells, rows), locale, slug_of_group=True)
        case Format.MERCHANT:
            products = _with_own_names(_merchant(cells, rows), locale, slug_of_group=False)
        case Format.FLASHGEN:
            products = _flashgen(cells, rows)
    for product in products:
        if product.pictures:
            product.values["images"] = "\n".join(product.pictures)
    return products


def _flashgen(cells: Cells, rows: Iterable[int]) -> list[ProductRow]:
    keys = [(key, cells[key]) for key in (*COLUMNS, *_translated(cells)) if key in cells]
    products = [ProductRow(row, {key: column[row] for key, column in keys if column[row]}) for row in rows]
    for product in products:
        image = product.values.pop("image", "")
        product.values.pop("images", "")
        product.pictures = [*([image] if image else []), *_pictures_in(_cell(cells, "images", product.row))]
        if "description_format" not in product.values:
            _mark_html(product.values, lambda text: bool(_TAG.match(text.lstrip())))
        elif product.values["description_format"].strip().lower() == "html":
            _mark_html(product.values, lambda text: True)
    return _with_sale_prices(products, cells)


def _merchant(cells: Cells, rows: Iterable[int]) -> list[ProductRow]:
    keys = [(key, cells[key]) for key in (*_MERCHANT_KEYS, *_translated(cells)) if key in cells]
    products = []
    for row in rows:
        values = {key: column[row] for key, column in keys if column[row]}
        if "stock" not in values and _cell(cells, "availability", row).strip().lower() in _OUT_OF_STOCK:
            values["stock"] = "0"
        _mark_html(values, lambda text: bool(_TAG.search(text)))
        pictures = [*_pictures_in(_cell(cells, "image", row)), *_pictures_in(_cell(cells, "images", row))]
        if category := _category(cells, row, _leaf(_cell(cells, "category", row))):
            values["category"] = category
        products.append(ProductRow(row, values, _cell(cells, "group", row), _options(cells, row), pictures))
    return _with_sale_prices(products, cells)


def _shopify(cells: Cells, rows: Iterable[int]) -> list[ProductRow]:
    """A row with a SKU, a price or an option is a variant. Any other row adds a picture."""
    variants: list[ProductRow] = []
    parents: dict[str, int] = {}  # by handle the row with the title and the text
    pictures: dict[str, list[tuple[float, str]]] = {}
    keys = [(key, cells[key]) for key in _SHOPIFY_KEYS if key in cells]
    for row in rows:
        handle = _cell(cells, "group", row)
        if _cell(cells, "name", row) and not _cell(cells, "name", parents.setdefault(handle, row)):
            parents[handle] = row
        if picture := _cell(cells, "image", row):
            pictures.setdefault(handle, []).append((_order(_cell(cells, "position", row)), picture))
        options = _options(cells, row)
        if not (options or _cell(cells, "sku", row) or _cell(cells, "price", row)):
            continue
        values = {key: column[row] for key, column in keys if column[row]}
        if "tracker" in cells and not cells["tracker"][row]:
            values.pop("stock", None)  # the shop does not count this product
        elif values.get("stock", "").startswith("-"):
            values["stock"] = "0"  # oversold in the shop
        own = _cell(cells, "variant_image", row)
        variants.append(ProductRow(row, _without_useless_list_price(values), handle, options, [own] if own else []))
    for variant in variants:
        parent = parents.get(variant.group, variant.row)
        inherited = {key: text for key in (*_OF_GROUP, *_translated(cells)) if (text := _cell(cells, key, parent))}
        _mark_html(inherited, lambda text: True)
        if category := _category(cells, parent, _cell(cells, "category", parent)):
            inherited["category"] = category
        variant.values |= inherited
        others = [picture for _, picture in sorted(pictures.get(variant.group, ()), key=lambda one: one[0])]
        variant.pictures = list(dict.fromkeys((*variant.pictures, *others)))
    return variants


def _translated(cells: Cells) -> tuple[str, ...]:
    """The roles of texts in other languages than the sale's first, such as `name:en`."""
    return tuple(role for role in cells if ":" in role)


def _mark_html(values: dict[str, str], is_html: Callable[[str], bool]) -> None:
    """Add the format of each description that is HTML, in every language by itself."""
    for key in [key for key in values if key.partition(":")[0] == "description" and is_html(values[key])]:
        values.setdefault(key.replace("description", "description_format"), "html")


def _with_sale_prices(products: list[ProductRow], cells: Cells) -> list[ProductRow]:
    """A sale price becomes the price, and the price the list price."""
    for product in products if "sale_price" in cells else ():
        if sale_price := cells["sale_price"][product.row]:
            if "price" in product.values:
                product.values.setdefault("list_price", product.values["price"])
            product.values["price"] = sale_price
            _without_useless_list_price(product.values)
    return products


def _without_useless_list_price(values: dict[str, str]) -> dict[str, str]:
    """Shops export a list price of 0, or one that is not above the price, for products that are not reduced."""
    try:
        if "list_price" in values and Decimal(values["list_price"]) <= Decimal(values["price"]):
            del values["list_price"]
    except (InvalidOperation, KeyError):
        pass
    return values


def _with_own_names(products: list[ProductRow], locale: str, *, slug_of_group: bool) -> list[ProductRow]:
    """Give variants with the same name names and slugs with their options. A Shopify handle is the slug of a group."""
    variants: dict[tuple[str, str], list[ProductRow]] = {}
    for product in products:
        variants.setdefault((product.group, product.values.get("name", "")), []).append(product)
    taken: set[str] = set()
    for (group, name), same in variants.items():
        base = slugified(group) if slug_of_group and not has_other_letters(group) else ""
        base = base or default_slug(name, "", locale)
        for product in same:
            options = [option for option in product.options if option] if len(same) > 1 else []
            if options and name:
                for key in [key for key in product.values if key.partition(":")[0] == "name"]:
                    product.values[key] += f" – {' / '.join(options)}"
            if base and (slug := _slug(base, options, product.values.get("sku", ""), locale, taken)):
                product.values["slug"] = slug
    return products


def _slug(base: str, options: Sequence[str], sku: str, locale: str, taken: set[str]) -> str:
    """The base with the options, or with the SKU if that is taken; empty if neither is free."""
    is_readable = not any(has_other_letters(option, locale) for option in options)
    readable = [slugified(option, locale) for option in options] if is_readable else []
    for parts in ([base, *readable], [base, slugified(sku)], [slugified(sku)]):
        slug = "-".join(filter(None, parts))[:MAX_SLUG].strip("-")
        if slug and slug not in taken and slug not in RESERVED_SLUGS:
            taken.add(slug)
            return slug
    return ""


def _pictures_in(text: str) -> list[str]:
    """The pictures in a cell, separated by commas, semicolons, bars or line ends."""
    separators = _BEFORE_URL if _URL.match(text) else _SEPARATORS
    return [name for one in separators.split(text.strip()) if (name := one.strip(" ,;|\t\r\n"))]


def _category(cells: Cells, row: int, own: str) -> str:
    """The shop's own category, else the last part of that in Google's or Shopify's taxonomy, which may be a number."""
    taxonomy = "" if own else _leaf(_cell(cells, "taxonomy", row))
    return own or ("" if taxonomy.isdecimal() else taxonomy)


def _leaf(category: str) -> str:
    """The last part of the first of Merchant's paths: `Home > Lamps, Home > Light` is Lamps."""
    return category.partition(",")[0].rpartition(">")[2].strip()


def _options(cells: Cells, row: int) -> tuple[str, ...]:
    options = tuple(text for role in _OPTIONS if (text := _cell(cells, role, row).strip()))
    return options if options[:1] == () or options[0].lower() != _NO_OPTION else ("", *options[1:])


def _order(position: str) -> float:
    return float(position) if position.isdecimal() else float("inf")


def _cell(cells: Cells, role: str, row: int) -> str:
    return cells[role][row] if role in cells else ""
