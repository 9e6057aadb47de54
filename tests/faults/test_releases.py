"""Each call of a push and of a prune meets each fate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.faults import FATES, Faults
from support.invariants import World, drive
from support.operators import SALE, STARTS_AT, Clock, acting, actor_of
from support.shop import Shop, plan_for, public, push_of

from flashgen.release.manifest import read_manifest
from flashgen.release.prune import plan_prune, prune
from flashgen.store import MemoryStore

OLD = Shop(pages=("lamp", "mug"))
UPDATE = replace(OLD, text="bye", pages=("lamp", "rug"), assets=("two", "three"))
PUSHES = {
    "first": (None, OLD),
    "update": (OLD, UPDATE),
    "postponed": (OLD, replace(UPDATE, starts_at=STARTS_AT + timedelta(hours=1))),
    "rotated": (OLD, replace(UPDATE, version="next")),
    "with a gate": (replace(OLD, form="order"), replace(UPDATE, form="buy", stock=5)),
}
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Pushing:
    """A push of `new` over `old`; shoppers visit all the time, and edges keep what they saw."""

    folder: Path
    old: Shop | None
    new: Shop

    def world(self) -> World:
        """After the push before."""
        store = MemoryStore()
        if self.old:
            push_of(self.old.build(self.folder), store, "ops").run()
        return World(store, touches=lambda key: key.startswith((f"{SALE}/", "_flashgen/"))).begin()

    def run(self, world: World, faults: Faults) -> None:
        """Plan and push."""
        faults.before = lambda: world.edges.visit(world.store)
        push = push_of(self.new.build(self.folder), faults.store(world.store), cdn=faults.cdn(world.edges))
        replace(push, writer=acting(push.writer, now=faults.clock(push.writer.actor.now))).run()
        world.edges.visit(world.store)

    def outcome(self, world: World) -> Any:
        """What shoppers get, and that nothing is left to do; no edge has anything older."""
        world.edges.check_fresh(world.store)
        return public(world.store), plan_for(self.new.build(self.folder), world.store).is_noop


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("name", PUSHES)
def test_every_call_of_a_push(name: str, fate: str, tmp_path: Path) -> None:
    """Whole pages at every instant; pushing again ends as if nothing had happened, edges included."""
    assert drive(Pushing(tmp_path, *PUSHES[name]), FATES[fate]) > 10


@dataclass(frozen=True)
class Pruning:
    """A prune, eight days after a page and an asset have left the sale."""

    folder: Path

    def world(self) -> World:
        """What was dropped is still there."""
        store = MemoryStore()
        for shop in (OLD, UPDATE):
            push_of(shop.build(self.folder), store, "ops").run()
        return World(store, touches=lambda key: key.startswith("_flashgen/"), prunes=True, who="pam").begin()

    def run(self, world: World, faults: Faults) -> None:
        """Plan and prune."""
        clock = Clock(STARTS_AT + timedelta(days=8))
        store, actor = faults.store(world.store), actor_of("pam", clock)
        actor = replace(actor, now=faults.clock(clock.now))
        prune(plan_prune(store, SALE, WEEK, actor.now()), store, actor, faults.cdn(world.edges))

    def outcome(self, world: World) -> Any:
        """What shoppers get, and that nobody holds the sale."""
        manifest = read_manifest(world.store, SALE).manifest
        return public(world.store), sorted(manifest.dropped), manifest.claim


@pytest.mark.parametrize("fate", FATES)
def test_every_call_of_a_prune(fate: str, tmp_path: Path) -> None:
    """The site stays whole, and the next prune finishes."""
    assert drive(Pruning(tmp_path), FATES[fate]) > 5
