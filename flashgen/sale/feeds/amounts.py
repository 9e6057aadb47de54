"""Reads a column of amounts as people write them: `1.299,00 €`, `CHF 1'299.50`, `19,–`, `١٢٫٥٠`.

A column has one decimal mark, the one that fits all of its cells. If both marks fit and give different amounts, as in a
column with nothing but `1.299`, that is a problem: nothing is guessed.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from flashgen.document.wording import counted, quoted
from flashgen.sale.feeds.table import NumberCell
from flashgen.sale.money import known_currencies

MARKS = (".", ",")
MARK_NAMES = {".": "decimal point", ",": "decimal comma"}

_PLAIN = re.compile(r"[0-9]{1,15}")
_UNIT = r"(?:[^0-9+\-.,'\s][^0-9+\-,'\s]*)?"
_AMOUNT = re.compile(
    rf"(?P<sign>-?)\s*(?P<before>{_UNIT})\s*(?P<sign_too>-?)\s*"
    rf"(?P<number>[.,]?[0-9](?:[0-9.,' ]*[0-9])?)(?P<dash>[.,]-{{1,2}})?\s*(?P<after>{_UNIT})"
)
# Groups of three digits with one mark between all of them, or India's groups of two.
_GROUPS = re.compile(r"[1-9][0-9]{0,2}(?:([.,' ])[0-9]{3})(?:\1[0-9]{3})*|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")
_CODE = re.compile(r"[A-Za-z]{3}")
_MARKS_OF_OTHER_SCRIPTS = {
    **dict.fromkeys(map(ord, "−–—‒"), "-"),
    **dict.fromkeys(map(ord, "’‘ʼ´`٬"), "'"),
    **{ord("٫"): ".", ord("،"): ",", ord("．"): ".", ord("，"): ",", ord("￥"): "¥", ord("＄"): "$"},
}
_INVISIBLE = re.compile("[\u200e\u200f\u061c\u2066-\u2069\u202a-\u202e]")
# What people write behind a number of pieces, in lower case without a full stop.
_PIECES = frozenset(
    "stk stck stück st pc pcs piece pieces unit units item items ea ks kus kusů szt sztuk db drb kpl "  # noqa: SIM905
    "kappale unité unités pce pces pièce pièces ud uds unidad unidades und unid pz pezzo pezzi pza "
    "pzas peça peças stuk stuks buc bucăți kom komada kos tk tükk gab vnt шт штук бр ком τεμ τεμάχια "
    "adet ad יח יחידות قطعة قطع عدد पीस টি 件 个 個 台 点 개 ชิ้น cái chiếc buah unità".split()
)
_DECIMAL_HINT = 'add `decimal: ","` or `decimal: "."` beside `from:`'


@dataclass(frozen=True, slots=True)
class Amount:
    """One cell: its text, the plain digits by each decimal mark that fits, and the unit beside the number."""

    text: str
    digits: Mapping[str, str]
    unit: str = ""


@dataclass(frozen=True, slots=True)
class BadAmount:
    """A cell that cannot be read, by its index in the column. The message goes on from the key's name."""

    index: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class AmountColumn:
    """A column of amounts: `cells` are plain digits with a point. A cell that is no amount stays as it is.

    `units` are those beside the numbers. `mark` is the decimal mark; empty if no cell shows one. `example` is a cell
    with it, `example_digits` its digits. `is_ambiguous`: both marks fit, and give different amounts.
    """

    cells: list[str] = field(repr=False)
    units: tuple[str, ...] = ()
    mark: str = ""
    example: str = ""
    example_digits: str = ""
    problems: tuple[BadAmount, ...] = ()
    is_ambiguous: bool = False


