"""A slot that was just taken comes back on every way out but the form's arrival."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.running_gate import SERVER, Browser, RunningGate, order_path

from flashgen.gate.http.sale.pages import Pages
from flashgen.gate.metrics import Count
from flashgen.gate.storage.protocol import Leave
from flashgen.unlock.state import State


def test_a_slot_comes_back_when_the_client_has_left(running: RunningGate, browser: Browser) -> None:
    """Before the form was sent."""

    async def leave() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            raise AssertionError("there is nobody")

        await running.gate(browser.scope("GET", order_path()), receive, send)
        await running.gate._health.drain()

    running.run(leave())
    assert (1, 0) == (running.count(Count.LEASES), running.in_use())


@pytest.mark.parametrize("which", [0, 1])
def test_a_slot_comes_back_when_the_client_leaves_meanwhile(running: RunningGate, browser: Browser, which: int) -> None:
    """While the form was being sent: a server swallows what nobody reads."""

    async def leave() -> None:
        left = asyncio.Event()
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if len(sent) == which:
                left.set()
            sent.append(message)
            await asyncio.sleep(0)
            await asyncio.sleep(0)

        await running.gate(browser.scope("GET", order_path()), receive, send)
        await running.gate._health.drain()

    running.run(leave())
    assert (1, 0) == (running.count(Count.LEASES), running.in_use())


@pytest.mark.parametrize("error", [OSError("broken pipe"), asyncio.CancelledError()])
@pytest.mark.parametrize("which", [0, 1])
def test_a_slot_comes_back_when_sending_fails(
    running: RunningGate, browser: Browser, error: BaseException, which: int
) -> None:
    """At the headers or at the body."""

    async def fail() -> None:
        sent = []

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Any) -> None:
            sent.append(message)
            if len(sent) > which:
                raise error

        with pytest.raises(type(error)):
            await running.gate(browser.scope("GET", order_path()), receive, send)
        await running.gate._health.drain()

    running.run(fail())
    assert 0 == running.in_use()


@pytest.mark.parametrize("turns", range(12))
def test_a_slot_comes_back_when_the_request_is_cancelled(running: RunningGate, browser: Browser, turns: int) -> None:
    """Whenever: as a server does that stops."""

    async def cancel() -> list[Any]:
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Any) -> None:
            await asyncio.sleep(0)
            sent.append(message.get("status"))

        task = asyncio.ensure_future(running.gate(browser.scope("GET", order_path()), receive, send))
        for _ in range(turns):
            await asyncio.sleep(0.002 if turns > 6 else 0)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0.05)
        await running.gate._health.drain()
        return sent

    sent = running.run(cancel())
    assert (1 if sent == [200, None] else 0) == running.in_use()
    assert sent in ([], [200], [200, None], [503, None])


def test_a_slot_comes_back_when_the_form_cannot_be_filled(
    running: RunningGate, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug of ours holds no place; the buyer is told to try again, and the log says where."""
    monkeypatch.delattr(Pages, "form")
    assert (503, 1) == (browser.get().status, running.count(Count.BUGS))
    running.run(running.gate._health.drain())
    assert ("bug", 0) == (running.logged()[-1], running.in_use())


def test_a_second_form_that_is_lost_takes_nothing_from_the_first(running: RunningGate, browser: Browser) -> None:
    """A reload that is broken off: the place was there before."""
    browser.get()

    async def leave() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            return None

        await running.gate(browser.scope("GET", order_path()), receive, send)
        await running.gate._health.drain()

    running.run(leave())
    assert 1 == running.in_use()


def test_a_double_click_keeps_its_place_when_the_first_is_broken_off(running: RunningGate, browser: Browser) -> None:
    """As browsers do: the first took the slot, and the second was told of it."""
    browser.get("MUG")

    async def broken_off() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            return None

        await running.gate(browser.scope("GET", order_path()), receive, send)

    async def clicks() -> Any:
        _, form = await asyncio.gather(broken_off(), browser.asking("GET", order_path()))
        await running.gate._health.drain()
        return form

    assert ("form", 2) == (running.run(clicks()).page, running.in_use())
    running.point(state=State.PAUSED)
    assert 303 == browser.post().status
    assert ["LAMP"] == [order.sku for order in running.orders()]


def test_a_stop_waits_until_slots_are_given_back(running: RunningGate, browser: Browser) -> None:
    """Before the storage is closed."""

    async def stop() -> int:
        messages = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive() -> dict[str, Any]:
            return {"type": next(messages, "http.disconnect")}

        async def send(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                await running.gate(browser.scope("GET", order_path()), left, send)

        async def left() -> dict[str, Any]:
            return {"type": "http.disconnect"}

        in_use = []

        async def closed() -> None:
            in_use.append(running.in_use())

        running.gate._on_stop = closed
        await running.gate({"type": "lifespan"}, receive, send)
        return in_use[0]

    assert (0, 1) == (running.run(stop()), running.count(Count.LEASES))


def test_leaving_goes_to_the_server_that_gave(running: RunningGate, browser: Browser) -> None:
    """What is given back is the very lease."""
    browser.get()
    lease = browser.lease.partition(".")[0]
    running.storage.decide([Leave("fair", SERVER, lease)])
    assert 0 == running.in_use()


def test_the_slot_of_a_form_for_a_closed_sku_comes_back(running: RunningGate, browser: Browser) -> None:
    """Its buyer was told no; others may have the slot for what is still on sale."""
    form = browser.get()
    running.point(closed=frozenset({"LAMP"}))
    assert 1 == running.in_use()
    assert 303 == browser.post(lease="forged").status
    running.run(running.gate._health.drain())
    assert 1 == running.in_use()
    assert 303 == browser.post(lease=form.value("lease")).status
    running.run(running.gate._health.drain())
    assert (0, []) == (running.in_use(), running.orders())
