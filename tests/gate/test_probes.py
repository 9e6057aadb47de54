"""What machines are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.operators import SALE, SECRET
from support.running_gate import ADMIN_PORT, SERVER, Browser, RunningGate, running_gate, token

from flashgen.doctor.gate import probe
from flashgen.gate.http.app import Gate
from flashgen.gate.http.client_address import CLIENTS
from flashgen.gate.http.request import Message
from flashgen.gate.metrics import CONTENT_TYPE, Count
from flashgen.gate.storage.protocol import StorageLost
from flashgen.unlock.state import State

HERE = ("127.0.0.1", 1)


def admin(running: RunningGate) -> Browser:
    """A neighbour at the admin port."""
    return Browser(running, HERE, port=ADMIN_PORT)


def test_alive(browser: Browser) -> None:
    """As long as the process is."""
    assert 200 == browser.ask("GET", "/healthz").status


def test_ready(browser: Browser) -> None:
    """Pages of another origin may ask; nothing keeps the answer."""
    answer = browser.ask("GET", "/readyz")
    assert (200, {"ready": True}) == (answer.status, json.loads(answer.body))
    assert ("*", "no-store") == (answer.one("access-control-allow-origin"), answer.one("cache-control"))


@pytest.mark.parametrize(("key", "said"), [(SECRET, "good"), (b"another secret of thirty-two bytes", "bad")])
def test_doctor_learns_whether_the_secret_is_the_same(browser: Browser, key: bytes, said: str) -> None:
    """By a token that is of no use to anybody."""
    shown = probe(SALE, (key,))
    assert {"ready": True, "signature": said} == json.loads(browser.ask("GET", f"/readyz?token={shown}").body)
    assert 303 == browser.get(shown=shown).status


@pytest.mark.parametrize("query", ["?", "?token=", "?token=%FF", "?token=a&token=b", "?x=y", "?token=" + "a" * 5000])
def test_odd_questions_are_answered(browser: Browser, query: str) -> None:
    """None of them is a traceback."""
    assert 200 == browser.ask("GET", f"/readyz{query}").status


def test_a_stale_reading_is_not_ready(running: RunningGate, browser: Browser) -> None:
    """Pages go elsewhere then; the process is alive all the same."""
    running.monotonic.wait(10.5)
    assert (503, {"ready": False}) == ((answer := browser.ask("GET", "/readyz")).status, json.loads(answer.body))
    assert 200 == browser.ask("GET", "/healthz").status


def test_a_storage_is_missed_and_found_again_without_a_buyer(
    running: RunningGate, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages go by readiness: a gate that nobody asks must not say that it is ready when it is not."""
    monkeypatch.setattr("flashgen.gate.http.health.POLL_SECONDS", 0.01)
    with monkeypatch.context() as broken, _living(running):
        broken.setattr(running.storage, "decide", _lost)
        assert _becomes(running, browser, 503)
        broken.undo()
        assert _becomes(running, browser, 200)


