"""From files to a frozen sale with its warnings, inputs and positions."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from flashgen.addresses import SecretUrl
from flashgen.errors import InvalidInput, Problem, Where
from flashgen.sale.load import Loaded, load_header, load_sale
from flashgen.sale.model import OrderSettings, Product, Sale, Unlock

DATA = Path(__file__).parents[1] / "data" / "sale"
VALID = DATA / "valid"
HEADER = """\
sale:
  id: x
  title: X
  starts_at: 2026-11-27T09:00:00+01:00
  ends_at: 2026-11-27T21:00:00+01:00
  currency: EUR
"""
PRODUCTS = "products:\n  - {sku: A, name: Shirt, price: 1}\n"


def load_text(folder: Path, text: str) -> Loaded:
    """Load a sale `x` whose project is `folder`."""
    path = folder / "x.yaml"
    path.write_text(text, "utf-8")
    return load_sale(path, folder)


def refused(folder: Path, text: str) -> list[tuple[str, str]]:
    """Path and message of each problem of a sale `x`."""
    with pytest.raises(InvalidInput) as caught:
        load_text(folder, text)
    return [(problem.path, problem.message) for problem in caught.value.problems]


def test_every_key_is_read_as_it_was_written() -> None:
    """No value became a number, a boolean, a date or a base-60 number."""
    loaded = load_sale(VALID / "everything.yaml", VALID)
    expected = Sale(
        id="everything",
        title="2026",
        description="Text in *Markdown*.",
        timezone="America/Sao_Paulo",
        starts_at=datetime(2026, 11, 27, 12, tzinfo=UTC),
        ends_at=datetime(2026, 11, 28, 12, tzinfo=UTC),
        currency="KWD",
        locale="pt-BR",
        theme="spotlight",
        products=(
            Product(
                sku="0100",
                name="NO",
                slug="no",
                price=Decimal("19.900"),
                list_price=Decimal("20.500"),
                stock=100,
                image="images/12:30.jpg",
                summary="off",
                description="One line, folded.",
            ),
            Product(sku="12:30", name="Café au lait", slug="cafe-au-lait", price=Decimal("1.000")),
        ),
        order=OrderSettings(
            servers=("https://a.example", "https://b.example:8443"),
            slots_per_server=20,
            lease=90,
            trusted_proxies=("10.0.0.0/8", "2001:db8::1"),
            buyer="header:X-User-Id",
            forward_to=SecretUrl("https://orders.internal.example/api/orders"),
        ),
        unlock=Unlock(version="7k2mq9xw4t", edge_ttl_seconds=0),
    )
    assert expected == loaded.sale
    assert (loaded.warnings, loaded.inputs) == ((), (VALID / "everything.yaml",))
    assert [str(product.price) for product in loaded.sale.products] == ["19.900", "1.000"]


def test_a_feed_is_read_in_the_language_of_the_locale() -> None:
    """`name:de-AT`, else `name:de`, else `name`, cell by cell; blank rows are skipped; text stays text."""
    sale = load_sale(VALID / "feed.yaml", VALID).sale
    expected = [("A-1", "Blaues Leiberl", 5), ("0100", "Tasse", None), ("C", "Hat", None)]
    assert expected == [(product.sku, product.name, product.stock) for product in sale.products]
    assert sale.products[0].description == 'two\nlines; "quoted"'


def test_a_feed_s_warnings_have_positions_in_the_feed() -> None:
    """Line of the row, column of the cell that was used."""
    loaded = load_sale(VALID / "feed.yaml", VALID)
    feed = VALID / "feed.csv"
    assert loaded.inputs == (VALID / "feed.yaml", feed)
    assert [
        (Where(VALID / "feed.yaml", 1, 1), "unlock.version"),
        (Where(feed, 1, 9, "I1"), ""),
        (Where(feed, 1, 10, "J1"), ""),
        (Where(feed, 2, 6, "F2"), "products.0.list_price"),
    ] == [(warning.where, warning.path) for warning in loaded.warnings]
    assert [Where(feed, 2, 4, "D2"), Where(feed, 6, 3, "C5"), Where(feed, 7, 2, "B6")] == [
        loaded.where(row, "name") for row in range(3)
    ]
    quote = "0100;Mug;Tasse;;7.50;;;;;"
    expected = Problem(Where(feed, 6, 1, "A5"), "bad image", "mend it", "products.1.image", quote)
    assert expected == loaded.problem(("products", 1, "image"), "bad image", "mend it")


def test_positions_in_the_yaml(tmp_path: Path) -> None:
    """The page package reports a bad image, or a missing theme, where it is written."""
    loaded = load_text(tmp_path, HEADER + "  theme: night\n" + PRODUCTS)
    path = tmp_path / "x.yaml"
    assert Where(path, 9, 20) == loaded.where(0, "name")
    expected = Problem(Where(path, 7, 10), "no such theme", "", "sale.theme", "  theme: night")
    assert expected == loaded.problem(("sale", "theme"), "no such theme")


def test_a_sale_without_a_version_has_a_stable_one_and_a_warning(tmp_path: Path) -> None:
    """Builds are reproducible, but the pointer's name can be guessed from the id and the start."""
    loaded = load_text(tmp_path, HEADER + PRODUCTS)
    assert loaded.sale.unlock.version == load_text(tmp_path, HEADER + "unlock: {}\n" + PRODUCTS).sale.unlock.version
    assert loaded.sale.unlock.version == "5sk6vewvjy"
    assert loaded.sale.version_is_derived
    assert [warning.hint for warning in loaded.warnings] == ["add one with `flashgen rotate x`"]
    chosen = load_text(tmp_path, HEADER + PRODUCTS + "unlock: {version: abcdef}\n")
    assert not chosen.sale.version_is_derived
    assert chosen.warnings == ()


