"""What the docs name is there: commands with their options and arguments, and files of the repository."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from flashgen.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
LINE = re.compile(r"`(flashgen [^`]+)`|^(?:.*?(?:run: |ExecStart=\S*/))?(flashgen [^#`\n]+)", re.MULTILINE)

FILE = re.compile(r"`((?:[a-z0-9_.*-]+/)+(?:[a-z0-9_*-]+\.(?:py|js|mjs|md|yml|txt))?)`")
FOLDERS = ("flashgen/", "tests/", "docs/", "themes/", "benchmarks/", "requirements/", ".ci/", ".github/")


def commands(page: Path) -> list[str]:
    """What stands after `flashgen`, in the order of the page."""
    found = (first or second for first, second in LINE.findall(page.read_text(encoding="utf-8")))
    return [line.removeprefix("flashgen ").strip() for line in found if not line.startswith("flashgen renders")]


def parse(line: str) -> None:
    """As click does before it runs a command. Raises UsageError."""
    group: click.Command = app
    arguments = shlex.split(line.partition(";")[0])
    while isinstance(group, click.Group):
        context = group.make_context("flashgen", arguments, obj=None)
        rest = [*getattr(context, "_protected_args", ()), *context.args]  # click 9 has all of them in `args`
        _, command, arguments = group.resolve_command(context, rest)
        assert command is not None
        group = command
    group.make_context("flashgen", arguments, obj=None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_a_page_are_taken(page: Path) -> None:
    """A renamed option would leave its documentation behind."""
    wrong = []
    for line in commands(page):
        try:
            parse(line)
        except (click.MissingParameter, click.exceptions.NoArgsIsHelpError):
            assert "-" not in line.replace("go-live", ""), line  # a command that is merely named
        except click.UsageError as error:
            wrong.append(f"{line}: {error.format_message()}")
    assert [] == wrong


def test_there_are_commands() -> None:
    """Else the test above could not fail."""
    assert len([line for page in PAGES for line in commands(page)]) > 40
    with pytest.raises(click.UsageError):
        parse("push --no-such-option")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_of_a_page_are_there(page: Path) -> None:
    """A module that moved would leave its documentation behind. Paths start at the repository or in flashgen/."""
    named = [path for path in FILE.findall(page.read_text(encoding="utf-8")) if _is_ours(path)]
    assert [] == [path for path in named if not [*ROOT.glob(path), *(ROOT / "flashgen").glob(path)]]


def _is_ours(path: str) -> bool:
    return path.startswith(FOLDERS) or (ROOT / "flashgen" / path.partition("/")[0]).is_dir()


def test_the_drawing_names_every_room() -> None:
    """The folders inside the packages, each below its package."""
    drawing = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("\nflashgen/\n")[2]
    drawn, package = set(), ""
    for indent, name in re.findall(r"^(  |    )([a-z0-9_]+)/ ", drawing.partition("\n```")[0], re.MULTILINE):
        package = name if len(indent) == 2 else package
        if len(indent) == 4:
            drawn.add(f"{package}/{name}")
    rooms = (path.parent.relative_to(ROOT / "flashgen") for path in ROOT.glob("flashgen/*/*/__init__.py"))
    assert {room.as_posix() for room in rooms} == drawn
