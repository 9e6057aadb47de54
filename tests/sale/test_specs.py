"""A product's specifications: as YAML, in a feed's cell, and in several languages."""

from __future__ import annotations

from pathlib import Path

from support.projects import write_sale

from flashgen.sale.load import Loaded, load_sale

LINEN = {"Material": "linen", "Size": "60 cm"}


def products(rows: str) -> str:
    """A section with one product that has these specifications."""
    return f'products: [{{sku: A, name: Lamp, price: "1.00", specs: {rows}}}]\n'


def load(root: Path, rows: str, **fields: str) -> Loaded:
    """A sale whose one product has these specifications."""
    return load_sale(write_sale(root, products(rows), **fields), root)


def load_feed(root: Path, text: str, **fields: str) -> Loaded:
    """A sale whose products are this feed."""
    path = write_sale(root, "products: {from: feed.csv}\n", **fields)
    (path.parent / "feed.csv").write_text(text, encoding="utf-8")
    return load_sale(path, root)


def test_a_mapping_keeps_its_order(tmp_path: Path) -> None:
    """As it is written; a value is one text, whatever YAML would read it as."""
    sale = load(tmp_path, "{Size: 60 cm, Material: linen, Washable: no, Year: 0100}").sale
    expected = [("Size", "60 cm"), ("Material", "linen"), ("Washable", "no"), ("Year", "0100")]
    assert expected == [*sale.products[0].specs.items()]


def test_none_by_default(tmp_path: Path) -> None:
    """An empty value is no table, too."""
    assert {} == load(tmp_path, "").sale.products[0].specs


def test_a_cell_of_a_feed_has_rows(tmp_path: Path) -> None:
    """Separated by semicolons, bars or line ends; only the first colon separates name and value."""
    cells = ("Material: linen; Size: 60 cm", "Material: linen | Size: 60 cm", "Material: linen\nSize: 60 cm\n")
    rows = "".join(f'S-{n},Lamp {n},1.00,"{cell}"\n' for n, cell in enumerate((*cells, "Ratio: 16:9")))
    loaded = load_feed(tmp_path, "sku,name,price,specs\n" + rows)
    assert [LINEN, LINEN, LINEN, {"Ratio": "16:9"}] == [product.specs for product in loaded.sale.products]


def test_each_language_has_its_table(tmp_path: Path) -> None:
    """Names differ, too. A table alone is in the first locale, which is shown in the others with a warning."""
    both = load(tmp_path, "{de: {Stoff: Leinen}, en: {Fabric: linen}}", locales="[de, en]")
    assert [{"Stoff": "Leinen"}, {"Fabric": "linen"}] == [one.products[0].specs for one in both.sale.languages]
    one = load(tmp_path, "{Stoff: Leinen}", locales="[de, en]")
    assert [{"Stoff": "Leinen"}] * 2 == [sale.products[0].specs for sale in one.sale.languages]
    assert "`specs` has no text in en: the one in de is shown" in [problem.message for problem in one.warnings]


def test_a_feed_has_a_column_for_each_language(tmp_path: Path) -> None:
    """`specs:en` beside `specs`."""
    text = "sku,name,name:en,price,specs,specs:en\nA,Lampe,Lamp,1.00,Stoff: Leinen,Fabric: linen\n"
    loaded = load_feed(tmp_path, text, locales="[de, en]")
    assert [{"Stoff": "Leinen"}, {"Fabric": "linen"}] == [one.products[0].specs for one in loaded.sale.languages]
