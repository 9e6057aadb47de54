"""Names in the letters of a URL: as each language writes its own letters where it has only ASCII."""

from __future__ import annotations

import re
import unicodedata

_NOT_SLUG = re.compile(r"[^a-z0-9]+")

# Letters that Unicode does not decompose. Apostrophes are left out: `men's` is `mens`.
_EVERYWHERE = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i"}
_LEFT_OUT = {"'": "", "’": ""}

_GERMAN = {"ä": "ae", "ö": "oe", "ü": "ue"}
_DANISH = {"æ": "ae", "ø": "oe", "å": "aa"}
_CROATIAN = {"đ": "dj"}
# Languages whose readers expect other letters than a dropped accent leaves. Swedish and Finnish do write `a` for `ä`.
_LANGUAGES = {
    **dict.fromkeys(("de", "gsw", "lb", "nds"), _GERMAN),
    **dict.fromkeys(("da", "fo", "nb", "nn", "no"), _DANISH),
    **dict.fromkeys(("bs", "hr", "sr"), _CROATIAN),
    "az": {"ə": "e"},
    "ca": {"·": ""},
}
_LETTERS = {
    language: str.maketrans({**_EVERYWHERE, **_LEFT_OUT, **own}) for language, own in {"": {}, **_LANGUAGES}.items()
}


def slugified(text: str, locale: str = "") -> str:
    """The letters and digits of a text in ASCII, hyphens between: `Café au lait` gives `cafe-au-lait`. May be empty.

    `locale` is the text's (BCP 47), if it is known: `Mütze` gives `muetze` in German and `mutze` in no language.
    """
    return _NOT_SLUG.sub("-", _in_ascii(text, locale)).strip("-")


def without_spelling(slug: str) -> str:
    """A slug as no language would spell it: the same for `muetze` and `mutze`, which are both made of `Mütze`."""
    for own, plain in _PLAIN.items():
        slug = slug.replace(own, plain)
    return slug


def has_other_letters(text: str, locale: str = "") -> bool:
    """Whether a text has letters or digits that no slug can have."""
    return not text.isascii() and any(each.isalnum() and not each.isascii() for each in _in_ascii(text, locale))


def _in_ascii(text: str, locale: str) -> str:
    """The text in lower case, accents dropped, compatibility forms replaced. Letters of other scripts stay."""
    letters = _LETTERS.get(locale.partition("-")[0], _LETTERS[""])
    text = unicodedata.normalize("NFC", text).lower().translate(letters)
    if text.isascii():
        return text
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each)).lower()


_PLAIN = {
    own: plain
    for letters in _LANGUAGES.values()
    for letter, own in letters.items()
    if (plain := slugified(letter)) not in ("", own)
}
"""What is left of a language's own spelling in no language: `a` of `ae`."""