def read_amounts(
    cells: Sequence[str],
    *,
    decimal: str,
    currency: str | None,
    whole: bool,
    other_mark: str = "",
    places: int | None = None,
) -> AmountColumn:
    """Read a column.

    `decimal` is the mark that the YAML states, `other_mark` the mark of another column of the feed, which decides if
    this one is ambiguous; both may be empty. `currency` is the sale's. None accepts any, and pieces (`12 Stk.`).
    `whole`: amounts have no decimals but zeros. `places` are the decimal places of the currency: `1.299` can be no
    price in EUR, so it is 1299.
    """
    amounts = _amounts(cells, (_is_whole_money if currency else _is_whole) if whole else None)
    amounts = {index: _possible(found, places) for index, found in amounts.items()}
    mark, problems, is_ambiguous = _decide(amounts, decimal, other_mark)
    problems = [*_wrong_units(amounts, currency), *problems]
    plain = list(cells)
    for index, found in amounts.items():
        plain[index] = found.digits.get(mark, cells[index])
    example = next(
        (index for index, found in amounts.items() if _shows_mark(cells[index], found.unit) and mark in found.digits),
        -1,
    )
    return AmountColumn(
        cells=plain,
        units=tuple(dict.fromkeys(found.unit for found in amounts.values() if found.unit)),
        mark=mark if example >= 0 and not is_ambiguous else "",
        example=cells[example] if example >= 0 else "",
        example_digits=plain[example] if example >= 0 else "",
        problems=tuple({one.index: one for one in reversed(problems)}.values()),
        is_ambiguous=is_ambiguous,
    )


def amount(text: str) -> Amount | None:
    """What a text can mean; None if it is no amount."""
    if _PLAIN.fullmatch(text):
        return Amount(text, dict.fromkeys(MARKS, text))
    match = _AMOUNT.fullmatch(_in_ascii(text))
    if not match or (match["before"] and match["after"]):
        return None
    sign = match["sign"] or match["sign_too"]
    digits = {mark: sign + plain for mark in MARKS if (plain := _digits(match["number"], mark, match["dash"] or ""))}
    return Amount(text, digits, match["before"] or match["after"]) if digits else None


def currencies(unit: str) -> tuple[str, ...]:
    """The ISO 4217 codes that a unit can mean: `€` is EUR, `kr` is SEK, NOK, DKK or ISK. Empty for other units."""
    if codes := _codes_by_sign().get(unit.casefold()):
        return codes
    return (unit.upper(),) if _CODE.fullmatch(unit) and unit.upper() in known_currencies() else ()


def _amounts(cells: Sequence[str], is_whole: Callable[[str], bool] | None) -> dict[int, Amount]:
    """The cells that are amounts, by index. A number of a workbook has one meaning."""
    known: dict[object, Amount | None] = {"": None}
    amounts = {}
    for index, text in enumerate(cells):
        key = (text, text.unit) if isinstance(text, NumberCell) else text
        if key not in known:
            known[key] = _whole(_number(text) if isinstance(text, NumberCell) else amount(text), is_whole)
        if found := known[key]:
            amounts[index] = found
    return amounts


def _number(cell: NumberCell) -> Amount:
    unit = cell.unit if currencies(cell.unit) else ""
    return Amount(cell.shown if unit else cell, dict.fromkeys(MARKS, str(cell)), unit)


def _whole(found: Amount | None, is_whole: Callable[[str], bool] | None) -> Amount | None:
    """Without the zeros after the mark; None if that is not a whole number."""
    if found is None or is_whole is None:
        return found
    digits = {mark: plain.partition(".")[0] for mark, plain in found.digits.items() if is_whole(plain)}
    return replace(found, digits=digits) if digits else None


def _possible(found: Amount, places: int | None) -> Amount:
    """Without readings that have more decimals than the currency, if there is another reading."""
    if places is None or len({*found.digits.values()}) < 2:
        return found
    digits = {mark: plain for mark, plain in found.digits.items() if len(plain.partition(".")[2]) <= places}
    return replace(found, digits=digits) if digits else found


def _is_whole(digits: str) -> bool:
    return not digits.partition(".")[2].strip("0")


def _is_whole_money(digits: str) -> bool:
    """In a currency without decimals, three digits after a mark are thousands."""
    return _is_whole(digits) and len(digits.partition(".")[2]) != 3


