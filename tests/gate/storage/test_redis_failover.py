"""A storage whose primary dies, or is demoted: the promoted replica is followed, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import redis
from support.ports import free_port
from support.redis_server import DURABLE, redis_server
from support.self_signed import self_signed
from support.sentinels import NAME, FailoverGroup, failover_group, sentinel, wait_until
from support.visits import bought, buy, find

from flashgen.errors import Refused
from flashgen.gate.orders.order import Order
from flashgen.gate.storage.protocol import Storage, StorageLost
from flashgen.gate.storage.redis.durability import concerns
from flashgen.gate.storage.redis.storage import RedisStorage


@pytest.fixture
def group(tmp_path: Path) -> Iterator[FailoverGroup]:
    """Three servers and three Sentinels; a primary that nobody follows takes no orders."""
    with failover_group(tmp_path, min_replicas_to_write="1", min_replicas_max_lag="10") as group:
        yield group


@pytest.fixture
def storage(group: FailoverGroup) -> Iterator[RedisStorage]:
    """By the Sentinels; `night` has begun."""
    with _opened(group.url) as storage:
        storage.begin("night")
        yield storage


def _sell(storage: Storage, buyer: str) -> Order:
    """An order, as often as it takes."""
    placed: list[Order] = []

    def try_once() -> bool:
        with suppress(StorageLost):
            placed.extend(one for one in storage.decide([buy(buyer, may_revive=True)]) if isinstance(one, Order))
        return bool(placed)

    wait_until(try_once)
    return placed[0]


class TestFailover:
    """By Sentinels."""

    def test_a_primary_that_dies_is_replaced(self, group: FailoverGroup, storage: RedisStorage) -> None:
        """In between there is an error that says so; every order that was confirmed is in the new one."""
        before = group.primary()
        assert f"127.0.0.1:{before.port}" == storage.primary
        orders = [_sell(storage, f"buyer-{number}") for number in range(20)]
        before.kill()
        with pytest.raises(StorageLost, match=r"no connection|no primary that is up"):
            storage.decide([find("buyer-0")])
        orders.append(_sell(storage, "late"))
        after = group.primary()
        assert before is not after
        assert f"127.0.0.1:{after.port}" == storage.primary
        assert {order.id for order in orders} == {order.id for order in storage.orders("night")}

    def test_a_primary_that_is_demoted_is_left(self, tmp_path: Path) -> None:
        """It lives on for some seconds before it knows; what it takes in them is not confirmed, or not lost."""
        settings = {"min_replicas_to_write": "1", "min_replicas_max_lag": "10"}
        with failover_group(tmp_path, replicas=1, sentinels=1, **settings) as group, _opened(group.url) as storage:
            storage.begin("night")
            orders = [_sell(storage, "ada")]
            before = storage.primary
            group.fail_over()
            orders += [_sell(storage, f"buyer-{number}") for number in range(20)]
            assert before != storage.primary
            assert {order.id for order in orders} <= {order.id for order in storage.orders("night")}

    def test_sentinels_that_die_stop_nothing(self, group: FailoverGroup, storage: RedisStorage) -> None:
        """A connection that is open needs none of them, and a new one needs one."""
        dead = free_port()
        with _opened(group.url.replace("://", f"://127.0.0.1:{dead},")) as other:
            assert _sell(other, "ada").id == _sell(storage, "ada").id


class TestTls:
    """By `rediss+sentinel://`."""

    def test_sentinels_and_servers_speak_tls_and_ask_for_passwords(self, tmp_path: Path) -> None:
        """Each for its own; a wrong one is not told which is right."""
        certificate, key = self_signed(tmp_path)
        tls = {"tls_cert_file": str(certificate), "tls_key_file": str(key), "tls_ca_cert_file": str(certificate)}
        server_port, port = free_port(), free_port()
        lines = [f"{name.replace('_', '-')} {value}" for name, value in tls.items()]
        lines += [
            f"tls-port {port}",
            "tls-replication yes",
            "requirepass watch-word",
            f"sentinel auth-pass {NAME} hunter2",
        ]
        with (
            redis_server(tmp_path / "redis", tls_port=str(server_port), requirepass="hunter2", **tls),
            sentinel(tmp_path / "sentinel", 0, server_port, 1, *lines),
        ):
            files = f"ssl_ca_certs={certificate}&ssl_certfile={certificate}&ssl_keyfile={key}"
            url = f"rediss+sentinel://:%s@127.0.0.1:{port}/{NAME}?sentinel_password=%s&{files}"
            wait_until(lambda: _answers(url % ("hunter2", "watch-word")))
            for words in (("wrong-one", "watch-word"), ("hunter2", "wrong-one")):
                with pytest.raises(StorageLost) as lost:
                    RedisStorage(url % words)
                said = f"{lost.value.message} {lost.value.hint}"
                assert not [one for one in ("hunter2", "watch-word", "wrong-one") if one in said]


class TestReplicas:
    """That confirm orders."""

    def test_an_order_that_no_replica_has_is_not_confirmed(self, tmp_path: Path) -> None:
        """The replica hears nothing; the server still counts it as following. Asking again finds the order."""
        settings = {"min_replicas_to_write": "1", "min_replicas_max_lag": "60"}
        with failover_group(tmp_path, replicas=1, sentinels=1, **settings) as group:
            primary, replica = group.servers
            with _opened(primary.url) as storage:
                storage.begin("night")
                bought(storage, "ada")
                with replica.frozen(), pytest.raises(StorageLost, match="1 of 1 replicas have not confirmed in time"):
                    storage.decide([buy("bob", may_revive=True)])
                assert [buy("bob").order] == storage.decide([buy("bob", may_revive=True)])

    def test_what_a_failover_would_lose_is_told(self, tmp_path: Path) -> None:
        """Replicas that nobody waits for; and too few of those that are waited for."""
        with failover_group(tmp_path, replicas=1, sentinels=1) as group, group.servers[0].client() as client:
            assert ["buyers hear of orders before its replicas have them"] == _concerns(group.url)
            client.config_set("min-replicas-to-write", "1")
            assert [] == _concerns(group.url)
            client.config_set("min-replicas-to-write", "2")
            assert ["it takes no orders"] == _concerns(group.url)


class TestWrongServers:
    """Named in place of the primary."""

    def test_a_replica_is_refused_with_its_primary(self, tmp_path: Path) -> None:
        """It can be read, and would never take an order."""
        with failover_group(tmp_path, replicas=1, sentinels=1) as group:
            with pytest.raises(Refused, match="is a replica") as refused:
                RedisStorage(group.servers[1].url)
            assert f"127.0.0.1:{group.servers[0].port}" in refused.value.hint
            with pytest.raises(Refused, match="is a Sentinel") as refused:
                RedisStorage(f"redis://127.0.0.1:{group.ports[0]}")
            assert "redis+sentinel://" in refused.value.hint
            with pytest.raises(StorageLost, match="no primary that is up"):
                RedisStorage(group.url.replace("/sales/", "/others/"))

    def test_a_cluster_is_refused_with_the_reason(self, tmp_path: Path) -> None:
        """Before anything is written."""
        with redis_server(tmp_path, cluster_enabled="yes") as server:
            with pytest.raises(Refused, match="moves keys between servers") as refused:
                RedisStorage(server.url)
            assert "cluster-enabled no" in refused.value.hint


def test_a_connection_to_a_server_that_was_demoted_is_given_up(tmp_path: Path) -> None:
    """Its address may lead elsewhere by now, as managed servers fail over: here it is a proxy's."""
    with redis_server(tmp_path, **DURABLE) as server, server.client() as client, _opened(server.url) as storage:
        storage.begin("night")
        bought(storage, "ada")
        connections = _connections(client)
        client.replicaof("127.0.0.1", str(free_port()))
        with pytest.raises(StorageLost, match="it is a replica"):
            storage.decide([buy("bob")])
        client.replicaof("NO", "ONE")
        assert storage.is_begun("night")
        assert connections.isdisjoint(_connections(client))


def _answers(url: str) -> bool:
    try:
        RedisStorage(url).close()
    except StorageLost:
        return False
    return True


def _opened(url: str) -> closing[RedisStorage]:
    return closing(RedisStorage(url))


def _connections(client: redis.Redis) -> set[str]:
    mine = str(client.client_id())
    return {one["id"] for one in client.client_list(_type="normal") if one["id"] != mine}


def _concerns(url: str) -> list[str]:
    """How each begins."""
    with _opened(url) as storage:
        return [message.partition(":")[0] for message, _ in concerns(storage.settings)]
