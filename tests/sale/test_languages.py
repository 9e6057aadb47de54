"""A sale in several languages: texts by language, fallbacks, and what is the same in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from support.feeds import feed_of
from support.projects import write_sale

from flashgen.errors import InvalidInput
from flashgen.sale.load import Loaded, load_header, load_sale

PRODUCTS = """\
products:
  - {sku: LAMP, name: {de: Grüne Lampe, en: Green lamp, ar: مصباح}, price: "19.90", summary: {de: Hell, en: Bright}}
  - {sku: MUG, name: {de: Becher, EN_us: Mug}, price: "5.00"}
  - {sku: RUG, name: Teppich, price: "9.00"}
"""
TITLE = "{de: Nacht, en: Night, ar: ليلة}"


def load(root: Path, products: str = PRODUCTS, **fields: str) -> Loaded:
    """A sale in German, English and Arabic."""
    return load_sale(write_sale(root, products, **{"locales": "[de, en, ar]", "title": TITLE, **fields}), root)


def messages(root: Path, products: str = PRODUCTS, **fields: str) -> list[str]:
    """Of all problems."""
    with pytest.raises(InvalidInput) as refused:
        load(root, products, **fields)
    return [problem.message for problem in refused.value.problems]


def names(loaded: Loaded) -> Mapping[str, tuple[str, ...]]:
    """The products' names by locale."""
    return {sale.locale: tuple(product.name for product in sale.products) for sale in loaded.sale.languages}


def test_each_language_has_its_texts(tmp_path: Path) -> None:
    """The first locale is the default; a text alone is in it, and is shown where another is missing."""
    loaded = load(tmp_path)
    assert {
        "de": ("Grüne Lampe", "Becher", "Teppich"),
        "en": ("Green lamp", "Becher", "Teppich"),
        "ar": ("مصباح", "Becher", "Teppich"),
    } == names(loaded)
    assert ["Nacht", "Night", "ليلة"] == [sale.title for sale in loaded.sale.languages]
    assert ["Hell", "Bright", "Hell"] == [sale.products[0].summary for sale in loaded.sale.languages]
    assert ("de", ("de", "en", "ar"), True) == (
        loaded.sale.locale, loaded.sale.locales, loaded.sale.is_multilingual
    )  # fmt: skip


def test_a_language_is_found_by_its_more_general_tag(tmp_path: Path) -> None:
    """`en-US` takes `en`, however the tag is spelled; `en` does not take `en-US`."""
    loaded = load(tmp_path, locales="[de, EN-us]", title="{de: Nacht, en: Night}")
    assert ("Green lamp", "Mug", "Teppich") == names(loaded)["en-US"]
    assert "Night" == loaded.sale.translations[0].title


def test_all_but_texts_is_the_same(tmp_path: Path) -> None:
    """Also the slug: an address does not change with a translation."""
    sales = load(tmp_path).sale.languages
    assert {tuple(one.slug for one in sales[0].products)} == {
        tuple(product.slug for product in sale.products) for sale in sales
    }
    assert "becher" == sales[2].products[1].slug
    assert 1 == len({(sale.id, sale.unlock, sale.order, sale.starts_at, sale.currency) for sale in sales})
    assert 1 == len({tuple((one.sku, one.price, one.stock) for one in sale.products) for sale in sales})


def test_a_missing_text_is_named_once(tmp_path: Path) -> None:
    """For each key and language, at the first place."""
    loaded = load(tmp_path)
    assert [
        (9, "`summary` has no text in ar: the one in de is shown"),
        (10, "`name` has no text in en for 2 products: the one in de is shown"),
        (10, "`name` has no text in ar for 2 products: the one in de is shown"),
        (10, "`name` has a text in en-US, which no page shows"),
    ] == sorted(
        ((problem.where.line, problem.message) for problem in loaded.warnings),
        key=lambda one: (one[0], "has a text" in one[1], "en" not in one[1]),
    )


def test_the_first_locale_has_every_text(tmp_path: Path) -> None:
    """There is nothing else to fall back to."""
    lamp = 'products:\n  - {sku: LAMP, name: {en: Lamp}, price: "1.00", summary: {en: Bright}}\n'
    assert [
        "`name` has no text in de, the sale's first locale",
        "`summary` has no text in de, the sale's first locale",
    ] == messages(tmp_path, lamp)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"locales": "de"}, "`locales` must be a list, found de"),
        ({"locales": "[de, de]"}, "`locales` must not name a locale twice, found de again"),
        ({"locales": "[de, xx]"}, "`locales` must be a locale that Babel knows, found xx"),
        ({"locale": "en"}, "`locales` must begin with the `locale`, en, found de"),
        ({"title": "{de: Nacht, english: Night}"}, "`title` has texts by language tag, found english"),
        ({"title": f"{{de: Nacht, en: {'x' * 201}}}"}, "`title` must have at most 200 characters, found 201"),
        ({"currency": "{de: EUR}"}, "`currency` must be one value, found a mapping"),
    ],
)
def test_mistakes(tmp_path: Path, fields: Mapping[str, str], message: str) -> None:
    """Each has a message of its own."""
    assert [message] == messages(tmp_path, **fields)


