"""`check`: everything a build does but write, and a warning when a page will not paint at once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.projects import write_feed, write_sale, write_theme

from flashgen.errors import InvalidInput
from flashgen.page.check import CRITICAL_BYTES_MAX, check_sale


def incompressible(length: int) -> str:
    """Letters that gzip can do little with."""
    letters = random.Random(1)
    return "".join(letters.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(length))


def test_a_good_sale_has_nothing_to_say_and_writes_nothing(tmp_path: Path) -> None:
    """Not even a folder."""
    path = write_sale(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert () == check_sale(path, tmp_path, 1)
    assert before == sorted(tmp_path.rglob("*"))


def test_a_page_over_budget_is_named_with_its_size(tmp_path: Path) -> None:
    """The heaviest one, and how many more."""
    path = write_sale(
        tmp_path,
        "products:\n"
        f'  - {{sku: A, name: Lamp, price: "1.00", description: {incompressible(19_000)}}}\n'
        f'  - {{sku: B, name: Mug, price: "1.00", description: {incompressible(19_900)}}}\n',
    )
    (warning,) = check_sale(path, tmp_path, 1)
    assert warning.message.startswith("night/mug/index.html (and 1 more): HTML, css and js are ")
    assert warning.message.endswith(f"at most {CRITICAL_BYTES_MAX:,}")
    assert (warning.where.file, warning.path) == (path, "products")
    assert warning.hint


def test_css_and_js_count_for_every_page(tmp_path: Path) -> None:
    """They block the first paint as much as HTML does."""
    path = write_sale(tmp_path, theme="heavy")
    write_theme(tmp_path, "heavy", {"assets/plain.css": f"a{{content:'{incompressible(24_000)}'}}"})
    (warning,) = check_sale(path, tmp_path, 1)
    assert "(and 4 more)" in warning.message


def test_check_renders_every_page(tmp_path: Path) -> None:
    """A template that fails for the last product fails here, not at build."""
    path = write_feed(tmp_path, 3, theme="mine")
    write_theme(tmp_path, "mine", {"product.html": "{{ 1 // (product.sku != 'S-3') }}"})
    with pytest.raises(InvalidInput):
        check_sale(path, tmp_path, 1)
