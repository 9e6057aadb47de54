"""The products of a document, listed in it or in its feed: validated one by one, and against each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from flashgen.document.parse import Document
from flashgen.document.validation import Locator, unknown_key, validate
from flashgen.document.wording import quoted
from flashgen.errors import InvalidInput, Problem
from flashgen.sale.feed import Feed, read_feed
from flashgen.sale.product import Product
from flashgen.sale.text import default_slug, sku_key

MAX_PRODUCTS = 100_000
MAX_NAME_BYTES = 200
_EXAMPLE = "list them, or write `products: {from: products.csv}`"


@dataclass(frozen=True, slots=True)
class Products:
    """What could be read: the valid products, the problems of the others, and the feed if there is one."""

    products: tuple[Product, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    feed: Feed | None = None


def read_products(document: Document, currency: str | None, locale: str, root: Path) -> Products:
    """Read the section `products` of a document. A feed lies beside it, and must lie inside `root`.

    `currency` and `locale` are the sale's. Without a currency, prices may have any number of decimals.
    """
    section = document.data.get("products", "")
    if section == "":
        return _refused(document, ("products",), "`products` is missing", _EXAMPLE)
    if isinstance(section, str):
        return _refused(document, ("products",), f"`products` must be a list, found {quoted(section)}", _EXAMPLE)
    if isinstance(section, list):
        return _validated(section, document, currency, None)
    try:
        feed = _feed(document, section, locale, root)
    except InvalidInput as error:
        return Products(problems=error.problems)
    return _validated(feed.rows, feed, currency, feed)


def _feed(document: Document, section: Mapping[str, Any], locale: str, root: Path) -> Feed:
    known = frozenset({"from"})
    if unknown := [unknown_key(key, known, document, ("products",)) for key in section if key not in known]:
        raise InvalidInput(unknown)
    place, name = ("products", "from"), section.get("from", "")
    if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name.encode()) <= MAX_NAME_BYTES:
        raise InvalidInput([document.problem(place, f"`from` must name a CSV file, found {quoted(name)}")])
    path = PurePosixPath(name)
    file = document.file.parent / path
    if path.is_absolute() or ".." in path.parts or not _is_inside(file, root):
        message = f"`from` must stay inside the project, found {quoted(name)}"
        raise InvalidInput([document.problem(place, message, "copy the feed beside the YAML")])
    if file.is_dir():
        raise InvalidInput([document.problem(place, "`from` must name a CSV file, found a folder")])
    if not file.exists():
        message = f"`from` names a file that is not there: {file}"
        raise InvalidInput([document.problem(place, message, "its path is read from the YAML's folder")])
    return read_feed(file, locale)


def _is_inside(file: Path, root: Path) -> bool:
    try:
        return file.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a symlink loop
        return False


def _validated(rows: Sequence[Any], locator: Locator, currency: str | None, feed: Feed | None) -> Products:
    if not rows:
        return Products(problems=(locator.problem(("products",), "`products` must not be empty", _EXAMPLE),))
    if len(rows) > MAX_PRODUCTS:
        message = f"`products` must have at most {MAX_PRODUCTS:,}, found {len(rows):,}"
        return Products(problems=(locator.problem(("products",), message, "split the sale"),))
    context = {"currency": currency}
    products: list[Product | None] = []
    problems: list[Problem] = []
    for index, row in enumerate(rows):
        product, found = validate(Product, row, locator, ("products", index), context)
        products.append(product)
        problems.extend(found)
    problems.extend(_duplicates(rows, products, locator))
    valid = tuple(product for product in products if product is not None)
    warnings = (*(feed.warnings if feed else ()), *_no_bargains(products, locator))
    return Products(valid, tuple(problems), warnings, feed)


def _duplicates(rows: Sequence[Any], products: Sequence[Product | None], locator: Locator) -> Iterable[Problem]:
    """SKUs first: of two products with one SKU, nobody wants to hear that their slugs agree too."""
    skus: dict[str, int] = {}
    slugs: dict[str, int] = {}
    for index, (row, product) in enumerate(zip(rows, products, strict=True)):
        sku, slug = (product.sku, product.slug) if product else _as_written(row)
        first = skus.setdefault(sku_key(sku), index) if sku else index
        if first != index:
            sku, other = _written(row, "sku"), _written(rows[first], "sku")
            alike = "" if other == sku else f", which differs from {quoted(other)} in case or Unicode form only"
            yield _twice("sku", sku, alike, first, index, locator)
        elif slug and (first := slugs.setdefault(slug, index)) != index:
            yield _twice("slug", slug, "", first, index, locator)


def _twice(key: str, value: str, alike: str, first: int, index: int, locator: Locator) -> Problem:
    where = locator.problem(("products", first, key), "").where
    message = f"`{key}` must be unique, found {quoted(value)} again{alike}, first in line {where.line}"
    hint = "give one of them another SKU" if key == "sku" else "give one of them a `slug` of its own"
    return locator.problem(("products", index, key), message, hint)


def _as_written(row: Any) -> tuple[str, str]:
    """SKU and slug of a product that is not valid, as far as they can be told."""
    sku, slug = _written(row, "sku"), _written(row, "slug")
    return sku, slug or default_slug(_written(row, "name"), sku)


def _written(row: Any, key: str) -> str:
    value = row.get(key, "") if isinstance(row, dict) else ""
    return value.strip() if isinstance(value, str) else ""


def _no_bargains(products: Iterable[Product | None], locator: Locator) -> Iterable[Problem]:
    for index, product in enumerate(products):
        if product and product.list_price == product.price:
            message = f"`list_price` is the price, {product.price}: nothing is struck through"
            yield locator.problem(("products", index, "list_price"), message, "raise it, or delete it")


def _refused(document: Document, place: tuple[str | int, ...], message: str, hint: str) -> Products:
    return Products(problems=(document.problem(place, message, hint),))
