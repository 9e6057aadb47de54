"""`flashgen theme`: which themes there are, and a theme of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import command, yes_option
from flashgen.cli.session import Session
from flashgen.hint import command_line

if TYPE_CHECKING:
    from flashgen.page.theme import Theme


@click.group("theme")
def theme() -> None:
    """How pages look: list themes, begin one, copy a template to change it."""


@command("list")
def list_themes(session: Session) -> dict[str, Any]:
    """List the themes that a sale can name."""
    from flashgen.page.theme import theme_names

    rows = [_row(session, name) for name in theme_names(_folder(session))]
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        parent = f", extends {row['extends']}" if row["extends"] else ""
        session.say(f"{click.style(row['name'].ljust(width), bold=True)}  {row['from']}{parent}")
        if row["description"]:
            session.say(f"{' ' * width}  {row['description']}")
    session.next_step(command_line("theme new mine"))
    return {"themes": rows}


@command("new")
@click.argument("name")
@click.option("--extends", default="spotlight", show_default=True, metavar="THEME", help="What it begins from.")
def new(session: Session, name: str, extends: str) -> dict[str, Any]:
    """Begin a theme: colours, a font, one template."""
    from flashgen.page.output import write_if_changed
    from flashgen.page.theme import theme_names
    from flashgen.page.theme.child import child_theme, refuse_taken

    folder = _folder(session) / _checked_name(name)
    refuse_taken(name, folder, theme_names(_folder(session)))
    files = {folder / path: body for path, body in child_theme(name, _theme(session, extends)).items()}
    for path, body in files.items():
        write_if_changed(path, body)
    names = [str(path.relative_to(session.project.root)) for path in files]
    for one in names:
        session.say(f"wrote {one}")
    session.note(f"choose it in a sale, in the section `sale`: `theme: {name}`")
    session.next_step(command_line("serve"))
    return {"theme": name, "extends": extends, "files": names}


@command("eject")
@click.argument("template")
@click.option("--theme", "wanted", metavar="NAME", help="The theme that gets it [default: the project's only one].")
@yes_option
def eject(session: Session, template: str, wanted: str | None, yes: bool) -> dict[str, Any]:
    """Copy a parent's template or asset, to change it."""
    from flashgen import __version__
    from flashgen.page.output import write_if_changed
    from flashgen.page.theme import own_theme_names
    from flashgen.page.theme.child import copy_of, own_theme

    themes = _folder(session)
    own = own_theme(own_theme_names(themes), wanted, themes)
    copied = copy_of(_theme(session, own), template, __version__)
    name = str(copied.path.relative_to(session.project.root))
    if copied.path.exists() and copied.path.read_bytes() != copied.body:
        session.confirm(f"{name} is there, and differs: write over it?", yes, "this writes over a file of yours")
    written = write_if_changed(copied.path, copied.body)
    session.say(f"wrote {name}" if written else f"{name} is that file already")
    session.note(f"a copy of {copied.source}")
    session.next_step(command_line("serve"))
    return {"theme": own, "file": name, "source": str(copied.source), "written": written}


def _folder(session: Session) -> Path:
    return session.project.root / "themes"


def _theme(session: Session, name: str) -> Theme:
    """A theme by name. Raises Refused if there is none."""
    from flashgen.errors import Refused
    from flashgen.page.theme import UnknownTheme, find_theme

    trusted = session.project.settings.trusted_themes
    try:
        return find_theme(name, _folder(session), trusted_themes=trusted)
    except UnknownTheme as unknown:
        raise Refused(f"no theme `{name}`", unknown.hint) from unknown


def _row(session: Session, name: str) -> dict[str, Any]:
    from flashgen.page.theme import is_packaged

    found = _theme(session, name)
    own, *parents = found.folders
    return {
        "name": name,
        "from": "flashgen" if is_packaged(own) else f"themes/{own.name}",
        "extends": parents[0].name if parents else None,
        "description": found.description,
    }


def _checked_name(text: str) -> str:
    """A theme's name. Raises a usage error, because there is no file yet whose line a problem could name."""
    from flashgen.document.wording import InvalidValue
    from flashgen.sale.text import name

    try:
        return name(text, 63, "a name")
    except InvalidValue as invalid:
        hint = f" ({invalid.hint})" if invalid.hint else ""
        raise click.UsageError(f"NAME {invalid.message}{hint}") from invalid


for each in (list_themes, new, eject):
    theme.add_command(each)
