"""A gate's processes: a parent that holds the socket, and workers that serve it.

uvicorn's supervisor starts a worker again that died or hangs, and on SIGHUP all of them, one after the other. Workers
are spawned: what they are made of is pickled into a pipe, so that no secret is on a command line or in an environment.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from socket import socket
from threading import Thread

import uvicorn
from uvicorn.supervisors.multiprocess import SIGNALS, Multiprocess

from flashgen.errors import Refused
from flashgen.gate.http.app import Gate
from flashgen.gate.http.connection import BoundedHttp
from flashgen.gate.log import JsonLines, LibraryLog
from flashgen.http_server import uvicorn_config

KEEP_ALIVE_SECONDS = 65
"""Longer than proxies keep theirs (nginx, AWS ALB: 60 s): else an order may be sent into a connection that closes."""

GRACE_SECONDS = 2
"""How long a stop waits for responses that are still being sent."""

STOP_SECONDS = 9.0
"""A worker that has not ended by then is killed: its orders are in the storage."""

HEALTH_SECONDS = 15
"""A worker that says nothing for so long is replaced. One that was just spawned has to import everything first."""


class Supervisor(Multiprocess):
    """uvicorn's, but that its stop has an end, and that it remembers what ended it."""

    ended_by: signal.Signals | None = None
    stop_seconds = STOP_SECONDS

    def handle_int(self) -> None:
        """Ctrl-C."""
        self.ended_by = signal.SIGINT
        super().handle_int()

    def handle_term(self) -> None:
        """As systemd and containers stop it."""
        self.ended_by = signal.SIGTERM
        super().handle_term()

    def terminate_all(self) -> None:
        """Tell the workers to end. New connections are refused from now on."""
        for listening in self.sockets:
            listening.close()
        super().terminate_all()

    def join_all(self) -> None:
        """Wait for the workers, and kill those that hang."""
        deadline = time.monotonic() + self.stop_seconds
        for process in self.processes:
            process.process.join(max(0.0, deadline - time.monotonic()))
            process.process.kill()
            process.process.join()


def serve(make_gate: Callable[[], Gate], listening: Sequence[socket], workers: int, log: JsonLines) -> None:
    """Serve these sockets by so many processes until SIGTERM. `make_gate` is pickled, and called in each of them.

    Raises KeyboardInterrupt after SIGINT, Refused when a worker cannot start.
    """
    log_libraries(log)
    logging.getLogger("uvicorn.error").setLevel(logging.INFO)
    _allow_many_connections()
    with _signals_kept():
        supervisor = Supervisor(_config(make_gate, workers), list(listening))
        supervisor.run()
    if supervisor.ended_by is signal.SIGINT:
        raise KeyboardInterrupt
    if supervisor.ended_by is None:
        raise Refused("a worker did not start", "its log says why")


def log_libraries(log: JsonLines) -> None:
    """Have what libraries log in `log`, and nowhere else."""
    logging.basicConfig(handlers=[LibraryLog(log, time.monotonic)], level=logging.WARNING, force=True)


def end_with_parent() -> None:
    """Stop this worker if its parent dies, perhaps killed: it would keep the port, and no gate could start again."""
    if parent := multiprocessing.parent_process():
        Thread(target=_outlive, args=(parent.join,), name="parent", daemon=True).start()


def _outlive(join: Callable[[], None]) -> None:
    join()
    os.kill(os.getpid(), signal.SIGTERM)


def _config(make_gate: Callable[[], Gate], workers: int) -> uvicorn.Config:
    return uvicorn_config(
        make_gate,
        factory=True,
        interface="asgi3",
        http=BoundedHttp,
        loop="uvloop",
        date_header=True,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_worker_healthcheck=HEALTH_SECONDS,
        workers=workers,
    )


def _allow_many_connections() -> None:
    """As many open files as the system lets us have; what most shells start with is too few for a crowd."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Give the caller its signal handlers back."""
    kept = {each: signal.getsignal(each) for each in SIGNALS}
    try:
        yield
    finally:
        for each, handler in kept.items():
            signal.signal(each, handler)
