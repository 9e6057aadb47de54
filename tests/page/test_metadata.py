"""What pages tell machines, read back from built pages and judged by schema.org's own vocabulary."""

from __future__ import annotations

import contextlib
import json
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pydantic
import pytest
import schema_org
from PIL import Image
from pydantic import BaseModel, ValidationError
from support.projects import png, tree, write_sale

from flashgen.page.build import build_sale
from flashgen.page.metadata import sitemap, social_cards
from flashgen.page.metadata.page_meta import DESCRIPTION_LENGTH, open_graph_locale, shortened
from flashgen.page.metadata.sitemap import sitemaps
from flashgen.page.pictures.social_card import CardContent, CardLook
from flashgen.sale.load import load_sale

SITE = "https://sale.example.com"
PRODUCTS = """\
products:
  - {sku: LAMP, name: {de: Lampe, en: "Lamp </script>"}, price: "19.90", image: lamp.png, gtin: "4006381333931"}
  - {sku: MUG, name: {de: Becher, en: Mug}, price: "5.00", summary: Holds tea}
"""
FIELDS = {
    "locales": "[de, en]",
    "title": "{de: Nacht, en: Night}",
    "timezone": "Europe/Berlin",
    "description": '"**Once**."',
}


class Head(HTMLParser):
    """The metadata of a page: `<meta>` by name or property, `<link>` by rel and hreflang, and the structured data."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.meta: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.data: Any = None
        self._is_data = False
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "meta" and (name := given.get("name") or given.get("property")):
            assert name not in self.meta or name == "og:locale:alternate", name
            self.meta[name] = given["content"]
        if tag == "link":
            self.links[" ".join((given["rel"], given.get("hreflang", ""))).strip()] = given["href"]
        self._is_data = given.get("type") == "application/ld+json"

    def handle_data(self, data: str) -> None:
        if self._is_data:
            self.data, self._is_data = json.loads(data), False


def build(root: Path, site_url: str = SITE, products: str = PRODUCTS, **fields: str) -> Path:
    """The folder of a built sale, by default in two languages."""
    path = write_sale(root, products, **{**FIELDS, **fields})
    (path.parent / "lamp.png").write_bytes(png(400, 300))
    build_sale(path, root, root / "build", 1, site_url=site_url)
    return root / "build" / "night"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sale in German and English."""
    return build(tmp_path_factory.mktemp("project"))


def thing(node: dict[str, Any]) -> BaseModel:
    """A node as schema.org defines its type. Raises ValidationError for a property or a value that it does not have."""
    model: type[BaseModel] = getattr(schema_org, node["@type"])
    return model.model_validate({key: _value(value) for key, value in node.items() if key[0] != "@"})


def _value(value: Any) -> Any:
    if isinstance(value, list):
        return [_value(each) for each in value]
    if isinstance(value, dict):
        return thing(value)
    if value == schema_org.EventAttendanceModeEnumeration.ONLINE_EVENT_ATTENDANCE_MODE.value:
        return schema_org.EventAttendanceModeEnumeration.ONLINE_EVENT_ATTENDANCE_MODE
    for parse in (date.fromisoformat, datetime.fromisoformat):  # the models take no texts for times
        with contextlib.suppress(TypeError, ValueError):
            return parse(value)
    return value


def test_a_product_page_describes_product_offer_and_way(built: Path) -> None:
    """Addresses are absolute; the offer says when its price is valid, and nothing of the state."""
    graph = Head(built / "en" / "lampe" / "index.html").data["@graph"]
    product, way = graph
    assert {
        "@type": "Offer",
        "price": "19.90",
        "priceCurrency": "EUR",
        "validFrom": "2027-11-27T09:00:00Z",
        "validThrough": "2027-11-27T21:00:00Z",
        "priceValidUntil": "2027-11-27",
        "url": f"{SITE}/night/en/lampe/",
    } == product.pop("offers")
    (image,) = product.pop("image")
    assert (built / image.removeprefix(f"{SITE}/night/")).is_file()
    assert {
        "@type": "Product",
        "name": "Lamp </script>",
        "description": "Lamp </script>",
        "sku": "LAMP",
        "gtin": "4006381333931",
        "url": f"{SITE}/night/en/lampe/",
    } == product
    assert [("Night", f"{SITE}/night/en/"), ("Lamp </script>", f"{SITE}/night/en/lampe/")] == [
        (step["name"], step["item"]["@id"]) for step in way["itemListElement"]
    ]


