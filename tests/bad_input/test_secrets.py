"""A secret of its own in every setting, all kinds of commands, and a look through everything that they leave."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from support.command import Flashgen
from support.gate_process import ask, free_url, gate_process
from support.projects import REST, write_sale

from flashgen.addresses import SecretUrl

SIGNING = "planted-signing-secret-of-32-bytes"
PLANTED = {
    "the signing secret": SIGNING,
    "the storage's password": "planted-storage-password",
    "a storage's option": "planted-sentinel-password",
    "a proxy's password": "planted-proxy-password",
    "the AWS key": "plantedAwsSecretKey",
    "the AWS session": "plantedAwsSessionToken",
    "the order subsystem's credential": "planted-subsystem-key",
    "the order subsystem's path": "planted-subsystem-path",
    "a chat's webhook": "planted-slack-path",
    "a hook's key": "cGxhbnRlZC1ob29rLWtleS1vZi0yNC1ieXRlcw==",
}
STORAGE = "redis://user:planted-storage-password@127.0.0.1:1/0"
SENTINEL = f"{STORAGE.replace('redis', 'redis+sentinel', 1)}?sentinel_password=planted-sentinel-password"
ENVIRONMENT = {
    "FLASHGEN_SECRET": SIGNING,
    "HTTPS_PROXY": "http://me:planted-proxy-password@127.0.0.1:1",
    "AWS_ACCESS_KEY_ID": "AKIAPLANTED",
    "AWS_SECRET_ACCESS_KEY": "plantedAwsSecretKey",
    "AWS_SESSION_TOKEN": "plantedAwsSessionToken",
    "AWS_MAX_ATTEMPTS": "1",
    "HOOK_SECRET": "whsec_cGxhbnRlZC1ob29rLWtleS1vZi0yNC1ieXRlcw==",
}
KNOWN_PLACES = ("sale_configs/night.yaml", "_flashgen/night/gate.json", "flashgen.yaml")
"""Which hold the addresses of `forward_to` and of hooks: where they are written, and the gate's private object."""

