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
from support.gate_house import SERVER, Browser, House, gate_house, token
from support.operators import SALE, SECRET

from flashgen.doctor.gate import probe
from flashgen.gate.app import Gate
from flashgen.gate.metrics import CONTENT_TYPE, Count
from flashgen.gate.request import Message
from flashgen.gate.storage.protocol import StorageLost
from flashgen.unlock.state import State

HERE = ("127.0.0.1", 1)


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


def test_a_stale_reading_is_not_ready(house: House, browser: Browser) -> None:
    """Pages go elsewhere then; the process is alive all the same."""
    house.even.wait(10.5)
    assert (503, {"ready": False}) == ((answer := browser.ask("GET", "/readyz")).status, json.loads(answer.body))
    assert 200 == browser.ask("GET", "/healthz").status


def test_a_storage_is_missed_and_found_again_without_a_buyer(
    house: House, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages go by readiness: a gate that nobody asks must not say that it is ready when it is not."""
    monkeypatch.setattr("flashgen.gate.health.LOOK_SECONDS", 0.01)
    with monkeypatch.context() as broken, _living(house):
        broken.setattr(house.storage, "decide", _lost)
        assert _becomes(house, browser, 503)
        broken.undo()
        assert _becomes(house, browser, 200)


@contextmanager
def _living(house: House) -> Iterator[None]:
    """The gate's life around its requests, as a server drives it."""
    said: asyncio.Queue[Message] = asyncio.Queue()
    heard: list[Message] = []

    async def tell(message: Message) -> None:
        heard.append(message)

    async def begin() -> asyncio.Task[None]:
        await said.put({"type": "lifespan.startup"})
        return asyncio.ensure_future(house.gate({"type": "lifespan"}, said.get, tell))

    async def end(life: asyncio.Task[None]) -> None:
        await said.put({"type": "lifespan.shutdown"})
        await life

    life = house.run(begin())
    try:
        yield
    finally:
        house.run(end(life))
    assert ["lifespan.startup.complete", "lifespan.shutdown.complete"] == [message["type"] for message in heard]


def _becomes(house: House, browser: Browser, status: int) -> bool:
    for _ in range(200):
        if browser.ask("GET", "/readyz").status == status:
            return True
        house.run(asyncio.sleep(0.01))
    return False


def _lost(asks: object) -> None:
    raise StorageLost("gone")


def test_two_sales_are_ready_each_for_itself(house: House) -> None:
    """Doctor asks for the one whose token it shows; pages go where any is served."""
    house.gate = Gate({SALE: lambda: house.reader.reading, "other": lambda: None}, house.outside)
    browser = Browser(house)
    statuses = [browser.ask("GET", f"/readyz{query}").status for query in ("", *_shown(SALE, "other", "third"))]
    assert [200, 200, 503, 200] == statuses


def _shown(*sales: str) -> list[str]:
    return [f"?token={probe(sale, (SECRET,))}" for sale in sales]


@pytest.mark.parametrize("path", ["/metrics", "/stats"])
def test_numbers_are_for_neighbours(house: House, path: str) -> None:
    """Neither for strangers, nor through a proxy."""
    assert 200 == Browser(house, HERE).ask("GET", path).status
    assert 404 == Browser(house, ("8.8.8.8", 1)).ask("GET", path).status
    assert 404 == Browser(house, None).ask("GET", path).status
    assert 404 == Browser(house, HERE, sends=(("X-Forwarded-For", "127.0.0.1"),)).ask("GET", path).status


def test_metrics_are_prometheus_own(house: House) -> None:
    """Every number of a small sale, as its parser reads it."""
    browser = Browser(house, HERE)
    browser.get()
    browser.post()
    browser.get("MUG")
    house.clock.wait(5)
    answer = browser.ask("GET", "/metrics")
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


def test_stats_are_json(house: House) -> None:
    """For people and scripts."""
    browser = Browser(house, HERE)
    browser.get()
    browser.post()
    house.point(state=State.PAUSED)
    (sale,) = json.loads(browser.ask("GET", "/stats").body)["sales"]
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

    with gate_house(tmp_path) as house:
        outside = replace(house.outside, tally=lost)  # type: ignore[arg-type]
        house.gate = Gate({SALE: lambda: None}, outside)
        browser = Browser(house, HERE)
        (sale,) = json.loads(browser.ask("GET", "/stats").body)["sales"]
        assert ("lost", None) == (sale["storage"], sale["state"])
        metrics = browser.ask("GET", "/metrics").body.decode()
        assert {"flashgen_gate_ready": 0.0} == {
            sample.name: sample.value
            for family in text_string_to_metric_families(metrics)
            for sample in family.samples
            if sample.name == "flashgen_gate_ready"
        }
        assert (503, "4") == ((answer := browser.get()).status, answer.one("refresh"))
        assert 1 == house.count(Count.UNAVAILABLE)


def test_a_gate_starts_and_stops(house: House) -> None:
    """What it is told to, in order; other protocols are refused."""
    done: list[str] = []

    async def start() -> None:
        done.append("start")

    async def stop() -> None:
        done.append("stop")

    async def live() -> None:
        gate = Gate({SALE: lambda: house.reader.reading}, house.outside, on_start=start, on_stop=stop)
        coming = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive() -> dict[str, str]:
            return {"type": next(coming)}

        async def send(message: object) -> None:
            done.append(message["type"])  # type: ignore[index]

        await gate({"type": "lifespan"}, receive, send)
        with pytest.raises(ValueError, match="websocket"):
            await gate({"type": "websocket"}, receive, send)

    house.run(live())
    assert ["start", "lifespan.startup.complete", "stop", "lifespan.shutdown.complete"] == done
    assert token()
