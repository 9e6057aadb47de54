"""Options that every command takes, before or after the command's name."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from flashgen.cli.session import Session

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    session = ctx.find_object(Session)
    if session is not None and param.name and value not in (None, False, 0):
        setattr(session, param.name, value)


def global_options(*, hidden: bool = True) -> Callable[[Decorated], Decorated]:
    """Add the global options to a command. Its own help hides them, and lists only what is special to it."""

    def option(*names: str, **more: Any) -> Callable[[Any], Any]:
        return click.option(*names, expose_value=False, callback=_remember, hidden=hidden, **more)

    def decorate(command: Decorated) -> Decorated:
        for add in reversed(
            (
                option(
                    "--project",
                    "project_folder",
                    type=click.Path(file_okay=False, path_type=Path),
                    help="The project's folder [default: the nearest with a flashgen.yaml, else here].",
                ),
                option("--target", "target_name", metavar="NAME", help="A target of flashgen.yaml."),
                option("--json", "as_json", is_flag=True, help="One JSON document on stdout."),
                option("-v", "--verbose", count=True, help="Print more."),
                click.option("--no-next", is_flag=True, expose_value=False, callback=_remember, hidden=True),
                option("-q", "--quiet", is_flag=True, help="Print only results, warnings and errors."),
            )
        ):
            command = add(command)
        return command

    return decorate


def command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """A command that takes the global options and gets the Session as its first argument."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        @wraps(function)
        def run(*arguments: Any, **options: Any) -> Any:
            context = click.get_current_context()
            session = context.ensure_object(Session)
            session.command = context.command_path.partition(" ")[2]
            return function(session, *arguments, **options)

        return click.command(name)(global_options()(run))

    return decorate


yes_option = click.option("--yes", "-y", is_flag=True, help="Do not ask.")
jobs_option = click.option(
    "--jobs", "-j", type=click.IntRange(1, 64), default=None, help="Processes to render with [default: all cores]."
)
storage_option = click.option(
    "--storage",
    default="",
    metavar="URL",
    envvar="FLASHGEN_STORAGE",
    help="sqlite:PATH, redis://HOST:PORT/DB or redis+sentinel://HOST,HOST/NAME; also $FLASHGEN_STORAGE."
    "  [default: sqlite:.flashgen/gate-TARGET.db]",
)
sale_argument = click.argument("sale")
sales_argument = click.argument("sales", nargs=-1, metavar="[SALE]...")
