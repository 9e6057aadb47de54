"""Slugs, SKUs, locales and origins in their one spelling."""

from __future__ import annotations

import pytest

from flashgen.document.wording import InvalidValue, quoted
from flashgen.sale.language import locale, lookup_chain
from flashgen.sale.order import network, origin, url
from flashgen.sale.text import default_slug, sku, sku_key, slugified


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
    """Accents fall off, everything else becomes one hyphen."""
    assert slug == slugified(text)


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
    """Case and Unicode form are no difference to a person."""
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
    """As BCP 47 recommends; underscores are forgiven."""
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
def test_what_is_no_origin_is_refused(text: str) -> None:
    """A page would send its buyers there."""
    with pytest.raises(InvalidValue):
        origin(text)


def test_urls_and_networks_are_kept_as_written() -> None:
    """A path may have capitals; an address may be a network."""
    assert url("https://a.example/Api?x=1") == "https://a.example/Api?x=1"
    assert [network("10.0.0.0/8"), network("::1")] == ["10.0.0.0/8", "::1"]


@pytest.mark.parametrize(
    "text", ["https://a.example/#x", "https://a.example/a b", "https://a.example@evil.example/", "ftp://a.example"]
)
def test_what_is_no_url_is_refused(text: str) -> None:
    """Orders are sent there with a signature."""
    with pytest.raises(InvalidValue):
        url(text)


def test_values_are_shown_on_one_line() -> None:
    """A terminal escape in a message would be somebody else's colour."""
    assert [quoted("a\x1b[0m\nb"), quoted([]), quoted("x" * 99)] == ['"a\\x1b[0m\\nb"', "a list", '"' + "x" * 59 + '…"']


def test_a_star_is_no_sku() -> None:
    """In the pointer it stands for every SKU: closing such a product would close the range."""
    with pytest.raises(InvalidValue, match="every SKU"):
        sku("*")
