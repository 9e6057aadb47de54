"""Finds a theme by its name: the project's own, or one that comes with flashgen."""

from __future__ import annotations

from pathlib import Path

from flashgen.document.parse import read_document
from flashgen.document.wording import suggestion
from flashgen.document.yaml_files import is_left_behind, yaml_file
from flashgen.errors import FlashgenError, InvalidInput, Problem, Refused, Where
from flashgen.packaged_files import packaged
from flashgen.page.theme.theme import BASE_THEME, Theme, read_theme_settings


class UnknownTheme(Refused):
    """There is no theme with that name. The caller adds the line that names it."""


def find_theme(name: str, project_themes: Path, *, trusted_themes: bool = False) -> Theme:
    """The theme called `name`, the project's own or a packaged one, with the themes that it extends.

    A packaged theme is always trusted, one of the project only with `trusted_themes`. Raises UnknownTheme, or
    InvalidInput for a problem in the theme.yaml of one of them, or for a link of a theme that is not trusted to a file
    outside of it.
    """
    folders: list[Path] = []
    wanted: str | None = name
    while wanted is not None:
        folder = next((folder for folder in _folders_of(wanted, project_themes) if folder not in folders), None)
        if folder is None:
            raise _missing_theme(wanted, folders, theme_names(project_themes))
        folders.append(folder)
        if not trusted_themes:
            _refuse_links(folder)
        wanted = _parent_of(folder)
    return Theme(name, tuple(folders), trusted_themes or all(map(is_packaged, folders)))


def _refuse_links(folder: Path) -> None:
    """Refuse links to files outside of a theme: a template could include them, and a page publish them."""
    home = folder.resolve()
    hint = "put a copy in its place; if you trust the project's themes, write `trusted_themes: true` in flashgen.yaml"
    links = (path for path in sorted(folder.rglob("*")) if path.is_symlink())
    outside = [link for link in links if not link.resolve().is_relative_to(home)]
    if outside:
        raise InvalidInput(
            Problem(Where(link), f"links to {link.resolve()}, outside of the theme", hint) for link in outside
        )


def is_packaged(folder: Path) -> bool:
    """Whether a theme's folder is one of those that come with flashgen."""
    return folder.parent == packaged("themes").resolve()


def theme_names(project_themes: Path) -> tuple[str, ...]:
    """The names of all themes, sorted."""
    return tuple(sorted({*own_theme_names(project_themes), *own_theme_names(packaged("themes"))}))


def own_theme_names(themes: Path) -> tuple[str, ...]:
    """The names of the themes in one folder, sorted."""
    if not themes.is_dir():
        return ()
    return tuple(
        sorted(folder.name for folder in themes.iterdir() if folder.is_dir() and not is_left_behind(folder.name))
    )


def _folders_of(name: str, project_themes: Path) -> list[Path]:
    folders = (project_themes.resolve() / name, packaged("themes").resolve() / name)
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def _parent_of(folder: Path) -> str | None:
    settings = read_theme_settings(folder)
    if folder == packaged("themes").resolve() / BASE_THEME:
        return None
    return str(settings.get("extends") or BASE_THEME)


def _missing_theme(name: str, chain: list[Path], known: tuple[str, ...]) -> FlashgenError:
    if not chain:
        return UnknownTheme(f"`theme` must be one of {', '.join(known)}, found {name}", suggestion(name, known))
    document = read_document(yaml_file(chain[-1], "theme"))
    if any(folder.name == name for folder in chain):
        return InvalidInput([document.problem(("extends",), f"theme {name} extends itself", "name another theme")])
    message = f"`extends` must be one of {', '.join(known)}, found {name}"
    return InvalidInput([document.problem(("extends",), message, suggestion(name, known))])
