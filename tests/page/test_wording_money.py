"""Prices: formatted from a pattern asked of Babel once, and always as Babel would."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel.numbers import format_currency, get_currency_precision
from hypothesis import given, settings
from hypothesis import strategies as st

from flashgen.page.wording import Wording

LOCALES = ("ar", "de", "de-CH", "en", "en-IN", "es", "fa", "fr", "he", "hi", "ja", "pt-PT", "ru", "zh-CN")
CURRENCIES = ("EUR", "CHF", "JPY", "KWD", "INR", "USD")


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(LOCALES), st.sampled_from(CURRENCIES), st.lists(st.integers(1, 10**12), min_size=2, max_size=6))
def test_amounts_read_as_babel_writes_them(locale: str, currency: str, units: list[int]) -> None:
    """In every locale, from one unit to the largest price, also when a pattern is used again."""
    wording = Wording(locale, currency, ZoneInfo("UTC"))
    amounts = [Decimal(unit).scaleb(-get_currency_precision(currency)) for unit in units]
    expected = [format_currency(amount, currency, locale=wording.locale) for amount in amounts]
    assert expected == [wording.money(amount) for amount in amounts]


def test_other_places_than_the_currencys_are_refused() -> None:
    """They would be rounded, and a page must not show another price than is charged."""
    with pytest.raises(ValueError, match=r"9\.999 has not the decimal places of EUR"):
        Wording("en", "EUR", ZoneInfo("UTC")).money(Decimal("5.999"))


@pytest.mark.parametrize(("price", "text"), [("50.01", "−49%"), ("50.00", "−50%"), ("99.50", "")])
def test_a_reduction_is_never_rounded_up(price: str, text: str) -> None:
    """49.99 % is shown as 49 %, and less than one not at all."""
    assert text == Wording("en", "EUR", ZoneInfo("UTC")).saving(Decimal(price), Decimal("100.00"))
