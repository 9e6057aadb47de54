"""Loads a sale: reports every problem of both files at once, and knows the position of every value afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from flashgen.document.parse import RULES, Document, parse_document, read_document
from flashgen.document.source import read_source
from flashgen.document.validation import unknown_key, validate
from flashgen.document.wording import InvalidValue
from flashgen.document.yaml_files import yaml_file
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.sale import language
from flashgen.sale.language import locale
from flashgen.sale.model import SALE_TEXTS, Header, OrderSettings, Sale, SaleSection, Unlock, derived_version
from flashgen.sale.money import currency
from flashgen.sale.order import CHECKOUT_HINT, COOKIE_HINT, VOUCHED_HINT, checkout_warning, cookie_warning, pass_warning
from flashgen.sale.translation import IN_YAML, Reading, TextLocator, UnmatchedTexts, text_problems

if TYPE_CHECKING:
    from flashgen.document.builder import KeyPath
    from flashgen.sale.brand.reading import BrandDocuments
    from flashgen.sale.brand.settings import BrandSettings
    from flashgen.sale.feeds.feed import Feed
    from flashgen.sale.feeds.understanding import Understanding
    from flashgen.sale.product_list import ProductList

T = TypeVar("T")

SECTIONS = frozenset({"sale", "products", "order", "unlock", "brand"})
SETTINGS_STEM = "flashgen"
"""The name of the project's settings, which may have a brand for all sales."""

_TEXT_KEYS = frozenset({"title", "description", "name", "summary", "sku", "image", "images"}) | {
    *("from", "sheet", "columns", "where")
}
_PLACEHOLDER_START = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Loaded:
    """A valid sale, its warnings, and the files it was read from (the YAML first)."""

    sale: Sale
    warnings: tuple[Problem, ...]
    inputs: tuple[Path, ...]
    _document: Document = field(repr=False)
    _feed: Feed | None = field(repr=False, default=None)
    _brand: BrandDocuments | None = field(repr=False, default=None)

    @property
    def settings(self) -> Path | None:
        """The project's settings, if there are any: one of `inputs`."""
        documents = self._brand.documents[1:] if self._brand else ()
        return documents[0].file if documents else None

    @property
    def understanding(self) -> Understanding | None:
        """What was understood of the feed. None if the products are in the YAML."""
        return self._feed.understanding if self._feed else None

    def with_theme(self, theme: str) -> Loaded:
        """The same sale in another theme."""
        return replace(self, sale=self.sale.model_copy(update={"theme": theme}))

    def where(self, product: int, key: str) -> Where:
        """The position of a product's value, in the YAML or in a row of the feed. `product` is an index from 0."""
        return self.problem(("products", product, key), "").where

    def problem(self, path: tuple[str | int, ...], message: str, hint: str = "", *, at_key: bool = False) -> Problem:
        """A problem with the value at a path such as `("products", 3, "image")`, with its line quoted."""
        if self._feed is not None and len(path) > 1 and path[0] == "products" and isinstance(path[1], int):
            return self._feed.problem(path, message, hint)
        if self._brand is not None and path[:1] == ("brand",):
            return self._brand.problem(path, message, hint, at_key=at_key)
        return self._document.problem(path, message, hint, at_key=at_key)

    def brand_folder(self, path: KeyPath) -> Path:
        """The folder of a file that the brand names at `path`: that of the sale, or of flashgen.yaml."""
        return self._brand.folder(path) if self._brand else self.inputs[0].parent


