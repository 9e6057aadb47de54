"""From a path to a sale: every problem of every file at once, and the place of every value afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from flashgen.document.parse import RULES, Document, parse_document
from flashgen.document.source import read_source
from flashgen.document.validation import unknown_key, validate
from flashgen.document.wording import InvalidValue
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.sale.feed import Feed
from flashgen.sale.language import locale
from flashgen.sale.model import Header, OrderSettings, Sale, SaleSection, Unlock, derived_version
from flashgen.sale.money import currency
from flashgen.sale.products import read_products
from flashgen.sale.shared_cookie import HINT, doubt

SECTIONS = frozenset({"sale", "products", "order", "unlock"})
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Loaded:
    """A valid sale; what could be better about it; the files it came from (the YAML first)."""

    sale: Sale
    warnings: tuple[Problem, ...]
    inputs: tuple[Path, ...]
    _document: Document = field(repr=False)
    _feed: Feed | None = field(repr=False, default=None)

    def where(self, product: int, key: str) -> Where:
        """Where a value of the product with this index, from 0, stands: in the YAML, or in a row of the feed."""
        return self.problem(("products", product, key), "").where

    def problem(self, path: tuple[str | int, ...], message: str, hint: str = "") -> Problem:
        """A problem with the value at a path such as `("products", 3, "image")` or `("sale", "theme")`, quoted."""
        if self._feed is not None and len(path) > 1 and path[0] == "products" and isinstance(path[1], int):
            return self._feed.problem(path, message, hint)
        return self._document.problem(path, message, hint)


def load_sale(path: Path, root: Path) -> Loaded:
    """Read a sale and its feed, which must lie inside `root`, the project's folder.

    Raises `InvalidInput` with every problem of both files.
    """
    document, malformed = parse_document(read_source(path, RULES))
    read = _read_header(document)
    products = read_products(document, read.currency, read.locale, root)
    problems = _in_order(path, (*malformed, *read.problems, *products.problems))
    if problems or read.header is None:
        raise InvalidInput(problems)
    sale = Sale(**dict(read.header), products=products.products)
    inputs = (path,) if products.feed is None else (path, products.feed.file)
    return Loaded(sale, (*read.warnings, *products.warnings), inputs, document, products.feed)


def load_header(path: Path) -> Header:
    """Read all of a sale but its products, whose mistakes must not prevent going live.

    A file that is not well-formed YAML still raises `InvalidInput`, as do mistakes in all other sections.
    """
    document, malformed = parse_document(read_source(path, RULES))
    read = _read_header(document)
    problems = _in_order(path, (*(problem for problem in malformed if not _of_products(problem)), *read.problems))
    if problems or read.header is None:
        raise InvalidInput(problems)
    return read.header


def _of_products(problem: Problem) -> bool:
    return problem.path.partition(".")[0] == "products"


def _in_order(path: Path, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """From the top of the YAML to the end of the feed; one a place and key, as a merge key is an unknown key too."""
    first: dict[tuple[Where, str], Problem] = {}
    for problem in problems:
        first.setdefault((problem.where, problem.path or problem.message), problem)
    return tuple(sorted(first.values(), key=lambda problem: (problem.where.file != path, problem.where)))


@dataclass(frozen=True, slots=True)
class _HeaderResult:
    """A header or None, its problems and its warnings.

    `currency` and `locale` are what the products are read by. They are given even if other keys have problems. With a
    problem of its own `currency` is None, and `locale` is `en`, its default.
    """

    header: Header | None
    currency: str | None
    locale: str
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def _read_header(document: Document) -> _HeaderResult:
    """Read every section but `products`."""
    data = document.data
    unknown = tuple(unknown_key(key, SECTIONS, document, ()) for key in data if key not in SECTIONS)
    section, section_problems = _section(document)
    order, order_problems = _order(document)
    unlock, unlock_problems, unlock_warnings = _unlock(document, section)
    warnings = (*_doubts(document, order), *unlock_warnings)
    problems = (*unknown, *section_problems, *order_problems, *unlock_problems)
    header = None
    if not problems and section and unlock:
        header = Header(**{**dict(section), "timezone": section.timezone or "UTC"}, order=order, unlock=unlock)
    code = section.currency if section else _valid(document, "currency", currency)
    tag = section.locale if section else _valid(document, "locale", locale)
    return _HeaderResult(header, code, tag or "en", problems, warnings)


def _section(document: Document) -> tuple[SaleSection | None, tuple[Problem, ...]]:
    if not document.data.get("sale"):
        message, hint = "`sale` is missing", "add `sale:` with `id`, `title`, `starts_at`, `ends_at` and `currency`"
        return None, (document.problem(("sale",), message, hint),)
    section, problems = validate(SaleSection, document.data["sale"], document, ("sale",))
    if section is not None and document.file.name != f"{section.id}.yaml":
        message = f"`id` must be the file's name, found {section.id} in {document.file.name}"
        hint = f"rename the file to {section.id}.yaml: a sale is found by its id"
        problems = (document.problem(("sale", "id"), message, hint),)
    return section, problems


def _valid(document: Document, key: str, check: Callable[[object], str]) -> str | None:
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


def _doubts(document: Document, order: OrderSettings | None) -> tuple[Problem, ...]:
    message = doubt(order) if order else ""
    return (document.problem(("order", "servers"), message, HINT),) if message else ()


def _unlock(
    document: Document, sale: SaleSection | None
) -> tuple[Unlock | None, tuple[Problem, ...], tuple[Problem, ...]]:
    section = document.data.get("unlock") or {}
    if not isinstance(section, dict) or section.get("version"):
        unlock, problems = validate(Unlock, section, document, ("unlock",))
        return unlock, problems, ()
    version = derived_version(sale.id, sale.starts_at) if sale else derived_version("", _LONG_AGO)
    unlock, problems = validate(Unlock, {**section, "version": version}, document, ("unlock",))
    message = "`unlock.version` is missing: the one in use follows from the id and the start, and can be guessed"
    hint = f"add one with `flashgen rotate {sale.id if sale else 'SALE'}`"
    return unlock, problems, (document.problem(("unlock", "version"), message, hint),)
