"""What a Redis server's settings mean for orders: whether it may lose or forget some of what it acknowledged.

What a server does not tell, as managed ones may not, is warned of and never refused. Valkey tells the same.
https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
https://redis.io/docs/latest/operate/oss_and_stack/management/replication/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flashgen.errors import Refused
from flashgen.gate.storage.redis.server import CLUSTER, RedisServer
from flashgen.gate.storage.redis.url import SENTINEL_SHAPE

OLDEST = 7


class Durability(StrEnum):
    """What is lost when a server dies at the worst moment."""

    ALWAYS = "always"
    """Nothing that was acknowledged."""
    EVERY_SECOND = "everysec"
    """Two seconds of orders at worst: while a sync is under way, what follows waits in memory."""
    SYSTEM = "no"
    """Half a minute of orders if the machine dies; nothing if only Redis does."""
    SNAPSHOTS = "snapshots"
    """What came after the last snapshot."""
    MEMORY = "memory"
    """Everything."""
    UNKNOWN = "unknown"
    """The server does not tell this user."""


_ALWAYS = "`CONFIG SET appendonly yes` and `CONFIG SET appendfsync always`, and the same in its configuration"

ADVICE = {
    Durability.ALWAYS: ("", ""),
    Durability.EVERY_SECOND: ("a crash can lose the last two seconds of orders (`appendfsync everysec`)", _ALWAYS),
    Durability.SYSTEM: ("an outage of its machine can lose half a minute of orders (`appendfsync no`)", _ALWAYS),
    Durability.SNAPSHOTS: ("a restart loses the orders since its last snapshot (`appendonly no`)", _ALWAYS),
    Durability.MEMORY: ("a restart loses all orders: it keeps nothing on disk", _ALWAYS),
    Durability.UNKNOWN: (
        "it does not say whether a restart loses orders",
        "see to `appendonly yes` and `appendfsync always`, or what its provider has instead",
    ),
}
"""What people are told, and the fix; empty where all is well."""


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What a server says of itself: its INFO, and some of its configuration. Empty where this user may not ask.

    `can_wait` is whether it answers WAIT.
    """

    url: str
    info: Mapping[str, Any]
    config: Mapping[str, str]
    can_wait: bool

    @property
    def durability(self) -> Durability:
        """How it keeps what it acknowledged."""
        if "aof_enabled" not in self.info:
            return Durability.UNKNOWN
        if str(self.info["aof_enabled"]) != "1":
            return Durability.MEMORY if self.config.get("save") == "" else Durability.SNAPSHOTS
        try:
            return Durability(self.config["appendfsync"])
        except (KeyError, ValueError):
            return Durability.UNKNOWN

    @property
    def min_replicas(self) -> int:
        """`min-replicas-to-write`: without so many replicas it takes no writes; 0 if that is not set."""
        # INFO has this field only where both settings are above 0.
        return int(self.config.get("min-replicas-to-write", 1)) if "min_slaves_good_slaves" in self.info else 0

    @property
    def confirmations(self) -> int:
        """How many replicas confirm an order before its buyer hears of it."""
        return self.min_replicas if self.can_wait else 0


def read_settings(server: RedisServer) -> ServerSettings:
    """What `server` says of itself. Raises StorageLost."""
    info = server.ask_if_allowed(("INFO",)) or {}
    wanted = ("appendfsync", "save", "min-replicas-to-write")
    config = server.ask_if_allowed(("CONFIG GET", *wanted)) or {}
    return ServerSettings(server.url, info, config, can_wait=server.ask_if_allowed(("WAIT", 0, 1)) is not None)


def check(settings: ServerSettings) -> None:
    """Raises Refused for a server that is too old, a cluster, a Sentinel or a replica, or throws orders away."""
    url, info = settings.url, settings.info
    mode = str(info.get("redis_mode", info.get("server_mode", "")))
    if mode == "sentinel":
        raise Refused(f"{url} is a Sentinel, which keeps no orders", f"name the primary by it: `{SENTINEL_SHAPE}`")
    version = str(info.get("redis_version", OLDEST))
    major = version.partition(".")[0]
    if major.isdecimal() and int(major) < OLDEST:
        raise Refused(f"{url} is Redis {version}; the gate needs {OLDEST} or later", "use a newer server")
    if mode == "cluster" or str(info.get("cluster_enabled", 0)) == "1":
        raise Refused(f"{url}: {CLUSTER[0]}", CLUSTER[1])
    if info.get("role") == "slave":
        primary = f"{info.get('master_host')}:{info.get('master_port')}"
        hint = f"name its primary, {primary}, or the Sentinels: `{SENTINEL_SHAPE}`"
        raise Refused(f"{url} is a replica, which cannot be written", hint)
    if _evicts(info) and int(info.get("maxmemory", 0)):
        raise Refused(
            f"{url} throws keys away when its memory is full (`maxmemory-policy {info['maxmemory_policy']}`), "
            "orders among them",
            "CONFIG SET maxmemory-policy noeviction",
        )


def concerns(settings: ServerSettings) -> Iterator[tuple[str, str]]:
    """What could lose orders, or keep the gate from taking any; and the fix."""
    if settings.durability is not Durability.ALWAYS:
        yield ADVICE[settings.durability]
    info = settings.info
    if _evicts(info):
        yield (
            f"it would throw orders away if its memory were limited (`maxmemory-policy {info['maxmemory_policy']}`)",
            "CONFIG SET maxmemory-policy noeviction",
        )
    replicas, wanted = int(info.get("connected_slaves", 0)), settings.min_replicas
    if replicas and not wanted:
        yield (
            "buyers hear of orders before its replicas have them: a failover loses the last ones",
            "`CONFIG SET min-replicas-to-write 1` and `CONFIG SET min-replicas-max-lag 10`: orders wait for a replica",
        )
    if (good := int(info.get("min_slaves_good_slaves", wanted))) < wanted:
        yield (
            f"it takes no orders: {good} replicas follow it, and `min-replicas-to-write` is {wanted}",
            "start its replicas",
        )
    if wanted and not settings.can_wait:
        yield (
            "buyers hear of orders before its replicas have them: this user may not `WAIT`",
            "`ACL SETUSER USER +wait`",
        )


def _evicts(info: Mapping[str, Any]) -> bool:
    """Policies with `volatile` spare what never expires, as all that the gate writes."""
    return str(info.get("maxmemory_policy", "")).startswith("allkeys")
