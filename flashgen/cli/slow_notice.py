"""Nobody is left alone with a store that does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Timer

from flashgen.cli.session import Session

PATIENCE_SECONDS = 3.0
"""Any store answers sooner; the longest wait for one that does not is a matter of `store/`."""


class SlowNotice:
    """Says for whom we wait (`still waiting for s3://flash`), once, and not with `--quiet`. Threads may share one."""

    def __init__(self, session: Session, whom: str) -> None:
        self._session, self._whom = session, whom
        self._unsaid = Lock()

    @contextmanager
    def for_an_answer(self) -> Iterator[None]:
        """Around a question: what takes longer than PATIENCE_SECONDS is told of while it lasts."""
        timer = Timer(PATIENCE_SECONDS, self._say)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _say(self) -> None:
        if self._unsaid.acquire(blocking=False):
            self._session.note(f"still waiting for {self._whom}")
