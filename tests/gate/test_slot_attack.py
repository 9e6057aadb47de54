"""How many slots honest buyers get beside somebody who wants them all; docs/gate.md has the table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from support.visits import NOW, buy, enter, seen

from flashgen.gate.networks import networks_of
from flashgen.gate.storage.protocol import Buy, Lease
from flashgen.gate.storage.sqlite.storage import SqliteStorage

SLOTS, LEASE, ORDER_AFTER = 40, 180, 20
"""A honest buyer shows the form at once, and orders 20 s later."""

SECONDS = 600

LEAST = 0.7
"""Of those who come. Somebody who shows the forms has them for one lease, and little afterwards."""

ATTACKERS = {
    "four addresses": [f"203.0.{number}.9" for number in range(4)],
    "a /48": [f"2001:db8:1:{number:x}::1" for number in range(256)],
}


@dataclass
class Attack:
    """Ten minutes: each second the attacker asks first and for every slot, then two honest buyers come."""

    storage: SqliteStorage
    addresses: list[str]
    shows_forms: bool
    honest_asked: int = 0
    honest_served: int = 0

    def run(self) -> float:
        """The part of honest buyers who got a form."""
        ordering: list[tuple[int, Buy]] = []
        for second in range(SECONDS):
            now = NOW + second
            self.storage.decide([ask for at, ask in ordering if at == second])
            self._enter([(f"attacker-{second}-{n}", self._attacker(second + n)) for n in range(SLOTS)], now)
            honest = {f"buyer-{second}-{n}": f"198.{18 + n}.{second % 256}.{second // 256}" for n in range(2)}
            served = self._enter([*honest.items()], now, is_shown=True)
            ordering += [
                (second + ORDER_AFTER, buy(who, **self._visit(honest[who], now + ORDER_AFTER))) for who in served
            ]
            self.honest_asked += len(honest)
            self.honest_served += len(served)
        return self.honest_served / self.honest_asked

    def _attacker(self, number: int) -> str:
        return self.addresses[number % len(self.addresses)]

    def _enter(self, comers: list[tuple[str, str]], now: float, *, is_shown: bool = False) -> list[str]:
        """Who of them got a form."""
        answers = self.storage.decide([enter(who, **self._visit(address, now)) for who, address in comers])
        served = [who for (who, _), answer in zip(comers, answers, strict=True) if isinstance(answer, Lease)]
        if is_shown or self.shows_forms:
            self.storage.decide([seen(who) for who in served])
        return served

    def _visit(self, address: str, now: float) -> dict[str, Any]:
        networks = networks_of(ip_address(address), SLOTS)
        return {"slots": SLOTS, "networks": networks, "lease_seconds": LEASE, "stock": None, "now": now}


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[SqliteStorage]:
    """Empty."""
    with closing(SqliteStorage(tmp_path / "gate.db", "sqlite:gate.db")) as one:
        one.begin("night")
        assert one._file._connection
        one._file._connection.execute("PRAGMA synchronous = OFF")  # what a disk keeps is no question here
        yield one


@pytest.mark.parametrize("shows_forms", [False, True], ids=["shows no form", "shows its forms"])
@pytest.mark.parametrize("who", ATTACKERS)
def test_honest_buyers_get_most_slots(storage: SqliteStorage, who: str, shows_forms: bool) -> None:
    """Once they had none."""
    part = Attack(storage, ATTACKERS[who], shows_forms).run()
    print(f"{part:.0%}")  # noqa: T201 -- the table's figure
    assert part > LEAST
