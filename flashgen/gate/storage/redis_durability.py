"""Whether a Redis server keeps what it acknowledged when its machine loses power, and whether it may forget by itself.

https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
"""

from __future__ import annotations

from enum import StrEnum

from flashgen.errors import Refused
from flashgen.gate.storage.redis_server import RedisServer

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
    """Whatever came after the last snapshot, or everything."""
    UNKNOWN = "unknown"
    """The server does not tell this user."""


ADVICE = {
    Durability.ALWAYS: "",
    Durability.EVERY_SECOND: "a crash can lose the last two seconds of orders: set `appendfsync always`",
    Durability.SYSTEM: "an outage of its machine can lose half a minute of orders: set `appendfsync always`",
    Durability.SNAPSHOTS: "a restart loses orders: set `appendonly yes` and `appendfsync always`",
    Durability.UNKNOWN: "it does not say whether a restart loses orders: see to `appendonly yes`, `appendfsync always`",
}
"""What people are told; empty where all is well."""


def durability(server: RedisServer) -> Durability:
    """How `server` keeps what it acknowledged. Raises StorageLost."""
    info = server.peek(("INFO", "persistence"))
    if info is None or "aof_enabled" not in info:
        return Durability.UNKNOWN
    if str(info["aof_enabled"]) != "1":
        return Durability.SNAPSHOTS
    setting = server.peek(("CONFIG GET", "appendfsync")) or {}
    try:
        return Durability(setting["appendfsync"])
    except (KeyError, ValueError):
        return Durability.UNKNOWN


def check(server: RedisServer) -> None:
    """Raises Refused for a server that is too old, or that throws keys away when its memory is full: orders too.

    What a server does not tell is believed to be right. Raises StorageLost.
    """
    version = str((server.peek(("INFO", "server")) or {}).get("redis_version", OLDEST))
    major = version.partition(".")[0]
    if major.isdecimal() and int(major) < OLDEST:
        raise Refused(f"{server.url} is Redis {version}; the gate needs {OLDEST} or later", "use a newer server")
    memory = server.peek(("INFO", "memory")) or {}
    policy = str(memory.get("maxmemory_policy", ""))
    if policy.startswith("allkeys") and int(memory.get("maxmemory", 0)):
        raise Refused(
            f"{server.url} throws keys away when its memory is full (`maxmemory-policy {policy}`), orders among them",
            "CONFIG SET maxmemory-policy noeviction",
        )
