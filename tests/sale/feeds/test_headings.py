"""Headings in other case, in many languages, and with a currency."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.feeds import feed_of

import flashgen.sale.feeds.headings as headings
from flashgen.packaged_files import packaged
from flashgen.sale.feeds.headings import REQUIRED, Format, format_of, role_of

WORDS = json.loads(Path(headings.__file__).with_name("words.json").read_text("utf-8"))
LANGUAGES = sorted(path.stem for path in (packaged("themes") / "plain" / "messages").glob("*.yaml"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_of_the_pages_has_words_for_what_a_product_needs(tmp_path: Path, language: str) -> None:
    """Of each the first: a table with these headings is read, and said to be guessed."""
    words = WORDS.get(language) or WORDS[language.partition("-")[0]]
    names = [words[key][0] for key in REQUIRED]
    feed = feed_of(tmp_path, f"{','.join(names)}\nA,a,1\n", language)
    assert ({"sku": "A", "name": "a", "price": "1"},) == feed.rows
    assert set(REQUIRED) == feed.understanding.guessed | set(names) & set(REQUIRED)


def test_a_word_has_one_meaning_in_a_language() -> None:
    """Else the order of a file would decide."""
    for language, roles in WORDS.items():
        words = [headings.plain(word) for own in roles.values() for word in own]
        assert len(words) == len(set(words)), (language, [word for word in words if words.count(word) > 1])


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("Preis", "price"),
        ("  PRIX TTC ", "price"),
        ("价格", "price"),
        ("Art.-Nr.", "sku"),
        ("Item #", "sku"),
        ("Preis (EUR)", "price"),
        ("Price in USD", "price"),
        ("Bild 2", "images"),
        ("Sale Price", "sale_price"),
        ("colour", ""),
    ],
)
def test_case_punctuation_and_units_do_not_matter(heading: str, role: str) -> None:
    """People write headings for people."""
    assert role == role_of(heading, "en")


@pytest.mark.parametrize(
    ("header", "format"),
    [
        ("sku,name,price", Format.FLASHGEN),
        ("Handle,Title,Variant SKU,Variant Price", Format.SHOPIFY),
        ("Title,URL handle,SKU,Price", Format.SHOPIFY),
        ("id,title,price,sale_price,image_link", Format.MERCHANT),
        ("id,title,price", Format.FLASHGEN),
        ("sku,name,price,handle,title", Format.FLASHGEN),
    ],
)
def test_a_format_is_known_by_its_headings(header: str, format: Format) -> None:
    """Both of Shopify's sets, and what only Merchant feeds have."""
    assert format is format_of(header.split(","))


def test_a_heading_with_another_currency_is_a_problem(tmp_path: Path) -> None:
    """So is a column of currencies; both name the sale's."""
    (problem,) = feed_of(tmp_path, "sku,name,Price (USD)\nA,a,1\n").problems
    assert 'column "Price (USD)" is in USD, and the sale in EUR' == problem.message
    assert () == feed_of(tmp_path, "sku,name,Price all\nA,a,1\n", columns={"price": "Price all"}).problems
    (problem,) = feed_of(tmp_path, "sku,name,price,currency\nA,a,1,EUR\nB,b,1,USD\nC,c,1,USD\n").problems
    assert ("the price is in USD, and the sale in EUR", 3) == (problem.message, problem.where.line)


def test_category_is_recognised_by_its_words() -> None:
    """Shops call it a group, a type or a category."""
    words = (("Warengruppe", "de"), ("Product type", "en"), ("カテゴリー", "ja"), ("Catégorie", "fr"))
    assert ["category"] * 4 == [role_of(heading, locale) for heading, locale in words]


def test_only_a_currency_is_left_out_of_a_heading(tmp_path: Path) -> None:
    """`UVP` has three letters, too."""
    assert ["price", "price", ""] == [role_of(text, "de") for text in ("Preis EUR", "Preis in €", "Preis UVP")]
    feed = feed_of(tmp_path, "Artikel;;Preis;\nNr.;Bezeichnung;EUR;UVP\n1;Hut;9,90;12,90\n", "de")
    assert ({"sku": "1", "name": "Hut", "price": "9.90", "list_price": "12.90"},) == feed.rows
