"""A Redis server that is not as the gate needs it, and what is said of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest
import redis.exceptions
from support.redis_server import DURABLE, RedisProcess, redis_server
from support.s3_server import free_port
from support.self_signed import self_signed
from support.visits import NOW, ask, bought, buy, enter, find, leave

from flashgen.errors import Refused
from flashgen.gate.storage import redis_server as redis_server_module
from flashgen.gate.storage.protocol import Ask, OrderState, StorageLost
from flashgen.gate.storage.redis import RedisStorage
from flashgen.gate.storage.redis_durability import ADVICE, Durability, check
from flashgen.gate.storage.redis_errors import explained
from flashgen.gate.storage.redis_server import RedisServer

PASSWORD = "open-sesame"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisProcess]:
    """One for the module, with a password."""
    with redis_server(tmp_path_factory.mktemp("redis"), requirepass=PASSWORD) as server:
        yield server


@pytest.fixture
def server(shared: RedisProcess) -> RedisProcess:
    """Empty."""
    with shared.client() as client:
        client.flushall()
    return shared


class TestUrl:
    """Where it is."""

    @pytest.mark.parametrize(
        "url",
        [
            "redis://",
            "redis:///0",
            "redis://:secret@",
            "redis://:secret",
            "redis://:sec@re#secret/0",
            "redis://:secret@10.0.0.5:port/0",
            "redis://:secret@10.0.0.5:0/0",
            "redis://:secret@10.0.0.5:70000/0",
            "redis://:secret@10.0.0.5/orders",
            "redis://:secret@10.0.0.5/-1",
            "redis://:secret@10.0.0.5/0/1",
            "redis://:sec/secret@10.0.0.5/0",
            "redis://:secret@[::1/0",
            "redis://:secret@10.0.0.5/0#secret",
            "redis://:secret@10.0.0.5/0?password=secret",
            "redis://:secret@10.0.0.5/0?retry_on_timeout=secret",
            "redis://:secret@10.0.0.5/0?ssl_ca_certs=secret",
            "rediss://:secret@10.0.0.5/0?ssl_verify=secret",
        ],
    )
    def test_what_names_no_server_is_refused(self, url: str) -> None:
        """Without a connection, and without a word of the password."""
        with pytest.raises(Refused) as refused:
            RedisStorage(url)
        assert "secret" not in f"{refused.value} {refused.value.hint}"

    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("redis://10.0.0.5:6379/0", "redis://10.0.0.5:6379/0"),
            ("redis://:pass%40word@10.0.0.5:6379/0", "redis://10.0.0.5:6379/0"),
            ("rediss://gate:word@redis.example/3?ssl_ca_certs=ca.pem", "rediss://redis.example/3"),
            ("redis://:word@[::1]:6379", "redis://[::1]:6379"),
        ],
    )
    def test_it_is_shown_without_secrets(self, url: str, shown: str) -> None:
        """Wherever people read it."""
        assert shown == RedisServer(url).url

    def test_each_database_is_a_storage_of_its_own(self, server: RedisProcess) -> None:
        """Two shops may share a server."""
        first, second = RedisStorage(server.url), RedisStorage(server.url.replace("/0", "/1"))
        first.begin("night")
        assert (True, False) == (first.is_begun("night"), second.is_begun("night"))
        first.close()
        second.close()


class TestNoAnswer:
    """Nobody there, or somebody who does not talk to us."""

    def test_nobody_listens(self) -> None:
        """Said with the address, and how to mend it."""
        port = free_port()
        with pytest.raises(StorageLost) as lost:
            RedisStorage(f"redis://:{PASSWORD}@127.0.0.1:{port}/0")
        assert f"redis://127.0.0.1:{port}/0: no connection (connection refused)" == str(lost.value)
        assert lost.value.hint

    def test_a_silent_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It takes the connection and says nothing."""
        monkeypatch.setattr(redis_server_module, "ANSWER_SECONDS", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(StorageLost, match="no answer in time"):
            RedisStorage(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")

    def test_nothing_is_sent_twice_by_itself(self) -> None:
        """Whoever hangs up may have done what was asked."""
        with socket.create_server(("127.0.0.1", 0)) as rude:
            visits: list[bytes] = []
            thread = Thread(target=_hang_up, args=(rude, visits))
            thread.start()
            server = RedisServer(f"redis://127.0.0.1:{rude.getsockname()[1]}/0")
            with pytest.raises(StorageLost, match="no connection"):
                server.ask(("PING",))
            server.close()
            rude.shutdown(socket.SHUT_RDWR)
            thread.join()
        assert 1 == len(visits)

    @pytest.mark.parametrize("password", ["", ":wrong-secret@"])
    def test_a_wrong_password_is_not_shown(self, server: RedisProcess, password: str) -> None:
        """Nor the right one."""
        with pytest.raises(StorageLost, match="refuses the password") as lost:
            RedisStorage(f"redis://{password}127.0.0.1:{server.port}/0")
        assert "secret" not in f"{lost.value}{lost.value.hint}"

    def test_a_server_that_comes_back_is_used_again(self, tmp_path: Path) -> None:
        """The first question after it is answered: the dead connection is noticed before anything is sent."""
        with redis_server(tmp_path, **DURABLE) as server:
            storage = RedisStorage(server.url)
            storage.begin("night")
            (order,) = bought(storage, "ada")
            server.stop()
            server.start()
            assert [order] == storage.decide([find("ada")])
            server.stop()
            with pytest.raises(StorageLost, match="no connection"):
                storage.decide([find("ada")])
            server.start()
            assert [order] == storage.decide([find("ada")])
            storage.close()


class TestTls:
    """By `rediss://`."""

    def test_a_server_is_known_by_its_certificate(self, tmp_path: Path) -> None:
        """One that nobody vouches for is not told the password."""
        certificate, key = self_signed(tmp_path)
        port = free_port()
        files = {"tls_cert_file": str(certificate), "tls_key_file": str(key), "tls_auth_clients": "no"}
        with redis_server(tmp_path / "redis", tls_port=str(port), requirepass=PASSWORD, **files):
            storage = RedisStorage(f"rediss://:{PASSWORD}@127.0.0.1:{port}/0?ssl_ca_certs={certificate}")
            storage.begin("night")
            assert 1 == len(bought(storage, "ada"))
            assert f"rediss://127.0.0.1:{port}/0" == storage.url
            storage.close()
            with pytest.raises(StorageLost, match="certificate verify failed"):
                RedisStorage(f"rediss://:{PASSWORD}@127.0.0.1:{port}/0")


class TestRefusals:
    """A server that answers, with an error."""

    def test_keys_of_somebody_else(self, server: RedisProcess) -> None:
        """They are left as they are."""
        with server.client() as client:
            client.set("flashgen:{night}", "mine")
        storage = RedisStorage(server.url)
        for question in (find(), enter(), buy(), leave()):
            with pytest.raises(StorageLost, match="not a gate's"):
                storage.decide([question])
        with pytest.raises(StorageLost, match="not a gate's"):
            storage.begin("night")
        with server.client() as client:
            assert "mine" == client.get("flashgen:{night}")
        storage.close()

    def test_bytes_of_somebody_else(self, server: RedisProcess) -> None:
        """That are no text."""
        storage = RedisStorage(server.url)
        storage.begin("night")
        with server.client() as client:
            client.hset("flashgen:{night}", "taken:PHONE", b"\xff")
        with pytest.raises(StorageLost, match="not a gate's"):
            storage.tally("night", NOW)
        storage.close()

    @pytest.mark.parametrize(
        ("stale", "question", "said"), [("yes", enter("bob"), "it is a replica"), ("no", find(), "lost its primary")]
    )
    def test_a_replica_sells_nothing(self, tmp_path: Path, stale: str, question: Ask, said: str) -> None:
        """Whether it shows what it has or not."""
        with redis_server(tmp_path, replica_serve_stale_data=stale) as server, server.client() as client:
            storage = RedisStorage(server.url)
            storage.begin("night")
            bought(storage, "ada")
            client.replicaof("127.0.0.1", str(free_port()))
            with pytest.raises(StorageLost, match=said):
                storage.decide([question])
            storage.close()

    def test_a_full_server_takes_no_orders_and_settles_those_it_has(self, tmp_path: Path) -> None:
        """What frees memory goes on, and what changes nothing."""
        with redis_server(tmp_path) as server, server.client() as client:
            storage = RedisStorage(server.url)
            storage.begin("night")
            bought(storage, "ada")
            storage.decide([enter("bob")])
            before = storage.tally("night", NOW)
            client.config_set("maxmemory", "1mb")
            client.config_set("maxmemory", str(client.info("memory")["used_memory"] // 2))
            for question in (enter("eve"), buy("bob")):
                with pytest.raises(StorageLost, match="memory is full"):
                    storage.decide([question])
            assert before == storage.tally("night", NOW)
            assert None is storage.decide([find("bob"), leave("bob")])[0]
            (order,) = storage.claim("night", NOW, NOW + 1, 1)
            settled = storage.settle(order.id, OrderState.DONE, NOW, NOW, "")
            assert settled is not None
            assert OrderState.DONE is settled.state
            client.config_set("maxmemory", "0")
            assert buy("bob").order == ask(storage, buy("bob"))
            storage.close()

    def test_a_server_that_throws_keys_away_is_refused(self, server: RedisProcess) -> None:
        """Orders would be among them."""
        with server.client() as client:
            client.config_set("maxmemory-policy", "allkeys-lru")
            RedisStorage(server.url).close()
            client.config_set("maxmemory", "1gb")
            try:
                with pytest.raises(Refused, match="allkeys-lru"):
                    RedisStorage(server.url)
            finally:
                client.config_set("maxmemory", "0")
                client.config_set("maxmemory-policy", "noeviction")

    @pytest.mark.parametrize(("version", "is_refused"), [("6.2.14", True), ("7.0.0", False), ("10.1", False)])
    def test_an_old_server_is_refused(self, version: str, is_refused: bool) -> None:
        """Scripts are made for 7."""
        if is_refused:
            with pytest.raises(Refused, match=r"6\.2\.14; the gate needs 7"):
                check(cast(RedisServer, _Answering({"server": {"redis_version": version}})))
        else:
            check(cast(RedisServer, _Answering({"server": {"redis_version": version}})))

    def test_a_user_with_few_rights_is_enough(self, server: RedisProcess) -> None:
        """Those that the hint names; who may ask less is told less."""
        hint = explained(redis.exceptions.NoPermissionError())[1]
        rules = hint.partition(" with ")[2].split()
        for added, durability in ((rules, Durability.SNAPSHOTS), ([*rules, "-info"], Durability.UNKNOWN)):
            with server.client() as client:
                client.execute_command("ACL SETUSER", "gate", "reset", "on", ">word", *added)
            storage = RedisStorage(f"redis://gate:word@127.0.0.1:{server.port}/0")
            storage.begin("night")
            bought(storage, "ada")
            storage.claim("night", NOW, NOW + 1, 1)
            storage.settle("order-ada", OrderState.UNKNOWN, NOW, NOW + 5, "")
            storage.retry("night", NOW)
            assert (1, durability) == (len(list(storage.orders("night"))), storage.durability())
            storage.close()

    def test_a_user_with_too_few_rights(self, server: RedisProcess) -> None:
        """Is told which they are."""
        with server.client() as client:
            client.execute_command("ACL SETUSER", "gate", "reset", "on", ">word", "~other:*", "+@all")
        storage = RedisStorage(f"redis://gate:word@127.0.0.1:{server.port}/0")
        with pytest.raises(StorageLost, match="may not do what the gate needs"):
            storage.begin("night")
        storage.close()

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (redis.exceptions.BusyLoadingError("Redis is loading"), "it is still reading its data"),
            (redis.exceptions.MovedError("5 10.0.0.6:6379"), "it is part of a cluster"),
            (redis.exceptions.ResponseError("MISCONF Errors writing"), "it cannot write to its disk"),
            (redis.exceptions.ResponseError("BUSY Redis is busy"), "it is busy with somebody's script"),
            (
                redis.exceptions.ResponseError("ODD x script: 0ab, on @user_script:1."),
                "it answered with an error (ODD x)",
            ),
            (redis.exceptions.ConnectionError("max number of clients reached"), "no connection (it hung up)"),
        ],
        ids=str,
    )
    def test_errors_in_our_words(self, error: Exception, said: str) -> None:
        """Those that are hard to bring about."""
        assert said == explained(error)[0]


class TestDurability:
    """What an outage would lose."""

    @pytest.mark.parametrize(
        ("settings", "durability"),
        [
            ({}, Durability.SNAPSHOTS),
            ({"appendonly": "yes", "appendfsync": "no"}, Durability.SYSTEM),
            ({"appendonly": "yes", "appendfsync": "everysec"}, Durability.EVERY_SECOND),
            (DURABLE, Durability.ALWAYS),
        ],
        ids=str,
    )
    def test_it_is_what_the_server_says(self, tmp_path: Path, settings: dict[str, str], durability: Durability) -> None:
        """By its settings."""
        with redis_server(tmp_path, **settings) as server:
            storage = RedisStorage(server.url)
            assert durability is storage.durability()
            storage.close()

    def test_all_but_the_best_come_with_advice(self) -> None:
        """In a few words."""
        assert [Durability.ALWAYS] == [durability for durability in Durability if not ADVICE[durability]]


def _hang_up(listening: socket.socket, visits: list[bytes]) -> None:
    """Close each connection after its first words, which are added to `visits`."""
    with suppress(OSError):
        while True:
            with listening.accept()[0] as connection:
                visits.append(connection.recv(4096))


class _Answering:
    """A server of which only INFO is known."""

    url = "redis://10.0.0.5:6379/0"

    def __init__(self, info: dict[str, dict[str, Any]]) -> None:
        self.info = info

    def peek(self, command: tuple[str, str]) -> Any:
        """A section."""
        return self.info.get(command[1])