def test_a_sale_page_describes_an_event(built: Path) -> None:
    """With the range of prices, in the page's language."""
    event = Head(built / "en" / "index.html").data
    assert ("SaleEvent", "Night", "en") == (event["@type"], event["name"], event["inLanguage"])
    assert "Once." == event["description"]
    keys = ("lowPrice", "highPrice", "priceCurrency", "offerCount", "validFrom", "validThrough")
    times = ("2027-11-27T09:00:00Z", "2027-11-27T21:00:00Z")
    assert ("5.00", "19.90", "EUR", 2, *times) == tuple(event["offers"][key] for key in keys)
    assert ("2027-11-27T09:00:00Z", "2027-11-27T21:00:00Z") == (event["startDate"], event["endDate"])
    of_a_state = {"availability", "eventStatus", "inventoryLevel", "availabilityStarts"}
    assert set() == of_a_state & {*event, *event["offers"]}


@pytest.mark.skipif(
    tuple(map(int, pydantic.VERSION.split(".")[:2])) < (2, 12),
    reason="pydantic 2.10 cannot build schema-org-py's models; 2.12 and later are known to",
)
def test_structured_data_is_as_schema_org_defines_it(built: Path) -> None:
    """Every type, every property of it, and the kind of every value."""
    found = [Head(path).data for path in sorted(built.rglob("index.html"))]
    nodes = [node for data in found if data for node in data.get("@graph", [data])]
    assert {"Product", "BreadcrumbList", "SaleEvent"} == {node["@type"] for node in nodes}
    for node in nodes:
        thing(node)
    with pytest.raises(ValidationError):
        thing({"@type": "Offer", "prize": "19.90"})
    with pytest.raises(ValidationError):
        thing({"@type": "Offer", "priceValidUntil": "Friday"})


def test_the_last_day_of_a_price_is_one_of_the_sales_zone(tmp_path: Path) -> None:
    """23:30 UTC is the next day in Berlin."""
    folder = build(tmp_path, ends_at='"2027-11-27T23:30:00Z"')
    assert "2027-11-28" == Head(folder / "de" / "lampe" / "index.html").data["@graph"][0]["offers"]["priceValidUntil"]


def test_pages_name_their_address_in_every_language(built: Path) -> None:
    """`ended/` is taken for the sale's page."""
    lamp = Head(built / "de" / "lampe" / "index.html")
    assert {
        "canonical": f"{SITE}/night/de/lampe/",
        "alternate de": f"{SITE}/night/de/lampe/",
        "alternate en": f"{SITE}/night/en/lampe/",
        "alternate x-default": f"{SITE}/night/de/lampe/",
    } == {rel: url for rel, url in lamp.links.items() if rel.startswith(("canonical", "alternate"))}
    assert f"{SITE}/night/" == Head(built / "de" / "index.html").links["alternate x-default"]
    assert f"{SITE}/night/" == Head(built / "index.html").links["canonical"]
    assert f"{SITE}/night/en/" == Head(built / "en" / "ended" / "index.html").links["canonical"]


def test_a_messenger_gets_title_description_and_card(built: Path) -> None:
    """The card is a picture of the size that it says."""
    meta = Head(built / "en" / "lampe" / "index.html").meta
    assert ("product", "Lamp </script>", "Night", "en_US", "de_DE", "summary_large_image") == tuple(
        meta[key] for key in ("og:type", "og:title", "og:site_name", "og:locale", "og:locale:alternate", "twitter:card")
    )
    assert f"{SITE}/night/en/lampe/" == meta["og:url"]
    with Image.open(built / meta["og:image"].removeprefix(f"{SITE}/night/")) as card:
        assert (1200, 630) == card.size == (int(meta["og:image:width"]), int(meta["og:image:height"]))
    assert "og:image" not in Head(built / "en" / "becher" / "index.html").meta  # it has no picture
    assert "og:image" in Head(built / "en" / "index.html").meta


def test_cards_show_names_and_prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In each language: of a product its name and price below the sale's title, of the sale its title and address."""
    shown: dict[str, list[tuple[str, str, str, int]]] = {}

    def noted(stem: str, content: CardContent, look: CardLook, cache: Path) -> None:
        words = (content.kicker, content.heading, content.note, len(content.pictures))
        shown.setdefault(stem, []).append(words)

    monkeypatch.setattr(social_cards, "make_card", noted)
    build(tmp_path)
    assert {
        "lampe": [("Nacht", "Lampe", "19,90\xa0€", 1), ("Night", "Lamp </script>", "€19.90", 1)],
        "night": [("sale.example.com", "Nacht", "Once.", 1), ("sale.example.com", "Night", "Once.", 1)],
    } == shown


