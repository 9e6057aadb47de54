"""`flashgen serve` in a process, and what it sends."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from support.projects import start
from support.viewer import Seen, look

from flashgen.edge.local.preview_bar import PREFIX
from flashgen.unlock.pointer import Pointer, parse

STOP_SECONDS = 20
BUILD_SECONDS = 60


@dataclass(frozen=True)
class Served:
    """A preview in a process. `url` is the sale's page."""

    process: subprocess.Popen[str]
    url: str

    def get(self, page: str = "") -> Seen:
        """A page or file of the sale."""
        return look(self.url, urlsplit(self.url).path + page)

    def pointer(self) -> tuple[Pointer, Seen]:
        """What pages poll."""
        found = re.search(rb'"pointer": ?"([^"]+)"', self.get().body)
        assert found
        seen = self.get(found[1].decode())
        pointer = parse(seen.body, "pointer")
        assert isinstance(pointer, Pointer)
        return pointer, seen

    def ask(self, **wishes: Any) -> None:
        """Use the bar's controls."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=BUILD_SECONDS)
        with closing(connection):
            connection.request("POST", f"{PREFIX}controls", json.dumps(wishes), {"Content-Type": "application/json"})
            response = connection.getresponse()
            assert 200 == response.status, response.read()

    def interrupt(self) -> int:
        """Press Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=STOP_SECONDS)
        return self.process.returncode


@contextmanager
def served(root: Path, *options: str) -> Iterator[Served]:
    """Preview a project on a free port until it is left."""
    process = start(root, "serve", "--port", "0", *options, AWS_EC2_METADATA_DISABLED="true")
    assert process.stdout
    try:
        yield Served(process, process.stdout.readline().strip())
    finally:
        process.kill()
        process.communicate()
