"""All of a document but its products: the sections `sale`, `order` and `unlock`, and the keys at the top."""

from __future__ import annotations

from datetime import UTC, datetime

from flashgen.document.parse import Document
from flashgen.document.validation import unknown_key, validate
from flashgen.errors import Problem
from flashgen.sale.model import Header, OrderSettings, SaleSection, Unlock, derived_version
from flashgen.sale.shared_cookie import HINT, doubt

SECTIONS = frozenset({"sale", "products", "order", "unlock"})
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def read_header(document: Document) -> tuple[Header | None, tuple[Problem, ...], tuple[Problem, ...]]:
    """The header or None, its problems, its warnings."""
    data = document.data
    unknown = tuple(unknown_key(key, SECTIONS, document, ()) for key in data if key not in SECTIONS)
    facts, facts_problems = _facts(document)
    order, order_problems = _order(document)
    unlock, unlock_problems, unlock_warnings = _unlock(document, facts)
    warnings = (*_doubts(document, order), *unlock_warnings)
    problems = (*unknown, *facts_problems, *order_problems, *unlock_problems)
    if problems or facts is None or unlock is None:
        return None, problems, warnings
    header = Header(**{**dict(facts), "timezone": facts.timezone or "UTC"}, order=order, unlock=unlock)
    return header, (), warnings


def _facts(document: Document) -> tuple[SaleSection | None, tuple[Problem, ...]]:
    if not document.data.get("sale"):
        message, hint = "`sale` is missing", "add `sale:` with `id`, `title`, `starts_at`, `ends_at` and `currency`"
        return None, (document.problem(("sale",), message, hint),)
    facts, problems = validate(SaleSection, document.data["sale"], document, ("sale",))
    if facts is not None and document.file.name != f"{facts.id}.yaml":
        message = f"`id` must be the file's name, found {facts.id} in {document.file.name}"
        hint = f"rename the file to {facts.id}.yaml: a sale is found by its id"
        problems = (document.problem(("sale", "id"), message, hint),)
    return facts, problems


def _order(document: Document) -> tuple[OrderSettings | None, tuple[Problem, ...]]:
    if not document.data.get("order"):
        return None, ()
    return validate(OrderSettings, document.data["order"], document, ("order",))


def _doubts(document: Document, order: OrderSettings | None) -> tuple[Problem, ...]:
    message = doubt(order) if order else ""
    return (document.problem(("order", "servers"), message, HINT),) if message else ()


def _unlock(
    document: Document, facts: SaleSection | None
) -> tuple[Unlock | None, tuple[Problem, ...], tuple[Problem, ...]]:
    section = document.data.get("unlock") or {}
    if not isinstance(section, dict) or section.get("version"):
        unlock, problems = validate(Unlock, section, document, ("unlock",))
        return unlock, problems, ()
    version = derived_version(facts.id, facts.starts_at) if facts else derived_version("", _LONG_AGO)
    unlock, problems = validate(Unlock, {**section, "version": version}, document, ("unlock",))
    message = "`unlock.version` is missing: the one in use follows from the id and the start, and can be guessed"
    sale_id = facts.id if facts else "SALE"
    hint = f"add one with `flashgen rotate {sale_id}`"
    return unlock, problems, (document.problem(("unlock", "version"), message, hint),)
