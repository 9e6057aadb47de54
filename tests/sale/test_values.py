"""Slugs, SKUs, locales and origins: one spelling for each value."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale.language import locale, lookup_chain
from flashgen.sale.model import Product
from flashgen.sale.order import network, origin, url
from flashgen.sale.text import DefaultSlugs, default_slug, sku, sku_key
from flashgen.sale.transliteration import slugified


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Blue shirt", "blue-shirt"),
        ("  Café au lait!", "cafe-au-lait"),
        ("½ off", "1-2-off"),
        ("帽", ""),
        ("A--b__c", "a-b-c"),
        ("Weiße Mütze – Łódź", "weisse-mutze-lodz"),
        ("Men's Örme Şapkası", "mens-orme-sapkasi"),
    ],
)
def test_slugs_are_the_ascii_of_a_name(text: str, slug: str) -> None:
    """Accents are dropped; everything else becomes one hyphen."""
    assert slug == slugified(text)


@pytest.mark.parametrize(
    ("text", "locale", "slug"),
    [
        ("Mütze", "de", "muetze"),
        ("MÜTZE Größe ẞ", "de-AT", "muetze-groesse-ss"),
        ("Mu\u0308tze", "de", "muetze"),
        ("Mütze", "", "mutze"),
        ("Mütze", "tr", "mutze"),
        ("Ærø blå", "da", "aeroe-blaa"),
        ("Blåbærsyltetøy", "nb-NO", "blaabaersyltetoey"),
        ("Smörgås", "sv", "smorgas"),
        ("Äiti", "fi", "aiti"),
        ("Đak", "hr", "djak"),
        ("Đà Nẵng", "vi", "da-nang"),
        ("İstanbul Işık", "tr", "istanbul-isik"),
        ("Zəfər", "az", "zefer"),
        ("Col·lecció", "ca", "colleccio"),
        ("Șase țigări", "ro", "sase-tigari"),
        ("Œuvre d’été", "fr", "oeuvre-dete"),
    ],
)
def test_slugs_transliterate_as_the_language_does(text: str, locale: str, slug: str) -> None:
    """As its readers write without its own letters."""
    assert slug == slugified(text, locale)


def test_a_name_that_is_there_already_gives_the_slug_of_the_sku() -> None:
    """The first keeps it, so that another product changes no address. A slug that is written is never given."""
    slugs = DefaultSlugs("de", ["rock"])
    taken = [slugs.take(*product) for product in (("Mütze", "M-1"), ("Mütze", "M-2"), ("Rock", "R-1"), ("帽", "M_2"))]
    assert ["muetze", "m-2", "r-1", "m-2"] == taken  # the last one is reported


@pytest.mark.parametrize(
    "name", ["\u200b", "\u061c", "\u200e \u200f", "\u3164", "\u2800", "\u0301", "\ufe0f\u200d", "\u00ad"]
)
def test_a_name_has_something_visible(name: str) -> None:
    """Or its link is 0 pixels wide."""
    with pytest.raises(ValidationError, match="must have something visible, found"):
        Product.model_validate({"sku": "A", "name": name, "price": "1.00"})


@pytest.mark.parametrize(
    "name", ["Lamp \u202eTXT", "\u202aLamp\u202c", "a\u2067b", "a\u2069b", "\u2067a\u2068b\u2069", "\u202dLamp"]
)
def test_a_name_does_not_change_the_direction_of_writing(name: str) -> None:
    """It would be read as another one, or would turn what follows it."""
    with pytest.raises(ValidationError, match="must not change the direction of writing") as caught:
        Product.model_validate({"sku": "A", "name": name, "price": "1.00"})
    assert caught.value.errors()[0]["msg"].isprintable()


@pytest.mark.parametrize(
    "name",
    [
        "کلاه‌ها",
        "👩‍👩‍👧",
        "❤️",
        "\u2067שלום\u2069 Lamp",
        "\u2067a \u2066b\u2069 c\u2069",
        "قبعة\u200f",
        "क्‍ष",
        "𝒳",
        "\U0001fae9",
    ],
)
def test_marks_and_joiners_of_scripts_stay(name: str) -> None:
    """Texts of right-to-left scripts, and emoji, need them."""
    assert name == Product.model_validate({"sku": "A", "name": name, "price": "1.00"}).name


@pytest.mark.parametrize(
    ("name", "sku", "slug"),
    [
        ("Blue shirt", "SP-001", "blue-shirt"),
        ("帽", "SP-001", "sp-001"),
        ("کلاه M", "SP-001", "sp-001"),
        ("Assets", "SP-001", "sp-001"),
        ("帽", "ended", ""),
        ("帽", "笠-1", ""),
    ],
)
def test_a_default_slug_falls_back_to_the_sku(name: str, sku: str, slug: str) -> None:
    """Where the name is of another script, even in part, or reserved for a page of flashgen's own."""
    assert slug == default_slug(name, sku)


@pytest.mark.parametrize(
    ("one", "other"), [("a", "A"), ("é", "e\u0301"), ("STRASSE", "straße"), ("\u1e9b\u0323", "\u1e9b\u0323".upper())]
)
def test_skus_that_look_alike_have_one_key(one: str, other: str) -> None:
    """People do not see a difference in case or Unicode form."""
    assert sku_key(one) == sku_key(other)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("de", "de"),
        ("pt_br", "pt-BR"),
        ("ZH-cn", "zh-CN"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("ar", "ar"),
        ("es-419", "es-419"),
        ("sin", "sin"),
    ],
)
def test_locales_have_their_usual_case(text: str, tag: str) -> None:
    """The case that BCP 47 recommends; underscores become hyphens."""
    assert tag == locale(text)


def test_a_locale_falls_back_to_its_language() -> None:
    """RFC 4647 lookup."""
    assert lookup_chain("zh-Hant-TW") == ("zh-Hant-TW", "zh-Hant", "zh")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://A.example", "https://a.example"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
        ("http://[::1]:1", "http://[::1]:1"),
    ],
)
def test_origins_are_lower_case(text: str, expected: str) -> None:
    """http is for this machine only."""
    assert expected == origin(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://",
        "https://a b",
        "https://a.example?",
        "https://[::g]",
        "http://localhost.example.com",
        "javascript:x",
        "https://a.example:0",
    ],
)
def test_other_texts_than_origins_are_refused(text: str) -> None:
    """A page sends buyers there."""
    with pytest.raises(InvalidValue):
        origin(text)


def test_urls_and_networks_are_kept_as_written() -> None:
    """A path may have capitals; an address may be a network."""
    assert url("https://a.example/Api?x=1") == "https://a.example/Api?x=1"
    assert [network("10.0.0.0/8"), network("::1")] == ["10.0.0.0/8", "::1"]


@pytest.mark.parametrize(
    "text", ["https://a.example/#x", "https://a.example/a b", "https://a.example@evil.example/", "ftp://a.example"]
)
def test_other_texts_than_urls_are_refused(text: str) -> None:
    """Orders are sent there with a signature."""
    with pytest.raises(InvalidValue):
        url(text)


def test_values_are_quoted_on_one_line() -> None:
    """A terminal escape in a value must not change the terminal."""
    assert [quoted("a\x1b[0m\nb"), quoted([]), quoted("x" * 99)] == ['"a\\x1b[0m\\nb"', "a list", '"' + "x" * 59 + '…"']


def test_a_star_is_no_sku() -> None:
    """In the pointer it stands for every SKU: closing such a product would close the range."""
    with pytest.raises(InvalidValue, match="every SKU"):
        sku("*")
