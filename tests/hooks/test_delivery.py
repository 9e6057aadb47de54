"""Webhooks that receivers verify, and receivers that fail: sending ends in time, and says what came back."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from support.hook_receiver import SECRET, HookReceiver, hook_receiver

from flashgen.addresses import SecretUrl
from flashgen.hooks import delivery
from flashgen.hooks.delivery import Delivery, deliver, signed_headers
from flashgen.hooks.event import HookEvent, trial_event
from flashgen.hooks.receiver import Receiver, parse_webhook_keys
from flashgen.hooks.settings import EVENT_TYPES
from flashgen.hooks.teller import QUEUED_MAX, Teller

EVENT = HookEvent("night-1-n-sale-live", "sale.live", datetime.now(UTC), {"sale": "night", "who": "ü", "skus": []})
LIMIT_SECONDS = 30.0


@pytest.fixture
def server() -> Iterator[HookReceiver]:
    """Receivers of every kind."""
    with hook_receiver() as running:
        yield running


def receiver(url: str = "", **more: object) -> Receiver:
    """One that gets all events."""
    keys = parse_webhook_keys("ops", SECRET)
    return replace(Receiver("ops", EVENT_TYPES, Path.cwd(), SecretUrl(url), keys=keys), **more)  # type: ignore[arg-type]


def test_a_webhook_is_verified_by_the_library(server: HookReceiver) -> None:
    """And holds the event."""
    assert Delivery("ops", "sale.live", True, "HTTP 204") == deliver(receiver(server.at("ok")), EVENT)
    assert [EVENT.document] == server.got
    assert [("ok", EVENT.id, EVENT.body)] == server.heard


def test_every_key_signs(server: HookReceiver) -> None:
    """So that a receiver may have the older or the newer one."""
    keys = (*parse_webhook_keys("ops", "B" * 32), *parse_webhook_keys("ops", SECRET))
    assert deliver(receiver(server.at("ok"), keys=keys), EVENT).ok
    assert 1 == len(server.got)


def test_another_key_or_body_is_refused() -> None:
    """What the library is there for."""
    headers = signed_headers(receiver(), EVENT, EVENT.body, datetime.now(UTC))
    assert EVENT.document == Webhook(SECRET).verify(EVENT.body, headers)
    for secret, body in ((SECRET, EVENT.body + " "), ("B" * 32, EVENT.body)):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, headers)


def test_a_server_in_trouble_is_asked_again_under_the_same_id(server: HookReceiver) -> None:
    """Then it has the event once."""
    assert Delivery("ops", "sale.live", True, "HTTP 204", 2) == deliver(receiver(server.at("late")), EVENT)
    assert [EVENT.id] * 2 == [one[1] for one in server.heard]


@pytest.mark.parametrize(("path", "attempts"), [("500", 3), ("429", 3), ("404", 1), ("302", 1)])
def test_what_came_back_is_told(
    server: HookReceiver, path: str, attempts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who says no is not asked again."""
    monkeypatch.setattr(delivery, "PAUSES_SECONDS", (0.0, 0.0))
    assert Delivery("ops", "sale.live", False, f"HTTP {path}", attempts) == deliver(receiver(server.at(path)), EVENT)
    assert attempts == len(server.heard)


