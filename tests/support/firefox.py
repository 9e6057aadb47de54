"""The machine's Firefox, driven by WebDriver BiDi, which it speaks itself (w3c.github.io/webdriver-bidi)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

ANSWER_SECONDS = 60

# Nothing but this machine can be reached, and Firefox asks nobody for news.
_PREFERENCES = """\
user_pref("network.proxy.type", 1);
user_pref("network.proxy.http", "127.0.0.1");
user_pref("network.proxy.http_port", 9);
user_pref("network.proxy.ssl", "127.0.0.1");
user_pref("network.proxy.ssl_port", 9);
user_pref("network.proxy.no_proxies_on", "127.0.0.1");
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("intl.accept_languages", "en");
"""


@dataclass(frozen=True)
class FirefoxTab:
    """Firefox's one tab."""

    connection: ClientConnection
    context: str
    ids: Iterator[int]

    def open(self, url: str) -> None:
        """Go to a page, and wait until it is loaded."""
        self._call("browsingContext.navigate", context=self.context, url=url, wait="complete")

    def reload(self) -> None:
        """As the browser's button does."""
        self._call("browsingContext.reload", context=self.context, wait="complete")

    def back(self) -> None:
        """As the browser's button does."""
        self._call("browsingContext.traverseHistory", context=self.context, delta=-1)

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        keys = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keyboard", "actions": keys}]
        self._call("input.performActions", context=self.context, actions=actions)

    def value(self, expression: str) -> Any:
        """A JavaScript expression's value, which JSON can hold."""
        wrapped = f"JSON.stringify(({expression}) ?? null)"
        target = {"context": self.context}
        answer = self._call("script.evaluate", expression=wrapped, target=target, awaitPromise=False)
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    def comes_to(self, expression: str, expected: object) -> None:
        """Wait until an expression has a value."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while (found := self.value(expression)) != expected and time.monotonic() < deadline:
            time.sleep(0.05)
        assert expected == found

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        return _call(self.connection, next(self.ids), method, **params)


def _call(connection: ClientConnection, id: int, method: str, **params: Any) -> dict[str, Any]:
    """Send a command. What comes before its answer are events, or answers that nobody waits for."""
    connection.send(json.dumps({"id": id, "method": method, "params": params}))
    while (answer := json.loads(connection.recv(ANSWER_SECONDS))).get("id") != id:
        pass
    assert answer["type"] == "success", answer
    result: dict[str, Any] = answer["result"]
    return result


@contextmanager
def firefox() -> Iterator[FirefoxTab]:
    """Run it without a window, with a profile of its own. Without Firefox skip the test, or fail where `CI` is set."""
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("no firefox-esr on the PATH: apt-get install firefox-esr")
    with tempfile.TemporaryDirectory(prefix="firefox", ignore_cleanup_errors=True) as profile:
        (Path(profile) / "user.js").write_text(_PREFERENCES)
        command = [path, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            with connect(_address(Path(profile)), max_size=None) as connection:
                ids = count(1)
                _call(connection, next(ids), "session.new", capabilities={})
                (tab,) = _call(connection, next(ids), "browsingContext.getTree")["contexts"]
                yield FirefoxTab(connection, tab["context"], ids)
        finally:
            process.terminate()
            process.wait(ANSWER_SECONDS)


def _address(profile: Path) -> str:
    """Where Firefox listens, which it writes into its profile."""
    file = profile / "WebDriverBiDiServer.json"
    deadline = time.monotonic() + ANSWER_SECONDS
    while not (file.is_file() and file.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    place = json.loads(file.read_bytes())
    return f"ws://{place['ws_host']}:{place['ws_port']}/session"
