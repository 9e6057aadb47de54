"""A gate that cannot begin; it is made in processes that import it by this name."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from tempfile import NamedTemporaryFile

from flashgen.gate.clocks import Clocks
from flashgen.gate.http.app import Gate
from flashgen.gate.http.dependencies import Dependencies
from flashgen.gate.metrics import Counters
from flashgen.gate.storage.protocol import Answer, Ask, Tally


def make() -> Gate:
    """One whose start fails."""

    async def fail() -> None:
        raise RuntimeError("/o/secret-token")

    return Gate({}, _outside(), 0, on_start=fail)


def _outside() -> Dependencies:
    async def decide(ask: Ask) -> Answer:
        raise NotImplementedError

    async def tally(sale: str) -> Tally:
        raise NotImplementedError

    with NamedTemporaryFile() as file:
        counters = Counters(Path(file.name))
    return Dependencies(
        server="http://127.0.0.1:1",
        site="http://127.0.0.1:1/",
        keys=(b"k" * 32,),
        decide=decide,
        tally=tally,
        accepted=lambda sale: None,
        primary=str,
        stopped=lambda _: None,
        unmarked=lambda _: 0,
        counters=counters,
        clocks=Clocks(time.time, time.monotonic, lambda trouble: None),
        now=time.time,
        monotonic=asyncio.get_running_loop().time,
        new_id=lambda: "id",
        random=lambda: 0.5,
        log=lambda event, **facts: None,
    )