@pytest.mark.parametrize("path", ["hang", "drip"])
def test_a_server_that_does_not_come_to_an_end_is_left(
    server: HookReceiver, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that sends a byte now and then, for ever."""
    monkeypatch.setattr(delivery, "PAUSES_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(delivery, "ATTEMPT_SECONDS", 0.5)
    assert "no answer: timed out" == deliver(receiver(server.at(path)), EVENT).note


def test_a_server_that_is_down_is_named_by_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its URL may be a secret."""
    monkeypatch.setattr(delivery, "PAUSES_SECONDS", (0.0, 0.0))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    result = deliver(receiver(f"http://127.0.0.1:{port}/KEPT"), EVENT)
    assert "hook ops: sale.live: no answer: cannot connect (3 tries)" == result.text


def test_the_environments_proxy_is_used(server: HookReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by every other client."""
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert deliver(receiver("http://receiver.invalid/ok"), EVENT).ok
    assert 1 == len(server.got)


def test_slack_gets_a_sentence(server: HookReceiver) -> None:
    """Unsigned, and escaped as Slack asks."""
    event = trial_event("n", "local", "<anna> & co", datetime.now(UTC))
    assert deliver(receiver(server.at("slack"), is_slack=True, keys=()), event).ok
    ((_, signed, body),) = server.heard
    assert "" == signed
    assert {"text": "flashgen: a test of hooks, by &lt;anna&gt; &amp; co; nothing has happened"} == json.loads(body)


def test_a_command_reads_the_event_without_a_shell(tmp_path: Path) -> None:
    """In the project's folder, with the id in its environment."""
    script = "import os, sys; open('told', 'w').write(sys.stdin.read() + os.environ['WEBHOOK_ID'] + sys.argv[1])"
    hook = receiver(command=(sys.executable, "-c", script, "$HOME; true"), folder=tmp_path)
    assert Delivery("ops", "sale.live", True, "exit code 0") == deliver(hook, EVENT)
    assert f"{EVENT.body}\n{EVENT.id}$HOME; true" == (tmp_path / "told").read_text()


@pytest.mark.parametrize(
    ("command", "note"),
    [
        ((sys.executable, "-c", "import sys; sys.exit(7)"), "exit code 7"),
        ((sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"), "killed by signal 9"),
        (("/no/such/program",), "cannot run: no such file or directory"),
    ],
)
def test_a_command_that_fails_is_run_once(command: tuple[str, ...], note: str) -> None:
    """It may have acted before it failed."""
    assert Delivery("ops", "sale.live", False, note) == deliver(receiver(command=command), EVENT)


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that held on would be left for ever."""
    monkeypatch.setattr(delivery, "ATTEMPT_SECONDS", 1.0)
    script = f"echo $$ > {tmp_path}/pid; sleep 600 & echo $! > {tmp_path}/child; wait"
    assert "killed after 1 s" == deliver(receiver(command=("sh", "-c", script)), EVENT).note
    for name in ("pid", "child"):
        pid = int((tmp_path / name).read_text())
        deadline = time.monotonic() + LIMIT_SECONDS
        while _is_running(pid):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_one_that_hangs_holds_up_no_other() -> None:
    """Each has a thread of its own; who tells waits for none."""
    going, told = Event(), Event()

    def slowly(one: Receiver, event: HookEvent) -> Delivery:
        if one.name == "slow":
            going.wait(LIMIT_SECONDS)
        else:
            told.set()
        return Delivery(one.name, event.type, True, "done")

    reports: list[Delivery] = []
    teller = Teller([receiver(name="slow"), receiver(name="quick")], reports.append, slowly)
    teller.tell([EVENT])
    assert told.wait(LIMIT_SECONDS)
    assert ["slow: no answer yet, not waited for"] == [f"{one.hook}: {one.note}" for one in teller.close(0.1)]
    going.set()
    assert () == teller.close(LIMIT_SECONDS)
    assert {"slow", "quick"} == {one.hook for one in reports}


def test_a_hook_gets_its_events_alone() -> None:
    """And a test, which is for all."""
    heard: list[str] = []

    def note(one: Receiver, event: HookEvent) -> Delivery:
        heard.append(event.type)
        return Delivery(one.name, event.type, True, "")

    teller = Teller([receiver(events=("sale.live",))], lambda _: None, note)
    teller.tell([EVENT, replace(EVENT, type="sale.ended"), trial_event("n", "local", "anna", datetime.now(UTC))])
    assert () == teller.close(LIMIT_SECONDS)
    assert ["sale.live", "test"] == heard


def test_a_full_queue_drops_and_says_so() -> None:
    """Memory is bounded, whatever a receiver does."""
    going = Event()

    def hang(one: Receiver, event: HookEvent) -> Delivery:
        going.wait(LIMIT_SECONDS)
        return Delivery(one.name, event.type, True, "")

    reports: list[Delivery] = []
    teller = Teller([receiver()], reports.append, hang)
    teller.tell([EVENT] * (QUEUED_MAX + 20))
    dropped = [one for one in reports if one.note == "dropped: too many wait"]
    assert len(dropped) in (19, 20)  # one may be on its way already
    going.set()
    teller.close(LIMIT_SECONDS)


def test_a_surprise_ends_no_thread() -> None:
    """The next event is told."""

    def surprise(one: Receiver, event: HookEvent) -> Delivery:
        raise ValueError("https://a.example/KEPT")

    reports: list[Delivery] = []
    teller = Teller([receiver()], reports.append, surprise)
    teller.tell([EVENT, EVENT])
    assert () == teller.close(LIMIT_SECONDS)
    assert ["ValueError", "ValueError"] == [one.note for one in reports]
