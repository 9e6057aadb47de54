"""`flashgen gate serve` in processes of its own: started, asked, stopped, killed; and projects whose sale it serves."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from support.ports import free_port
from support.projects import finish, start

SALE = "night"
START_SECONDS = 60.0
STOP_SECONDS = 30.0

_SALE = """\
sale: {{id: {sale}, title: Night, currency: EUR, starts_at: "{starts_at}", ends_at: "{ends_at}", locales: {locales}}}
products:
{products}
order: {order}
unlock: {{version: abcdefgh23}}
"""


@dataclass(frozen=True)
class Shop:
    """A sale to be written, pushed and opened, in one language or in several.

    `stock` is by SKU; `order` has keys of that section of the YAML.
    """

    servers: tuple[str, ...]
    stock: Mapping[str, int] = field(default_factory=lambda: {"LAMP": 3, "MUG": 2})
    order: Mapping[str, Any] = field(default_factory=dict)
    sale: str = SALE
    url: str = "http://127.0.0.1:8080"
    locales: tuple[str, ...] = ("en",)

    def write(self, root: Path) -> None:
        """The YAML and flashgen.yaml: a sale that began an hour ago."""
        began = datetime.now(UTC) - timedelta(hours=1)
        products = [
            f'  - {{sku: {sku}, name: A {sku.lower()}, price: "19.90", stock: {count}}}'
            for sku, count in self.stock.items()
        ]
        text = _SALE.format(
            sale=self.sale,
            locales=json.dumps(self.locales),
            starts_at=began.isoformat(timespec="seconds"),
            ends_at=(began + timedelta(days=1)).isoformat(timespec="seconds"),
            products="\n".join(products),
            order=json.dumps({"servers": self.servers, **self.order}),
        )
        (root / "sale_configs").mkdir(exist_ok=True)
        (root / "sale_configs" / f"{self.sale}.yaml").write_text(text, encoding="utf-8")
        settings = f'freeze: {{before: 0s, after: 0s}}\ntargets: {{local: {{store: "dir:store", url: "{self.url}"}}}}\n'
        (root / "flashgen.yaml").write_text(settings, encoding="utf-8")

    def push(self, root: Path) -> None:
        """Write it as it is now, and push it."""
        self.write(root)
        run(root, "push", self.sale, "--yes")

    def open(self, root: Path) -> None:
        """Push it, and go live."""
        self.push(root)
        run(root, "go-live", self.sale, "--early", "--yes")


_SERVE = (sys.executable, "-m", "flashgen", "gate", "serve")


@dataclass
class GateProcess:
    """A gate that was started in the project at `root`. Its log is in `log`, what it says in `said`."""

    root: Path
    url: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    said: Path
    admin_url: str = field(default_factory=lambda: free_url())
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin, and wait until all of it is ready; once more after it was killed or stopped."""
        self.spawn()
        place = self.arguments.index("--workers") + 1 if "--workers" in self.arguments else None
        count = int(self.arguments[place]) if place else 1
        self.wait_until(lambda: len(self.workers()) >= count and self.is_ready(), "ready")

    def spawn(self) -> None:
        """Begin, without waiting."""
        port = self.url.rpartition(":")[2]
        with self.log.open("ab") as log, self.said.open("ab") as said:
            self._process = subprocess.Popen(
                [*_SERVE, "--port", port, "--admin-port", self.admin_url.rpartition(":")[2], *self.arguments],
                cwd=self.root,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=log,
                start_new_session=True,
            )

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The parent of its workers."""
        assert self._process
        return self._process

    def kill(self) -> None:
        """All of it at once, as when its machine crashes."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def stop(self, sent: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(sent)
        return self.process.wait(STOP_SECONDS)

    def workers(self) -> set[int]:
        """Process ids, as its log says of those that have become ready and live."""
        started = {int(line["pid"]) for line in self.events("ready")}
        return {pid for pid in started if is_alive(pid)}

    def events(self, *names: str) -> list[dict[str, Any]]:
        """Lines of its log, of these events or of all."""
        lines = [line for line in self.log.read_text(encoding="utf-8").splitlines() if line.startswith("{")]
        return [one for one in map(json.loads, lines) if not names or one["event"] in names]

    def is_ready(self) -> bool:
        """Whether buyers may come."""
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    def get(self, path: str) -> Answer:
        """One request, in a connection of its own."""
        return ask(self.url, "GET", path)

    def stats(self) -> dict[str, Any]:
        """What `/stats` says of the first sale."""
        stats: dict[str, Any] = json.loads(ask(self.admin_url, "GET", "/stats").body)["sales"][0]
        return stats

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        """Until it becomes so; shows its log when that takes too long, or it has ended."""
        deadline = time.monotonic() + START_SECONDS
        while not is_so():
            ended = self.process.poll()
            text = f"the gate is not {what} (exit code {ended})"
            assert time.monotonic() < deadline, f"{text}:\n{self.log.read_text(encoding='utf-8')}"
            assert ended is None, f"{text}:\n{self.log.read_text(encoding='utf-8')}"
            time.sleep(0.05)


