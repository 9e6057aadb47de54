"""Which storage a URL names."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from flashgen.errors import Refused
from flashgen.gate.storage import opening
from flashgen.gate.storage.opening import open_storage


def test_a_path_is_relative_to_the_project(tmp_path: Path) -> None:
    """And the URL stays as it was typed."""
    storage = open_storage("sqlite:.flashgen/gate.db", tmp_path)
    storage.close()
    assert "sqlite:.flashgen/gate.db" == storage.url
    assert (tmp_path / ".flashgen" / "gate.db").is_file()


def test_a_path_may_be_absolute(tmp_path: Path) -> None:
    """A service has its data elsewhere."""
    open_storage(f"sqlite:{tmp_path}/gate.db", Path("/nowhere")).close()
    assert (tmp_path / "gate.db").is_file()


@pytest.mark.parametrize("url", ["sqlite:", "sqlite://gate.db", "sqlite:///gate.db", "sqlite::memory:"])
def test_sqlite_wants_the_path_of_a_file(url: str, tmp_path: Path) -> None:
    """Memory is nobody else's, and slashes look like a host."""
    with pytest.raises(Refused, match="must be `sqlite:PATH` with the path of a file, found `sqlite:"):
        open_storage(url, tmp_path)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["", "gate.db", "postgres://db/gate", "redis:6379", "Redis://host/0"])
def test_anything_else_is_refused(url: str, tmp_path: Path) -> None:
    """With all that it may be."""
    with pytest.raises(Refused) as caught:
        open_storage(url, tmp_path)
    assert f"found `{url}`" in caught.value.message
    assert "sqlite:PATH" in caught.value.message
    assert "redis://" in caught.value.message


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redi://:pass@host/0", "redi://host/0"),
        ("REDIS://:pass@host/0", "REDIS://host/0"),
        ("valky://:pass@host", "valky://host"),
        ("valky://host/0?password=pass", "valky://host/0"),
        ("redis+sentinels://user:pass@h1:26379,h2:26379/sales", "redis+sentinels://h1:26379,h2:26379/sales"),
        ("redis//:pass", "…"),
        ("user:p@ss@host:6379", "host:6379"),
    ],
)
def test_no_password_is_shown(url: str, shown: str, tmp_path: Path) -> None:
    """Not even of what is no storage."""
    with pytest.raises(Refused) as caught:
        open_storage(url, tmp_path)
    assert f"found `{shown}`" in caught.value.message


def test_redis_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra, and the message says which."""

    def nothing(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(opening, "find_spec", nothing)
    with pytest.raises(Refused) as caught:
        open_storage("redis://127.0.0.1:1/0", tmp_path)
    assert "pip install -r requirements/redis.txt" in caught.value.hint


def test_redis_is_not_loaded_for_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has it not, needs it not."""
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "flashgen.gate.storage.redis.storage", raising=False)
    open_storage("sqlite:gate.db", tmp_path).close()
    assert "flashgen.gate.storage.redis.storage" not in sys.modules
