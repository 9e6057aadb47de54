"""`flashgen gate serve` in a process of its own, from when it is ready until it is left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from flashgen.errors import FlashgenError

START_SECONDS = 30.0
STOP_SECONDS = 15.0
"""A gate takes up to ten to finish with the order subsystem."""

POLL_SECONDS = 0.05

PROGRAM = (sys.executable, "-m", "flashgen")
"""What runs."""


class GateProcess:
    """A context manager. `line` is what runs, as typed; the gate listens on 127.0.0.1:`port`.

    What it says is in `.flashgen/gate.out` of the project, and its log in `gate.log` beside that. Raises FlashgenError
    with its own words when it does not start.
    """

    def __init__(self, project: Path, line: str, port: int) -> None:
        self._project = project
        self._line = line
        self._port = port
        self._output = project / ".flashgen" / "gate.out"
        self._log = project / ".flashgen" / "gate.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> GateProcess:
        self._process = self._started()
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    @property
    def output(self) -> str:
        """What it has printed on stdout."""
        return self._output.read_text(encoding="utf-8").rstrip()

    def restart(self) -> None:
        """As when its machine crashes, and is there again."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        command = [*PROGRAM, *self._line.split(), "--project", str(self._project)]
        with self._output.open("ab") as output, self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=log, start_new_session=True
            )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise self._failure()
            time.sleep(POLL_SECONDS)

    def _is_ready(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=1)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _failure(self) -> FlashgenError:
        log = self._log.read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in log.splitlines() if line.strip()] or ["it says nothing"]
        why = next((line.removeprefix("error: ") for line in lines if line.startswith("error: ")), lines[-1])
        hint = next((line.removeprefix("hint: ") for line in lines if line.startswith("hint: ")), "")
        return FlashgenError(f"`flashgen {self._line}` did not start: {why}", hint)

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def free_port() -> int:
    """A port of this machine that nobody listens at now, nor at the next one, which is the gate's admin port."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as found, suppress(OSError, OverflowError):
            port: int = found.getsockname()[1]
            with socket.create_server(("127.0.0.1", port + 1)):
                return port