def _decide(amounts: Mapping[int, Amount], decimal: str, other_mark: str) -> tuple[str, list[BadAmount], bool]:
    """The mark of the column, the cells that it does not fit, and whether the column is ambiguous."""
    misfits = {mark: [index for index, found in amounts.items() if mark not in found.digits] for mark in MARKS}
    fitting = [mark for mark in MARKS if not misfits[mark]]
    if decimal:
        hint = f"correct it, or the `decimal:` of the YAML, which is {quoted(decimal)}"
        message = f"is not written with a {MARK_NAMES[decimal]}"
        return decimal, [_bad(amounts, index, message, hint) for index in misfits[decimal]], False
    if len(fitting) == 1:
        return fitting[0], [], False
    if fitting:
        ambiguous = next((index for index, found in amounts.items() if len({*found.digits.values()}) > 1), None)
        if ambiguous is None or other_mark:
            return other_mark or MARKS[0], [], False
        first, second = (amounts[ambiguous].digits[mark] for mark in MARKS)
        message = f"can be {first} or {second}, and no cell of its column shows which"
        return MARKS[0], [_bad(amounts, ambiguous, message, _DECIMAL_HINT)], True
    mark = min(MARKS, key=lambda each: len(misfits[each]))
    shown = next(found.text for found in amounts.values() if mark in found.digits and len(found.digits) == 1)
    message = f"is not written like the others of its column, {quoted(shown)}, with a {MARK_NAMES[mark]}"
    return mark, [_bad(amounts, index, message, "write them alike") for index in misfits[mark]], False


def _bad(amounts: Mapping[int, Amount], index: int, message: str, hint: str) -> BadAmount:
    return BadAmount(index, f"{message}: found {quoted(amounts[index].text)}", hint)


def _wrong_units(amounts: Mapping[int, Amount], currency: str | None) -> Iterator[BadAmount]:
    """One problem for each unit that is not the sale's currency."""
    indexes: dict[str, list[int]] = {}
    for index, found in amounts.items():
        if found.unit:
            indexes.setdefault(found.unit, []).append(index)
    for unit, (first, *others) in indexes.items():
        codes = currencies(unit)
        if currency is None and unit.casefold().strip(".") in _PIECES:
            continue
        if codes and (currency is None or currency in codes):
            continue
        more = f", and {counted(len(others), 'more cell')}" if others else ""
        text = quoted(amounts[first].text)
        if codes:
            name = codes[0] if len(codes) == 1 else f"{unit} ({codes[0]}, for example)"
            hint = f"write the prices in {currency}, or change the sale's `currency`"
            yield BadAmount(first, f"is in {name}, and the sale in {currency}: found {text}{more}", hint)
        else:
            message = f"must be a number and nothing else, found {text}{more}"
            yield BadAmount(first, message, _unit_hint(amounts[first].text, unit))


def _unit_hint(text: str, unit: str) -> str:
    """How to mend a text beside a number. Deleting it is right only if it is no part of the number."""
    if "%" in unit:
        return "write the amount itself, not a percentage"
    if not {*unit} - {*"OolI"}:
        digits = text.translate(str.maketrans("OolI", "0011"))
        return f"there are letters among the digits: write {quoted(digits.strip())}, if that is meant"
    return f"delete {quoted(unit)}"


def _digits(number: str, mark: str, dash: str) -> str:
    """The plain digits of a number with this decimal mark; empty if it cannot be one."""
    whole, found, fraction = number.partition(mark)
    if (found and (dash or not fraction.isdecimal())) or (dash and dash[0] != mark):
        return ""
    if not whole.isdecimal():
        if not whole and fraction:
            whole = "0"
        elif mark in whole or not _GROUPS.fullmatch(whole):
            return ""
    digits = re.sub(r"[^0-9]", "", whole)
    return f"{digits}.{fraction}" if fraction else digits


def _shows_mark(text: str, unit: str) -> bool:
    return not isinstance(text, NumberCell) and any(mark in text.replace(unit, "") for mark in MARKS)


def _in_ascii(text: str) -> str:
    """Digits, dashes, blanks and marks as ASCII has them. Currency signs stay."""
    text = text.strip()
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", text).translate(_MARKS_OF_OTHER_SCRIPTS)
    return "".join(
        str(unicodedata.decimal(each)) if each.isdecimal() else " " if each.isspace() else each for each in text
    ).strip()


@lru_cache
def _codes_by_sign() -> dict[str, tuple[str, ...]]:
    signs = json.loads(Path(__file__).with_name("currency_signs.json").read_text(encoding="utf-8"))
    codes: dict[str, tuple[str, ...]] = {}
    for code, own in signs.items():
        for sign in own:
            codes[sign] = (*codes.get(sign, ()), code)
    return codes
