"""Reads prices: a Decimal with the decimal places of its currency (ISO 4217, from CLDR)."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache

from babel.core import get_global
from babel.numbers import get_currency_precision, list_currencies

from flashgen.document.wording import InvalidValue, counted, quoted
from flashgen.sale.text import given

MAX_PRICE = Decimal(10) ** 12
_PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_DIGITS_AND_SEPARATORS = re.compile(r"[.,]?[0-9][0-9.,' \u00a0\u202f\u2019]*")


def currency(value: object) -> str:
    """An ISO 4217 code that Babel knows, in capitals."""
    code = given(value)
    if code in known_currencies():
        return code
    if code.upper() in known_currencies():
        raise InvalidValue(f"must be in capitals, found {quoted(code)}", f"write {code.upper()}")
    close = sorted(known for known in _tender() if known[:2] == code.upper()[:2])
    hint = f"did you mean {close[0]}?" if close else "write its ISO 4217 code, such as EUR"
    raise InvalidValue(f"must be a currency's code, found {quoted(code)}", hint)


@lru_cache
def digits(code: str) -> int:
    """Decimal places of a currency: EUR 2, JPY 0, KWD 3."""
    return get_currency_precision(code)


def price(value: object, code: str | None) -> Decimal:
    """An amount above 0, in plain digits with a point. Without a currency's `code` its places are not checked."""
    text = f"{value:f}" if isinstance(value, Decimal) else given(value).strip()
    if not _PLAIN.fullmatch(text):
        raise InvalidValue(f"must be a number in plain digits, found {quoted(text)}", _plain_hint(text, code))
    amount = Decimal(text)
    if amount <= 0:
        raise InvalidValue(f"must be above 0, found {quoted(text)}", _example_hint(code))
    if amount >= MAX_PRICE:
        raise InvalidValue(f"must be below {MAX_PRICE:,}, found {quoted(text)}", _example_hint(code))
    return amount if code is None else _in_places(amount, text, code)


def _in_places(amount: Decimal, text: str, code: str) -> Decimal:
    places = digits(code)
    exact = amount.quantize(Decimal(1).scaleb(-places))
    if exact != amount:
        count = counted(places, "decimal") if places else "no decimals"
        raise InvalidValue(
            f"must have at most {count} in {code}, found {quoted(text)}".replace("at most no", "no"),
            _places_hint(text, exact),
        )
    return exact


def _places_hint(text: str, exact: Decimal) -> str:
    """A rounded price. Three decimals may be a group of thousands: nobody may sell for a thousandth by our hint."""
    grouped = re.sub(r"[^0-9]", "", text)
    if len(text.rpartition(".")[2]) == 3:
        return f'write "{grouped}" if the point marks thousands, else a price such as "{exact}"'
    return f'write "{exact}", for example'


def _plain_hint(text: str, code: str | None) -> str:
    """The amount in plain digits, if only a unit, or the separators of another language, are wrong."""
    found = _DIGITS_AND_SEPARATORS.findall(text)
    if len(found) != 1 or "-" in text:
        return _example_hint(code)
    words = re.findall(r"[^\W\d_]+", text)
    if any(word.upper() not in known_currencies() for word in words if len(word) > 2):
        return f"{_example_hint(code)}; a spreadsheet may have made a date of it"
    return f'write "{_plainly(found[0].rstrip(".,"), 2 if code is None else digits(code))}"'


def _plainly(marked: str, places: int) -> str:
    """Plain digits of a number with commas and points.

    The last separator is the decimal one if it occurs once. Three digits after it are a group of thousands, unless the
    currency has three decimal places.
    """
    whole, mark, decimals = re.sub(r"[^0-9.,]", "", marked).rpartition(
        "," if marked.rfind(",") > marked.rfind(".") else "."
    )
    grouped = len(decimals) == 3 and places != 3
    if not mark or mark in whole or (grouped and not re.search(r"[.,]", whole)):
        return re.sub(r"[^0-9]", "", marked)
    return (re.sub(r"[^0-9]", "", whole) or "0") + "." + decimals


def _example_hint(code: str | None) -> str:
    example = {0: "1990", 2: "19.90", 3: "19.900"}.get(2 if code is None else digits(code), "19")
    unit = code or "the sale's currency"
    return f'write the price in {unit}, such as "{example}"'


@lru_cache
def known_currencies() -> frozenset[str]:
    return frozenset(list_currencies())


@lru_cache
def _tender() -> frozenset[str]:
    """Currencies that are legal tender today; only these are suggested."""
    territories = get_global("territory_currencies").values()
    return frozenset(code for uses in territories for code, _, end, tender in uses if tender and end is None)