def test_a_storage_that_is_missing_at_the_start_is_known_before_any_request(
    running: RunningGate, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was just started says no for another reason than that it has not been asked."""
    monkeypatch.setattr(running.storage, "decide", _lost)
    with _living(running):
        assert 503 == browser.ask("GET", "/readyz").status
    assert ["storage lost"] == [name for name in running.logged() if "storage" in name]


def test_a_watch_outlives_a_bug(running: RunningGate, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could not say that the storage is back otherwise."""
    monkeypatch.setattr("flashgen.gate.http.health.POLL_SECONDS", 0.01)
    with monkeypatch.context() as broken, _living(running):
        broken.setattr(running.storage, "decide", _broken)
        assert _becomes(running, browser, 503)
        broken.undo()
        assert _becomes(running, browser, 200)


@contextmanager
def _living(running: RunningGate) -> Iterator[None]:
    """The gate's life around its requests, as a server drives it."""
    said: asyncio.Queue[Message] = asyncio.Queue()
    heard: list[Message] = []

    async def tell(message: Message) -> None:
        heard.append(message)

    async def begin() -> asyncio.Task[None]:
        await said.put({"type": "lifespan.startup"})
        life = asyncio.ensure_future(running.gate({"type": "lifespan"}, said.get, tell))
        while not heard:
            await asyncio.sleep(0.001)
        return life

    async def end(life: asyncio.Task[None]) -> None:
        await said.put({"type": "lifespan.shutdown"})
        await life

    life = running.run(begin())
    try:
        yield
    finally:
        running.run(end(life))
    assert ["lifespan.startup.complete", "lifespan.shutdown.complete"] == [message["type"] for message in heard]


def _becomes(running: RunningGate, browser: Browser, status: int) -> bool:
    for _ in range(200):
        if browser.ask("GET", "/readyz").status == status:
            return True
        running.run(asyncio.sleep(0.01))
    return False


def _lost(asks: object) -> None:
    raise StorageLost("gone")


def _broken(asks: object) -> None:
    raise KeyError("a bug of ours")


def test_two_sales_are_ready_each_for_itself(running: RunningGate) -> None:
    """Doctor asks for the one whose token it shows; pages go where any is served."""
    running.gate = Gate({SALE: lambda: running.reader.reading, "other": lambda: None}, running.outside, ADMIN_PORT)
    browser = Browser(running)
    statuses = [browser.ask("GET", f"/readyz{query}").status for query in ("", *_shown(SALE, "other", "third"))]
    assert [200, 200, 503, 200] == statuses


def _shown(*sales: str) -> list[str]:
    return [f"?token={probe(sale, (SECRET,))}" for sale in sales]


def test_a_proxy_that_nobody_named_is_told(running: RunningGate) -> None:
    """In the log, to Prometheus, and to doctor, but to nobody else."""
    for number in range(CLIENTS):
        Browser(running, ("192.0.2.1", 1), sends=(("X-Forwarded-For", f"198.51.100.{number}"),)).get("MUG")
    assert ["192.0.2.1"] == [fields["peer"] for name, fields in running.events if name == "untrusted proxy"]
    here = Browser(running, HERE)
    assert b'flashgen_gate_untrusted_proxy{peer="192.0.2.1"} 1' in admin(running).ask("GET", "/metrics").body
    shown = f"/readyz?token={probe(SALE, (SECRET,))}"
    assert "192.0.2.1" == json.loads(here.ask("GET", shown).body)["untrusted_proxy"]
    assert {"ready": True} == json.loads(here.ask("GET", "/readyz").body)


@pytest.mark.parametrize("path", ["/metrics", "/stats"])
def test_numbers_are_for_neighbours(running: RunningGate, path: str) -> None:
    """Neither for strangers, nor through a proxy."""
    neighbour = admin(running)
    assert 200 == neighbour.ask("GET", path).status
    assert 404 == replace(neighbour, client=("8.8.8.8", 1)).ask("GET", path).status
    assert 404 == replace(neighbour, client=None).ask("GET", path).status
    assert 404 == replace(neighbour, sends=(("X-Forwarded-For", "127.0.0.1"),)).ask("GET", path).status


@pytest.mark.parametrize("path", ["/metrics", "/stats"])
def test_numbers_are_not_at_the_public_port(running: RunningGate, path: str) -> None:
    """Whoever asks, and whatever is sent along."""
    sends = (("Host", f"127.0.0.1:{ADMIN_PORT}"), ("X-Forwarded-Port", str(ADMIN_PORT)))
    assert 404 == Browser(running, HERE, sends=sends).ask("GET", path).status


def test_the_admin_port_has_health_and_no_sale(running: RunningGate) -> None:
    """Also for a token that the public port has just seen."""
    assert "form" == Browser(running, HERE).get().page
    neighbour = admin(running)
    assert [200, 200] == [neighbour.ask("GET", path).status for path in ("/healthz", "/readyz")]
    assert [404, 404] == [neighbour.get().status, neighbour.post().status]


def test_metrics_are_prometheus_own(running: RunningGate) -> None:
    """Every number of a small sale, as its parser reads it."""
    browser = Browser(running, HERE)
    browser.get()
    browser.post()
    browser.get("MUG")
    running.clock.wait(5)
    answer = admin(running).ask("GET", "/metrics")
    assert CONTENT_TYPE == answer.one("content-type")
    families = {one.name: one.samples for one in text_string_to_metric_families(answer.body.decode())}
    found = {
        (name.removeprefix("flashgen_gate_"), tuple(sample.labels.values())): sample.value
        for name, samples in families.items()
        for sample in samples
    }
    assert (2, 1, 2) == (found["requests", ("form",)], found["requests", ("order",)], found["leases", ()])
    assert (1, 1, 5) == (
        found["order_events", ("accepted",)],
        found["units_taken", (SALE, "LAMP")],
        found["outbox_oldest_seconds", (SALE,)],
    )
    assert (12, 1, 1) == (
        found["slots", (SALE,)],
        found["slots_in_use", (SALE, SERVER)],
        found["orders", (SALE, "accepted")],
    )
    assert (1, 0, 1) == (found["ready", ()], found["reading_age_seconds", (SALE,)], found["build_info", ("0.1.0",)])


def test_stats_are_json(running: RunningGate) -> None:
    """For people and scripts."""
    browser = Browser(running, HERE)
    browser.get()
    browser.post()
    running.point(state=State.PAUSED)
    (sale,) = json.loads(admin(running).ask("GET", "/stats").body)["sales"]
    assert ("paused", 3, {"LAMP": 1}, {"accepted": 1}) == (
        sale["state"],
        sale["revision"],
        sale["taken"],
        sale["orders"],
    )
    assert "answers" == sale["storage"]


def test_numbers_without_a_storage_and_without_a_reading(tmp_path: Path) -> None:
    """What is known is told."""

    async def lost(sale: str) -> None:
        raise StorageLost("gone")

    with running_gate(tmp_path) as running:
        outside = replace(running.outside, tally=lost)  # type: ignore[arg-type]
        running.gate = Gate({SALE: lambda: None}, outside, ADMIN_PORT)
        browser = admin(running)
        (sale,) = json.loads(browser.ask("GET", "/stats").body)["sales"]
        assert ("lost", None) == (sale["storage"], sale["state"])
        metrics = browser.ask("GET", "/metrics").body.decode()
        assert {"flashgen_gate_ready": 0.0} == {
            sample.name: sample.value
            for family in text_string_to_metric_families(metrics)
            for sample in family.samples
            if sample.name == "flashgen_gate_ready"
        }
        assert (503, "4") == ((answer := Browser(running).get()).status, answer.one("refresh"))
        assert 1 == running.count(Count.UNAVAILABLE)


def test_a_gate_starts_and_stops(running: RunningGate) -> None:
    """What it is told to, in order; other protocols are refused."""
    done: list[str] = []

    async def start() -> None:
        done.append("start")

    async def stop() -> None:
        done.append("stop")

    async def live() -> None:
        gate = Gate({SALE: lambda: running.reader.reading}, running.outside, ADMIN_PORT, on_start=start, on_stop=stop)
        coming = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive() -> dict[str, str]:
            return {"type": next(coming)}

        async def send(message: object) -> None:
            done.append(message["type"])  # type: ignore[index]

        await gate({"type": "lifespan"}, receive, send)
        with pytest.raises(ValueError, match="websocket"):
            await gate({"type": "websocket"}, receive, send)

    running.run(live())
    assert ["start", "lifespan.startup.complete", "stop", "lifespan.shutdown.complete"] == done
    assert token()
