"""From files to a frozen sale, with its warnings, its inputs and its places."""

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
    """Nothing became a number, a boolean, a date or a sixty on the way."""
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
            forward_to="https://orders.internal.example/api/orders",
        ),
        unlock=Unlock(version="7k2mq9xw4t", edge_ttl_seconds=0),
    )
    assert expected == loaded.sale
    assert (loaded.warnings, loaded.inputs) == ((), (VALID / "everything.yaml",))
    assert [str(product.price) for product in loaded.sale.products] == ["19.900", "1.000"]


def test_a_feed_is_read_in_the_words_of_the_locale() -> None:
    """`name:de-AT`, else `name:de`, else `name`, cell by cell; blank rows are skipped; text stays text."""
    sale = load_sale(VALID / "feed.yaml", VALID).sale
    expected = [("A-1", "Blaues Leiberl", 5), ("0100", "Tasse", None), ("C", "Hat", None)]
    assert expected == [(product.sku, product.name, product.stock) for product in sale.products]
    assert sale.products[0].description == 'two\nlines; "quoted"'


def test_a_feed_s_warnings_and_places_are_its_own() -> None:
    """Line of the row, column of the cell that was used."""
    loaded = load_sale(VALID / "feed.yaml", VALID)
    feed = VALID / "feed.csv"
    assert loaded.inputs == (VALID / "feed.yaml", feed)
    assert [
        (Where(VALID / "feed.yaml", 1, 1), "unlock.version"),
        (Where(feed, 1, 9), ""),
        (Where(feed, 2, 6), "products.0.list_price"),
    ] == [(warning.where, warning.path) for warning in loaded.warnings]
    assert [Where(feed, 2, 4), Where(feed, 6, 3), Where(feed, 7, 2)] == [loaded.where(row, "name") for row in range(3)]
    quote = "0100;Mug;Tasse;;7.50;;;;;"
    expected = Problem(Where(feed, 6, 1), "bad image", "mend it", "products.1.image", quote)
    assert expected == loaded.problem(("products", 1, "image"), "bad image", "mend it")


def test_places_in_the_yaml(tmp_path: Path) -> None:
    """The page package reports a bad image, or a missing theme, where it is written."""
    loaded = load_text(tmp_path, HEADER + "  theme: night\n" + PRODUCTS)
    path = tmp_path / "x.yaml"
    assert Where(path, 9, 20) == loaded.where(0, "name")
    expected = Problem(Where(path, 7, 10), "no such theme", "", "sale.theme", "  theme: night")
    assert expected == loaded.problem(("sale", "theme"), "no such theme")


def test_a_sale_without_a_version_has_a_stable_one_and_a_warning(tmp_path: Path) -> None:
    """Builds are reproducible; but who knows the id and the start can guess the name."""
    loaded = load_text(tmp_path, HEADER + PRODUCTS)
    assert loaded.sale.unlock.version == load_text(tmp_path, HEADER + "unlock: {}\n" + PRODUCTS).sale.unlock.version
    assert loaded.sale.unlock.version == "5sk6vewvjy"
    assert loaded.sale.version_is_derived
    assert [warning.hint for warning in loaded.warnings] == ["add one with `flashgen rotate x`"]
    chosen = load_text(tmp_path, HEADER + PRODUCTS + "unlock: {version: abcdef}\n")
    assert not chosen.sale.version_is_derived
    assert chosen.warnings == ()


def test_defaults_of_a_minimal_sale(tmp_path: Path) -> None:
    """Only what the contract calls required is there."""
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


def test_a_header_does_not_mind_its_products(tmp_path: Path) -> None:
    """A typo in a product must not stand in the way of going live."""
    path = tmp_path / "x.yaml"
    path.write_text(HEADER + "products:\n  - {sku: A, sku: !x B, price: -1}\n  - {from: nowhere.csv}\n")
    header = load_header(path)
    assert (header.id, header.starts_at.isoformat()) == ("x", "2026-11-27T08:00:00+00:00")


def test_a_header_minds_everything_else(tmp_path: Path) -> None:
    """What go-live uses has to be right."""
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
    """Alone, and after a valid header; as YAML, and as a feed."""
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
    """Not by code either."""
    with pytest.raises(ValidationError):
        Product(**{"sku": "A", "name": "Shirt", "price": Decimal(1), **field})


def test_a_feed_beside_the_yaml_is_named_without_dots(tmp_path: Path) -> None:
    """One rule, without exceptions to remember: even a detour that ends inside the project is refused."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "x.csv").write_text("sku,name,price\nA,B,1\n")
    message = "`from` must stay inside the project, found sub/../x.csv"
    assert refused(tmp_path, HEADER + "products: {from: sub/../x.csv}\n") == [("products.from", message)]


def test_a_sale_of_no_length_is_refused(tmp_path: Path) -> None:
    """The end is after the start, not at it."""
    message = "`ends_at` must be after `starts_at`, found 2026-11-27T09:00:00+01:00"
    assert refused(tmp_path, HEADER.replace("T21:00", "T09:00") + PRODUCTS) == [("sale.ends_at", message)]
