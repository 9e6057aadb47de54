"""The crowd's processes: a master, and workers that it waits for; what they tell, line by line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from flashgen.errors import FlashgenError, Refused
from flashgen.rehearse.crowd.scenario import CrowdScenario

MODULE = "flashgen.rehearse.crowd.swarm"
STOP_SECONDS = 10.0


def require_locust() -> None:
    """Raises Refused without the extra."""
    if find_spec("locust") is None:
        raise Refused(
            "a rehearsal's crowd needs Locust, which is not installed",
            "pip install -r requirements/rehearse.txt, in flashgen's folder",
        )


class SwarmProcess:
    """A context manager: `processes` workers on this machine, and `others` that join from elsewhere at host:port."""

    def __init__(self, host: str, port: int, processes: int, others: int = 0) -> None:
        self._host, self._port, self._processes, self._others = host, port, processes, others
        self._running: list[subprocess.Popen[str]] = []

    def __enter__(self) -> SwarmProcess:
        count = str(self._processes + self._others)
        self._running.append(_start("master", self._host, self._port, count, pipe=subprocess.PIPE))
        self._line()  # it listens
        for _ in range(self._processes):
            self._running.append(_start("worker", "127.0.0.1", self._port, pipe=subprocess.DEVNULL))
        return self

    def wait(self) -> None:
        """Until all workers are there. Raises FlashgenError when some do not come."""
        came, wanted = self._line()["workers"], self._processes + self._others
        if came < wanted:
            raise FlashgenError(f"{came} of {wanted} workers of the crowd came", "start the others, then try again")

    def __exit__(self, *error: object) -> None:
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    with suppress(OSError):
                        pipe.close()

    def tell(self, scenario: CrowdScenario) -> Iterator[dict[str, Any]]:
        """Begin, and give what is told until the crowd is gone.

        Raises FlashgenError when the master dies before."""
        stdin = self._running[0].stdin
        if stdin:
            stdin.write(f"{json.dumps(scenario.to_json())}\n")
            stdin.flush()
        while True:
            told = self._line()
            yield told
            if told.get("is_over"):
                return

    def _line(self) -> dict[str, Any]:
        stdout = self._running[0].stdout
        line = stdout.readline() if stdout else ""
        if not line:
            raise FlashgenError("the crowd's master ended early", "its own words are above")
        told: dict[str, Any] = json.loads(line)
        return told


def join(host: str, port: int) -> None:
    """A worker for another machine's rehearsal, until that is over."""
    process = _start("worker", host, port, pipe=subprocess.DEVNULL)
    try:
        process.wait()
    finally:
        process.terminate()
        process.wait()


def _start(role: str, host: str, port: int, *more: str, pipe: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", MODULE, role, host, str(port), *more]
    output = subprocess.PIPE if role == "master" else subprocess.DEVNULL
    return subprocess.Popen(command, stdin=pipe, stdout=output, text=True)  # noqa: S603
