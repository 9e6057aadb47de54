"""From a path to a sale: every problem of every file at once, and the place of every value afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from flashgen.document.parse import RULES, Document, parse_document
from flashgen.document.source import read_source
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.sale.feed import Feed
from flashgen.sale.header import read_header
from flashgen.sale.model import Header, Sale
from flashgen.sale.products import read_products


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
    read = read_header(document)
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
    read = read_header(document)
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
