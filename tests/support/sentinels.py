"""A primary with replicas, and Sentinels that watch over it: real servers, of which a test may kill any."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from support.ports import free_port
from support.redis_server import DURABLE, RedisProcess, redis_program, redis_server

NAME = "sales"
DOWN_AFTER_MILLISECONDS = 500
PATIENCE_SECONDS = 60.0
AT_ONCE = {**DURABLE, "repl_diskless_sync_delay": "0"}
"""A replica that comes is not kept waiting for others."""


@dataclass(frozen=True)
class FailoverGroup:
    """`servers` begin with the first primary; `ports` are the Sentinels'."""

    servers: tuple[RedisProcess, ...]
    ports: tuple[int, ...]

    @property
    def url(self) -> str:
        """Of a storage, by its Sentinels."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        return f"redis+sentinel://{hosts}/{NAME}/0"

    def primary(self) -> RedisProcess:
        """The one that most Sentinels name."""
        with self._sentinel() as client:
            _, port = client.sentinel_get_master_addr_by_name(NAME)
        return next(server for server in self.servers if server.port == int(port))

    def wait_until_followed(self, replicas: int) -> None:
        """Until the Sentinels know of so many replicas, and these follow."""
        wait_until(lambda: self._followers() >= replicas)

    def fail_over(self) -> None:
        """As an administrator orders it: the primary becomes a replica, and lives."""
        before = self.primary()
        with self._sentinel() as client:
            client.sentinel_failover(NAME)
        wait_until(lambda: self.primary() is not before)

    def _followers(self) -> int:
        with self._sentinel() as client:
            return sum(one["master-link-status"] == "ok" for one in client.sentinel_slaves(NAME))

    def _sentinel(self) -> redis.Redis:
        return redis.Redis("127.0.0.1", self.ports[0], decode_responses=True, protocol=2)


@contextmanager
def failover_group(folder: Path, replicas: int = 2, sentinels: int = 3, **settings: str) -> Iterator[FailoverGroup]:
    """Run all of it, ready for a failover. `settings` are each server's."""
    with ExitStack() as stack:
        servers = tuple(
            stack.enter_context(redis_server(folder / f"server-{number}", **AT_ONCE, **settings))
            for number in range(replicas + 1)
        )
        for server in servers[1:]:
            with server.client() as client:
                client.replicaof("127.0.0.1", str(servers[0].port))
        ports = tuple(free_port() for _ in range(sentinels))
        for port in ports:
            stack.enter_context(sentinel(folder / f"sentinel-{port}", port, servers[0].port, sentinels // 2 + 1))
        group = FailoverGroup(servers, ports)
        group.wait_until_followed(replicas)
        yield group


def wait_until(is_so: Callable[[], bool]) -> None:
    """Until it becomes so, while servers come and go."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            if is_so():
                return
        except redis.RedisError:
            pass
        if time.monotonic() > deadline:
            pytest.fail("it did not become so")
        time.sleep(0.05)


@contextmanager
def sentinel(folder: Path, port: int, primary: int, quorum: int = 1, *more: str) -> Iterator[None]:
    """One that watches the server at port `primary`. `more` are lines of its configuration."""
    folder.mkdir(parents=True)
    lines = (
        f"port {port}",
        "bind 127.0.0.1",
        f"dir {folder}",
        f"sentinel monitor {NAME} 127.0.0.1 {primary} {quorum}",
        f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MILLISECONDS}",
        f"sentinel failover-timeout {NAME} 3000",
        *more,
    )
    (folder / "sentinel.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [redis_program(), str(folder / "sentinel.conf"), "--sentinel"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)
