"""Money, reductions and times as each language writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from babel.dates import get_timezone_name
from babel.numbers import format_currency
from hypothesis import given, settings
from hypothesis import strategies as st

from flashgen.page.locale_format import LocaleFormat
from flashgen.sale.money import digits

LOCALES = (
    *("ar", "bn", "ca", "cs", "da", "de", "de-AT", "de-CH", "el", "en", "en-IN", "es", "et", "fa", "fi", "fr", "fr-CH"),
    *("ha", "he", "hi", "hu", "id", "it", "ja", "ko", "lt", "lv", "mr", "my", "nb", "ne", "nl", "pl", "pt", "pt-PT"),
    *("ro", "ru", "si", "sk", "sl", "sr", "sv", "th", "tr", "uk", "ur", "vi", "zh-CN", "zh-TW"),
)
CURRENCIES = ("EUR", "USD", "JPY", "KWD", "INR", "CHF", "IRR", "SAR")


def formats(locale: str, currency: str = "EUR", zone: str = "Europe/Berlin") -> LocaleFormat:
    """The formats of a sale."""
    return LocaleFormat(locale, currency, ZoneInfo(zone))


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
    assert expected == formats(locale, currency).money(Decimal(amount))


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(LOCALES),
    st.sampled_from(CURRENCIES),
    st.integers(1, 10**13),
)
def test_money_is_what_babel_writes(locale: str, currency: str, units: int) -> None:
    """In every locale, for every amount, also where one was asked for before."""
    amount = Decimal(units).scaleb(-digits(currency))
    sale_formats = formats(locale, currency)
    sale_formats.money(Decimal(99).scaleb(-digits(currency)))
    assert format_currency(amount, currency, locale=sale_formats.locale) == sale_formats.money(amount)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(LOCALES), st.sampled_from(CURRENCIES), st.lists(st.integers(1, 10**12), min_size=2, max_size=6))
def test_amounts_read_as_babel_writes_them(locale: str, currency: str, units: list[int]) -> None:
    """In every locale, from one unit to the largest price, also when a pattern is used again."""
    sale_formats = formats(locale, currency)
    amounts = [Decimal(unit).scaleb(-digits(currency)) for unit in units]
    expected = [format_currency(amount, currency, locale=sale_formats.locale) for amount in amounts]
    assert expected == [sale_formats.money(amount) for amount in amounts]


def test_other_places_than_the_currencys_are_refused() -> None:
    """They would be rounded, and a page must not show another price than is charged."""
    with pytest.raises(ValueError, match=r"9\.999 has not the decimal places of EUR"):
        formats("en").money(Decimal("5.999"))


@pytest.mark.parametrize(
    ("price", "list_price", "expected"),
    [
        ("19.90", "39.90", "−50%"),
        ("50.01", "100.00", "−49%"),
        ("50.00", "100.00", "−50%"),
        ("0.01", "100.00", "−99%"),
        ("66.67", "100.00", "−33%"),
        ("99.00", "100.00", "−1%"),
        ("1.00", "3.00", "−66%"),
    ],
)
def test_a_saving_is_rounded_towards_zero(price: str, list_price: str, expected: str) -> None:
    """Never claim more than is true."""
    assert expected == formats("en").saving(Decimal(price), Decimal(list_price))


def test_a_saving_below_one_percent_is_not_shown() -> None:
    """A badge that says 0% looks like a mistake."""
    assert formats("en").saving(Decimal("99.50"), Decimal("100.00")) == ""


@pytest.mark.parametrize(("locale", "expected"), [("ar", "rtl"), ("fa", "rtl"), ("he", "rtl"), ("de", "ltr")])
def test_direction(locale: str, expected: str) -> None:
    """Which way a page is read."""
    assert expected == formats(locale).direction


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
    assert expected in formats(locale, zone=zone).date_and_time(datetime(2026, 11, 27, 8, tzinfo=UTC))


@pytest.mark.parametrize(
    ("zone", "month", "expected"),
    [
        ("Europe/Dublin", 1, "Greenwich Mean Time"),
        ("Europe/Dublin", 7, "Irish Standard Time"),
        ("Europe/Berlin", 1, "Central European Standard Time"),
        ("Australia/Sydney", 1, "Australian Eastern Daylight Time"),
        ("Asia/Tokyo", 7, "Japan Standard Time"),
    ],
)
def test_a_zone_is_named_by_the_offset_in_force(zone: str, month: int, expected: str) -> None:
    """In Ireland daylight saving is negative: it is winter that has it."""
    text = formats("en", zone=zone).date_and_time(datetime(2027, month, 20, 12, tzinfo=UTC))
    assert text.endswith(f"({expected})")


@pytest.mark.parametrize(("month", "variant"), [(2, "standard"), (7, "daylight")])
@pytest.mark.parametrize("zone", ["Africa/Casablanca", "Africa/El_Aaiun"])
def test_ramadan_is_named_as_standard_time(zone: str, month: int, variant: Literal["standard", "daylight"]) -> None:
    """In Morocco it is Ramadan that has negative daylight saving. Its names changed with CLDR 48."""
    text = formats("en", zone=zone).date_and_time(datetime(2027, month, 20, 12, tzinfo=UTC))
    assert text.endswith(f"({get_timezone_name(ZoneInfo(zone), locale='en', zone_variant=variant)})")
