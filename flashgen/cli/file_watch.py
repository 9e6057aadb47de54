"""Doing something again whenever a file that marketing or a theme author edits has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NoReturn

import click

from flashgen.cli.failure import explain
from flashgen.cli.session import Session
from flashgen.errors import FlashgenError
from flashgen.packaged import packaged
from flashgen.project import SETTINGS

SETTLE_MILLISECONDS = 100
"""Editors write a file in several steps: this long without another one, and it is whole."""


IDLE_MILLISECONDS = 100
"""How long the watch waits for an event before it says that there is none; also what its start costs."""


def repeat_on_change(session: Session, action: Callable[[], object]) -> NoReturn:
    """Run `action` now and after every change, until interrupted. What goes wrong is shown; the next edit mends it."""
    if session.as_json:
        raise click.UsageError("--watch never ends: there is no JSON document to print")
    for _ in changes(session):
        try:
            action()
        except FlashgenError as error:
            session.note(explain(error, session).text)
    raise KeyboardInterrupt


def changes(session: Session) -> Iterator[None]:
    """Once at the beginning, then after each change of a sale, a feed, an image, a theme or the settings.

    The watch is set before the first, so that no edit is lost while the first is worked on.
    """
    from watchfiles import watch

    root = session.project.root
    places = [root / "sale_configs", root / "themes", root / SETTINGS, packaged("themes")]
    events = watch(
        *[place for place in places if place.exists()],
        debounce=SETTLE_MILLISECONDS,
        step=20,
        rust_timeout=IDLE_MILLISECONDS,
        yield_on_timeout=True,
    )
    session.is_watching = True
    next(events)
    yield
    for changed in events:
        if changed:
            session.forget_project()
            session.note(click.style("changed", dim=True))
            yield