@dataclass(frozen=True)
class Answer:
    """What came back; names of `fields` are in lower case."""

    status: int
    fields: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body."""
        return self.body.decode()


@dataclass
class Buyer:
    """A browser without scripts, at the gate `url`, with the order path of a live sale."""

    url: str
    path: str
    cookie: str = ""
    lease: str = ""

    def get(self, sku: str) -> Answer:
        """Come from the page's button."""
        answer = ask(self.url, "GET", f"{self.path}?sku={sku}", self._fields())
        self._keep(answer)
        return answer

    def post(self, sku: str) -> Answer:
        """Press the form's button."""
        fields = {**self._fields(), "Content-Type": "application/x-www-form-urlencoded"}
        return ask(self.url, "POST", f"{self.path}?sku={sku}", fields, f"lease={self.lease}".encode())

    def buy(self, sku: str) -> Answer:
        """All of it: form, order, and the page that shows it; or whatever came instead."""
        answer = self.get(sku)
        if answer.status != 200 or not self.lease:
            return answer
        placed = self.post(sku)
        return self.get(sku) if placed.status == 303 and placed.fields["location"].startswith("?") else placed

    def _fields(self) -> dict[str, str]:
        return {"Cookie": self.cookie} if self.cookie else {}

    def _keep(self, answer: Answer) -> None:
        cookie = answer.fields.get("set-cookie")
        if cookie and not cookie.startswith("flashgen_again="):
            self.cookie = cookie.partition(";")[0]
        found = re.search(r'name="lease"[^>]* value="([^"]*)"|value="([^"]*)"[^>]* name="lease"', answer.text)
        self.lease = (found[1] or found[2]) if found else ""


@contextmanager
def gate_process(
    root: Path, *arguments: str, url: str = "", name: str = "gate", **environment: str
) -> Iterator[GateProcess]:
    """A gate in the project at `root` that is ready, and gone in the end however a test ends.

    `url` is where it listens, a free port of this machine by default; `name` is of its files in `root`.
    """
    log, said = root / f"{name}.log", root / f"{name}.out"
    gate = GateProcess(root, url or free_url(), arguments, environment, log, said)
    try:
        gate.start()
        yield gate
    finally:
        if gate._process:
            gate.kill()


def free_url() -> str:
    """Where a gate may listen."""
    return f"http://127.0.0.1:{free_port()}"


def order_path(root: Path, sale: str = SALE) -> str:
    """The path with the token that the pointer of a live sale shows."""
    (pointer,) = (root / "store" / sale).glob("unlock.*.js")
    found = re.search(r'"path":"([^"]+)"', pointer.read_text(encoding="utf-8"))
    assert found, "the sale is not live"
    return found[1]


def run(root: Path, *arguments: str, **environment: str) -> str:
    """Run a command of flashgen that succeeds, and return its stdout."""
    code, out, err = finish(start(root, *arguments, **environment))
    assert code == 0, out + err
    return out


def ask(url: str, method: str, path: str, fields: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
    """One request, in a connection of its own; redirects are not followed."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=20)
    try:
        connection.request(method, path, body or None, dict(fields or {}))
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be noticed by its parent does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
