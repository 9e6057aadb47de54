"""Repeating an action whenever somebody edits a sale, a feed, an image, a theme or the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NoReturn

import click

from flashgen.cli.failure import explain
from flashgen.cli.session import Session
from flashgen.document.yaml_files import is_left_behind
from flashgen.errors import FlashgenError
from flashgen.packaged_files import packaged

SETTLE_MILLISECONDS = 100
"""Editors write a file in several steps: after this time without another step it is complete."""

IDLE_MILLISECONDS = 100
"""How long the watch waits for an event before it reports that there is none. Starting it takes as long."""


def repeat_on_change(session: Session, action: Callable[[], object]) -> NoReturn:
    """Run `action` now and after every change, until interrupted. Its errors are printed and do not end the watch."""
    if session.as_json:
        raise click.UsageError("--watch never ends: there is no JSON document to print")
    for _ in changes(session):
        try:
            action()
        except FlashgenError as error:
            session.alert(explain(error, session).text)
    raise KeyboardInterrupt


def changes(session: Session) -> Iterator[None]:
    """Yields once at the beginning, then after each change.

    Watching begins before the first yield, so that no edit during the first action is lost.
    """
    from watchfiles import watch

    root = session.project.root
    places = [root / "sale_configs", root / "themes", session.project.settings_file, packaged("themes")]
    events = watch(
        *[place for place in places if place.exists()],
        watch_filter=_Inputs(places),
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


class _Inputs:
    """Tells the watch which files count: not what systems and editors leave in the places that are watched."""

    def __init__(self, places: Iterable[Path]) -> None:
        # The system reports resolved paths. Folders above a place may be hidden: only names below it count.
        self._places = [place.resolve() for place in places]

    def __call__(self, _: object, changed: str) -> bool:
        path = Path(changed)
        place = next((place for place in self._places if path.is_relative_to(place)), None)
        return place is None or not any(map(is_left_behind, path.relative_to(place).parts))