def load_sale(path: Path, root: Path) -> Loaded:
    """Read a sale, its feed and its brand, which must lie inside `root`, the project's folder.

    Raises `InvalidInput` with every problem of all files.
    """
    # Imported here, because at sale time only the header is loaded, and every millisecond is waited for.
    from flashgen.document.cut_texts import cut_texts
    from flashgen.sale.brand.reading import read_brand
    from flashgen.sale.feeds.sale_windows import Period
    from flashgen.sale.product_list import read_products

    document, malformed = parse_document(read_source(path, RULES))
    result = _read_header(document)
    own = result.header
    period = Period(own.starts_at.astimezone(own.zone), own.ends_at.astimezone(own.zone)) if own else None
    products = read_products(document, result.currency, result.locales, root, period)
    brand_documents = _brand_documents(document, root)
    brand = read_brand(brand_documents, result.locales)
    problems = _sorted_problems(path, (*malformed, *result.problems, *brand.problems, *products.problems))
    if problems or result.header is None:
        raise InvalidInput(problems, products.feed.understanding.lines() if products.feed else ())
    sale = _in_every_language(result.header, result.translations, products, brand.by_locale)
    feed = () if products.feed is None else (products.feed.file,)
    inputs = (path, *feed, *(each.file for each in brand_documents.documents[1:]))
    warnings = (*cut_texts(document, _TEXT_KEYS), *result.warnings, *brand.warnings, *products.warnings)
    return Loaded(sale, warnings, inputs, document, products.feed, brand_documents)


def _brand_documents(document: Document, root: Path) -> BrandDocuments:
    """The sale's document, and flashgen.yaml if there is one."""
    from flashgen.sale.brand.reading import BrandDocuments

    settings = yaml_file(root, SETTINGS_STEM)
    if not settings.is_file():
        return BrandDocuments((document,))
    return BrandDocuments((document, read_document(settings)))


def _in_every_language(
    header: Header,
    texts: Mapping[str, Mapping[str, str]],
    products: ProductList,
    brands: Mapping[str, BrandSettings],
) -> Sale:
    sale = Sale(**dict(header), products=products.products, brand=brands.get(header.locale))
    translations = tuple(
        sale.model_copy(
            update={"locale": tag, "products": products.translations[tag], "brand": brands.get(tag), **texts[tag]}
        )
        for tag in texts
    )
    return sale.model_copy(update={"translations": translations}) if translations else sale


def load_header(path: Path) -> Header:
    """Read all of a sale but its products: a mistake in a product must not prevent going live.

    Raises `InvalidInput` for malformed YAML and for problems in all other sections.
    """
    document, malformed = parse_document(read_source(path, RULES))
    result = _read_header(document)
    problems = _sorted_problems(
        path, (*(problem for problem in malformed if not _of_products(problem)), *result.problems)
    )
    if problems or result.header is None:
        raise InvalidInput(problems)
    return result.header


def _of_products(problem: Problem) -> bool:
    return problem.path.partition(".")[0] == "products"


