"""What an armed verb says while it waits: a line that counts down on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Timer
from types import TracebackType

import click

from flashgen.cli.session import Session
from flashgen.cli.times import span
from flashgen.errors import Refused, StoreError
from flashgen.unlock.pointer import Pointer
from flashgen.unlock.state import SaleState

_MARKS = (10, 60, 600, 3600)
"""A line elsewhere than on a terminal: every 10 s in the last minute, every minute in the last ten, …"""

NARROWEST_COLUMNS = 20

SLOW_SECONDS = 1.0
"""A write that takes longer has met a store or a network in trouble."""


class Countdown:
    """The `Watch` of somebody at a terminal, or of a log. A context manager: leaving it clears the line.

    `what` says what is about to happen to a state, `news` what has become known about a pointer since the last call. T0
    may be slept through only with `late_ok`, and not when `is_over` says of the state that there is nothing left to do.
    """

    def __init__(
        self,
        session: Session,
        what: Callable[[SaleState], str],
        news: Callable[[Pointer], Iterable[str]],
        is_over: Callable[[SaleState], bool],
        *,
        late_ok: bool,
    ) -> None:
        self._session, self._what, self._news, self._is_over = session, what, news, is_over
        self._late_ok = late_ok
        self._trouble = ""
        self._mark: object = None
        self._drawn = 0

    def __enter__(self) -> Countdown:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.clear()

    def tick(self, left: timedelta, pointer: Pointer, trouble: StoreError | None) -> None:
        """See `Watch.tick`."""
        self._say_trouble(trouble)
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
        """While the write is under way. When that takes long, what the line promised is taken back."""
        slow = Timer(SLOW_SECONDS, self._say_slow)
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

    def _say_slow(self) -> None:
        self.clear()
        self._session.note("sent; the store has not answered yet, still asking (Ctrl-C may come too late)")

    def _say_trouble(self, trouble: StoreError | None) -> None:
        said = trouble.message if trouble else ""
        if said == self._trouble:
            return
        self._trouble = said
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


def clock_text(seconds: int) -> str:
    """`0:09`, `14:03`, `2:00:00`."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _mark(seconds: int) -> tuple[int, int]:
    """Changes when it is time for another line."""
    step = next((mark for mark, limit in zip(_MARKS, (60, 600, 3600), strict=False) if seconds <= limit), _MARKS[-1])
    return step, seconds // step


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80
