"""The tree of commands. A command's module is imported when it is run or listed; it imports little at its top."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from flashgen import __version__
from flashgen.cli.options import global_options

_COMMANDS = {
    "new": "new:new",
    "check": "check:check",
    "schema": "schema:schema",
    "fetch-images": "fetch_images:fetch_images",
    "theme": "theme:theme",
    "build": "build:build",
    "serve": "serve:serve",
    "forecast": "forecast:forecast",
    "rehearse": "rehearse:rehearse",
    "plan": "plan:plan",
    "push": "push:push",
    "verify": "verify:verify",
    "go-live": "go_live:go_live",
    "pause": "transitions:pause",
    "resume": "transitions:resume",
    "sold-out": "transitions:sold_out",
    "end": "transitions:end",
    "rollback": "rollback:rollback",
    "status": "status:status",
    "audit": "audit:audit",
    "rotate": "rotate:rotate",
    "prune": "prune:prune",
    "host": "host:host",
    "doctor": "doctor:doctor",
    "infra": "infra:infra",
    "gate": "gate:gate",
    "token": "token:token",
    "pass": "pass_:pass_",
    "hooks": "hooks:hooks",
    "demo": "demo:demo",
}
"""Name → module and attribute, in the order of a sale's life, which is the order of `--help`."""


class Commands(click.Group):
    """A group that knows the names of its commands, and imports a command when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of a sale's life."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None if there is none of that name."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"flashgen.cli.commands.{module}"), attribute)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """As click does, and suggests a name for a mistyped one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            close = get_close_matches(args[0], _COMMANDS, n=1)
            raise click.UsageError(error.message + (f" Did you mean '{close[0]}'?" if close else ""), ctx) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "--version", message="flashgen %(version)s")
@global_options(hidden=False)
def app() -> None:
    """Static pages, one unlock script, and a go-live that is a single write.

    \b
    A sale's life:
      flashgen new black-friday          write a sale
      flashgen build                     render its pages
      flashgen push                      put them into the store
      flashgen go-live black-friday --at start
    """
