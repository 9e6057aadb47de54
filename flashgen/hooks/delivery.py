"""Sends an event to one receiver: a signed webhook, or a program that reads it. It ends in time, whatever they do."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import urllib3
from standardwebhooks import Webhook

from flashgen.errors import FlashgenError
from flashgen.hooks.event import HookEvent
from flashgen.hooks.receiver import Receiver
from flashgen.timed_http import connections, put_away, reason

ATTEMPTS = 3
ATTEMPT_SECONDS = 3.0
"""For one try: to connect, and again for the answer. A receiver should write an event down, answer, and then act."""

PAUSES_SECONDS = (0.5, 1.5)
"""Between tries."""

_TRY_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of sending an event. `note` says what came back, without an address: `HTTP 500`, `timed out`."""

    hook: str
    event: str
    ok: bool
    note: str
    attempts: int = 1

    @property
    def text(self) -> str:
        """In a line."""
        tries = f" ({self.attempts} tries)" if self.attempts > 1 else ""
        return f"hook {self.hook}: {self.event}: {self.note}{tries}"


def deliver(receiver: Receiver, event: HookEvent) -> Delivery:
    """Send it, a few times if need be. A command is run once: it may have acted before it failed. Never raises."""
    if receiver.command:
        ok, note = _run(receiver, event)
        return Delivery(receiver.name, event.type, ok, note)
    for attempt in range(1, ATTEMPTS + 1):
        status, note = _post(receiver, event)
        is_over = bool(status) and status < 500 and status not in _TRY_AGAIN
        if is_over or attempt == ATTEMPTS:
            return Delivery(receiver.name, event.type, 200 <= status < 300, note, attempt)
        time.sleep(PAUSES_SECONDS[attempt - 1])
    raise AssertionError("the last attempt returns")


def signed_headers(receiver: Receiver, event: HookEvent, body: str, at: datetime) -> dict[str, str]:
    """What Standard Webhooks has: the event's id, the time of this try, and a signature by each key.

    https://www.standardwebhooks.com
    """
    signatures = [Webhook(key).sign(msg_id=event.id, timestamp=at, data=body) for key in receiver.keys]
    return {
        "webhook-id": event.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def ping(receiver: Receiver) -> str:
    """Why the server of its URL gives no answer; empty if it gives any. Nothing is told."""
    status, note = _request(receiver, "HEAD", None, {})
    return "" if status else note


def _post(receiver: Receiver, event: HookEvent) -> tuple[int, str]:
    if receiver.is_slack:
        return _request(receiver, "POST", _slack(event), {})
    return _request(receiver, "POST", event.body, signed_headers(receiver, event, event.body, datetime.now(UTC)))


def _request(receiver: Receiver, method: str, body: str | None, headers: dict[str, str]) -> tuple[int, str]:
    """The status and a note; 0 without an answer."""
    headers = {"Content-Type": "application/json", "User-Agent": "flashgen", **headers}
    data = None if body is None else body.encode()
    try:
        url = receiver.url.reveal()
        with connections(url, ATTEMPT_SECONDS, ATTEMPT_SECONDS, 1) as pool:
            answer = pool.request(method, url, body=data, headers=headers, redirect=False, preload_content=False)
            put_away(answer)
    except FlashgenError as error:  # a proxy that cannot be used
        return 0, error.message
    except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
        return 0, f"no answer: {reason(error)}"
    return answer.status, f"HTTP {answer.status}"


def _slack(event: HookEvent) -> str:
    """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""
    text = event.sentence.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return json.dumps({"text": text}, ensure_ascii=False)


def _run(receiver: Receiver, event: HookEvent) -> tuple[bool, str]:
    """Run the command with the event on its stdin; what it prints is nobody's. It is killed with what it started."""
    try:
        process = subprocess.Popen(  # noqa: S603  the words are the project's own, and no shell reads them
            receiver.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=receiver.folder,
            env={**os.environ, "WEBHOOK_ID": event.id},
            start_new_session=True,
        )
    except OSError as error:
        return False, f"cannot run: {(error.strerror or type(error).__name__).lower()}"
    try:
        process.communicate(f"{event.body}\n".encode(), ATTEMPT_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False, f"killed after {ATTEMPT_SECONDS:.0f} s"
    if process.returncode < 0:
        return False, f"killed by signal {-process.returncode}"
    return process.returncode == 0, f"exit code {process.returncode}"
