"""A Redis server that is not as the gate needs it, and what is said of it."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread

import pytest
import redis.exceptions
from support.ports import free_port
from support.redis_server import DURABLE, RedisProcess, redis_server
from support.self_signed import self_signed
from support.visits import NOW, ask, bought, buy, enter, find, leave

from flashgen.errors import Refused
from flashgen.gate.orders.order import OrderState
from flashgen.gate.storage.protocol import Ask, StorageLost, Touch
from flashgen.gate.storage.redis import server as redis_server_module
from flashgen.gate.storage.redis.durability import ADVICE, Durability, ServerSettings, check, concerns
from flashgen.gate.storage.redis.scripts import RIGHTS
from flashgen.gate.storage.redis.server import CLUSTER, RedisServer, explained
from flashgen.gate.storage.redis.storage import RedisStorage

PASSWORD = "open-sesame"
COMMANDS = {rule[1:] for rule in RIGHTS.split() if rule.startswith("+")}
OPTIONAL = {"info", "config|get", "wait"}
"""The gate does without them."""


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
            "rediss://:secret@10.0.0.5/0?ssl_ca_certs=/nowhere/ca.pem",
            "redis://:sec?secret=x@10.0.0.5/0",
            "redis://:secret@10.0.0.5:6379,10.0.0.6:6379/0",
            "redis+sentinel://:secret@10.0.0.5:26379",
            "redis+sentinel://:secret@10.0.0.5:26379/",
            "redis+sentinel://:secret@10.0.0.5:26379,/sales",
            "redis+sentinel://:secret@10.0.0.5:26379/sales/x",
            "redis+sentinel://:secret@10.0.0.5/sales?ssl_ca_certs=secret",
            "redis+sentinel://10.0.0.5/sales?sentinel=secret",
            "redis://10.0.0.5/0?sentinel_password=secret",
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
            ("rediss://gate:word@redis.example/3?ssl_cert_reqs=none", "rediss://redis.example/3"),
            ("redis://:word@[::1]:6379", "redis://[::1]:6379"),
            ("valkey://:word@10.0.0.5", "valkey://10.0.0.5"),
            (
                "valkeys+sentinel://u:word@a.example,[::1]:5/sales-1/2?sentinel_password=word",
                "valkeys+sentinel://a.example,[::1]:5/sales-1/2",
            ),
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

    def test_a_client_is_known_by_its_certificate(self, tmp_path: Path) -> None:
        """As servers ask for one by default; with a user of few rights, and by either scheme."""
        certificate, key = self_signed(tmp_path)
        port = free_port()
        files = {"tls_cert_file": str(certificate), "tls_key_file": str(key), "tls_ca_cert_file": str(certificate)}
        with redis_server(tmp_path / "redis", tls_port=str(port), **files) as server:
            _user_without(server, "info")
            url = f"gate:word@127.0.0.1:{port}/1?ssl_ca_certs={certificate}"
            _use(f"valkeys://{url}&ssl_certfile={certificate}&ssl_keyfile={key}")
            with pytest.raises(StorageLost, match="no connection"):
                RedisStorage(f"rediss://{url}")


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
        settings = ServerSettings("redis://10.0.0.5:6379/0", {"redis_version": version}, {}, can_wait=True)
        if is_refused:
            with pytest.raises(Refused, match=r"6\.2\.14; the gate needs 7"):
                check(settings)
        else:
            check(settings)

    @pytest.mark.parametrize("command", sorted(COMMANDS - OPTIONAL))
    def test_a_right_that_a_user_lacks_is_named(self, server: RedisProcess, command: str) -> None:
        """By the first command that needs it, with all that the gate needs."""
        with server.client() as client:
            client.script_flush()
        said = rf"its ACL does not let this user run .*`{command.replace('|', ' ').upper()}`"
        with pytest.raises(StorageLost, match=said) as lost:
            _use(_user_without(server, command))
        assert f"+{command}" in lost.value.hint
        assert RIGHTS in lost.value.hint

    @pytest.mark.parametrize(
        ("command", "said"), [("info", "does not say"), ("config|get", "keeps nothing on disk|last snapshot")]
    )
    def test_who_may_ask_less_is_told_less(self, server: RedisProcess, command: str, said: str) -> None:
        """As managed servers tell little."""
        url = _user_without(server, command)
        _use(url)
        with closing(RedisStorage(url)) as storage:
            assert re.search(said, "".join(message for message, _ in concerns(storage.settings)))

    def test_keys_that_a_user_may_not_use(self, server: RedisProcess) -> None:
        """Said once, with the rule that is missing; in a script, too."""
        with server.client() as client:
            client.execute_command("ACL SETUSER", "gate", "reset", "on", ">word", "~other:*", "+@all")
        storage = RedisStorage(f"redis://gate:word@127.0.0.1:{server.port}/0")
        for ask_it in (lambda: storage.begin("night"), lambda: storage.decide([enter()])):
            with pytest.raises(StorageLost, match=r"use keys `flashgen:\*`"):
                ask_it()
        storage.close()

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            (redis.exceptions.BusyLoadingError("Redis is loading"), "it is still reading its data"),
            (redis.exceptions.MovedError("5 10.0.0.6:6379"), CLUSTER[0]),
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
            ({}, Durability.MEMORY),
            ({"save": "3600 1"}, Durability.SNAPSHOTS),
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
            assert durability is storage.settings.durability
            storage.close()

    def test_all_but_the_best_come_with_advice(self) -> None:
        """In a few words."""
        assert [Durability.ALWAYS] == [durability for durability in Durability if not all(ADVICE[durability])]


def _hang_up(listening: socket.socket, visits: list[bytes]) -> None:
    """Close each connection after its first words, which are added to `visits`."""
    with suppress(OSError):
        while True:
            with listening.accept()[0] as connection:
                visits.append(connection.recv(4096))


def _user_without(server: RedisProcess, command: str) -> str:
    """The URL of a user with all rights that the gate needs, but for one."""
    with server.client() as client:
        client.execute_command("ACL SETUSER", "gate", "reset", "on", ">word", *RIGHTS.split(), f"-{command}")
    return f"redis://gate:word@127.0.0.1:{server.port}/1"


def _use(url: str) -> None:
    """Everything that a gate asks of a storage."""
    with closing(RedisStorage(url)) as storage:
        storage.begin("night")
        bought(storage, "ada")
        storage.decide(
            [enter("bob"), leave("bob"), find("bob"), enter("eve"), enter("eve", lease="again"), Touch("night")]
        )
        storage.claim("night", NOW, NOW + 1, 1)
        storage.settle("order-ada", OrderState.UNKNOWN, NOW, NOW + 5, "")
        storage.retry("night", NOW)
        storage.settle("order-ada", OrderState.REJECTED, NOW, NOW, "")
        storage.acquire_lease("sold", "one", NOW, NOW + 1)
        assert storage.is_begun("night")
        assert 1 == len(list(storage.orders("night")))
        assert {} == storage.tally("night", NOW).taken
