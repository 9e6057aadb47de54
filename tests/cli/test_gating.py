"""What a worker of the gate is made of: the threads that serve a sale, put together."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from support.gate_house import PRIVATE, SERVER, SETTINGS, SITE, page_text
from support.operators import SALE, bring, control_of
from support.order_stand_in import Desk, OrderStandIn, order_stand_in
from support.visits import bought

from flashgen.cli.gate.worker import SETTLE_SECONDS, SaleWorker, WorkerConfig
from flashgen.gate import reading, sold
from flashgen.gate.forwarder import Forwarder
from flashgen.gate.log import JsonLines
from flashgen.gate.metrics import Count
from flashgen.gate.seal import FORWARD, derived
from flashgen.gate.settings import GateSettings, render
from flashgen.gate.sold import SoldWriter
from flashgen.gate.storage.protocol import OrderState, Storage
from flashgen.layout import settings_key
from flashgen.project import Project
from flashgen.store import Store
from flashgen.store.memory import MemoryStore
from flashgen.unlock.state import State

NEWEST, OLDER = b"n" * 32, b"o" * 32
PATIENCE_SECONDS = 20.0


@dataclass
class Post:
    """A sale whose attendant a test starts; what it counts and logs."""

    store: Store
    shop: OrderStandIn
    recipe: WorkerConfig
    counted: list[Count] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def attendant(self) -> SaleWorker:
        """One that has not begun."""
        return SaleWorker(SALE, self.recipe, self.counted.append, JsonLines(self.lines.append, time.time))

    def storage(self) -> closing[Storage]:
        """The gate's, to be closed."""
        return closing(self.recipe.open_storage())

    def events(self) -> list[str]:
        """The log's."""
        return [json.loads(line)["event"] for line in self.lines]

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Until it becomes so."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < deadline, self.lines
            time.sleep(0.01)


def pushed(settings: GateSettings) -> Store:
    """A store with a live sale."""
    store = MemoryStore()
    bring(store, State.LIVE)
    store.put(settings_key(SALE), render(settings), PRIVATE)
    for name, key in settings.forms.items():
        store.put(key, page_text(name).encode(), PRIVATE)
    return store


@pytest.fixture
def post(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """The sale is live; one buyer has ordered the only RUG, which is not forwarded yet."""
    monkeypatch.setattr(sold, "LOOK_SECONDS", 0.01)
    with order_stand_in() as shop:
        store = pushed(replace(SETTINGS, forward_to=shop.url, items={"RUG": replace(SETTINGS.items["LAMP"], stock=1)}))
        project = cast(Project, SimpleNamespace(store=lambda _: store, root=tmp_path))
        url, keys = "sqlite:post.db", (NEWEST, OLDER)
        one = Post(store, shop, WorkerConfig(project, None, (SALE,), SITE, SERVER, url, keys, tmp_path / "counts"))
        with one.storage() as storage:
            storage.begin(SALE)
            bought(storage, "ada", sale=SALE, sku="RUG", now=time.time() - 1)
        yield one


def test_orders_are_signed_by_the_newest_key(post: Post) -> None:
    """The one that `flashgen gate key` prints, also while the secret is rotated."""
    attendant = post.attendant()
    attendant.start()
    post.wait_until(lambda: bool(post.shop.received))
    attendant.stop()
    (sent,) = post.shop.received
    moment, proof = (part.partition("=")[2] for part in sent.fields["flashgen-signature"].split(","))
    assert hmac.digest(derived(NEWEST, FORWARD), f"{moment}.".encode() + sent.body, "sha256").hex() == proof
    assert [Count.DONE] == post.counted
    assert "order done" in post.events()


def test_an_answer_that_contradicts_what_was_decided_is_told_as_such(post: Post) -> None:
    """The unit is sold twice: somebody has to see to that."""

    def decide_meanwhile(desk: Desk) -> None:
        with post.storage() as storage:
            (order,) = storage.orders(SALE)
            storage.settle(order.id, OrderState.REJECTED, time.time(), time.time(), "by hand: ann")
        desk.say(201)

    post.shop.otherwise = decide_meanwhile
    attendant = post.attendant()
    attendant.start()
    post.wait_until(lambda: bool(post.counted))
    attendant.stop()
    assert [Count.CONTRADICTED] == post.counted
    assert "order answered done, and is rejected here" in post.events()
    assert "order done" not in post.events()


def test_nothing_is_written_after_an_old_reading(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows what the pointer says by now, nor how much there is."""
    looked: list[float] = []

    def forget(self: object, even: float) -> bool:
        looked.append(even)
        return False

    is_fresh = reading.SaleSnapshot.is_fresh
    monkeypatch.setattr(reading.SaleSnapshot, "is_fresh", forget)
    attendant = post.attendant()
    attendant.start()
    post.wait_until(lambda: len(looked) > 5)
    assert frozenset() == control_of(post.store).read().pointer.state.sold
    monkeypatch.setattr(reading.SaleSnapshot, "is_fresh", is_fresh)
    post.wait_until(lambda: control_of(post.store).read().pointer.state.sold == {"RUG"})
    attendant.stop()


def test_all_threads_end_side_by_side(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor waits nine seconds for a worker."""
    told: list[tuple[str, float]] = []
    monkeypatch.setattr(SoldWriter, "stop", lambda _, limit: told.append(("sold", limit)))
    monkeypatch.setattr(Forwarder, "stop", lambda _, limit: told.append(("forwarder", limit)))
    post.attendant().stop()
    assert [("sold", 0.0), ("forwarder", SETTLE_SECONDS), ("sold", 1.0)] == told


def test_the_last_wait_is_for_what_is_left(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order subsystem that is waited for to the end leaves nothing."""
    is_over = threading.Event()
    limits: list[float] = []
    monkeypatch.setattr("flashgen.cli.gate.worker.SETTLE_SECONDS", 0.1)
    monkeypatch.setattr(SoldWriter, "stop", lambda _, limit: limits.append(limit))
    monkeypatch.setattr(Forwarder, "stop", lambda _, limit: is_over.wait(limit + 0.05))
    post.attendant().stop()
    assert [0.0, 0.0] == limits


def test_a_recipe_shows_no_secret(post: Post) -> None:
    """Tracebacks and logs have it."""
    shown = repr(replace(post.recipe, storage="redis://:hunter2@10.0.0.5:6379/0"))
    assert "hunter2" not in shown
    assert "nnnn" not in shown
    assert "oooo" not in shown


def test_a_second_server_is_not_followed_with_a_file(post: Post) -> None:
    """A push that adds one while this gate runs: each would sell the whole stock."""
    attendant = post.attendant()
    attendant._reader.look()
    before = attendant._reader.reading
    assert before
    several = replace(before.settings, servers=(SERVER, "https://other.example.com"))
    post.store.put(settings_key(SALE), render(several), PRIVATE)
    attendant._reader.look()
    assert (before, ["sale not read"]) == (attendant._reader.reading, post.events())
    assert "has 2 order servers" in json.loads(post.lines[0])["error"]
