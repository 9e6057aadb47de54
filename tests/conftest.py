"""What every test gets: no way out of this machine, and no credentials but invented ones."""

from __future__ import annotations

import ipaddress
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from support.command import Flashgen

pytest.register_assert_rewrite("support")

# No test is about the time that it takes: machines are shared.
settings.register_profile("flashgen", deadline=None)
settings.load_profile("flashgen")

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every process that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


class BeyondLoopback(Exception):
    """A test tried to reach another machine."""


def _is_loopback(host: object) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _loopback_only(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections, datagrams and name look-ups beyond loopback, unless the test is marked `network`."""
    if request.node.get_closest_marker("network"):
        return
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, _guarded(name))
    look_up = socket.getaddrinfo

    def local_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_loopback(host):
            raise BeyondLoopback(f"beyond loopback: look-up of {host!r}")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", local_look_up)


def _guarded(name: str) -> Any:
    allowed = getattr(socket.socket, name)

    def method(self: socket.socket, *args: Any) -> Any:
        address = args[-1]
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address[0]):
            raise BeyondLoopback(f"beyond loopback: {name} to {address!r}")
        return allowed(self, *args)

    return method


@pytest.fixture(autouse=True)
def _usual_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output as wide as without a terminal, whatever the width of the one in which the tests run."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(autouse=True)
def _no_real_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the developer's AWS account and proxies."""
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL",
        "AWS_ENDPOINT_URL_S3",
        "AWS_ENDPOINT_URL_CLOUDFRONT",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture
def aws_credentials(monkeypatch: pytest.MonkeyPatch, _no_real_credentials: None) -> None:
    """Invented credentials and a region, as boto3 finds them in the environment."""
    _set_credentials(monkeypatch)


@pytest.fixture(scope="class")
def aws_credentials_of_class() -> Iterator[None]:
    """The same for a class, whose clients find them when they are made, and keep them."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _set_credentials(monkeypatch)
        yield


def _set_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("FLASHGEN_WHO", "tester")
    return folder


@pytest.fixture
def flashgen(project: Path, capsys: pytest.CaptureFixture[str]) -> Flashgen:
    """Run a command in the project, as typed."""
    from support.command import Run

    from flashgen.cli.main import main

    def run(*arguments: str) -> Run:
        exit_code = main(list(arguments))
        printed = capsys.readouterr()
        return Run(exit_code, printed.out, printed.err)

    return run


@pytest.fixture
def pushed(flashgen: Flashgen) -> Flashgen:
    """The same, after `new`, `build` and `push` of a sale called `night`."""
    for line in ("new night", "build", "push --yes"):
        assert flashgen(*line.split()).exit_code == 0
    return flashgen


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A headless Chromium that knows no host but this one. Tests skip without it, but fail in CI.

    One a module: while Playwright runs, its event loop occupies the thread, and no other test could have one.
    """
    from support.browser import launched

    with launched() as browser:
        yield browser
