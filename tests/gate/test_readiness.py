"""A gate is ready only while it could take an order: real processes, and storages that answer but take nothing."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest
from support.gate_process import SALE, Buyer, GateProcess, Shop, free_url, gate_process, order_path
from support.ports import free_port
from support.redis_server import RedisProcess, redis_server

from flashgen.layout import mark_key

PROBES = 25
"""Spread over several rounds of the watch."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose sale was pushed and opened."""
    folder = tmp_path_factory.mktemp("live")
    Shop((free_url(),)).open(folder)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    """A Redis for all."""
    with redis_server(tmp_path_factory.mktemp("redis")) as one:
        yield one


def test_a_replica_is_never_ready(root: Path, server: RedisProcess) -> None:
    """It answers every question that a buyer's order would not need to be written for."""
    with server.client() as client, _gate(root, "replica", server.url) as gate:
        client.replicaof("127.0.0.1", str(free_port()))
        _check_never_ready(gate, root)
        client.replicaof("no", "one")
        _check_back(gate, "it is a replica, which cannot be written")


def test_a_redis_without_memory_is_never_ready(root: Path, server: RedisProcess) -> None:
    """Readers are served, and nothing new fits."""
    with server.client() as client, _gate(root, "memory", server.url) as gate:
        client.config_set("maxmemory", "1")
        _check_never_ready(gate, root)
        client.config_set("maxmemory", "0")
        _check_back(gate, "its memory is full")


def test_a_full_disk_is_never_ready(root: Path, tmp_path: Path) -> None:
    """SQLite reads from it as before."""
    with _small_disk(tmp_path / "disk") as disk, _gate(root, "disk", f"sqlite:{disk}/gate.db") as gate:
        filler = disk / "filler"
        _fill(filler)
        _check_never_ready(gate, root)
        filler.unlink()
        _check_back(gate, "the disk is full")


def _gate(root: Path, name: str, storage: str) -> AbstractContextManager[GateProcess]:
    """With a storage of its own, of which the store does not know yet."""
    (root / "store" / mark_key(SALE)).unlink(missing_ok=True)
    return gate_process(root, "--new-storage", name=name, FLASHGEN_STORAGE=storage)


def _check_never_ready(gate: GateProcess, root: Path) -> None:
    """From when the watch has noticed, whatever buyers ask in between."""
    gate.wait_until(lambda: not gate.is_ready(), "unready")
    buyer = Buyer(gate.url, order_path(root))
    statuses = []
    for _ in range(PROBES):
        statuses += [gate.get("/readyz").status]
        assert 503 == buyer.get("LAMP").status
        time.sleep(0.15)  # several rounds of the watch
    assert [503] * PROBES == statuses
    assert ["storage lost"] == [line["event"] for line in gate.events("storage lost", "storage back")]


def _check_back(gate: GateProcess, reason: str) -> None:
    """Ready again without a restart; the log has a line for each change."""
    gate.wait_until(gate.is_ready, "ready again")
    (lost,), (back,) = gate.events("storage lost"), gate.events("storage back")
    assert lost["error"].endswith(reason)
    assert (lost["error"], True) == (back["error"], back["seconds"] > 0)


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 2 MB in memory. Who may not mount one skips the test."""
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("only root may mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(path: Path) -> None:
    """Until not another byte fits."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"." * 4096):
            pass
