"""`check` does all that a build does except writing, and warns of pages that are too heavy."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.projects import write_feed, write_sale, write_theme

from flashgen.errors import InvalidInput
from flashgen.page.check import CRITICAL_BYTES_MAX, check_sale, loaded_names
from flashgen.sale.load import load_sale

NOW = datetime(2027, 11, 26, tzinfo=UTC)


def incompressible(length: int) -> str:
    """Letters that gzip hardly compresses."""
    letters = random.Random(1)
    return "".join(letters.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(length))


def test_a_good_sale_has_no_warnings_and_writes_nothing(tmp_path: Path) -> None:
    """Not even a folder."""
    path = write_sale(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert () == check_sale(load_sale(path, tmp_path), tmp_path, 1, NOW)
    assert before == sorted(tmp_path.rglob("*"))


def test_a_sale_in_which_nobody_can_buy_is_a_warning(tmp_path: Path) -> None:
    """Its pages would open with buttons that lead nowhere."""
    path = write_sale(tmp_path)
    text = path.read_text()
    start = text.index("order:")
    path.write_text(text[:start] + text[start:].partition("\n  ")[2].partition("\n")[2])
    (warning,) = check_sale(load_sale(path, tmp_path), tmp_path, 1, NOW)
    assert "there is no section `order`: nobody can buy in this sale" == warning.message


def test_a_pointer_that_no_edge_keeps_is_a_warning_with_its_arithmetic(tmp_path: Path) -> None:
    """One poll a second of each waiting shopper, against what a bucket answers."""
    path = write_sale(tmp_path)
    path.write_text(path.read_text().replace("unlock: {", "unlock: {edge_ttl_seconds: 0, "))
    (warning,) = check_sale(load_sale(path, tmp_path), tmp_path, 1, NOW)
    assert "5,500 waiting shoppers are 5,500 requests a second, the most that S3 answers" in warning.message


def test_a_page_over_budget_is_named_with_its_size(tmp_path: Path) -> None:
    """The heaviest page, and the number of the others."""
    path = write_sale(
        tmp_path,
        "products:\n"
        f'  - {{sku: A, name: Lamp, price: "1.00", description: {incompressible(19_000)}}}\n'
        f'  - {{sku: B, name: Mug, price: "1.00", description: {incompressible(19_900)}}}\n',
    )
    (warning,) = check_sale(load_sale(path, tmp_path), tmp_path, 1, NOW)
    assert warning.message.startswith("night/mug/index.html (and 1 more): HTML, css and js are ")
    sentence, *rows = warning.message.splitlines()
    assert sentence.endswith(f"at most {CRITICAL_BYTES_MAX:,}")
    weights = {row.split()[1]: int(row.split()[0].replace(",", "")) for row in rows}
    assert weights[warning.message.partition(":")[0].partition(" ")[0]] == max(weights.values())
    assert {"css", "html", "js"} == {name.rpartition(".")[2] for name in weights}
    assert f"{sum(weights.values()):,} bytes compressed" in sentence
    assert (warning.where.file, warning.path) == (path, "products")
    assert warning.hint


def test_css_and_js_count_for_every_page(tmp_path: Path) -> None:
    """They block the first paint as much as HTML does."""
    path = write_sale(tmp_path, theme="heavy")
    write_theme(tmp_path, "heavy", {"assets/plain.css": f"a{{content:'{incompressible(24_000)}'}}"})
    (warning,) = check_sale(load_sale(path, tmp_path), tmp_path, 1, NOW)
    assert "(and 5 more)" in warning.message


def test_a_script_of_low_priority_comes_after() -> None:
    """A search is no part of what a page needs at first."""
    page = (
        b'<link rel="stylesheet" href="assets/a.1.css"><script type="module" src="../assets/page.2.js"></script>'
        b'<script type="module" src="assets/search.3.js" fetchpriority="low"></script>'
    )
    assert {"a.1.css", "page.2.js"} == loaded_names(page)


def test_check_renders_every_page(tmp_path: Path) -> None:
    """A template that fails for the last product fails here, not at build."""
    path = write_feed(tmp_path, 3, theme="mine")
    write_theme(tmp_path, "mine", {"product.html": "{{ 1 // (product.sku != 'S-3') }}"})
    with pytest.raises(InvalidInput):
        check_sale(load_sale(path, tmp_path), tmp_path, 1, NOW)


def test_what_pages_do_not_show_of_descriptions_is_named(tmp_path: Path) -> None:
    """The sale's own, and those of all products in one warning, at the first."""
    products = (
        'products:\n  - {sku: A, name: Lamp, price: "1.00", description: "a <b>b</b>"}\n'
        '  - {sku: B, name: Mug, price: "1.00", description: "<video>a</video>"}\n'
        '  - {sku: C, name: Rug, price: "1.00", description_format: html, description: "<p><a href=/b>c</a><img>"}\n'
    )
    path = write_sale(tmp_path, products, description='"<script>a</script> b"')
    warnings = check_sale(load_sale(path, tmp_path), tmp_path, 1, NOW)
    assert [
        ("sale.description", "`description` holds <script>, which pages do not show"),
        (
            "products.1.description",
            "`description` of 2 products holds <video>, <img>, a link that is not https, which pages do not show",
        ),
    ] == [(warning.path, warning.message) for warning in warnings]
