"""Parts of a page in another language than the page: texts that the theme has in English, or the sale in its first.

A text does not know where a template puts it: in an element, or in an attribute, which can hold no tag. So it carries
marks, and these become `lang` and `dir` when the page is complete.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from babel.core import Locale
from markupsafe import Markup

from flashgen.document.wording import counted
from flashgen.errors import Problem
from flashgen.packaged_files import packaged
from flashgen.page.description import to_html
from flashgen.page.locale_format import text_direction
from flashgen.page.theme import BASE_THEME, FALLBACK_LANGUAGE, Theme
from flashgen.sale.load import Loaded
from flashgen.sale.translation import END, LANG_END, START, FallbackText, marked

_MARKS = f"{START}{LANG_END}{END}"
_MARK = re.compile(f"{START}[^<{_MARKS}]*{LANG_END}|[{_MARKS}]")
_TEXT = f"{START}([^<{_MARKS}]*){LANG_END}([^{_MARKS}]*){END}"
_TAG = re.compile(r"<[^>]*>")
_ONLY_TEXT = re.compile(r"<(?P<name>title|textarea|option|script|style)\b[^>]*>[^<]*(?=</(?P=name)>)", re.IGNORECASE)
_ELEMENT = re.compile(
    rf"<(?!br\b|hr\b|img\b|input\b|wbr\b|[^<>]*\s(?:lang|dir)=)([A-Za-z][^<>]*)>(\s*){_TEXT}(\s*)(?=</)", re.IGNORECASE
)
_PART = re.compile(_TEXT)
_NAMES_SHOWN = 3


def marked_messages(theme: Theme, locale: str) -> SimpleNamespace:
    """A theme's texts in the language of `locale`, with marks around those that are in English instead."""
    texts = theme.messages(locale)
    for key in theme.missing_texts(locale):
        text = getattr(texts, key)
        setattr(texts, key, marked(text, FALLBACK_LANGUAGE) if text else text)
    return texts


def description_html(text: str, format: str = "markdown") -> Markup:
    """The HTML of a description in a format, with the marks of a FallbackText."""
    html = to_html(text, format)
    return Markup(marked(html, text.lang)) if isinstance(text, FallbackText) and html else html  # noqa: S704


def with_lang(page: bytes, direction: str) -> bytes:
    """The page with `lang` (and `dir`) where marks are, and without them. `direction` is the page's: `ltr` or `rtl`.

    An element whose only content is such a text gets the attributes itself, so that a script may replace the text.
    """
    if START.encode() not in page:
        return page
    html = _TAG.sub(lambda tag: _MARK.sub("", tag[0]), page.decode())
    html = _ONLY_TEXT.sub(lambda element: _MARK.sub("", element[0]), html)
    html = _ELEMENT.sub(
        lambda found: f"<{found[1]} {_attributes(found[3], direction)}>{found[2]}{found[4]}{found[5]}", html
    )
    html = _PART.sub(lambda part: _wrapped(part[2], _attributes(part[1], direction)), html)
    return _MARK.sub("", html).encode()  # a filter of a template may have cut one of them


def _wrapped(text: str, attributes: str) -> str:
    name = "div" if "<" in text else "span"
    return f"<{name} {attributes}>{text}</{name}>"


@cache
def _attributes(tag: str, direction: str) -> str:
    own = text_direction(tag)
    return f'lang="{tag}"' + (f' dir="{own}"' if own != direction else "")


def language_warnings(loaded: Loaded, theme: Theme, themes: Path) -> Iterator[Problem]:
    """A warning for each locale whose pages are in English in part, with the file to write below `themes`, the
    project's folder.
    """
    for sale in loaded.sale.languages:
        if missing := theme.missing_texts(sale.locale):
            yield _language_warning(loaded, theme, themes, sale.locale, missing)


def _language_warning(loaded: Loaded, theme: Theme, themes: Path, tag: str, missing: Sequence[str]) -> Problem:
    locale, place = Locale.parse(tag, sep="-"), ("sale", "locales" if loaded.sale.is_multilingual else "locale")
    name = locale.get_display_name(FALLBACK_LANGUAGE) or tag
    own = next((folder.name for folder in theme.folders if folder.is_relative_to(themes.resolve())), BASE_THEME)
    file = themes / own / "messages" / f"{locale.language}.yaml"
    if theme.has_texts(tag):
        shown = ", ".join(f"`{key}`" for key in missing[:_NAMES_SHOWN]) + (", …" if len(missing) > _NAMES_SHOWN else "")
        message = f"theme `{theme.name}` lacks {counted(len(missing), 'text')} in {name}, shown in English: {shown}"
        return loaded.problem(place, message, f"write them in {file}")
    message = f"theme `{theme.name}` has no texts in {name}: they are shown in English"
    english = packaged("themes") / BASE_THEME / "messages" / f"{FALLBACK_LANGUAGE}.yaml"
    return loaded.problem(place, message, f"write {file}, with the keys of {english}")
