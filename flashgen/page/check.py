"""Checking a sale: everything that a build does but write, and what it costs a shopper to see it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

from flashgen.errors import Problem
from flashgen.page.files import make_files
from flashgen.page.markdown import left_out
from flashgen.page.parts import prepare
from flashgen.page.site import Role, SiteFile
from flashgen.sale.load import Loaded, load_sale

CRITICAL_BYTES_MAX = 14_600
"""What a server may send before the first acknowledgement: 10 segments of 1,460 bytes (RFC 6928)."""


def check_sale(path: Path, root: Path, jobs: int) -> tuple[Problem, ...]:
    """Load, encode, render and measure. Returns the warnings; raises InvalidInput with every problem.

    Writes nothing but the cache of encoded images, which the next build is glad of. `jobs` is for the images.
    """
    loaded = load_sale(path, root)
    sizes: dict[str, int] = {}

    def weigh(file: SiteFile, body: bytes) -> bool:
        if file.role is Role.PAGE or file.key.endswith((".css", ".js")):
            sizes[file.key] = len(gzip.compress(body, 6))
        return False

    # One process: what a worker weighs stays in the worker.
    make_files(loaded.sale, prepare(loaded, root, jobs), weigh, jobs=1)
    return (*loaded.warnings, *_left_out(loaded), *_overweight(loaded, sizes))


def _left_out(loaded: Loaded) -> Iterator[Problem]:
    """Descriptions of which a shopper does not see everything."""
    for index, product in enumerate(loaded.sale.products):
        if what := left_out(product.description):
            message = f"`description` holds {what}, which pages do not show"
            yield loaded.problem(("products", index, "description"), message, "write it in Markdown, without it")


def _overweight(loaded: Loaded, sizes: dict[str, int]) -> Iterator[Problem]:
    """The heaviest page of those whose HTML, css and js do not fit into a connection's first flight."""
    shared = sum(size for key, size in sizes.items() if "/assets/" in key)
    pages = {key: size + shared for key, size in sizes.items() if key.endswith(".html")}
    heaviest = max(pages, key=lambda key: pages[key])
    if pages[heaviest] > CRITICAL_BYTES_MAX:
        over = sum(size > CRITICAL_BYTES_MAX for size in pages.values())
        others = f" (and {over - 1:,} more)" if over > 1 else ""
        yield loaded.problem(
            ("products",),
            f"{heaviest}{others}: HTML, css and js are {pages[heaviest]:,} bytes compressed; "
            f"a page that paints at once has at most {CRITICAL_BYTES_MAX:,}",
            "shorten the text, put fewer products on one page, or choose a lighter theme",
        )
