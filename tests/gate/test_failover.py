"""A gate on Redis Sentinels whose primary is killed while it sells."""

from __future__ import annotations

from pathlib import Path

from support.gate_process import SALE, Buyer, Shop, ask, free_url, gate_process, order_path
from support.order_stand_in import order_stand_in
from support.sentinels import failover_group

from flashgen.gate.storage.redis.storage import RedisStorage

TRY_AGAIN = 503


def test_the_promoted_replica_is_followed(tmp_path: Path) -> None:
    """Within seconds, without a restart; buyers in between are asked to try again, and no confirmed order is lost."""
    with order_stand_in() as subsystem, failover_group(tmp_path / "redis", min_replicas_to_write="1") as group:
        root = tmp_path / "project"
        root.mkdir()
        server = free_url()
        Shop((server,), {"LAMP": 50}, {"forward_to": subsystem.url, "slots_per_server": 50}).open(root)
        words = ("--new-storage", "--workers", "2")
        with gate_process(root, *words, url=server, FLASHGEN_STORAGE=group.url) as gate:
            path = order_path(root)
            buyers = [Buyer(gate.url, path) for _ in range(8)]
            assert [200] * 4 == [buyer.buy("LAMP").status for buyer in buyers[:4]]
            before = group.primary()
            before.kill()
            statuses: list[int] = []

            def buys(buyer: Buyer) -> bool:
                statuses.append(buyer.buy("LAMP").status)
                return statuses[-1] == 200

            for buyer in buyers[4:]:
                gate.wait_until(lambda buyer=buyer: buys(buyer), "selling again")  # type: ignore[misc]
            after = group.primary()
            assert before is not after
            assert {200, TRY_AGAIN} == set(statuses)
            gate.wait_until(lambda: 2 == len(gate.events("storage moved")), "telling where its storage is now")
            moved = {(one["before"], one["primary"]) for one in gate.events("storage moved")}
            assert {(f"127.0.0.1:{before.port}", f"127.0.0.1:{after.port}")} == moved
            sample = f'flashgen_gate_storage_primary{{primary="127.0.0.1:{after.port}"}} 1'
            assert sample in ask(gate.admin_url, "GET", "/metrics").text
            storage = RedisStorage(group.url)
            assert len(buyers) == len({order.buyer for order in storage.orders(SALE)})
            gate.wait_until(lambda: 8 == len({one.order["order_id"] for one in subsystem.received}), "forwarding")
            storage.close()
