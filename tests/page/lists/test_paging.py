"""The pages of a list: which products each has, and the links between them."""

from __future__ import annotations

import re
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest

from flashgen.page.assets.asset import Asset
from flashgen.page.lists.paging import ListView, Paging, list_folder
from flashgen.page.pictures.encode import Picture, Rendition
from flashgen.sale.product import Product


def products(count: int) -> tuple[Product, ...]:
    """Lamps and mugs by turns."""
    kinds = ("Lamps", "Mugs", "")
    return tuple(
        Product(sku=f"S-{n}", name=f"Thing {n}", price=Decimal(n), category=kinds[n % 3]) if n % 3 < 2 else plain(n)
        for n in range(1, count + 1)
    )


def plain(number: int) -> Product:
    """A product without a category."""
    return Product(sku=f"S-{number}", name=f"Thing {number}", price=Decimal(number))


def picture(width: int, height: int) -> Picture:
    """One in a single encoding."""
    return Picture(Path("a.png"), width, height, 1, (), Rendition(Asset("a.png", b""), "PNG", width, height))


def links(view: ListView) -> str:
    """The numbers of the links, `…` for a gap."""
    return " ".join(str(link.number) if link else "…" for link in view.links)


def test_every_product_is_on_one_page() -> None:
    """In the sale's order; the last page has the rest."""
    all_products = products(50)
    paging = Paging(all_products, 24, {})
    pages = [paging.products(number) for number in range(1, paging.pages + 1)]
    assert [24, 24, 2] == [len(page) for page in pages]
    assert list(all_products) == [product for page in pages for product in page]


def test_without_a_number_there_is_one_page() -> None:
    """As in all themes that say nothing."""
    view = Paging(products(3000), None, {}).view(1)
    assert (1, 1, 3000, None, None) == (view.pages, view.first, view.last, view.previous, view.next)
    assert 3000 == len(Paging(products(3000), None, {}).products(1))


def test_full_last_page_has_no_empty_one_after_it() -> None:
    """48 products are two pages of 24."""
    assert 2 == Paging(products(48), 24, {}).pages


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1, "1 2 … 9"),
        (3, "1 2 3 4 … 9"),
        (4, "1 2 3 4 5 … 9"),
        (5, "1 … 4 5 6 … 9"),
        (7, "1 … 6 7 8 9"),
        (9, "1 … 8 9"),
    ],
)
def test_links_lead_to_the_ends_and_the_nearest_pages(number: int, expected: str) -> None:
    """A gap stands for two pages or more."""
    assert expected == links(Paging(products(9), 1, {}).view(number))


def test_urls_are_relative_to_the_page() -> None:
    """The first page is the sale's own address."""
    first, third = Paging(products(60), 24, {}).view(1), Paging(products(60), 24, {}).view(3)
    assert ["./", "page/2/", "page/3/"] == [link.url for link in first.links if link]
    assert ["../../", "../../page/2/", "../../page/3/"] == [link.url for link in third.links if link]
    assert first.next is not None
    assert "page/2/" == first.next.url
    assert third.previous is not None
    assert "../../page/2/" == third.previous.url
    assert ("", "page/2/") == (list_folder(1), list_folder(2))


def test_categories_are_counted_over_all_pages() -> None:
    """A filter reaches every page, so each says the same."""
    assert (("Mugs", 3), ("Lamps", 2)) == Paging(products(7), 4, {}).view(2).categories


def test_the_docs_name_every_value() -> None:
    """Authors of themes read of `listing` there."""
    text = (Path(__file__).parents[3] / "docs" / "themes.md").read_text(encoding="utf-8")
    rows = text.partition("| value | is |")[2].partition("\n\n")[0].splitlines()[1:]
    named = {name for row in rows for name in re.findall("`([a-z_]+)`", row.split("|")[1])}
    assert {field.name for field in fields(ListView)} == named


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [
        (((800, 600), (1600, 400)), "wide"),
        (((600, 800),), "tall"),
        (((600, 600), (600, 800)), "mixed"),
        ((), "mixed"),
    ],
)
def test_a_list_has_the_shape_of_all_its_pictures(sizes: tuple[tuple[int, int], ...], shape: str) -> None:
    """Of every page's products, since a search shows them together."""
    pictures = {f"{number}.png": picture(width, height) for number, (width, height) in enumerate(sizes)}
    rows = [plain(number + 1).model_copy(update={"image": name}) for number, name in enumerate(pictures)]
    view = Paging([*rows, plain(9)], 1, pictures).view(1)
    assert (bool(sizes), shape) == (view.has_pictures, view.shape)
