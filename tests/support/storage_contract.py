"""What holds for every storage of a gate. A test class inherits it and gives a fixture `storage_url`.

What that names is empty, and new for each test; as `open_storage` reads it, with a password if it needs one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from support import storage_crowd
from support.admission_contract import (
    BatchContract,
    EpochContract,
    FairnessContract,
    SlotContract,
    TouchContract,
    UnitContract,
)
from support.outbox_contract import LimitContract, OutboxContract, RegistryContract, ReservationContract, TallyContract
from support.storage_machine import Sale
from support.version_contract import VersionContract

from flashgen.gate.orders.order import OrderState
from flashgen.gate.storage.opening import open_storage
from flashgen.gate.storage.protocol import Storage

CROWDS, KILLED_AT = 8, (10, 40, 70)
"""Processes, and after how many units one of them is killed."""


class StorageContract(
    SlotContract,
    FairnessContract,
    UnitContract,
    EpochContract,
    TouchContract,
    BatchContract,
    OutboxContract,
    ReservationContract,
    LimitContract,
    TallyContract,
    RegistryContract,
    VersionContract,
):
    """All of it."""

    @pytest.fixture
    def storage_url(self) -> str:
        """Where an empty storage is. Inheritors say."""
        raise NotImplementedError

    @pytest.fixture
    def reopen(self, storage_url: str, tmp_path: Path) -> Iterator[Callable[[], Storage]]:
        """Opens the test's storage once more; what was opened is closed after the test."""
        opened: list[Storage] = []

        def opening() -> Storage:
            opened.append(open_storage(storage_url, tmp_path))
            return opened[-1]

        yield opening
        for storage in opened:
            storage.close()

    @pytest.fixture
    def storage(self, reopen: Callable[[], Storage]) -> Storage:
        """An empty storage in which `night` and `day` have begun."""
        storage = reopen()
        for sale in ("night", "day"):
            storage.begin(sale)
        return storage

    @pytest.fixture
    def opened_again(self, storage: Storage, reopen: Callable[[], Storage]) -> Storage:
        """The same storage through another connection, as another worker has it."""
        return reopen()

    @pytest.mark.parametrize("seed", range(2))
    def test_processes_sell_exactly_the_stock(
        self, storage: Storage, storage_url: str, tmp_path: Path, seed: int
    ) -> None:
        """Eight of them, three killed in the middle: nobody is told of an order that is not there."""
        with ExitStack() as stack:
            crowds = [
                stack.enter_context(storage_crowd.start(storage_url, tmp_path, 10 * seed + crowd))
                for crowd in range(CROWDS)
            ]
            for crowd in crowds:
                stack.callback(crowd.kill)
            for crowd, units in zip(crowds, KILLED_AT, strict=False):
                _wait_for(storage, units)
                crowd.kill()
            said = [crowd.communicate(timeout=60)[0].splitlines() for crowd in crowds]
        assert ["over"] * (CROWDS - len(KILLED_AT)) == [lines[-1] for lines in said[len(KILLED_AT) :]]
        _check_sold(storage, [line.split() for lines in said for line in lines])

    def test_the_storage_is_as_its_model(self, storage: Storage) -> None:
        """Whatever is asked of it, in any order."""
        names = count()

        class Begun(Sale):
            def __init__(self) -> None:
                super().__init__()
                self.storage, self.name = storage, f"sale-{next(names)}"
                storage.begin(self.name)

        run_state_machine_as_test(Begun, settings=settings(max_examples=60, stateful_step_count=40, deadline=None))


def _wait_for(storage: Storage, units: int) -> None:
    deadline = time.monotonic() + 60
    while storage.tally(storage_crowd.SALE, 0).taken.get(storage_crowd.SKU, 0) < units:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def _check_sold(storage: Storage, said: list[list[str]]) -> None:
    """Against what all processes said."""
    tally = storage.tally(storage_crowd.SALE, time.time() + storage_crowd.LEASE_SECONDS)
    assert ({storage_crowd.SKU: storage_crowd.STOCK}, 0) == (dict(tally.taken), sum(tally.in_use.values()))
    orders = {order.id: order for order in storage.orders(storage_crowd.SALE)}
    assert storage_crowd.STOCK == len(orders) == len({order.buyer for order in orders.values()})
    told = {words[1]: words[2] for words in said if words[0] == "told"}
    assert told.items() <= {order.id: order.buyer for order in orders.values()}.items()
    sent = [words[1] for words in said if words[0] == "sent"]
    assert len(set(sent)) == len(sent)
    waiting = [order for order in orders.values() if order.state is not OrderState.DONE]
    assert len(waiting) <= len(KILLED_AT)