COMMANDS = (
    *("check", "build", "plan", "push --yes", "status", "status --json", "doctor night", "doctor night --json"),
    *("go-live night --early --yes", "pause night --yes", "resume night --yes", "verify night", "token night"),
    *("--target cloud status", "--target cloud push --yes", "--target cloud doctor night --json", "status --nonsense"),
    *("gate orders list night", "gate orders export night", "gate orders retry night --json"),
    *("hooks test ops", "hooks test chat --json", "gate move night --storage sqlite:other.db --yes"),
)
STORAGES = (STORAGE, SENTINEL, STORAGE.replace("redis", "REDIS", 1), STORAGE.replace("redis", "valky", 1), STORAGE[8:])


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A project with an order gate, a target in AWS that does not answer, and a folder for temporary files."""
    root = tmp_path / "project"
    root.mkdir()
    (tmp_path / "tmp").mkdir()
    order = "forward_to: 'http://127.0.0.1:9/planted-subsystem-path?key=planted-subsystem-key'"
    path = write_sale(root, starts_at="2020-01-01T00:00:00Z", ends_at="2099-01-01T00:00:00Z")
    rest = REST.replace("servers: [https://order.example.com]", f"servers: ['http://127.0.0.1:9']\n  {order}")
    path.write_text(path.read_text().replace(REST, rest))
    (root / "flashgen.yaml").write_text(
        "secret: env:FLASHGEN_SECRET\n"
        "freeze: {before: 0s, after: 0s}\n"
        "hooks:\n"
        "  - {name: ops, url: 'http://127.0.0.1:9/ops', secret: env:HOOK_SECRET}\n"
        "  - {name: chat, url: 'http://127.0.0.1:9/planted-slack-path', format: slack}\n"
        "targets:\n"
        '  local: {store: "dir:store", url: "http://127.0.0.1:9/"}\n'
        "  cloud: {store: s3://planted-bucket, endpoint_url: 'https://127.0.0.1:1', region: eu-west-1,"
        ' url: "http://127.0.0.1:9/"}\n'
    )
    return root


def run(root: Path, *arguments: str, **environment: str) -> str:
    """What a command prints, on both streams, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "flashgen", *arguments],
        cwd=root,
        env={**os.environ, **ENVIRONMENT, "TMPDIR": str(root.parent / "tmp"), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode in (0, 1, 2), done.stderr
    return done.stdout + done.stderr


def assert_hidden(text: str, place: str) -> None:
    """None of the planted secrets is in a text."""
    assert {} == {name: place for name, secret in PLANTED.items() if secret in text}


def assert_nothing_is_left(root: Path) -> None:
    """Nor in any file: of the store, the build, `.flashgen`, a log or a crash."""
    for path in sorted(root.parent.rglob("*")):
        if path.is_file() and not path.as_posix().endswith(KNOWN_PLACES):
            assert_hidden(path.read_bytes().decode("utf-8", "replace"), str(path))


def test_no_command_shows_a_secret(planted: Path) -> None:
    """Neither one that works nor one that fails."""
    printed = {command: run(planted, *command.split()) for command in COMMANDS}
    assert "paused → live" in printed["resume night --yes"]
    assert "127.0.0.1:1" in printed["--target cloud push --yes"]
    for command, text in printed.items():
        assert_hidden(text, command)
    assert_nothing_is_left(planted)


@pytest.mark.parametrize(
    "written",
    [
        "https://me:planted-subsystem-key@a.example/",
        "https://a.example/ planted-subsystem-path",
        "planted-subsystem-key",
    ],
)
def test_no_address_of_orders_that_is_refused_is_quoted(planted: Path, written: str) -> None:
    """With its line and column, but without that line."""
    path = planted / "sale_configs" / "night.yaml"
    path.write_text(re.sub("forward_to: .*", f"forward_to: '{written}'", path.read_text()))
    for command in ("check", "push --yes --json"):
        text = run(planted, *command.split())
        assert "`forward_to` must be an https URL" in text
        assert_hidden(text, command)


@pytest.mark.parametrize("storage", STORAGES)
def test_no_storage_that_fails_shows_its_password(planted: Path, storage: str) -> None:
    """However its URL is mistyped."""
    run(planted, "push", "--yes")
    for command in ("gate serve night", "gate orders list night --json"):
        text = run(planted, *command.split(), FLASHGEN_STORAGE=storage)
        assert "storage" in text or "127.0.0.1:1" in text
        assert_hidden(text, command)
    assert_nothing_is_left(planted)


def test_no_gate_shows_a_secret(planted: Path) -> None:
    """In its log, its numbers, or the list of processes, workers included."""
    run(planted, "push", "--yes")
    url = free_url()
    with gate_process(planted, "night", "--workers", "2", url=url, **ENVIRONMENT) as gate:
        for path in ("/metrics", "/stats", "/healthz", "/readyz"):
            assert_hidden(ask(gate.admin_url, "GET", path).text, path)
        for pid in (gate.process.pid, *gate.workers()):
            assert_hidden(Path(f"/proc/{pid}/cmdline").read_text(), "the list of processes")
        assert 0 == gate.stop(signal.SIGTERM)
    assert_nothing_is_left(planted)


def test_a_crash_file_has_no_secret(
    flashgen: Flashgen, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A traceback goes there without local variables."""
    for name, value in {**ENVIRONMENT, "FLASHGEN_STORAGE": STORAGE}.items():
        monkeypatch.setenv(name, value)

    def fail(url: str, folder: Path) -> None:
        raise LookupError(SecretUrl(url))

    monkeypatch.setattr("flashgen.cli.gate.orders.open_storage", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert flashgen("new", "night").exit_code == 0
    run = flashgen("gate", "orders", "list", "night")
    assert 3 == run.exit_code
    (crash,) = tmp_path.glob("flashgen-*.log")
    assert "LookupError" in crash.read_text()
    assert_hidden(run.out + run.err + crash.read_text(), "the crash file")


WEB = "http://me:planted-proxy-password@127.0.0.1:9/planted-slack-path?key=planted-subsystem-key"

SHOWN: Mapping[str, Callable[[SecretUrl], str]] = {
    "str": str,
    "repr": repr,
    "format": lambda url: f"{url} {url:>80} {url!r} {url!s}",
    "percent": lambda url: "%s %r" % (url, url),  # noqa: UP031
    "json": lambda url: json.dumps([url], default=str),
    "exception": lambda url: "".join(traceback.format_exception(ValueError(url))),
}


@pytest.mark.parametrize("how", SHOWN)
@pytest.mark.parametrize("url", [*STORAGES, WEB])
def test_a_secret_url_cannot_be_printed(url: str, how: str) -> None:
    """But revealed, for whoever connects."""
    assert_hidden(SHOWN[how](SecretUrl(url)), how)
    assert url == SecretUrl(url).reveal()


def test_a_secret_url_is_no_json() -> None:
    """Rather than to be written as text by mistake."""
    with pytest.raises(TypeError):
        json.dumps(SecretUrl(STORAGE))