def _sorted_problems(path: Path, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sorted from the top of the YAML to the end of the feed, with one problem per position and key.

    Two problems can have one position: a merge key is an unknown key too.
    """
    first: dict[tuple[Where, str], Problem] = {}
    for problem in problems:
        first.setdefault((problem.where, problem.path or problem.message), problem)
    return tuple(sorted(first.values(), key=lambda problem: (problem.where.file != path, problem.where)))


@dataclass(frozen=True, slots=True)
class _HeaderResult:
    """A header or None, its problems and its warnings.

    `currency` and `locales` are needed to read the products, so they are given even if other keys have problems. If
    they have a problem themselves, `currency` is None and `locales` has its default, `en`. `translations` are the
    texts of the section `sale` in all locales but the first.
    """

    header: Header | None
    currency: str | None
    locales: tuple[str, ...]
    translations: Mapping[str, Mapping[str, str]]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def _read_header(document: Document) -> _HeaderResult:
    """Read every section but `products`."""
    data = document.data
    unknown = tuple(unknown_key(key, SECTIONS, document, ()) for key in data if key not in SECTIONS)
    locales = _locales(document)
    section, section_problems = _section(document, Reading(locales[0], locales[0]))
    texts, problems_of_texts, text_warnings = _translations(document, locales)
    order, order_problems = _order(document)
    unlock, unlock_problems, unlock_warnings = _unlock(document, section)
    warnings = (*text_warnings, *_order_warnings(document, order), *unlock_warnings)
    problems = (*unknown, *problems_of_texts, *section_problems, *order_problems, *unlock_problems)
    header = None
    if not problems and section and unlock:
        header = Header(**{**dict(section), "timezone": section.timezone or "UTC"}, order=order, unlock=unlock)
    code = section.currency if section else _valid(document, "currency", currency)
    return _HeaderResult(header, code, locales, texts, problems, warnings)


def _locales(document: Document) -> tuple[str, ...]:
    """The locales of the sale, the default first, even if other keys have problems; `en` if they have one."""
    tag = _valid(document, "locale", locale) or _valid(document, "locales", _first_locale)
    return _valid(document, "locales", language.locales) or (tag or "en",)


def _first_locale(value: object) -> str:
    """The first of `locales` that have a problem."""
    return locale(value[0] if isinstance(value, list) and value else value)


def _translations(
    document: Document, locales: Sequence[str]
) -> tuple[dict[str, dict[str, str]], tuple[Problem, ...], tuple[Problem, ...]]:
    """The texts of the section `sale` in all locales but the first, with problems and warnings."""
    section, place = document.data.get("sale"), ("sale",)
    if not isinstance(section, dict):
        return {}, (), ()
    problems = [*text_problems(section, SALE_TEXTS, locales[0], document, place)]
    unmatched = UnmatchedTexts(SALE_TEXTS, locales)
    unmatched.add(section, place)
    texts = {}
    for tag in locales[1:]:
        reading = Reading(tag, locales[0])
        translated, found = _read_section(document, reading)
        problems += found
        own = {key: getattr(translated, key) for key in SALE_TEXTS} if translated else {}
        texts[tag] = {**own, **reading.fallbacks(section, own)}
    return texts, tuple(problems), tuple(unmatched.warnings(document, "sale", IN_YAML))


def _read_section(document: Document, reading: Reading) -> tuple[SaleSection | None, tuple[Problem, ...]]:
    section = document.data["sale"]
    locator = TextLocator(document, ("sale",), section, reading)
    return validate(SaleSection, reading.row(section, SALE_TEXTS), locator, ("sale",))


def _section(document: Document, reading: Reading) -> tuple[SaleSection | None, tuple[Problem, ...]]:
    if not document.data.get("sale"):
        message, hint = "`sale` is missing", "add `sale:` with `id`, `title`, `starts_at`, `ends_at` and `currency`"
        return None, (document.problem(("sale",), message, hint),)
    section, problems = _read_section(document, reading)
    if section is not None and document.file.stem != section.id:
        message = f"`id` must be the file's name, found {section.id} in {document.file.name}"
        hint = f"rename the file to {section.id}{document.file.suffix}: a sale is found by its id"
        problems = (document.problem(("sale", "id"), message, hint),)
    return section, problems


def _valid(document: Document, key: str, check: Callable[[object], T]) -> T | None:
    """One value of a section that has problems; None if it is missing, or is one of the problems."""
    section = document.data.get("sale")
    try:
        return check(section.get(key)) if isinstance(section, dict) else None
    except InvalidValue:
        return None


def _order(document: Document) -> tuple[OrderSettings | None, tuple[Problem, ...]]:
    if not document.data.get("order"):
        return None, ()
    return validate(OrderSettings, document.data["order"], document, ("order",))


def _order_warnings(document: Document, order: OrderSettings | None) -> tuple[Problem, ...]:
    if order is None:
        return ()
    found = (
        ("servers", cookie_warning(order), COOKIE_HINT),
        ("buyer", pass_warning(order), VOUCHED_HINT),
        ("forward_to", checkout_warning(order), CHECKOUT_HINT),
    )
    return tuple(document.problem(("order", key), message, hint) for key, message, hint in found if message)


def _unlock(
    document: Document, sale: SaleSection | None
) -> tuple[Unlock | None, tuple[Problem, ...], tuple[Problem, ...]]:
    section = document.data.get("unlock") or {}
    if not isinstance(section, dict) or section.get("version"):
        unlock, problems = validate(Unlock, section, document, ("unlock",))
        return unlock, problems, ()
    version = derived_version(sale.id, sale.starts_at) if sale else derived_version("", _PLACEHOLDER_START)
    unlock, problems = validate(Unlock, {**section, "version": version}, document, ("unlock",))
    message = "`unlock.version` is missing: the one in use follows from the id and the start, and can be guessed"
    hint = f"add one with `flashgen rotate {sale.id if sale else 'SALE'}`"
    return unlock, problems, (document.problem(("unlock", "version"), message, hint),)
