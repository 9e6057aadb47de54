"""The examples of docs/hooks.md verify what is sent, and refuse what is not ours, in each language."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.hook_receiver import SECRET

from flashgen.hooks.delivery import signed_headers
from flashgen.hooks.event import HookEvent
from flashgen.hooks.receiver import Receiver, parse_webhook_keys

DOCS = (Path(__file__).parent.parent.parent / "docs" / "hooks.md").read_text(encoding="utf-8")
EVENT = HookEvent("night-1-n-sale-live", "sale.live", datetime.now(UTC), {"who": "Zoë"})

READ = {
    "python": (sys.executable, "-c", "\nimport json, sys\nprint(json.dumps(event_of(*json.load(sys.stdin))))"),
    "js": ("node", "-e", "\nconsole.log(JSON.stringify(eventOf(...JSON.parse(require('fs').readFileSync(0)))))"),
    "php": ("php", "-r", "\necho json_encode(event_of(...json_decode(stream_get_contents(STDIN), true)));"),
}
"""Interpreter, its option for code, and what calls the example with secret, headers and body."""


def verify(language: str, headers: dict[str, str], body: str, secret: str = SECRET) -> subprocess.CompletedProcess[str]:
    """Run the example."""
    interpreter, option, call = READ[language]
    if shutil.which(interpreter) is None:
        pytest.skip(f"needs {interpreter}: apt install {'php-cli' if interpreter == 'php' else 'nodejs'}")
    (example,) = re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)
    return subprocess.run(
        [interpreter, option, example + call], input=json.dumps([secret, headers, body]), capture_output=True, text=True
    )


def headers_of(event: HookEvent, at: datetime | None = None) -> dict[str, str]:
    """As they are sent, by a new key and the one that the receiver has."""
    keys = (*parse_webhook_keys("ops", "B" * 32), *parse_webhook_keys("ops", SECRET))
    return signed_headers(Receiver("ops", (), Path.cwd(), keys=keys), event, event.body, at or datetime.now(UTC))


@pytest.mark.parametrize("language", READ)
def test_an_example_verifies_what_is_sent(language: str) -> None:
    """Signed by two keys, with letters beyond ASCII."""
    done = verify(language, headers_of(EVENT), EVENT.body)
    assert (0, "") == (done.returncode, done.stderr)
    assert EVENT.document == json.loads(done.stdout)


@pytest.mark.parametrize("language", READ)
@pytest.mark.parametrize("fault", ["body", "id", "time", "old", "secret"])
def test_an_example_refuses_what_is_not_ours(language: str, fault: str) -> None:
    """Each part is signed, and the time must be near."""
    headers, body = headers_of(EVENT), EVENT.body
    match fault:
        case "body":
            body = body.replace("Zo", "Zu")
        case "id":
            headers["webhook-id"] += "x"
        case "time":
            headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) - 1)
        case "old":
            headers = headers_of(EVENT, datetime.now(UTC) - timedelta(minutes=6))
    done = verify(language, headers, body, "C" * 32 if fault == "secret" else SECRET)
    assert 0 != done.returncode
    assert "night" not in done.stdout
