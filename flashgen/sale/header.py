"""All of a document but its products: the sections `sale`, `order` and `unlock`, and the keys at the top."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from flashgen.document.parse import Document
from flashgen.document.validation import unknown_key, validate
from flashgen.document.wording import InvalidValue
from flashgen.errors import Problem
from flashgen.sale.language import locale
from flashgen.sale.model import Header, OrderSettings, SaleSection, Unlock, derived_version
from flashgen.sale.money import currency
from flashgen.sale.shared_cookie import HINT, doubt

SECTIONS = frozenset({"sale", "products", "order", "unlock"})
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HeaderResult:
    """A header or None, its problems and its warnings.

    `currency` and `locale` are what the products are read by. They are given even if other keys have problems. With a
    problem of its own `currency` is None, and `locale` is `en`, its default.
    """

    header: Header | None
    currency: str | None
    locale: str
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def read_header(document: Document) -> HeaderResult:
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
    return HeaderResult(header, code, tag or "en", problems, warnings)


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
