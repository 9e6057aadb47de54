"""One run of flashgen: what was asked for globally, and how to speak."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flashgen.errors import Refused
from flashgen.hint import Hint

if TYPE_CHECKING:
    from flashgen.project import Project
    from flashgen.store import Store
    from flashgen.store.protocol import Cdn


@dataclass
class Session:
    """The global options, filled in by click as it meets them, and the project they name.

    `command` is the one that runs, as typed: `token inspect`; `is_watching` says that Ctrl-C is how it ends. A command
    that goes on to change something that lasts sets `has_begun`: until then an interruption leaves all as it was, and
    from then on output that is lost makes no failure of it. `result` is what a command did before it failed, for
    `--json`. stdout is data, stderr is talk: `say` prints results, `note` what is good to know on the way.
    """

    project_folder: Path | None = None
    target_name: str | None = None
    as_json: bool = False
    verbose: int = 0
    quiet: bool = False
    no_next: bool = False
    exit_code: int = 0
    command: str = ""
    is_watching: bool = False
    has_begun: bool = False
    result: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def project(self) -> Project:
        """The project, read when first needed."""
        from flashgen.project import find_project

        return find_project(self.project_folder or _working_folder(), exactly=self.project_folder is not None)

    @cached_property
    def store(self) -> Store:
        """The chosen target's store, opened when first needed: its connections are kept for the whole run."""
        return self.project.store(self.target_name)

    @cached_property
    def cdn(self) -> Cdn | None:
        """The chosen target's CDN; None where there is none."""
        return self.project.cdn(self.target_name)

    def forget_project(self) -> None:
        """Read the settings again when they are next needed."""
        for name in ("project", "store", "cdn"):
            self.__dict__.pop(name, None)

    def say(self, text: str = "") -> None:
        """A line of the result."""
        if not self.as_json:
            click.echo(text)

    def note(self, text: str) -> None:
        """A line of talk: progress, what to do next. Not printed with `--quiet`."""
        if not self.quiet:
            click.echo(self.aimed(text), err=True)

    def warn(self, text: str, hint: str = "") -> None:
        """What may go wrong, and the fix."""
        self.alert(f"{click.style('warning', fg='yellow', bold=True)}: {text}")
        if hint:
            self.alert(f"hint: {self.aimed(hint)}")

    def alert(self, text: str) -> None:
        """A warning or an error that does not end the command, as text. Printed with `--quiet`, too."""
        click.echo(text, err=True)

    def next_step(self, command: str) -> None:
        """The command that people usually type next."""
        if not (self.as_json or self.no_next):
            self.note(click.style(f"next: {self.aimed(command)}", dim=True))

    def aimed(self, text: str) -> str:
        """A text to print: commands in a hint go to the target that was chosen."""
        return text.for_target(self.target_name) if isinstance(text, Hint) and self.target_name else text

    def confirm(self, question: str, yes: bool, effect: str = "this changes what the public sees") -> None:
        """Ask before something that has this effect. Without a terminal `--yes` is needed."""
        if yes:
            return
        if not sys.stdin.isatty():
            raise click.UsageError(f"{effect}: without a terminal it needs --yes")
        try:
            click.confirm(question, abort=True, err=True)
        except (click.Abort, KeyboardInterrupt):
            click.echo(err=True)  # the next output begins on a line of its own
            raise


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        hint = "change to a folder that exists, or name one: flashgen --project DIR"
        raise Refused("this shell's working folder was removed", hint) from error
