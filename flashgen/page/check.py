"""Checks a sale: does all that a build does except writing, and measures how much a shopper's browser must load."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath

from flashgen.document.wording import counted
from flashgen.errors import Problem
from flashgen.page.description import omitted
from flashgen.page.pictures.gather import Report, no_report
from flashgen.page.site import Role, SiteFile
from flashgen.page.site_files import make_files, prepare_parts
from flashgen.sale.date_warnings import date_warnings
from flashgen.sale.load import Loaded
from flashgen.sale.order import ORDER_HINT
from flashgen.unlock.polling import wait_seconds

_LOADED = re.compile(
    r'<(?:link|script)\b(?![^>]*fetchpriority="low")[^>]*(?:href|src)="[^"]*assets/([^"/>]+\.(?:css|js))"'
)

BUCKET_GETS_A_SECOND = 5_500

CRITICAL_BYTES_MAX = 14_600
"""What a server may send before the first acknowledgement: 10 segments of 1,460 bytes (RFC 6928)."""


def check_sale(
    loaded: Loaded,
    root: Path,
    jobs: int,
    now: datetime,
    report: Report = no_report,
    *,
    site_url: str = "",
    trusted_themes: bool = False,
) -> tuple[Problem, ...]:
    """Encode, render and measure. Returns the warnings, also of loading; raises InvalidInput with every problem.

    Writes only the cache of encoded images, which the next build uses. `jobs` limits the processes that encode; `now`
    (aware) is the time by which dates are judged; `report` is told how many pictures and cards are made;
    `site_url` and `trusted_themes` are as in `build_sale`.
    """
    sizes: dict[str, int] = {}
    named: dict[str, frozenset[str]] = {}

    def measure(file: SiteFile, body: bytes) -> bool:
        if file.role is Role.PAGE or file.key.endswith((".css", ".js")):
            sizes[file.key] = len(gzip.compress(body, 6))
        if file.key.endswith(".html") and file.role is Role.PAGE:
            named[file.key] = loaded_names(body)
        return False

    parts = prepare_parts(loaded, root, jobs, report, site_url=site_url, trusted_themes=trusted_themes)
    # In one process, because `sizes` of a worker would stay in the worker.
    make_files(loaded.sale, parts, measure, jobs=1)
    more = (
        *_without_orders(loaded),
        *_uncollapsed(loaded),
        *date_warnings(loaded, now),
        *_omitted(loaded),
        *_overweight(loaded, sizes, named),
    )
    return (*loaded.warnings, *parts.warnings, *more)


def loaded_names(page: bytes) -> frozenset[str]:
    """The css and js that a page loads before it is complete, by their file names: a script of `fetchpriority="low"`,
    such as a search, comes after."""
    return frozenset(_LOADED.findall(page.decode()))


def _without_orders(loaded: Loaded) -> Iterator[Problem]:
    if loaded.sale.order is None:
        yield loaded.problem((), "there is no section `order`: nobody can buy in this sale", ORDER_HINT)


def _uncollapsed(loaded: Loaded) -> Iterator[Problem]:
    """A pointer that no edge keeps. Waiting pages poll once a second at the start; a prefix of S3 answers 5,500 GET/s:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html"""
    if loaded.sale.unlock.edge_ttl_seconds == 0:
        shoppers = round(BUCKET_GETS_A_SECOND * wait_seconds(0.0, is_open=False))
        message = (
            f"`edge_ttl_seconds: 0`: every poll reaches the store. At the start {shoppers:,} waiting shoppers are "
            f"{BUCKET_GETS_A_SECOND:,} requests a second, the most that S3 answers; with 1 a whole crowd behind one "
            "edge is one"
        )
        yield loaded.problem(("unlock", "edge_ttl_seconds"), message, "delete it: 1 is what it is without it")


def _omitted(loaded: Loaded) -> Iterator[Problem]:
    """What shoppers do not see of descriptions: one warning, at the first product that has it, and the sale's."""
    hint = "all other text is shown: delete what is left out, or write it in another way"
    sales = loaded.sale.languages
    if dropped := list(dict.fromkeys(what for sale in sales for what in omitted(sale.description))):
        message = f"`description` holds {', '.join(dropped)}, which pages do not show"
        yield loaded.problem(("sale", "description"), message, hint)
    found: dict[str, list[int]] = {}
    for index, product in (numbered for sale in sales for numbered in enumerate(sale.products)):
        for what in omitted(product.description, product.description_format):
            found.setdefault(what, []).append(index)
    products = sorted({index for indexes in found.values() for index in indexes})
    if products:
        count = f" of {counted(len(products), 'product')}" if len(products) > 1 else ""
        message = f"`description`{count} holds {', '.join(found)}, which pages do not show"
        yield loaded.problem(("products", products[0], "description"), message, hint)


def _overweight(loaded: Loaded, sizes: Mapping[str, int], named: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
    """The heaviest page, if its HTML, css and js do not fit into what a server sends first (CRITICAL_BYTES_MAX).

    `sizes` are compressed bytes by key, `named` the css and js that a page loads.
    """
    assets = {PurePosixPath(key).name: size for key, size in sizes.items() if key not in named}
    parts = {key: {key: sizes[key], **{name: assets.get(name, 0) for name in named[key]}} for key in named}
    weights = {key: sum(files.values()) for key, files in parts.items()}
    heaviest = max(weights, key=lambda key: weights[key])
    if weights[heaviest] > CRITICAL_BYTES_MAX:
        over = sum(weight > CRITICAL_BYTES_MAX for weight in weights.values())
        others = f" (and {over - 1:,} more)" if over > 1 else ""
        rows = sorted(parts[heaviest].items(), key=lambda row: (-row[1], row[0]))
        table = "".join(f"\n  {size:>9,}  {name}" for name, size in rows)
        yield loaded.problem(
            ("products",),
            f"{heaviest}{others}: HTML, css and js are {weights[heaviest]:,} bytes compressed; "
            f"a page that paints at once has at most {CRITICAL_BYTES_MAX:,}{table}",
            "shorten the text, put fewer products on one page, or choose a lighter theme",
        )
