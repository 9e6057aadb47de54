"""A program that speaks S3 on a free port of this machine, for as long as a test needs it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

#: What the fixtures `aws_credentials` and `aws_credentials_of_class` put into the environment.
ACCESS_KEY = SECRET_KEY = "testing"
BUCKET = "flash"


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where it is (`endpoint_url:` of a target), a bucket that is there and empty, and a key pair that it accepts."""

    url: str
    bucket: str = BUCKET
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY


@contextmanager
def running(
    command: Sequence[str], port: int, log: Path, seconds: float, environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run `command` until it listens on `port`, for `seconds` at most, and stop it in the end. Gives its URL."""
    with log.open("w+b") as file:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env={**os.environ, **(environment or {})}
        )
        try:
            _await_start(process, port, log, seconds)
            yield f"http://127.0.0.1:{port}"
        finally:
            _stop(process)


def lacking(what: str) -> NoReturn:
    """Skip with a word, or fail where `CI` is set: there everything has to be installed."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def _await_start(process: subprocess.Popen[bytes], port: int, log: Path, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail(f"{process.args!r} did not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
