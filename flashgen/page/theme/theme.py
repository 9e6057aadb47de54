"""A theme: templates, assets and messages. A theme takes what it does not define from the theme that it extends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flashgen.document.parse import read_document
from flashgen.document.wording import quoted, suggestion
from flashgen.document.yaml_files import visible_files, yaml_file
from flashgen.errors import InvalidInput
from flashgen.page.theme.templates import Templates
from flashgen.sale.language import message_chain

BASE_THEME = "plain"
"""The theme that a theme extends by default."""

KEYS = ("name", "title", "description", "extends", "products_per_page")
"""The keys of theme.yaml."""

FALLBACK_LANGUAGE = "en"
"""The language that has every message of a theme."""

_PRODUCTS_PER_PAGE = re.compile("[1-9][0-9]{0,3}")


@dataclass(frozen=True)
class Theme:
    """`folders` starts with the theme's own, then has that of the theme it extends, and so on to the base theme.

    The templates of a theme that is not trusted are rendered in a sandbox.
    """

    name: str
    folders: tuple[Path, ...]
    is_trusted: bool = False

    @property
    def description(self) -> str:
        """What theme.yaml says of it, in one line; empty if it says nothing."""
        return str(read_theme_settings(self.folders[0]).get("description") or "")

    @cached_property
    def products_per_page(self) -> int | None:
        """How many products a page of the sale's list has; None: one page has all. The nearest theme's counts."""
        for folder in self.folders:
            if number := read_theme_settings(folder).get("products_per_page"):
                return int(number)
        return None

    def render(self, template: str, variables: Mapping[str, Any]) -> bytes:
        """A page's bytes. Raises InvalidInput, with the template's file and line, for any error inside."""
        return self._templates.render(template, variables)

    @cached_property
    def _templates(self) -> Templates:
        return Templates(self.name, self.folders, is_trusted=self.is_trusted)

    def asset_paths(self) -> dict[str, Path]:
        """File name → path of every asset. The nearest theme's file counts."""
        paths: dict[str, Path] = {}
        for folder in reversed(self.folders):
            assets = folder / "assets"
            paths |= {path.name: path for path in visible_files(assets) if path.parent == assets}
        return dict(sorted(paths.items()))

    def messages(self, locale: str) -> SimpleNamespace:
        """The theme's texts in the language of `locale` (`pt-BR`, else `pt`); English for a text it does not have."""
        return SimpleNamespace(**self._texts([FALLBACK_LANGUAGE, *message_chain(locale)]))

    def has_texts(self, locale: str) -> bool:
        """Whether there is any text in the language of `locale`."""
        return bool(self._texts(message_chain(locale)))

    def missing_texts(self, locale: str) -> tuple[str, ...]:
        """The keys of texts that there are in English, but not in the language of `locale`."""
        own = self._texts(message_chain(locale))
        return tuple(key for key in self._texts([FALLBACK_LANGUAGE]) if key not in own)

    def _texts(self, languages: Iterable[str]) -> dict[str, str]:
        """The texts of all languages; the last one counts, then the nearest theme."""
        texts: dict[str, str] = {}
        for wanted in dict.fromkeys(languages):
            for folder in reversed(self.folders):
                texts |= _read_messages(yaml_file(folder / "messages", wanted))
        return texts

    def files(self) -> Iterator[Path]:
        """Every file that a build may depend on, in a fixed order."""
        for folder in self.folders:
            yield from visible_files(folder)


def read_theme_settings(folder: Path) -> dict[str, Any]:
    """What theme.yaml in a theme's folder says; empty without one. Raises InvalidInput with every problem."""
    path = yaml_file(folder, "theme")
    if not path.exists():
        return {}
    document = read_document(path)
    if wrong := [key for key in document.data if key not in KEYS]:
        raise InvalidInput(
            document.problem((key,), f"unknown key `{key}`", suggestion(key, KEYS), at_key=True) for key in wrong
        )
    number = document.data.get("products_per_page", "1")
    if not (isinstance(number, str) and _PRODUCTS_PER_PAGE.fullmatch(number)):
        message = f"`products_per_page` must be a whole number from 1 to 9999, found {quoted(number)}"
        raise InvalidInput([document.problem(("products_per_page",), message, "24 fits 2, 3, 4 and 6 columns")])
    return document.data


def _read_messages(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    document = read_document(path)
    texts = {key: text for key, text in document.data.items() if isinstance(text, str) and key.isidentifier()}
    wrong = [key for key in document.data if key not in texts]
    if wrong:
        raise InvalidInput(document.problem((key,), f"`{key}` must be a name with one text") for key in wrong)
    return texts
