"""What doctor says of the gate's storage in Redis, before a gate opens it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.examined import Stage
from support.ports import free_port
from support.redis_server import DURABLE, RedisProcess, redis_server

from flashgen.finding import Finding, Level

PASSWORD = "open-sesame"


@pytest.fixture
def server(stage: Stage, tmp_path: Path) -> Iterator[RedisProcess]:
    """The stage's storage, with settings that keep every order."""
    with redis_server(tmp_path / "redis", requirepass=PASSWORD, **DURABLE) as server:
        stage.storage = server.url
        yield server


def said_of_storage(stage: Stage) -> list[Finding]:
    """Doctor's findings."""
    return [finding for finding in stage.findings() if finding.check == "storage"]


def test_a_storage_that_keeps_orders_passes(stage: Stage, server: RedisProcess) -> None:
    """Shown without its password."""
    (found,) = said_of_storage(stage)
    assert (Level.PASS, f"redis://127.0.0.1:{server.port}/0 keeps what it is told") == (found.level, found.message)


def test_what_could_lose_orders_is_a_warning(stage: Stage, server: RedisProcess) -> None:
    """Each with its fix."""
    with server.client() as client:
        client.config_set("appendfsync", "everysec")
        client.config_set("maxmemory-policy", "allkeys-lru")
    found = said_of_storage(stage)
    assert [Level.WARN] * 2 == [one.level for one in found]
    assert ["appendfsync always" in found[0].hint, "noeviction" in found[1].hint] == [True, True]


@pytest.mark.parametrize("url", [f"redis://:{PASSWORD}@127.0.0.1:%d/0", f"redis://:{PASSWORD}@127.0.0.1:%d/orders"])
def test_a_storage_that_cannot_be_opened_fails(stage: Stage, url: str) -> None:
    """As the gate would say it, and without a password."""
    stage.storage = url % free_port()
    (found,) = said_of_storage(stage)
    assert Level.FAIL is found.level
    assert PASSWORD not in f"{found.message} {found.hint}"


def test_without_one_there_is_nothing_to_say(stage: Stage) -> None:
    """A file is the gate's, on its machine: doctor makes none."""
    stage.storage = "sqlite:.flashgen/gate.db"
    assert [] == said_of_storage(stage)
    assert not (stage.root / ".flashgen" / "gate.db").exists()
