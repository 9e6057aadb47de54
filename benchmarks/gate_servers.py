"""What benchmarks/gate.py measures: flashgen's gate, its baseline and a bare ASGI app, each on one core by itself."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path

import gate_baseline
import redis
from support.gate_process import GateProcess, Shop, free_url, gate_process, order_path

from flashgen.gate import signatures
from flashgen.gate.buyers.by_cookie import COOKIE_NAME
from flashgen.gate.settings import GateSettings, parse, render
from flashgen.gate.signatures import COOKIE, LEASE, Signer
from flashgen.gate.storage.opening import open_storage
from flashgen.gate.storage.protocol import Enter, Lease, Visit
from flashgen.layout import settings_key
from flashgen.project import find_project
from flashgen.unlock.token import TokenSigner, parse_keys

HERE = Path(__file__).parent
SERVER_CORE, LOAD_CORE = 0, 1
BATCH = 256
NO_LIMIT = 10**9

Pair = tuple[str, str]
"""A buyer's cookie, and the lease as their form carries it."""


@dataclass(frozen=True)
class Target:
    """A server, and the path of its orders with a good token."""

    name: str
    url: str
    path: str


@dataclass(frozen=True)
class Ours(Target):
    """A gate of flashgen's."""

    process: GateProcess
    storage: str

    def let_in(self, count: int, sku: str = "LAMP") -> list[Pair]:
        """Give so many new buyers a slot, in its storage."""
        project = find_project(self.process.root, exactly=True)
        keys = parse_keys(project.secret(None))
        claims = TokenSigner(keys).read(self.path.removeprefix("/o/"))
        cookie_signer, lease_signer = Signer(keys, COOKIE), Signer(keys, LEASE)
        about = _settings(self.process.root)
        now = time.time()
        wish = Visit(
            sale=about.sale,
            epoch=claims.epoch,
            sku=sku,
            buyer="",
            server=self.url,
            slots=NO_LIMIT,
            networks=(),
            lease_seconds=3600,
            stock=about.items[sku].stock,
            now=now,
        )
        buyers = [secrets.token_hex(12) for _ in range(count)]
        storage = open_storage(self.storage, self.process.root)
        for start in range(0, count, BATCH):
            asks = [Enter(replace(wish, buyer=buyer), f"l{buyer}") for buyer in buyers[start : start + BATCH]]
            assert all(isinstance(answer, Lease) for answer in storage.decide(asks))
        storage.close()
        offer = signatures.Offer(sku, about.items[sku].price, about.currency)
        signed = [signatures.sign_lease(lease_signer, claims, offer, buyer, f"l{buyer}") for buyer in buyers]
        return [(f"{buyer}.{cookie_signer.sign(buyer)}", lease) for buyer, lease in zip(buyers, signed, strict=True)]

    def worker(self) -> int:
        """The process that serves."""
        (pid,) = self.process.workers()
        return pid

    def accepted(self) -> int:
        """Orders so far."""
        return sum(self.process.stats()["orders"].values())


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Processes that are started here stay on `core`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def flashgen_gate(
    root: Path,
    *,
    storage: str = "sqlite:gate.db",
    stock: int = 100_000_000,
    slots: int = NO_LIMIT,
    forward_to: str = "",
) -> Iterator[Ours]:
    """`flashgen gate serve` with one worker, of a sale of LAMPs that is live.

    `slots` may be more than a sale's YAML may say: gate.json is changed after the push.
    """
    root.mkdir(parents=True, exist_ok=True)
    url = free_url()
    order = {"forward_to": forward_to} if forward_to else {}
    Shop((url,), {"LAMP": stock}, order).open(root)
    gate_json = root / "store" / settings_key("night")
    gate_json.write_bytes(render(replace(_settings(root), slots_per_server=slots, lease_seconds=3600)))
    with on_core(SERVER_CORE), gate_process(root, "--new-storage", "--storage", storage, url=url) as process:
        yield Ours("flashgen", url, order_path(root), process, storage)


@contextmanager
def baseline(redis_url: str, stock: int = 10**9) -> Iterator[Target]:
    """FastAPI and redis-py."""
    with _uvicorn("gate_baseline:app", BASELINE_REDIS=redis_url, BASELINE_STOCK=str(stock)) as url:
        yield Target("baseline", url, f"/o/{gate_baseline.token()}")


@contextmanager
def bare() -> Iterator[Target]:
    """Hello."""
    with _uvicorn("gate_bare:app") as url:
        yield Target("bare", url, f"/o/{'x' * 150}")


def let_in_baseline(redis_url: str, count: int) -> list[Pair]:
    """As Ours.let_in."""
    pairs: list[Pair] = []
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        for start in range(0, count, BATCH):
            buyers = [secrets.token_hex(12) for _ in range(min(BATCH, count - start))]
            pairs += gate_baseline.let_in(client, buyers, "LAMP")
    return pairs


def get(url: str, path: str) -> tuple[int, bytes]:
    """Status and body."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=20)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def request(target: Target, method: str = "GET", path: str = "", pair: Pair | None = None) -> bytes:
    """The bytes of a request for a LAMP, as a browser might send them; a POST with the lease of `pair`."""
    body = f"lease={pair[1]}" if pair and method == "POST" else ""
    fields = [f"Host: {target.url.removeprefix('http://')}", "Accept: text/html"]
    fields += [f"Cookie: {COOKIE_NAME}={pair[0]}"] if pair else []
    fields += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"] if body else []
    head = "\r\n".join([f"{method} {path or target.path}?sku=LAMP HTTP/1.1", *fields])
    return f"{head}\r\n\r\n{body}".encode()


def write_requests(file: Path, requests: Sequence[bytes]) -> Path:
    """As gate_load.lua and gate_pace.py read them."""
    file.write_bytes(b"\0".join(requests))
    return file


@contextmanager
def _uvicorn(app: str, **environment: str) -> Iterator[str]:
    """An app under uvicorn with the gate's settings, as far as they are uvicorn's own."""
    url = free_url()
    options = "--loop uvloop --http httptools --interface asgi3 --ws none --no-access-log --no-proxy-headers"
    words = f"{options} --no-server-header --backlog 2048 --timeout-keep-alive 65 --log-level warning".split()
    with on_core(SERVER_CORE):
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", app, *words, "--port", url.rpartition(":")[2]],
            cwd=HERE,
            env={**os.environ, **environment},
        )
    try:
        _wait(url)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            get(url, "/")
        except OSError:
            time.sleep(0.05)
        else:
            return
    sys.exit(f"no server at {url}")


def _settings(root: Path) -> GateSettings:
    key = settings_key("night")
    return parse((root / "store" / key).read_bytes(), key)
