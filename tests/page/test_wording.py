"""Money, savings and moments as each language writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_currency
from hypothesis import given, settings
from hypothesis import strategies as st

from flashgen.page.wording import Wording
from flashgen.sale.money import digits

LOCALES = (
    *("ar", "bn", "ca", "cs", "da", "de", "de-AT", "de-CH", "el", "en", "en-IN", "es", "et", "fa", "fi", "fr", "fr-CH"),
    *("ha", "he", "hi", "hu", "id", "it", "ja", "ko", "lt", "lv", "mr", "my", "nb", "ne", "nl", "pl", "pt", "pt-PT"),
    *("ro", "ru", "si", "sk", "sl", "sr", "sv", "th", "tr", "uk", "ur", "vi", "zh-CN", "zh-TW"),
)


def wording(locale: str, currency: str = "EUR", zone: str = "Europe/Berlin") -> Wording:
    """How a sale speaks."""
    return Wording(locale, currency, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("locale", "currency", "amount", "expected"),
    [
        ("de", "EUR", "1234.50", "1.234,50\u00a0€"),
        ("en", "USD", "1234.50", "$1,234.50"),
        ("ja", "JPY", "1980", "￥1,980"),
        ("en", "KWD", "1.250", "KWD1.250"),
        ("hi", "INR", "1234567.00", "₹12,34,567.00"),
        ("es", "EUR", "1234.50", "1.234,50\u00a0€"),
        ("fr", "EUR", "1234.50", "1\u202f234,50\u00a0€"),
        ("en", "EUR", "0.90", "€0.90"),
    ],
)
def test_money_as_the_locale_and_the_currency_have_it(locale: str, currency: str, amount: str, expected: str) -> None:
    """JPY has no decimals, KWD has three; groups and signs are the language's."""
    assert expected == wording(locale, currency).money(Decimal(amount))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(LOCALES),
    st.sampled_from(["EUR", "USD", "JPY", "KWD", "INR", "CHF", "IRR", "SAR"]),
    st.integers(1, 10**13),
)
def test_money_is_what_babel_writes(locale: str, currency: str, units: int) -> None:
    """In every locale, for every amount, also where one was asked for before."""
    amount = Decimal(units).scaleb(-digits(currency))
    words = wording(locale, currency)
    words.money(Decimal(99).scaleb(-digits(currency)))
    assert format_currency(amount, currency, locale=words.locale) == words.money(amount)


@pytest.mark.parametrize(
    ("price", "list_price", "expected"),
    [
        ("19.90", "39.90", "−50%"),
        ("50.01", "100.00", "−49%"),
        ("0.01", "100.00", "−99%"),
        ("66.67", "100.00", "−33%"),
        ("99.00", "100.00", "−1%"),
        ("1.00", "3.00", "−66%"),
    ],
)
def test_a_saving_is_rounded_towards_zero(price: str, list_price: str, expected: str) -> None:
    """Never claim more than is true."""
    assert expected == wording("en").saving(Decimal(price), Decimal(list_price))


def test_a_saving_below_one_percent_is_not_shown() -> None:
    """A badge that says 0% looks like a mistake."""
    assert wording("en").saving(Decimal("99.50"), Decimal("100.00")) == ""


@pytest.mark.parametrize(("locale", "expected"), [("ar", "rtl"), ("fa", "rtl"), ("he", "rtl"), ("de", "ltr")])
def test_direction(locale: str, expected: str) -> None:
    """Which way a page is read."""
    assert expected == wording(locale).direction


@pytest.mark.parametrize(
    ("locale", "zone", "expected"),
    [
        ("de", "Europe/Berlin", "27. November 2026, 09:00 (Mitteleuropäische Normalzeit)"),
        ("en", "America/New_York", "November 27, 2026, 3:00\u202fAM (Eastern Standard Time)"),
        ("ja", "Asia/Tokyo", "2026年11月27日"),
    ],
)
def test_a_moment_names_its_zone(locale: str, zone: str, expected: str) -> None:
    """Shoppers sit in other zones than the shop."""
    assert expected in wording(locale, zone=zone).moment(datetime(2026, 11, 27, 8, tzinfo=UTC))