def test_a_list_of_no_locale_is_refused(tmp_path: Path) -> None:
    """It is not the same as no list."""
    plain = 'products: [{sku: LAMP, name: Lamp, price: "1.00"}]\n'
    assert ["`locales` must have 1 to 50 language tags, found 0"] == messages(tmp_path, plain, locales="[]", title="A")


def test_a_problem_is_at_the_language_that_has_it(tmp_path: Path) -> None:
    """Once, even if several languages fall back to that text."""
    products = f'products:\n  - sku: LAMP\n    price: "1.00"\n    name:\n      de: Lampe\n      en: {"x" * 201}\n'
    with pytest.raises(InvalidInput) as refused:
        load(tmp_path, products)
    (problem,) = refused.value.problems
    assert ("products.0.name.en", 13) == (problem.path, problem.where.line)


def test_a_text_in_a_language_that_the_sale_lacks_is_named_once(tmp_path: Path) -> None:
    """For each key and tag, at the first place: no page shows it."""
    loaded = load_sale(write_sale(tmp_path, PRODUCTS, locale="de", title=TITLE), tmp_path)
    assert (("Nacht", ()), False) == ((loaded.sale.title, loaded.sale.translations), loaded.sale.is_multilingual)
    assert [
        (3, "`title` has a text in en, which no page shows"),
        (3, "`title` has a text in ar, which no page shows"),
        (9, "`name` has a text in en, which no page shows"),
        (9, "`name` has a text in ar, which no page shows"),
        (9, "`summary` has a text in en, which no page shows"),
        (10, "`name` has a text in en-US, which no page shows"),
    ] == [(problem.where.line, problem.message) for problem in loaded.warnings]
    assert "write `locales: [de, en]` in place of `locale` to show it, or delete it" == loaded.warnings[0].hint


def test_texts_that_no_page_shows_are_counted(tmp_path: Path) -> None:
    """And a tag that is too narrow is told from a language that is not there."""
    rows = "".join(f'  - {{sku: A{n}, name: {{de: Lampe {n}, en-US: Lamp}}, price: "1.00"}}\n' for n in range(3))
    loaded = load_sale(write_sale(tmp_path, f"products:\n{rows}", locales="[de, en]", title="{de: A, en: B}"), tmp_path)
    unread = [one for one in loaded.warnings if "no page shows" in one.message]
    assert ["`name` has a text in en-US for 3 products, which no page shows"] == [one.message for one in unread]
    assert "write en in place of en-US, or delete it" == unread[0].hint


def test_go_live_reads_the_default_texts(tmp_path: Path) -> None:
    """The header has no products."""
    assert "Nacht" == load_header(write_sale(tmp_path, PRODUCTS, locales="[de, en, ar]", title=TITLE)).title


FEED = """\
sku,name,name:en,name:ar,price,summary,summary:EN,slug:en,description:en
LAMP,Lampe,Lamp,مصباح,19.90,Hell,Bright,lamp,
MUG,Becher,,كوب,5.00,,,,
"""


def test_a_feed_has_a_column_for_each_language(tmp_path: Path) -> None:
    """`name` is in the first locale; an empty cell falls back."""
    path = write_sale(tmp_path, "products: {from: feed.csv}\n", locales="[de, en, ar]", title=TITLE)
    (path.parent / "feed.csv").write_text(FEED, encoding="utf-8")
    loaded = load_sale(path, tmp_path)
    assert {"de": ("Lampe", "Becher"), "en": ("Lamp", "Becher"), "ar": ("مصباح", "كوب")} == names(loaded)
    assert ["Hell", "Bright", "Hell"] == [sale.products[0].summary for sale in loaded.sale.languages]
    assert [
        (1, "column `slug:en` is left out: no page shows it", "`slug` is the same in all languages: delete it"),
        (2, "`summary` has no text in ar: the one in de is shown", "fill a column `summary:ar`"),
        (3, "`name` has no text in en: the one in de is shown", "fill a column `name:en`"),
    ] == sorted((problem.where.line, problem.message, problem.hint) for problem in loaded.warnings)


def test_a_feed_s_problem_is_in_the_column_of_its_language(tmp_path: Path) -> None:
    """Counted from 1."""
    path = write_sale(tmp_path, "products: {from: feed.csv}\n", locales="[de, en]", title=TITLE)
    (path.parent / "feed.csv").write_text(f"sku,name,price,name:en\nA,Lampe,1.00,{'x' * 201}\n", encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        load_sale(path, tmp_path)
    (problem,) = refused.value.problems
    assert (2, 4) == (problem.where.line, problem.where.column)


def test_columns_of_other_languages_are_named_as_left_out(tmp_path: Path) -> None:
    """If they hold anything: a template's column for a later language may be empty."""
    feed = feed_of(tmp_path, FEED, "de")
    assert ("name:en", "name:ar") == feed.understanding.ignored[:2]
    assert [f"column `{name}` is left out: no page shows it" for name in ("name:en", "name:ar", "summary:en")] == [
        warning.message for warning in feed.warnings[:3]
    ]
    assert "write `locales: [de, en]` in place of `locale` to show it, or delete it" == feed.warnings[0].hint
