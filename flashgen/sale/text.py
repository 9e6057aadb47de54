"""Reads texts, names and whole numbers of a sale: their limits, refused characters, and a product's slug."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import partial

from pydantic import BeforeValidator

from flashgen.document.wording import InvalidValue, counted, quoted
from flashgen.sale.transliteration import has_other_letters, slugified

MAX_SLUG = 100
RESERVED_SLUGS = frozenset({"assets", "ended", "waiting"})
# The last five are marks of forms and of languages: see `gate/forms.py`, `translation.py`.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ue000\ue001\ue010-\ue012]")
_CONTROL_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ue000\ue001\ue010-\ue012]")
_DIGITS = re.compile(r"[0-9]{1,12}")
_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_BIDI_OVERRIDES = re.compile("[\u202a-\u202e]")
_ISOLATES = re.compile("[\u2066-\u2068]([^\u2066-\u2069]*)\u2069")
_ISOLATE = re.compile("[\u2066-\u2069]")
_INVISIBLE = frozenset({"Cc", "Cf", "Me", "Mn", "Zl", "Zp", "Zs"})
# Letters and signs that are drawn as nothing: Hangul fillers, the empty Braille cell.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_LINE_END = re.compile("\r\n?")


def line(max_length: int) -> BeforeValidator:
    """A text of one line of at most `max_length` characters, without white space around it."""
    return BeforeValidator(partial(_line, max_length=max_length))


def lines(max_length: int) -> BeforeValidator:
    """A text of any number of lines, of at most `max_length` characters. Lines end in a newline as on Unix."""
    return BeforeValidator(partial(_lines, max_length=max_length))


def whole(least: int, most: int) -> BeforeValidator:
    """A whole number in plain digits, both bounds included."""
    return BeforeValidator(partial(_whole, least=least, most=most))


def yes_or_no(value: object) -> bool:
    """`true` or `false`, as YAML 1.2 spells them, in any case."""
    if isinstance(value, bool):
        return value
    written = given(value).strip().lower()
    if written not in ("true", "false"):
        raise InvalidValue(f"must be true or false, found {quoted(value)}")
    return written == "true"


def _line(value: object, max_length: int) -> str:
    text = given(value).strip()
    _refuse_control(_CONTROL, text)
    _refuse_invisible(text)
    return _short(text, max_length)


def _lines(value: object, max_length: int) -> str:
    text = _LINE_END.sub("\n", given(value)).strip("\n")
    _refuse_control(_CONTROL_IN_LINES, text)
    return _short(text, max_length)


def _whole(value: object, least: int, most: int) -> int:
    written = str(value) if isinstance(value, int) else given(value).strip()
    if not _DIGITS.fullmatch(written) or not least <= int(written) <= most:
        raise InvalidValue(
            f"must be a whole number from {least:,} to {most:,}, found {quoted(written)}", "write plain digits"
        )
    return int(written)


def name(value: object, max_length: int, what: str) -> str:
    """Lower-case ASCII letters, digits and inner hyphens: safe in a URL and in a file name."""
    text = given(value)
    if not _SLUG.fullmatch(text):
        fitting = slugified(text)
        hint = f"write it as `{fitting[:max_length].rstrip('-')}`, for example" if fitting else ""
        raise InvalidValue(f"must be {what} of a-z, 0-9 and inner hyphens, found {quoted(text)}", hint)
    return _short(text, max_length)


def sku(value: object) -> str:
    """1 to 64 printable characters, without white space at its ends, in Unicode's composed form (NFC)."""
    text = given(value)
    if text != text.strip():
        raise InvalidValue(f"must not begin or end with white space, found {quoted(text)}", "delete the white space")
    if text == "*":
        raise InvalidValue("must not be *, which means every SKU", "give it a name of its own")
    if not text.isprintable():
        raise InvalidValue(f"must be printable, found {quoted(text)}", "delete what is invisible in it")
    _refuse_invisible(text)
    return _short(text if text.isascii() else unicodedata.normalize("NFC", text), 64)


