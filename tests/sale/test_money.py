"""Money is a Decimal with its currency's places, never a float."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flashgen.document.wording import InvalidValue
from flashgen.sale.money import currency, price


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("19.9", "EUR", "19.90"),
        ("0100", "EUR", "100.00"),
        ("1990", "JPY", "1990"),
        ("1990.0", "JPY", "1990"),
        ("1.234", "KWD", "1.234"),
        ("0.01", "EUR", "0.01"),
    ],
)
def test_a_price_has_the_places_of_its_currency(text: str, code: str, expected: str) -> None:
    """EUR 2, JPY 0, KWD 3: the same amount always has the same digits."""
    assert expected == str(price(text, code))


@given(st.decimals(Decimal("0.01"), Decimal("999999999999"), places=2))
def test_no_cent_is_lost(amount: Decimal) -> None:
    """An amount that a float would round is exact."""
    assert amount == price(f"{amount:f}", "EUR")


@given(st.text(max_size=30))
def test_any_text_is_a_price_or_refused(text: str) -> None:
    """A suggestion is a valid price, also for very strange texts."""
    try:
        price(text, "EUR")
    except InvalidValue as error:
        if error.hint.startswith("write it"):
            price(error.hint.split('"')[1], "EUR")


@pytest.mark.parametrize(
    ("text", "hint"),
    [("eur", "write EUR"), ("EURO", "did you mean EUR?"), ("€", "write its ISO 4217 code, such as EUR")],
)
def test_a_currency_is_suggested(text: str, hint: str) -> None:
    """Only legal tender of today is suggested."""
    with pytest.raises(InvalidValue) as caught:
        currency(text)
    assert hint == caught.value.hint
