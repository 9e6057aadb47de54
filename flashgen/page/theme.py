"""A theme: templates, assets and messages, with everything it does not say itself taken from the theme it extends."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from jinja2.exceptions import TemplateError, TemplateNotFound, TemplateSyntaxError

from flashgen.document.parse import read_document
from flashgen.document.wording import suggestion
from flashgen.errors import FlashgenError, InvalidInput, Problem, Refused, Where
from flashgen.packaged import packaged
from flashgen.sale.language import message_chain

BASE_THEME = "plain"
"""What a theme extends that does not say otherwise."""

FACTS = ("name", "title", "description", "extends")
"""What a theme.yaml may say."""

FALLBACK_LANGUAGE = "en"
"""The language in which every message of a theme is complete."""


class _Undefined(StrictUndefined):
    """What a template names and there is not: said without naming Python's classes."""

    @property
    def _undefined_message(self) -> str:
        name = str(self._undefined_name)
        known = [each for each in dir(self._undefined_obj) if not each.startswith("_")]
        close = get_close_matches(name, known, n=1)
        return self._undefined_hint or f"there is no `{name}`" + (f"; did you mean `{close[0]}`?" if close else "")


@dataclass(frozen=True)
class Theme:
    """`folders` are the theme's own first, then the one it extends, and so on to the base theme."""

    name: str
    folders: tuple[Path, ...]

    @cached_property
    def _environment(self) -> Environment:
        # `{% extends "base.html" %}` finds the nearest base.html, `"plain/base.html"` the one of that theme.
        # A project's own `plain` extends the packaged one by that second name, so the farthest has it.
        by_name = {folder.name: FileSystemLoader(folder) for folder in self.folders}
        nearest = [FileSystemLoader(folder) for folder in self.folders]
        return Environment(
            loader=ChoiceLoader([*nearest, PrefixLoader(by_name)]),
            autoescape=True,
            undefined=_Undefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def render(self, template: str, variables: Mapping[str, Any]) -> bytes:
        """A page's bytes. Raises InvalidInput with the template's file and line, whatever goes wrong inside."""
        try:
            return self._environment.get_template(template).render(variables).encode()
        except Exception as error:
            raise InvalidInput([self._template_problem(template, error)]) from error

    def asset_paths(self) -> dict[str, Path]:
        """File name → path of every asset but hidden files; the nearest theme's wins."""
        paths: dict[str, Path] = {}
        for folder in reversed(self.folders):
            paths |= {path.name: path for path in sorted((folder / "assets").glob("[!.]*")) if path.is_file()}
        return dict(sorted(paths.items()))

    def messages(self, locale: str) -> SimpleNamespace:
        """The theme's texts in the language of `locale` (`pt-BR`, else `pt`), and in English where it has none."""
        texts: dict[str, str] = {}
        for wanted in dict.fromkeys([FALLBACK_LANGUAGE, *message_chain(locale)]):
            for folder in reversed(self.folders):
                texts |= _read_messages(folder / "messages" / f"{wanted}.yaml")
        return SimpleNamespace(**texts)

    def files(self) -> Iterator[Path]:
        """Every file that can change what a build makes, in a fixed order."""
        for folder in self.folders:
            yield from sorted(path for path in folder.rglob("*") if path.is_file())

    def _template_problem(self, template: str, error: Exception) -> Problem:
        if isinstance(error, TemplateNotFound):
            where = self._place_of(error) or Where(self.folders[0])
            message = f"theme `{self.name}` needs a template `{error.name}`, and there is none"
            looked_in = f"looked in {', '.join(str(folder) for folder in self.folders)}"
            return Problem(where, message, looked_in, quote=_line_of(where))
        where = self._place_of(error) or Where(self.folders[0] / template)
        return Problem(where, f"template error: {_reason(error)}", quote=_line_of(where))

    def _place_of(self, error: Exception) -> Where | None:
        if isinstance(error, TemplateSyntaxError) and error.filename:
            return Where(Path(error.filename), error.lineno)
        frames = traceback.extract_tb(error.__traceback__)
        ours = [f for f in frames if any(Path(f.filename).is_relative_to(folder) for folder in self.folders)]
        return Where(Path(ours[-1].filename), ours[-1].lineno or 0) if ours else None


class UnknownTheme(Refused):
    """Nobody has a theme of that name. The caller knows where it is named."""


def find_theme(name: str, project_themes: Path) -> Theme:
    """The theme called `name`, the project's own or a packaged one, with all that it extends.

    Raises UnknownTheme, or InvalidInput where a theme.yaml on the way is at fault.
    """
    folders: list[Path] = []
    wanted: str | None = name
    while wanted is not None:
        folder = next((place for place in _places(wanted, project_themes) if place not in folders), None)
        if folder is None:
            raise _dead_end(wanted, folders, theme_names(project_themes))
        folders.append(folder)
        wanted = _parent_of(folder)
    return Theme(name, tuple(folders))


def theme_names(project_themes: Path) -> tuple[str, ...]:
    """Every theme that can be named, sorted."""
    parents = [parent for parent in (project_themes, packaged("themes")) if parent.is_dir()]
    return tuple(sorted({folder.name for parent in parents for folder in parent.iterdir() if folder.is_dir()}))


def _places(name: str, project_themes: Path) -> list[Path]:
    places = (project_themes.resolve() / name, packaged("themes").resolve() / name)
    return [place for place in dict.fromkeys(places) if place.is_dir()]


def _parent_of(folder: Path) -> str | None:
    path = folder / "theme.yaml"
    facts = _read_facts(path) if path.exists() else {}
    if folder == packaged("themes").resolve() / BASE_THEME:
        return None
    return str(facts.get("extends") or BASE_THEME)


def _read_facts(path: Path) -> dict[str, Any]:
    document = read_document(path)
    if wrong := [key for key in document.data if key not in FACTS]:
        raise InvalidInput(
            document.problem((key,), f"unknown key `{key}`", suggestion(key, FACTS), at_key=True) for key in wrong
        )
    return document.data


def _dead_end(name: str, chain: list[Path], known: tuple[str, ...]) -> FlashgenError:
    if not chain:
        return UnknownTheme(f"`theme` must be one of {', '.join(known)}, found {name}", suggestion(name, known))
    document = read_document(chain[-1] / "theme.yaml")
    if any(folder.name == name for folder in chain):
        return InvalidInput([document.problem(("extends",), f"theme {name} extends itself", "name another theme")])
    message = f"`extends` must be one of {', '.join(known)}, found {name}"
    return InvalidInput([document.problem(("extends",), message, suggestion(name, known))])


def _read_messages(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    document = read_document(path)
    texts = {key: text for key, text in document.data.items() if isinstance(text, str) and key.isidentifier()}
    wrong = [key for key in document.data if key not in texts]
    if wrong:
        raise InvalidInput(document.problem((key,), f"`{key}` must be a name with one text") for key in wrong)
    return texts


def _reason(error: Exception) -> str:
    """An exception in one line; some have no words at all."""
    said = error.message if isinstance(error, TemplateError) and error.message else str(error)
    return " ".join(said.split()) or type(error).__name__


def _line_of(where: Where) -> str:
    try:
        lines = where.file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return ""
    return lines[where.line - 1] if 0 < where.line <= len(lines) else ""
