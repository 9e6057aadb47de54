"""`status --watch`: on a terminal, and without one."""

from __future__ import annotations

import itertools
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import click
import pytest
from support.command import Flashgen
from support.operators import SALE
from support.statuses import status

from flashgen.cli.status.sale_watch import WatchSnapshot
from flashgen.cli.status.watch import change_text
from flashgen.edge.local.app import Edge
from flashgen.edge.local.serving import Serving
from flashgen.store import FolderStore

WATCH = (sys.executable, "-m", "flashgen", "status", "night", "--watch")
LIMIT_SECONDS = 60
ALTERNATE_SCREEN, MAIN_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
HIDDEN_CURSOR, SHOWN_CURSOR = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture
def edge(pushed: Flashgen, project: Path) -> Iterator[Flashgen]:
    """The pushed sale `night` behind an edge."""
    with Serving(Edge(FolderStore(project / ".flashgen" / "store"))) as serving:
        target = f"{{store: 'dir:.flashgen/store', url: '{serving.url}'}}"
        (project / "flashgen.yaml").write_text(f"targets: {{local: {target}}}\n", encoding="utf-8")
        yield pushed


@contextmanager
def ending(process: subprocess.Popen[str]) -> Iterator[None]:
    """Whatever happens, it does not outlive the test."""
    deadline = threading.Timer(LIMIT_SECONDS, process.kill)
    deadline.start()
    try:
        yield
    finally:
        deadline.cancel()
        process.kill()
        process.wait()


def lines_until(stream: IO[str], words: str) -> list[str]:
    """Lines up to the one with these words; the end of the stream fails the test."""
    lines = []
    for line in stream:
        lines.append(line)
        if words in line:
            return lines
    pytest.fail(f"{words!r} was never printed")


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_without_a_terminal_it_prints_a_line_a_change(edge: Flashgen, signal_number: int) -> None:
    """The status, then each change with its time; both signals end it with 0."""
    with subprocess.Popen(WATCH, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch, ending(watch):
        assert watch.stdout is not None
        assert watch.stderr is not None
        first = lines_until(watch.stdout, "night: scheduled, revision 0, by tester; edge: shows revision 0")
        edge("go-live", "night", "--early", "--yes")
        then = lines_until(watch.stdout, "night: live, revision 1, by tester; edge: shows revision 1")
        texts = [re.sub(r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ ", "", line) for line in first + then]
        assert all(text.startswith("night: ") for text in texts)
        assert [] == [text for text, after in itertools.pairwise(texts) if text == after]
        watch.send_signal(signal_number)
        assert (0, "") == (watch.wait(10), watch.stderr.read())


class Terminal:
    """A terminal of 80 × 24, and what was written to it so far. It is at its end when nobody has it open any more."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.theirs, (24, 80))
        self.text = ""

    def type(self, keys: str) -> None:
        """As on a keyboard."""
        os.write(self._ours, keys.encode())

    def wait_for(self, words: str) -> None:
        """Read until they were written; the end fails the test."""
        while words not in self.text:
            read = self._read()
            assert read, self.text[-2000:]

    def read_all(self) -> str:
        """Everything, once nobody writes any more."""
        while self._read():
            pass
        os.close(self._ours)
        return self.text

    def _read(self) -> str:
        with suppress(OSError):  # so the end is told on Linux
            read = os.read(self._ours, 65536).decode(errors="replace")
            self.text += read
            return read
        return ""


def in_terminal(terminal: Terminal, **environment: str) -> subprocess.Popen[str]:
    """The command with that as its controlling terminal, so that Ctrl-C reaches it."""
    plain = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "LINES")}
    attach = (sys.executable, "-c", "import os, sys; os.login_tty(0); os.execv(sys.argv[1], sys.argv[1:])")
    watch = subprocess.Popen(
        [*attach, *WATCH],
        stdin=terminal.theirs,
        stdout=terminal.theirs,
        stderr=terminal.theirs,
        env={**plain, "TERM": "xterm-256color", **environment},
        text=True,
    )
    os.close(terminal.theirs)
    return watch


@pytest.mark.parametrize("end", ["ctrl-c", "kill"])
def test_on_a_terminal_it_is_a_board(edge: Flashgen, end: str) -> None:
    """It follows what happens, and leaves the terminal as it was, with what it showed last."""
    terminal = Terminal()
    watch = in_terminal(terminal)
    with ending(watch):
        terminal.wait_for(" SCHEDULED ")
        edge("go-live", "night", "--early", "--yes")
        terminal.wait_for(" LIVE ")
        terminal.type("\x03") if end == "ctrl-c" else watch.terminate()
        assert 0 == watch.wait(10)
    text = terminal.read_all()
    assert 0 <= text.find(ALTERNATE_SCREEN) < text.rfind(MAIN_SCREEN) < text.rfind(" LIVE ")
    assert text.rfind(HIDDEN_CURSOR) < text.rfind(SHOWN_CURSOR)
    assert "Traceback" not in text


def test_without_colours_there_are_none(edge: Flashgen) -> None:
    """NO_COLOR is obeyed, and the words are all there."""
    terminal = Terminal()
    watch = in_terminal(terminal, NO_COLOR="1")
    with ending(watch):
        terminal.wait_for(" SCHEDULED ")
        terminal.type("\x03")
        assert 0 == watch.wait(10)
    assert [] == re.findall(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", terminal.read_all())


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(edge: Flashgen) -> None:
    """As in an editor's shell window."""
    terminal = Terminal()
    watch = in_terminal(terminal, TERM="dumb")
    with ending(watch):
        terminal.wait_for("scheduled")
        terminal.type("\x03")
        assert 0 == watch.wait(10)
    assert ALTERNATE_SCREEN not in terminal.read_all()


KNOWN = "fair: live, revision 5, by ann; edge: shows revision 5"


@pytest.mark.parametrize(
    ("snapshot", "text"),
    [
        (WatchSnapshot(SALE), ""),
        (WatchSnapshot(SALE, trouble="no answer"), "fair: the store cannot be asked: no answer"),
        (WatchSnapshot(SALE, status()), KNOWN),
        (WatchSnapshot(SALE, status(), "no answer", 9.1), f"{KNOWN}; the store cannot be asked: no answer"),
        (WatchSnapshot(SALE, status(), mistake="line 3: no"), f"{KNOWN}; the YAML cannot be followed: line 3: no"),
    ],
)
def test_a_line_tells_all_but_what_changes_by_itself(snapshot: WatchSnapshot, text: str) -> None:
    """No ages: they would be a line a second."""
    assert text == click.unstyle(change_text(snapshot))
