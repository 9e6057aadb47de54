"""What an armed verb prints while it waits: a line that counts down on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Timer

import click

from flashgen.cli.session import Session
from flashgen.cli.times import clock_text, span
from flashgen.errors import Refused, StoreError
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.state import SaleState

_MARKS = (10, 60, 600, 3600)
"""A line elsewhere than on a terminal: every 10 s in the last minute, every minute in the last ten, …"""

NARROWEST_COLUMNS = 20

SLOW_SECONDS = 1.0
"""A write that takes longer has met a store or a network in trouble."""


class Countdown:
    """The `Watch` for a terminal or a log. A context manager: leaving it clears the line.

    `what` describes what is about to happen to a state. `news` returns what has become known about a pointer since the
    last call. If T0 is slept through, it goes on only with `late_ok`, and not when `is_over` is true of the state.
    """

    def __init__(
        self,
        session: Session,
        what: Callable[[SaleState], str],
        news: Callable[[Pointer], Iterable[str]],
        is_over: Callable[[SaleState], bool],
        *,
        late_ok: bool,
        slow_seconds: float = SLOW_SECONDS,
    ) -> None:
        self._session, self._what, self._news, self._is_over = session, what, news, is_over
        self._late_ok, self._slow_seconds = late_ok, slow_seconds
        self._trouble = ""
        self._mark: object = None
        self._drawn = 0

    def __enter__(self) -> Countdown:
        return self

    def __exit__(self, *error: object) -> None:
        self.clear()

    def tick(self, left: timedelta, pointer: Pointer, trouble: StoreError | None) -> None:
        """See `Watch.tick`."""
        self._report_trouble(trouble)
        for line in self._news(pointer):
            self.clear()
            self._session.note(f"meanwhile: {line}")
        if self._session.quiet:
            return
        seconds = math.ceil(left.total_seconds())
        text = f"{clock_text(seconds)}  {self._what(pointer.state)}; Ctrl-C changes nothing public"
        if sys.stderr.isatty():
            self._draw(text)
        elif (mark := _mark(seconds)) != self._mark:
            self._mark = mark
            click.echo(text, err=True)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """While the write is under way. If it takes long, says that Ctrl-C may come too late."""
        slow = Timer(self._slow_seconds, self._report_slow)
        slow.daemon = True
        slow.start()
        try:
            yield
        finally:
            slow.cancel()

    def late(self, by: timedelta, state: SaleState, *, moved: bool) -> None:
        """See `Watch.late`. Raises Refused unless going on was asked for and there still is something to do."""
        self.clear()
        what = "a push has moved that time into the past" if moved else "this machine slept through that time"
        if self._is_over(state):
            raise Refused(
                f"{what}, {span(by)} ago, and the sale has ended since; nothing public was changed",
                "move `ends_at` in the YAML and push, then try again",
            )
        if not self._late_ok:
            raise Refused(
                f"{what}: it was {span(by)} ago; nothing public was changed",
                "do it at once: the same command with --late-ok",
            )
        self._session.note(f"{what}, {span(by)} ago: at once, as --late-ok says")

    def _report_slow(self) -> None:
        self.clear()
        self._session.note("sent; the store has not answered yet, still asking (Ctrl-C may come too late)")

    def _report_trouble(self, trouble: StoreError | None) -> None:
        message = trouble.message if trouble else ""
        if message == self._trouble:
            return
        self._trouble = message
        self.clear()
        if trouble:
            self._session.warn(f"still armed, but {trouble.message}", trouble.hint)
        else:
            self._session.note("the store answers again")

    def _draw(self, text: str) -> None:
        """Written over without escape codes: NO_COLOR has those taken out."""
        text = text[: max(NARROWEST_COLUMNS, _columns()) - 1]
        digits, _, rest = text.partition("  ")
        padding = " " * max(0, self._drawn - len(text))
        click.echo(f"\r{click.style(digits, bold=True)}  {rest}{padding}", nl=False, err=True)
        self._drawn = len(text)

    def clear(self) -> None:
        if self._drawn:
            click.echo(f"\r{' ' * self._drawn}\r", nl=False, err=True)
            self._drawn = 0


def _mark(seconds: int) -> tuple[int, int]:
    """Changes when another line is due."""
    step = next((mark for mark, limit in zip(_MARKS, (60, 600, 3600), strict=False) if seconds <= limit), _MARKS[-1])
    return step, seconds // step


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80
