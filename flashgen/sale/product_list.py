"""Reads the products of a sale, from the YAML or from a feed, and validates each of them and all together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from flashgen.document.builder import KeyPath
from flashgen.document.parse import Document
from flashgen.document.validation import Locator, validate
from flashgen.document.wording import counted, quoted
from flashgen.errors import InvalidInput, Problem
from flashgen.sale.feeds.feed import Feed, read_feed
from flashgen.sale.feeds.options import FeedOptions
from flashgen.sale.feeds.sale_windows import Period
from flashgen.sale.product import BY_LANGUAGE, PRODUCT_TEXTS, Product
from flashgen.sale.text import DefaultSlugs, sku_key
from flashgen.sale.translation import (
    IN_FEED,
    IN_YAML,
    Reading,
    TextLocator,
    UnmatchedTexts,
    is_one_language,
    text_problems,
)

MAX_PRODUCTS = 100_000
_EXAMPLE = "list them, or write `products: {from: products.csv}`"


@dataclass(frozen=True, slots=True)
class ProductList:
    """The valid products, the problems of the others, and the feed if there is one.

    `translations` are the same products in each locale of the sale but the first.
    """

    products: tuple[Product, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    feed: Feed | None = None
    translations: Mapping[str, tuple[Product, ...]] = field(default_factory=dict)


def read_products(
    document: Document, currency: str | None, locales: Sequence[str], root: Path, period: Period | None = None
) -> ProductList:
    """Read the section `products`. A feed is named relative to the YAML's folder, and must lie inside `root`.

    `currency`, `locales` and `period` are the sale's, the default locale first. Without a currency, prices may have any
    number of decimals.
    """
    section = document.data.get("products", "")
    if section == "":
        return _refused(document, ("products",), "`products` is missing", _EXAMPLE)
    if isinstance(section, str):
        return _refused(document, ("products",), f"`products` must be a list, found {quoted(section)}", _EXAMPLE)
    if isinstance(section, list):
        return _validated(section, document, currency, locales, None)
    try:
        feed = _feed(document, section, currency, locales, root, period)
    except InvalidInput as error:
        return ProductList(problems=error.problems)
    products = _validated(feed.rows, feed, currency, locales, feed)
    others = (problem for problem in products.problems if problem.path not in feed.explained)
    return replace(products, problems=(*feed.problems, *others))


def _feed(
    document: Document,
    section: object,
    currency: str | None,
    locales: Sequence[str],
    root: Path,
    period: Period | None,
) -> Feed:
    options, problems = validate(FeedOptions, section, document, ("products",))
    if options is None:
        raise InvalidInput(problems)
    place, path = ("products", "from"), PurePosixPath(options.file)
    file = document.file.parent / path
    if path.is_absolute() or ".." in path.parts or not _is_inside(file, root):
        message = f"`from` must stay inside the project, found {quoted(options.file)}"
        raise InvalidInput([document.problem(place, message, "copy the feed beside the YAML")])
    if file.is_dir():
        raise InvalidInput([document.problem(place, "`from` must name a feed's file, found a folder")])
    if not file.exists():
        message = f"`from` names a file that is not there: {file}"
        raise InvalidInput([document.problem(place, message, "its path is read from the YAML's folder")])
    return read_feed(file, options, currency, locales[0], locales[1:], period)


def _is_inside(file: Path, root: Path) -> bool:
    try:
        return file.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a symlink loop
        return False


def _validated(
    rows: Sequence[Any], locator: Locator, currency: str | None, locales: Sequence[str], feed: Feed | None
) -> ProductList:
    if not rows:
        return ProductList(problems=(locator.problem(("products",), "`products` must not be empty", _EXAMPLE),))
    if len(rows) > MAX_PRODUCTS:
        message = f"`products` must have at most {MAX_PRODUCTS:,}, found {len(rows):,}"
        return ProductList(problems=(locator.problem(("products",), message, "split the sale"),))
    default = Reading(locales[0], locales[0])
    in_default = [default.row(row, BY_LANGUAGE) for row in rows]
    slugs = DefaultSlugs(locales[0], (_written(row, "slug") for row in rows))
    hint = IN_FEED if feed else IN_YAML
    reader = _ProductReader(locator, {"currency": currency, "slugs": slugs}, locales, hint)
    products = [reader.read(index, row) for index, row in enumerate(rows)]
    problems = (*reader.problems, *_duplicates(in_default, products, locator))
    valid = tuple(product for product in products if product is not None)
    warnings = (
        *(feed.warnings if feed else ()),
        *_unreduced_prices(products, locator),
        *_same_names(products, locator),
        *reader.unmatched.warnings(locator, "product", hint),
    )
    translations = {tag: tuple(translated) for tag, translated in reader.translations.items()}
    return ProductList(valid, problems, warnings, feed, translations)


class _ProductReader:
    """Validates products one by one, in every locale, and collects their problems."""

    def __init__(self, locator: Locator, context: Mapping[str, Any], locales: Sequence[str], hint: str) -> None:
        self.problems: list[Problem] = []
        self.unmatched = UnmatchedTexts(PRODUCT_TEXTS, locales)
        self.translations: dict[str, list[Product]] = {tag: [] for tag in locales[1:]}
        self._locator = locator
        self._context = context
        self._default = locales[0]
        self._hint = hint

    def read(self, index: int, row: Any) -> Product | None:
        """The product in the default locale; None if it has problems."""
        place = ("products", index)
        if not self.translations and is_one_language(row):
            return self._checked(row, self._locator, place)
        self.problems += text_problems(row, BY_LANGUAGE, self._default, self._locator, place, self._hint)
        product = self._in_language(self._default, row, place, {})
        self.unmatched.add(row, place)
        for tag, translated in self.translations.items() if product else ():
            # One slug for all languages: an address stays the same when a text is translated.
            own = self._in_language(tag, row, place, {"slug": product.slug if product else ""})
            translated += [own] if own else []
        return product

    def _in_language(self, tag: str, row: Any, place: KeyPath, more: Mapping[str, str]) -> Product | None:
        reading = Reading(tag, self._default)
        texts = reading.row(row, BY_LANGUAGE)
        locator = self._locator if texts is row else TextLocator(self._locator, place, row, reading)
        product = self._checked({**texts, **more} if more else texts, locator, place)
        read = {key: getattr(product, key) for key in PRODUCT_TEXTS} if product else {}
        fallbacks = reading.fallbacks(row, read)
        return product.model_copy(update=fallbacks) if product and fallbacks else product

    def _checked(self, row: Any, locator: Locator, place: KeyPath) -> Product | None:
        product, found = validate(Product, row, locator, place, self._context)
        self.problems += found
        return product


def _duplicates(rows: Sequence[Any], products: Sequence[Product | None], locator: Locator) -> Iterable[Problem]:
    """Each product that repeats an SKU or a slug. A repeated SKU hides a repeated slug, which follows from it.

    Of an invalid product only what was written is known.
    """
    skus: dict[str, int] = {}
    slugs: dict[str, int] = {}
    for index, (row, product) in enumerate(zip(rows, products, strict=True)):
        sku, slug = (product.sku, product.slug) if product else (_written(row, "sku"), _written(row, "slug"))
        first = skus.setdefault(sku_key(sku), index) if sku else index
        if first != index:
            sku, other = _written(row, "sku"), _written(rows[first], "sku")
            alike = "" if other == sku else f", which differs from {quoted(other)} in case or Unicode form only"
            yield _twice("sku", sku, alike, first, index, locator)
        elif slug and (first := slugs.setdefault(slug, index)) != index:
            yield _twice("slug", slug, "", first, index, locator)


def _twice(key: str, value: str, alike: str, first: int, index: int, locator: Locator) -> Problem:
    where = locator.problem(("products", first, key), "").where
    place = where.cell or f"line {where.line}"
    message = f"`{key}` must be unique, found {quoted(value)} again{alike}, first in {place}"
    hint = "give one of them another SKU, or delete it" if key == "sku" else "give one of them a `slug` of its own"
    return locator.problem(("products", index, key), message, hint)


def _written(row: Any, key: str) -> str:
    value = row.get(key, "") if isinstance(row, dict) else ""
    return value.strip() if isinstance(value, str) else ""


def _unreduced_prices(products: Iterable[Product | None], locator: Locator) -> Iterable[Problem]:
    for index, product in enumerate(products):
        if product and product.list_price == product.price:
            message = f"`list_price` is the price, {product.price}: nothing is struck through"
            yield locator.problem(("products", index, "list_price"), message, "raise it, or delete it")


def _same_names(products: Sequence[Product | None], locator: Locator) -> Iterable[Problem]:
    """One warning for all products that shoppers cannot tell apart by their names."""
    by_name: dict[str, list[int]] = {}
    for index, product in enumerate(products):
        if product:
            by_name.setdefault(" ".join(product.name.casefold().split()), []).append(index)
    same = [indexes for indexes in by_name.values() if len(indexes) > 1]
    if same:
        first, second, *_ = same[0]
        product = products[first]
        others = f", and {counted(len(same) - 1, 'more name')} too" if len(same) > 1 else ""
        message = f"{counted(len(same[0]), 'product')} have the name {quoted(product.name if product else '')}{others}"
        hint = "say in each name what differs, such as its size or colour"
        yield locator.problem(("products", second, "name"), message, hint)


def _refused(document: Document, place: tuple[str | int, ...], message: str, hint: str) -> ProductList:
    return ProductList(problems=(document.problem(place, message, hint),))
