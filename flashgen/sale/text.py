"""The texts and whole numbers of a sale: their bounds, refused characters, and the slug of a product's page."""

from __future__ import annotations

import re
import unicodedata
from functools import partial

from pydantic import BeforeValidator

from flashgen.document.wording import InvalidValue, counted, quoted

MAX_SLUG = 100
RESERVED_SLUGS = frozenset({"assets", "ended"})
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CONTROL_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_DIGITS = re.compile(r"[0-9]{1,12}")
_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
# Latin letters that Unicode does not take apart, and the apostrophes that no slug needs.
_LATIN = str.maketrans(
    {**dict(zip("ßẞæÆœŒþÞ", ("ss", "SS", "ae", "AE", "oe", "OE", "th", "TH"), strict=True)), "'": "", "’": ""}
    | dict(zip("øØłŁđĐðÐı", "oOlLdDdDi", strict=True))
)
_LINE_END = re.compile("\r\n?")


def line(longest: int) -> BeforeValidator:
    """A text of one line of at most `longest` characters, without white space around it."""
    return BeforeValidator(partial(_line, longest=longest))


def lines(longest: int) -> BeforeValidator:
    """A text of any number of lines, of at most `longest` characters. Lines end in a newline as on Unix."""
    return BeforeValidator(partial(_lines, longest=longest))


def whole(least: int, most: int) -> BeforeValidator:
    """A whole number in plain digits, both bounds included."""
    return BeforeValidator(partial(_whole, least=least, most=most))


def _line(value: object, longest: int) -> str:
    text = given(value).strip()
    _refuse_control(_CONTROL, text)
    return _short(text, longest)


def _lines(value: object, longest: int) -> str:
    text = _LINE_END.sub("\n", given(value)).strip("\n")
    _refuse_control(_CONTROL_IN_LINES, text)
    return _short(text, longest)


def _whole(value: object, least: int, most: int) -> int:
    written = str(value) if isinstance(value, int) else given(value).strip()
    if not _DIGITS.fullmatch(written) or not least <= int(written) <= most:
        raise InvalidValue(
            f"must be a whole number from {least:,} to {most:,}, found {quoted(written)}", "write plain digits"
        )
    return int(written)


def name(value: object, longest: int, what: str) -> str:
    """Lower-case ASCII letters, digits and inner hyphens: what can stand in a URL and in a file name."""
    text = given(value)
    if not _SLUG.fullmatch(text):
        fitting = slugified(text)
        hint = f"write it as `{fitting[:longest].rstrip('-')}`, for example" if fitting else ""
        raise InvalidValue(f"must be {what} of a-z, 0-9 and inner hyphens, found {quoted(text)}", hint)
    return _short(text, longest)


def sku(value: object) -> str:
    """1 to 64 printable characters, without white space at its ends, in Unicode's composed form (NFC)."""
    text = given(value)
    if text != text.strip():
        raise InvalidValue(f"must not begin or end with white space, found {quoted(text)}", "delete the white space")
    if text == "*":
        raise InvalidValue("must not be *, which means every SKU", "give it a name of its own")
    if not text.isprintable():
        raise InvalidValue(f"must be printable, found {quoted(text)}", "delete what is invisible in it")
    return _short(text if text.isascii() else unicodedata.normalize("NFC", text), 64)


def sku_key(text: str) -> str:
    """What two SKUs share that a reader, or a warehouse's database, would take for one (Unicode 3.13, D145)."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def slug(value: object) -> str:
    """A slug somebody chose."""
    text = name(value, MAX_SLUG, "a name")
    if text in RESERVED_SLUGS:
        reserved = " and ".join(f"`{word}`" for word in sorted(RESERVED_SLUGS))
        raise InvalidValue(f"must not be {text}: {reserved} are flashgen's own pages", f"write it as `{text}-1`, say")
    return text


def slugified(text: str) -> str:
    """The letters and digits of a text in ASCII, hyphens between: `Café au lait` gives `cafe-au-lait`. May be empty."""
    return _NOT_SLUG.sub("-", _in_ascii(text).lower()).strip("-")


def default_slug(name_text: str, sku_text: str) -> str:
    """The name's slug, else the SKU's; empty where neither can be one.

    A text with letters of another script is passed over: of `کاپشن M` and `کلاه M` only the M would be left.
    """
    for text in (name_text, sku_text):
        candidate = slugified(text)[:MAX_SLUG].rstrip("-")
        if candidate and candidate not in RESERVED_SLUGS and not _has_other_letters(text):
            return candidate
    return ""


def _in_ascii(text: str) -> str:
    """As far as Latin letters go: compatibility forms and accents are taken apart, and the accents dropped."""
    text = text.translate(_LATIN)
    if text.isascii():
        return text
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))


def _has_other_letters(text: str) -> bool:
    return not text.isascii() and any(each.isalnum() and not each.isascii() for each in _in_ascii(text))


def given(value: object) -> str:
    """The value, if it is a text."""
    if not isinstance(value, str):
        raise InvalidValue(f"must be one value, found {quoted(value)}")
    return value


def _short(text: str, longest: int) -> str:
    if len(text) > longest:
        raise InvalidValue(f"must have at most {counted(longest, 'character')}, found {len(text):,}", "shorten it")
    if not text:
        raise InvalidValue("must not be empty")
    return text


def _refuse_control(control: re.Pattern[str], text: str) -> None:
    if found := control.search(text):
        code = f"U+{ord(found.group()):04X}"
        what = "a line end" if found.group() in "\n\r\u2028\u2029" else f"the control character {code}"
        raise InvalidValue(f"must not contain {what}", "delete it, or write a space")