def test_cards_that_are_drawn_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After each task; nothing is said of those in the cache."""
    monkeypatch.setattr(social_cards, "CARDS_A_TASK", 1)
    rows = "".join(f"  - {{sku: L{n}, name: Lamp {n}, price: {n}.00, image: lamp.png}}\n" for n in range(1, 4))
    told: list[tuple[str, int, int]] = []
    path = write_sale(tmp_path, f"products:\n{rows}")
    (path.parent / "lamp.png").write_bytes(png(400, 300))

    def counted(folder: str) -> list[tuple[int, int]]:
        told.clear()
        build_sale(path, tmp_path, tmp_path / folder, 1, lambda *report: told.append(report), site_url=SITE)
        return [(done, total) for what, done, total in told if what == "cards"]

    assert [(1, 3), (2, 3), (3, 3)] == counted("build")
    assert [] == counted("cached")
    path.write_text(path.read_text().replace("price: 2.00", "price: 2.50"))
    assert [(2, 3)] == counted("changed")


def test_nothing_is_absolute_without_an_address(tmp_path: Path) -> None:
    """Nothing is invented; languages are still named."""
    folder = build(tmp_path, site_url="")
    head = Head(folder / "de" / "lampe" / "index.html")
    assert ("../../de/lampe/", "../../en/lampe/") == (head.links["alternate de"], head.links["alternate en"])
    assert not {"canonical"} & head.links.keys()
    assert not {"og:url", "og:image"} & head.meta.keys()
    product = head.data
    assert "Product" == product["@type"]
    assert not {"url", "image"} & (product.keys() | product["offers"].keys())
    assert [] == [name for name in tree(tmp_path / "build") if "card" in name or "sitemap" in name]


def test_another_address_is_another_build(tmp_path: Path) -> None:
    """The address is an input of the build as any file is."""
    build(tmp_path)
    path = tmp_path / "sale_configs" / "night.yaml"
    assert 0 == build_sale(path, tmp_path, tmp_path / "build", 1, site_url=SITE).written
    assert 0 < build_sale(path, tmp_path, tmp_path / "build", 1, site_url="https://other.example").written


def test_a_secret_sale_is_not_listed(tmp_path: Path) -> None:
    """Every page says so, and there is no sitemap. Its card stays, for those who share the link."""
    folder = build(tmp_path, noindex="true")
    heads = [Head(path) for path in folder.rglob("index.html")]
    assert ["noindex"] * len(heads) == [head.meta.get("robots") for head in heads]
    assert not list(folder.glob("sitemap*"))
    assert "og:image" in Head(folder / "de" / "index.html").meta


def test_a_sitemap_names_pages_in_all_languages(built: Path) -> None:
    """And neither the pointer nor `ended/` nor an asset."""
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
    root = ElementTree.parse(built / "sitemap.xml").getroot()
    pages = [f"{SITE}/night/{tag}/{page}" for page in ("", "lampe/", "becher/") for tag in ("de", "en")]
    assert pages == [one.text for one in root.findall("s:url/s:loc", names)]
    links = root.findall("s:url", names)[2].findall("x:link", names)
    assert [("de", pages[2]), ("en", pages[3]), ("x-default", pages[2])] == [
        (link.get("hreflang"), link.get("href")) for link in links
    ]
    assert 6 * 3 == len(root.findall("s:url/x:link", names))


def test_a_long_sitemap_is_parted(tmp_path: Path) -> None:
    """Each part is a document of its own, and none is larger than may be."""
    write_sale(tmp_path)
    sale = load_sale(tmp_path / "sale_configs" / "night.yaml", tmp_path).sale
    parts = list(sitemaps(sale, SITE, bytes_max=330))
    assert ["sitemap.xml", "sitemap-2.xml"] == [name for name, _ in parts]
    assert all(len(body) <= 330 + len(b"</urlset>\n") for _, body in parts)
    found = [len(ElementTree.fromstring(body)) for _, body in parts]
    assert 1 + len(sale.products) == sum(found)


def test_a_sitemap_has_no_more_addresses_than_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page in all its languages stays together."""
    monkeypatch.setattr(sitemap, "URLS_MAX", 5)
    folder = build(tmp_path)
    parts = [ElementTree.parse(folder / name).getroot() for name in ("sitemap.xml", "sitemap-2.xml")]
    assert [4, 2] == [len(part) for part in parts]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("de", "de_DE"), ("en", "en_US"), ("pt-BR", "pt_BR"), ("zh-Hant", "zh_TW"), ("ar", "ar_EG"), ("sr-Latn", "sr_RS")],
)
def test_open_graph_names_a_country(tag: str, expected: str) -> None:
    """Where the most readers of a language are, if the tag names none."""
    assert expected == open_graph_locale(tag)


def test_a_description_is_cut_at_a_word() -> None:
    """And says that it goes on."""
    text = shortened("word " * 100)
    assert len(text) <= DESCRIPTION_LENGTH
    assert text.endswith("word…")
    assert "short" == shortened("short")
    assert "日" * (DESCRIPTION_LENGTH - 1) + "…" == shortened("日" * 500)