def gtin(value: object) -> str:
    """A GTIN of 8, 12, 13 or 14 digits with a right check digit, without spaces and hyphens; empty for no text.

    The check digit: https://www.gs1.org/services/how-calculate-check-digit-manually
    """
    text = given(value)
    digits = text.replace(" ", "").replace("-", "")
    if not digits:
        return ""
    if not _GTIN.fullmatch(digits):
        raise InvalidValue(f"must be a GTIN of 8, 12, 13 or 14 digits, found {quoted(text)}", "leave it out if unknown")
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    if weighted % 10:
        raise InvalidValue(f"must have a right check digit, found {quoted(text)}", "copy it from the barcode again")
    return digits


def sku_key(text: str) -> str:
    """The same for two SKUs that a reader or a warehouse's database may take for one (Unicode 3.13, D145)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def slug(value: object) -> str:
    """A slug that the author wrote."""
    text = name(value, MAX_SLUG, "a name")
    if text in RESERVED_SLUGS:
        reserved = ", ".join(f"`{word}`" for word in sorted(RESERVED_SLUGS))
        raise InvalidValue(f"must not be {text}: {reserved} are flashgen's own pages", f"write it as `{text}-1`, say")
    return text


def default_slug(name_text: str, sku_text: str, locale: str = "") -> str:
    """The name's slug, else the SKU's; empty where neither can be one. `locale` is the name's.

    A text with letters of another script gives none: `کاپشن M` and `کلاه M` would both become `m`.
    """
    return next(_slugs(name_text, sku_text, locale), "")


def _slugs(name_text: str, sku_text: str, locale: str) -> Iterator[str]:
    for text, language in ((name_text, locale), (sku_text, "")):
        candidate = slugified(text, language)[:MAX_SLUG].rstrip("-")
        if candidate and candidate not in RESERVED_SLUGS and not has_other_letters(text, language):
            yield candidate


class DefaultSlugs:
    """Gives slugs to the products of a sale that have none, in their order.

    The first of several products with one name keeps the name's slug, and the others get that of their SKU.
    """

    def __init__(self, locale: str, written: Iterable[str]) -> None:
        self._locale = locale
        self._taken = set(written)

    def take(self, name_text: str, sku_text: str) -> str:
        """A slug that no other product has, if there is one; empty where the product can have none."""
        candidates = list(_slugs(name_text, sku_text, self._locale))
        slug = next((each for each in candidates if each not in self._taken), candidates[0] if candidates else "")
        self._taken.add(slug)
        return slug


def given(value: object) -> str:
    """The value. Raises InvalidValue if it is not a text."""
    if not isinstance(value, str):
        raise InvalidValue(f"must be one value, found {quoted(value)}")
    return value


def _short(text: str, max_length: int) -> str:
    if len(text) > max_length:
        raise InvalidValue(f"must have at most {counted(max_length, 'character')}, found {len(text):,}", "shorten it")
    if not text:
        raise InvalidValue("must not be empty")
    return text


def _refuse_control(control: re.Pattern[str], text: str) -> None:
    if found := control.search(text):
        code = f"U+{ord(found.group()):04X}"
        what = "a line end" if found.group() in "\n\r\u2028\u2029" else f"the control character {code}"
        raise InvalidValue(f"must not contain {what}", "delete it, or write a space")


def _refuse_invisible(text: str) -> None:
    """Refuse a text of which nothing is seen, and one whose characters are shown in another order than they have.

    Marks and balanced isolates stay: texts of right-to-left scripts need them.
    """
    if text.isascii():
        return
    if all(each in _BLANK or unicodedata.category(each) in _INVISIBLE for each in text):
        raise InvalidValue(f"must have something visible, found {_escaped(text)}", "write what shoppers can read")
    rest = text
    while (inner := _ISOLATES.sub(r"\1", rest)) != rest:
        rest = inner
    if found := _BIDI_OVERRIDES.search(text) or _ISOLATE.search(rest):
        code = f"U+{ord(found[0]):04X}"
        message = f"must not change the direction of writing ({code}), found {_escaped(text)}"
        raise InvalidValue(message, "delete that character: it is invisible in most editors")


def _escaped(text: str) -> str:
    """The text with all that is invisible in it as escapes."""
    visible = "".join(each if each.isascii() or each.isalnum() else ascii(each)[1:-1] for each in text)
    return quoted(visible)
