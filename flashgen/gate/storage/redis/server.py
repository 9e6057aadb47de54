"""A Redis server: how it is asked, once and never again by itself, and what can go wrong with it."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import redis
from redis import exceptions
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError, NoScriptError, ReadOnlyError, RedisError, ResponseError
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel, SentinelConnectionPool

from flashgen.gate.storage.protocol import StorageLost
from flashgen.gate.storage.redis.scripts import ALL, RIGHTS, Call, Command, commands_at
from flashgen.gate.storage.redis.url import RedisUrl, parse_redis_url

CONNECT_SECONDS = ANSWER_SECONDS = 2.0
"""Less than requests wait for an answer; a server that syncs each batch to a disk needs milliseconds."""

SENTINEL_SECONDS = 0.5
"""How long one Sentinel is waited for before the next is asked, and how often they are asked at least.

A primary that they only believe dead takes writes for some seconds more, which are lost when it becomes a replica.
"""

REPLICA_MILLISECONDS = 1000
"""How long replicas may take to confirm a batch: less than ANSWER_SECONDS."""

_NOT_OURS = ("keys `flashgen:…` in it are not a gate's", "name a database of its own, such as `redis://HOST:PORT/1`")
CLUSTER = (
    "it is part of a cluster, which moves keys between servers; the gate needs one primary for all of a sale",
    "name a server with `cluster-enabled no`; with replicas and Sentinels it fails over, too",
)
_CUT_OFF = ("it is a replica that has lost its primary", "name the primary")

_BY_CLASS: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((exceptions.TimeoutError,), "no answer in time", "see whether it is up, and near enough"),
    ((exceptions.BusyLoadingError,), "it is still reading its data", "it answers when it has"),
    (
        (exceptions.AuthenticationError, exceptions.AuthenticationWrongNumberOfArgsError),
        "it refuses the password",
        "give user and password in `$FLASHGEN_STORAGE`: `redis://USER:PASSWORD@HOST:PORT/DB`",
    ),
    (
        (MasterNotFoundError,),
        "its Sentinels name no primary that is up",
        "a failover takes seconds; else see whether they are up, know this name, and ask for a `sentinel_password`",
    ),
    ((UnicodeDecodeError,), *_NOT_OURS),
    ((exceptions.ReadOnlyError,), "it is a replica, which cannot be written", "name its primary"),
    ((exceptions.OutOfMemoryError,), "its memory is full", "raise its `maxmemory`; orders go on by themselves"),
    ((exceptions.MasterDownError,), *_CUT_OFF),
    (
        (
            exceptions.AskError,
            exceptions.ClusterDownError,
            exceptions.TryAgainError,
            exceptions.ClusterCrossSlotError,
        ),
        *CLUSTER,
    ),
)
_BY_CODE = {
    "WRONGTYPE": _NOT_OURS,
    "DAMAGED": ("orders in it are missing, or there twice", "see what else writes into it"),
    "MASTERDOWN": _CUT_OFF,
    "MISCONF": ("it cannot write to its disk", "see its log; orders go on by themselves"),
    "NOREPLICAS": ("it has too few replicas", "see its `min-replicas-to-write`"),
    "BUSY": ("it is busy with somebody's script", "see what else uses it"),
}
"""https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors: an error begins with its code."""

_ALL_RIGHTS = f"all that the gate needs: {RIGHTS}"


class RedisServer:
    """What `url` names. Threads and forks may share it; connections are made when they are needed.

    Nothing is sent twice by itself: without an answer, the caller cannot know what was done. Which server is the
    primary is asked anew for each connection, and none is kept to one that is a replica now. Raises Refused for a URL
    that is none of Redis's.
    """

    def __init__(self, url: str) -> None:
        self._address = parse_redis_url(url)
        self.url = self._address.shown
        self._client = _client(self._address)
        self._follow_at = 0.0

    @property
    def primary(self) -> str:
        """Host and port of the server that answers; empty before a Sentinel has named it."""
        pool = self._client.connection_pool
        address = pool.master_address if isinstance(pool, SentinelConnectionPool) else self._address.hosts[0]
        return "{}:{}".format(*address) if address else ""

    def ask(self, *commands: Command) -> list[Any]:
        """Answers to `commands`, in one round trip. Raises StorageLost when one has none, or is an error."""
        return self._checked(self._send(commands))

    def run(self, calls: Sequence[Call], replicas: int = 0) -> list[Any]:
        """Answers to scripts, in one round trip, one after the other. Raises StorageLost as `ask` does.

        With `replicas`, so many have confirmed what was written; else StorageLost is raised, though it was done.
        """
        replies, confirmed = self._run(calls, replicas)
        unknown = [index for index, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            # A server that was restarted has no scripts; it has done nothing of what it did not know.
            self.ask(*(("SCRIPT LOAD", script.text) for script in ALL))
            again, confirmed = self._run([calls[index] for index in unknown], replicas)
            for index, reply in zip(unknown, again, strict=True):
                replies[index] = reply
        for call, reply in zip(calls, replies, strict=True):
            if isinstance(reply, ResponseError) and (line := _LINE_OF_NO_RIGHT.search(str(reply))):
                raise self._lost(NoPermissionError(commands_at(call.script, int(line[1]))))
        self._checked([*replies, confirmed])
        if confirmed < replicas:
            raise StorageLost(f"{self.url}: {replicas - confirmed} of {replicas} replicas have not confirmed in time")
        return replies

    def ask_if_allowed(self, command: Command) -> Any:
        """An answer, or None where this user may not ask, or the server does not know the question."""
        (reply,) = self._send([command])
        if isinstance(reply, Exception) and not isinstance(reply, ResponseError):
            raise self._lost(reply)
        return None if isinstance(reply, Exception) else reply

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _run(self, calls: Sequence[Call], replicas: int) -> tuple[list[Any], Any]:
        """Answers, and how many replicas have confirmed: by the same connection, as WAIT is for its own writes."""
        commands = [call.command() for call in calls]
        if not replicas:
            return self._send(commands), 0
        *replies, confirmed = self._send([*commands, ("WAIT", replicas, REPLICA_MILLISECONDS)])
        return replies, confirmed

    def _follow(self) -> None:
        """Leave a primary in whose place Sentinels name another. They may be down while it is up."""
        pool: Any = self._client.connection_pool
        if not isinstance(pool, SentinelConnectionPool) or (began := time.monotonic()) < self._follow_at:
            return
        with suppress(RedisError, OSError):
            pool.get_master_address()  # type: ignore[no-untyped-call]
        ended = time.monotonic()
        self._follow_at = ended + SENTINEL_SECONDS + 5 * (ended - began)  # those who do not answer are asked less

    def _send(self, commands: Sequence[Command]) -> list[Any]:
        self._follow()
        pipeline: Any = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            replies: list[Any] = pipeline.execute(raise_on_error=False)
        except (RedisError, OSError, UnicodeDecodeError) as error:
            raise self._lost(error) from error
        return replies

    def _checked(self, replies: list[Any]) -> list[Any]:
        for reply in replies:
            if isinstance(reply, Exception):
                raise self._lost(reply)
        return replies

    def _lost(self, error: Exception) -> StorageLost:
        if isinstance(error, ReadOnlyError | exceptions.MasterDownError):
            # A primary that was demoted keeps its connections; the address may lead to another server by now.
            self._client.connection_pool.disconnect(inuse_connections=False)
        message, hint = explained(error)
        return StorageLost(f"{self.url}: {message}", hint)


def _client(address: RedisUrl) -> redis.Redis:
    of_all: dict[str, Any] = {
        "protocol": 2,
        "decode_responses": True,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), 0),
        **({"ssl": True} if address.is_tls else {}),
        **address.tls,
    }
    of_server = {
        **of_all,
        "db": address.database,
        "username": address.username,
        "password": address.password,
        "socket_timeout": ANSWER_SECONDS,
        "socket_connect_timeout": CONNECT_SECONDS,
    }
    if not address.service:
        ((host, port),) = address.hosts
        return redis.Redis(host, port, **of_server)
    of_sentinels = {
        **of_all,
        "username": address.sentinel_username,
        "password": address.sentinel_password,
        "socket_timeout": SENTINEL_SECONDS,
        "socket_connect_timeout": SENTINEL_SECONDS,
    }
    sentinel: Any = Sentinel  # without types of its own
    client: redis.Redis = sentinel(address.hosts, sentinel_kwargs=of_sentinels).master_for(address.service, **of_server)
    return client


_NO_RIGHT = re.compile(r"permissions to run the '([^' ]+)' command")
_NO_KEY = re.compile(r"(?:permissions|can't) (?:to )?access ")
_LINE_OF_NO_RIGHT = re.compile(r"user executing the script can't run .*@user_script:(\d+)")
"""Redis 7.0 does not name the command. (https://github.com/redis/redis/blob/7.0/src/script.c)"""


def explained(error: Exception) -> tuple[str, str]:
    """What went wrong, and a hint."""
    text = str(error).partition(" script: ")[0].partition("\n")[0]
    if found := _NO_RIGHT.search(text):
        commands = found[1].split(",")
        named = " or ".join(f"`{command.replace('|', ' ').upper()}`" for command in commands)
        missing = " ".join(f"+{command}" for command in commands)
        return f"its ACL does not let this user run {named}", f"`ACL SETUSER USER {missing}`; {_ALL_RIGHTS}"
    if _NO_KEY.search(text):
        return "its ACL does not let this user use keys `flashgen:*`", f"`ACL SETUSER USER ~flashgen:*`; {_ALL_RIGHTS}"
    for classes, message, hint in _BY_CLASS:
        if isinstance(error, classes):
            return message, hint
    if isinstance(error, exceptions.ResponseError):
        return _BY_CODE.get(text.partition(" ")[0], (f"it answered with an error ({text})", ""))
    return f"no connection ({_reason(error)})", "see whether it is up, and whether this machine may connect to it"


def _reason(error: BaseException) -> str:
    at: BaseException | None = error
    while at:
        if isinstance(at, OSError) and at.strerror:
            return at.strerror.lower()
        at = at.__cause__ or at.__context__
    return "it hung up"
