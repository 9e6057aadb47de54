"""Every flashgen command in README and docs is one that flashgen takes: names, options, arguments."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from flashgen.cli.app import app

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINE = re.compile(r"`(flashgen [^`]+)`|^(?:.*?(?:run: |ExecStart=\S*/))?(flashgen [^#`\n]+)", re.MULTILINE)


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