def test_defaults_of_a_minimal_sale(tmp_path: Path) -> None:
    """The file has the required keys only."""
    sale = load_text(tmp_path, HEADER + PRODUCTS).sale
    assert (sale.locale, sale.theme, sale.timezone, sale.zone, sale.order) == (
        "en",
        "spotlight",
        "UTC",
        ZoneInfo("UTC"),
        None,
    )
    assert sale.unlock.edge_ttl_seconds == 1


def test_a_sale_cannot_be_changed(tmp_path: Path) -> None:
    """Frozen all the way down."""
    sale = load_text(tmp_path, HEADER + PRODUCTS).sale
    with pytest.raises(ValidationError):
        sale.title = "Y"
    with pytest.raises(ValidationError):
        sale.products[0].price = Decimal(2)


def test_a_header_ignores_problems_of_products(tmp_path: Path) -> None:
    """A typo in a product must not prevent going live."""
    path = tmp_path / "x.yaml"
    path.write_text(HEADER + "products:\n  - {sku: A, sku: !x B, price: -1}\n  - {from: nowhere.csv}\n")
    header = load_header(path)
    assert (header.id, header.starts_at.isoformat()) == ("x", "2026-11-27T08:00:00+00:00")


def test_a_header_reports_all_other_problems(tmp_path: Path) -> None:
    """go-live uses those sections."""
    path = tmp_path / "x.yaml"
    path.write_text(HEADER + "  title: again\norder: {}\nunlock: {version: A}\n" + PRODUCTS)
    with pytest.raises(InvalidInput) as caught:
        load_header(path)
    assert [problem.path for problem in caught.value.problems if problem.path != "order"] == [
        "sale.title",
        "unlock.version",
    ]


def test_a_feed_reached_by_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    """A pull request must not be able to publish the build machine's files."""
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "secret.csv").write_text("sku,name,price\nA,B,1\n")
    (project / "feed.csv").symlink_to(tmp_path / "secret.csv")
    message = "`from` must stay inside the project, found feed.csv"
    assert [("products.from", message)] == refused(project, HEADER + "products: {from: feed.csv}\n")
    (project / "loop.csv").symlink_to("loop.csv")
    assert refused(project, HEADER + "products: {from: loop.csv}\n")


