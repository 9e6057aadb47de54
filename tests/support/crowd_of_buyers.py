"""Thousands of buyers at once, each a person: with a cookie, an address, habits, and order servers to choose from."""

from __future__ import annotations

import asyncio
import random
import re
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from support.http_line import Line, Reply
from support.open_forms import Holder, OpenForms

_LEASE = re.compile(r'name="lease" value="([^"]+)"')
_REMAINING = re.compile(r"\b(\d+):(\d\d)\b")
_ORDER = re.compile(r"<bdi>([a-z0-9]{24})</bdi>")

ARRIVAL_SECONDS = 2.0
LEASE_SECONDS = 10


@contextmanager
def room_for_a_crowd() -> Iterator[None]:
    """As many connections as the system lets this process have: each buyer keeps one to each server."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@dataclass
class Crowd:
    """What all of them share. `is_sold_out` is what pages say; `is_over` sends everybody home."""

    servers: tuple[str, ...]
    path: str
    sku: str
    is_sold_out: Callable[[], bool]
    is_over: Callable[[], bool]
    forms: OpenForms = field(default_factory=lambda: OpenForms(time.monotonic))
    told: list[tuple[str, str]] = field(default_factory=list)
    """Each order page that was seen: the buyer's id, and the order's."""
    met: Counter[str] = field(default_factory=Counter)

    async def run(self, count: int, bots: int, seed: int) -> None:
        """All of them, until each has had enough."""
        people = [Person(self, random.Random(f"{seed} {number}"), _address(number)) for number in range(count)]
        herd = [Person(self, random.Random(f"{seed} bot {number}"), "203.0.113.66") for number in range(bots)]
        tasks = [asyncio.ensure_future(one.shop()) for one in people]
        tasks += [asyncio.ensure_future(one.grab()) for one in herd]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Form:
    """A buy form on somebody's screen."""

    server: str
    lease: str
    holder: Holder


class Person:
    """One buyer."""

    def __init__(self, crowd: Crowd, rng: random.Random, address: str) -> None:
        self._crowd = crowd
        self._rng = rng
        self._address = address
        self._cookie = ""
        self._lines: dict[str, Line] = {}
        self._is_stubborn = rng.random() < 0.1

    async def shop(self) -> None:
        """Come, try until there is an order or no hope, and go."""
        await self._rest(0, ARRIVAL_SECONDS)
        server = self._any_server()
        with suppress(_Done):
            while not self._crowd.is_over():
                seen = await self._look(server)
                if isinstance(seen, Form):
                    await self._decide(seen)
                elif isinstance(seen, str):
                    await self._return(seen)
                elif self._crowd.is_sold_out() and not self._is_stubborn:
                    break
                else:
                    await self._rest(0.5, 3)
                server = self._any_server()
        self._leave()

    async def grab(self) -> None:
        """A machine without cookies that takes every form it can get, and never buys."""
        while not self._crowd.is_over():
            self._cookie = ""
            await self._look(self._any_server())
            await self._rest(0.2, 0.6)
        self._leave()

    async def _decide(self, form: Form) -> None:
        """What people do with a form."""
        habit = self._rng.random()
        if habit < 0.1:
            raise _Done  # closes the window, keeps the slot
        await self._rest(0.3, 2.0)
        if habit < 0.15:
            await self._rest(LEASE_SECONDS, LEASE_SECONDS + 2)
        if habit < 0.3:
            await asyncio.gather(self._send(form), self._send(form))  # a double click
        elif habit < 0.4:
            await self._in_two_tabs(form)
        elif habit < 0.5:
            seen = await self._look(form.server)  # reloads
            await self._send(seen if isinstance(seen, Form) else form)
        elif habit < 0.53:
            await self._send(form, is_heard=False)
        else:
            await self._send(form)
        seen = await self._look(self._any_server() if self._rng.random() < 0.3 else form.server)
        if isinstance(seen, str):
            await self._return(seen)

    async def _in_two_tabs(self, form: Form) -> None:
        other = await self._look(self._any_server())
        second = other if isinstance(other, Form) else form
        await asyncio.gather(self._send(form), self._send(second))

    async def _return(self, order: str) -> None:
        """The order is there: some come back to see it again."""
        if self._rng.random() < 0.3:
            await self._rest(0.5, 3)
            again = await self._look(self._any_server())
            self._crowd.met["seen again" if again == order else "not seen again"] += 1
        raise _Done

    async def _look(self, server: str) -> Form | str | None:
        """GET: a form, the number of an order, or nothing of the kind."""
        asked_at = self._crowd.forms.monotonic()
        reply = await self._ask(server, "GET", is_heard=self._rng.random() > 0.01)
        if reply is None or reply.status != 200:
            return None
        if found := re.search(r"flashgen_buyer=[^;]+", reply.fields.get("set-cookie", "")):
            self._cookie = found[0]
        if lease := _LEASE.search(reply.text):
            return self._form(server, lease[1], reply.text, asked_at)
        order = _ORDER.search(reply.text)
        assert order, f"neither a form nor an order: {reply.text}"
        self._crowd.told.append((self._buyer, order[1]))
        return order[1]

    def _form(self, server: str, lease: str, text: str, asked_at: float) -> Form:
        holder = Holder(server, self._address, self._buyer)
        shown = _REMAINING.search(text)
        assert shown, f"no remaining time: {text}"
        self._crowd.forms.came(holder, asked_at, asked_at + 60 * int(shown[1]) + int(shown[2]))
        return Form(server, lease, holder)

    async def _send(self, form: Form, *, is_heard: bool = True) -> None:
        """POST."""
        forms = self._crowd.forms
        forms.is_sent(form.holder)
        reply = await self._ask(form.server, "POST", f"lease={form.lease}", is_heard=is_heard)
        if reply:
            forms.is_answered(form.holder)

    async def _ask(self, server: str, method: str, body: str = "", *, is_heard: bool) -> Reply | None:
        """One request. Who does not hear the answer has hung up right after the question."""
        fields = {"X-Forwarded-For": self._address}
        if self._cookie:
            fields["Cookie"] = self._cookie
        # Requests at the same time take lines of their own, as browsers do.
        line = self._lines.pop(server, None) or Line(server)
        reply = await line.ask(method, f"{self._crowd.path}?sku={self._crowd.sku}", fields, body, is_heard=is_heard)
        if reply is None or server in self._lines:
            line.close()
        else:
            self._lines[server] = line
        self._crowd.met[f"{method} {reply.status if reply else 'no answer'}"] += 1
        return reply

    @property
    def _buyer(self) -> str:
        return self._cookie.partition("=")[2].partition(".")[0]

    def _any_server(self) -> str:
        return self._rng.choice(self._crowd.servers)

    async def _rest(self, least: float, most: float) -> None:
        await asyncio.sleep(self._rng.uniform(least, most))

    def _leave(self) -> None:
        for line in self._lines.values():
            line.close()


class _Done(Exception):
    """Somebody leaves for good."""


def _address(number: int) -> str:
    return f"198.18.{number // 250}.{number % 250 + 1}"
