"""The options that every verb of sale time takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from flashgen.cli.options import yes_option

if TYPE_CHECKING:
    from flashgen.cli.transition.outcome import Undo
    from flashgen.sale.model import Header
    from flashgen.unlock.arm import Moment
    from flashgen.unlock.verbs import Verb

_OPTIONS = (
    click.option(
        "--at",
        metavar="TIME|start|end",
        help="Wait for 19:30, 'tomorrow 9:00' or '2026-11-27 09:00' in the sale's zone; or for its own start or end.",
    ),
    click.option("--late-ok", is_flag=True, help="Do it at once if that time has passed."),
    click.option("--clock-ok", is_flag=True, help="Wait by this machine's clock even if the store's differs much."),
    click.option("--verify", is_flag=True, help="Look at the public URL until the change shows there."),
    click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing."),
    yes_option,
)


@dataclass(frozen=True)
class TransitionOptions:
    """Those options as typed. `rollback_on_failure` is go-live's own, and includes `verify`."""

    at: str | None
    late_ok: bool
    clock_ok: bool
    verify: bool
    dry_run: bool
    yes: bool
    rollback_on_failure: bool = False


@dataclass(frozen=True)
class VerbRequest:
    """What an operator asked for: a verb, with which options, when (None: at once), a way back besides rollback."""

    header: Header
    verb: Verb
    asked: TransitionOptions
    moment: Moment | None = None
    undo: Undo | None = None


def transition_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add them to a command, which gets them as one argument, `asked`."""

    @wraps(function)
    def gather(
        *arguments: Any,
        at: str | None,
        late_ok: bool,
        clock_ok: bool,
        verify: bool,
        dry_run: bool,
        yes: bool,
        **more: Any,
    ) -> Any:
        return function(*arguments, asked=TransitionOptions(at, late_ok, clock_ok, verify, dry_run, yes), **more)

    decorated: Callable[..., Any] = gather
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