def test_too_many_products_are_one_problem(tmp_path: Path) -> None:
    """A sale is not a catalogue."""
    (tmp_path / "x.csv").write_text("sku,name,price\n" + "A,B,1\n" * 100_001)
    message = "`products` must have at most 100,000, found 100,001"
    assert [("products", message)] == refused(tmp_path, HEADER + "products: {from: x.csv}\n")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.one_of(st.binary(max_size=300), st.text(alphabet="ab:-[]{}&*!|>'\"#%@`, \n\t<?~\r", max_size=60).map(str.encode))
)
def test_any_bytes_are_a_sale_or_invalid_input(tmp_path: Path, body: bytes) -> None:
    """The bytes alone, and after a valid header; as YAML, and as a feed."""
    for text, feed in (
        (body, b""),
        (HEADER.encode() + body, b""),
        (HEADER.encode() + b"products: {from: x.csv}", body),
    ):
        (tmp_path / "x.yaml").write_bytes(text)
        (tmp_path / "x.csv").write_bytes(feed)
        with suppress(InvalidInput):
            load_sale(tmp_path / "x.yaml", tmp_path)


def test_importing_the_package_is_light() -> None:
    """`--help` must not wait for pydantic, yaml or babel."""
    code = "import sys, flashgen.sale; print({'pydantic', 'yaml', 'babel'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("field", [{"price": Decimal("-1")}, {"price": Decimal("NaN")}, {"stock": -1}, {"slug": "A b"}])
def test_an_invalid_product_cannot_be_built(field: dict[str, Any]) -> None:
    """Code cannot build one either."""
    with pytest.raises(ValidationError):
        Product(**{"sku": "A", "name": "Shirt", "price": Decimal(1), **field})


def test_a_feed_beside_the_yaml_is_named_without_dots(tmp_path: Path) -> None:
    """The rule has no exceptions: a path with `..` that ends inside the project is refused too."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "x.csv").write_text("sku,name,price\nA,B,1\n")
    message = "`from` must stay inside the project, found sub/../x.csv"
    assert refused(tmp_path, HEADER + "products: {from: sub/../x.csv}\n") == [("products.from", message)]


def test_a_sale_that_ends_at_its_start_is_refused(tmp_path: Path) -> None:
    """The end is after the start, not at it."""
    message = "`ends_at` must be after `starts_at`, found 2026-11-27T09:00:00+01:00"
    assert refused(tmp_path, HEADER.replace("T21:00", "T09:00") + PRODUCTS) == [("sale.ends_at", message)]


def test_products_that_shoppers_cannot_tell_apart_are_one_warning(tmp_path: Path) -> None:
    """At the second of them; case and blanks do not show."""
    names = ("Shirt", "shirt ", "Mug", "Mug", "Shirt", "Jug")
    (tmp_path / "feed.csv").write_text(
        "Artikelnummer,Bezeichnung,Preis\n" + "".join(f"S{n},{name},5\n" for n, name in enumerate(names))
    )
    path = tmp_path / "night.yaml"
    path.write_text(
        "sale: {id: night, title: Night, starts_at: 2026-11-27T09:00Z, ends_at: 2026-11-27T21:00Z, currency: EUR}\n"
        "unlock: {version: abc123}\nproducts: {from: feed.csv}\n"
    )
    (warning,) = load_sale(path, tmp_path).warnings
    assert "3 products have the name Shirt, and 1 more name too" == warning.message
    assert "feed.csv:3:2 (B3)" == str(warning.where).rpartition("/")[2]


def test_slugs_are_of_the_sales_language(tmp_path: Path) -> None:
    """A second product with the name of the first is told apart by its SKU."""
    products = "products:\n  - {sku: A, name: Mütze, price: 1}\n  - {sku: B-1, name: Mütze, price: 1}\n"
    loaded = load_text(tmp_path, HEADER + "  locale: de\n" + products)
    assert ["muetze", "b-1"] == [product.slug for product in loaded.sale.products]


def test_a_text_that_a_comment_cuts_is_a_warning(tmp_path: Path) -> None:
    """The product is `Pack`, and nothing else says so."""
    products = "products:\n  - sku: A\n    name: Pack #1 limited\n    price: 1 #2\nunlock: {version: abcdef}\n"
    loaded = load_text(tmp_path, HEADER + products)
    assert ["products.0.name"] == [warning.path for warning in loaded.warnings]
