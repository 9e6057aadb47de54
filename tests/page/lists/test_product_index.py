"""The index of all products: what is in it, and when a build makes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from support.projects import png, write_theme
from support.storefront import ENDS_AT, STARTS_AT

from flashgen.page.build import build_sale
from flashgen.page.site import Role, Site

THEME = "extends: plain\nproducts_per_page: 2\n"
PAGE = """\
{% extends "plain/sale.html" %}
{% block head %}<meta name="index" content="{{ asset("products.json") }}">{% endblock %}
"""


def build(root: Path, locale: str = "locale: en", theme: str = "mine") -> Site:
    """Three products, one of them reduced, with a picture and a category."""
    config = root / "sale_configs" / "fair.yaml"
    config.parent.mkdir()
    (config.parent / "lamp.png").write_bytes(png(1200, 900))
    config.write_text(
        f"sale: {{id: fair, title: Fair, currency: EUR, theme: {theme}, {locale},"
        f' starts_at: "{STARTS_AT.isoformat()}", ends_at: "{ENDS_AT.isoformat()}"}}\n'
        "products:\n"
        '  - {sku: L, name: Lámpara, slug: lamp, price: "19.90", list_price: "39.80", image: lamp.png,'
        " category: Lamps}\n"
        '  - {sku: M, name: Mug, price: "5.00", list_price: "5.00", category: Mugs}\n'
        '  - {sku: R, name: Rug, price: "99.00"}\n',
        encoding="utf-8",
    )
    return build_sale(config, root, root / "build", 1).site


def indexes(site: Site) -> dict[str, Any]:
    """The indexes by key."""
    return {file.key: json.loads(site.body(file)) for file in site.files if file.key.endswith(".json")}


def test_index_has_what_a_card_needs(tmp_path: Path) -> None:
    """Texts are those of the page; only the renditions that a card can use are named."""
    write_theme(tmp_path, "mine", {"theme.yaml": THEME, "sale.html": PAGE})
    site = build(tmp_path)
    ((key, index),) = indexes(site).items()
    lamp, mug, rug = index["products"]
    assert ["Lamps", "Mugs"] == index["categories"]
    assert ["L", "Lámpara", "lamp", 19.9, "€19.90", 39.8, "€39.80", "−50%", 0] == lamp[:9]
    assert ["M", "Mug", "mug", 5.0, "€5.00", 0, "", "", 1, 0] == mug
    assert -1 == rug[8]
    fallback, width, height, srcset = lamp[9]
    assert ((960, 720), [480, 960]) == ((width, height), [rendition[1] for rendition in srcset])
    names = {file.key.rpartition("/")[2] for file in site.having(Role.ASSET)}
    assert {fallback, *(name for name, _ in srcset)} <= names
    page = (site.folder / "fair/page/2/index.html").read_text(encoding="utf-8")
    assert f'content="../../assets/{key.rpartition("/")[2]}"' in page


def test_every_language_has_its_own_index(tmp_path: Path) -> None:
    """Prices are written in other ways; the files lie side by side."""
    write_theme(tmp_path, "mine", {"theme.yaml": THEME, "sale.html": PAGE})
    found = indexes(build(tmp_path, "locales: [en, de]"))
    assert {"€5.00", "5,00\N{NO-BREAK SPACE}€"} == {index["products"][1][4] for index in found.values()}
    assert {"fair/assets"} == {key.rpartition("/")[0] for key in found}


def test_no_index_unless_a_page_asks(tmp_path: Path) -> None:
    """A theme without search publishes none."""
    assert {} == indexes(build(tmp_path, theme="plain"))


def test_list_pages_are_published_after_what_they_link_to(tmp_path: Path) -> None:
    """A further page of the list counts as the sale page, in one language and in several."""
    write_theme(tmp_path, "mine", {"theme.yaml": THEME, "sale.html": PAGE})
    (tmp_path / "several").mkdir()
    write_theme(tmp_path / "several", "mine", {"theme.yaml": THEME, "sale.html": PAGE})
    one, several = build(tmp_path), build(tmp_path / "several", "locales: [en, de]")
    assert (False, True) == (one.is_multilingual, several.is_multilingual)
    depths = {file.key.removesuffix("index.html"): file.page_depth for file in (*one.files, *several.files)}
    assert (0, 1) == (depths["fair/page/2/"], depths["fair/lamp/"])
    assert (1, 2) == (depths["fair/de/page/2/"], depths["fair/de/lamp/"])
