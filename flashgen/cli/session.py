"""One run of flashgen: what was asked for globally, and how to speak."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from flashgen.project import Project

_OF_A_TARGET = re.compile(
    r"\bflashgen (?=(?:plan|push|verify|go-live|pause|resume|sold-out|end|rollback|status|prune|doctor|infra|gate)\b)"
)


@dataclass
class Session:
    """The global options, filled in by click as it meets them, and the project they name.

    `command` is the one that runs, as typed: `token inspect`; `is_watching` says that Ctrl-C is how it ends. `result`
    is what a command did before it failed, for `--json`. stdout is data, stderr is talk: `say` prints results, `note`
    what is good to know on the way.
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
    result: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def project(self) -> Project:
        """The project, read when first needed."""
        from flashgen.project import find_project

        return find_project(self.project_folder or Path.cwd(), exactly=self.project_folder is not None)

    def forget_project(self) -> None:
        """Read the settings again when they are next needed."""
        self.__dict__.pop("project", None)

    def say(self, text: str = "") -> None:
        """A line of the result."""
        if not self.as_json:
            click.echo(text)

    def note(self, text: str) -> None:
        """A line of talk: progress, warnings, what to do next."""
        if not self.quiet:
            click.echo(text, err=True)

    def warn(self, text: str, hint: str = "") -> None:
        """What may go wrong, and the fix. Whoever wants quiet wants to know it too."""
        click.echo(f"{click.style('warning', fg='yellow', bold=True)}: {text}", err=True)
        if hint:
            click.echo(f"hint: {self.aimed(hint)}", err=True)

    def next_step(self, command: str) -> None:
        """What somebody will want to type now."""
        if not (self.as_json or self.no_next):
            self.note(click.style(f"next: {self.aimed(command)}", dim=True))

    def aimed(self, text: str) -> str:
        """A text with commands in it, where each goes to the target that was chosen: to be pasted as it is."""
        if not self.target_name or "--target" in text:
            return text
        return _OF_A_TARGET.sub(f"flashgen --target {self.target_name} ", text)

    def confirm(self, question: str, yes: bool) -> None:
        """Ask before something that the public sees. Without a terminal `--yes` is needed."""
        if yes:
            return
        if not sys.stdin.isatty():
            raise click.UsageError("this changes what the public sees: without a terminal it needs --yes")
        try:
            click.confirm(question, abort=True, err=True)
        except (click.Abort, KeyboardInterrupt):
            click.echo(err=True)  # what is said next begins on a line of its own
            raise
