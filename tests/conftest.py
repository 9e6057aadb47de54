"""What every test gets: no way out of this machine, and no credentials but invented ones."""

from __future__ import annotations

import ipaddress
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

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


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--quick`: what CI runs with other versions of dependencies and of Python."""
    parser.addoption("--quick", action="store_true", help="skip tests that start another program or process")


def pytest_configure() -> None:
    """mutmut forks processes that have collected the tests: there, let the mutant make parametrised values again."""
    if os.environ.get("MUTANT_UNDER_TEST"):
        for name, module in list(sys.modules.items()):
            path = Path(getattr(module, "__file__", None) or "/")
            if path.is_relative_to(Path(__file__).parent) and path.name != "conftest.py":
                del sys.modules[name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--quick`, skip tests of a browser before one is started: playwright fails badly without its process."""
    if config.getoption("quick"):
        for item in items:
            if "chromium" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason=_SLOW))


@pytest.fixture(scope="session", autouse=True)
def _no_processes(request: pytest.FixtureRequest) -> Iterator[None]:
    """With `--quick`, skip a test at the moment that it, or one of its fixtures, starts a process."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        if request.config.getoption("quick"):
            monkeypatch.setattr(subprocess.Popen, "__init__", _skip_slow)
            monkeypatch.setattr(BaseProcess, "start", _skip_slow)
        yield


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Files in parameters have no part in a test's id: archives and profiles hold the time at which they were made.

    Then parallel workers would collect different tests.
    """
    return f"{argname}-{len(val)}-bytes" if isinstance(val, bytes) and len(val) > _ID_BYTES_MAX else None


_ID_BYTES_MAX = 24
_SLOW = "starts a process, which takes long: not with --quick"
_slow_tests: set[str] = set()


def _skip_slow(*_: object, **__: object) -> NoReturn:
    _slow_tests.add(os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0])
    pytest.skip(_SLOW)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test is skipped, too, whose code caught the skip: a command reports everything that is raised in it."""
    report = yield
    if report.failed and os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0] in _slow_tests:
        report.outcome, report.longrepr = "skipped", (str(item.path), item.location[1] or 0, f"Skipped: {_SLOW}")
    return report


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
        is_asked = not kwargs.get("flags", 0) & socket.AI_NUMERICHOST
        if is_asked and not _is_loopback(host):
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
