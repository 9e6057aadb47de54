"""A Redis server: how it is asked, once and never again by itself, and what can go wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.retry import Retry

from flashgen.errors import Refused
from flashgen.gate.storage.protocol import StorageLost
from flashgen.gate.storage.redis_errors import explained
from flashgen.gate.storage.redis_scripts import ALL, Script

CONNECT_SECONDS = ANSWER_SECONDS = 2.0
"""Less than requests wait for an answer; a server that syncs each batch to a disk needs milliseconds."""

_PLACE = re.compile(r"([\w.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?(/\w*)?")

_OPTIONS = {"ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_keyfile"}
"""Of a connection by TLS: https://redis.readthedocs.io/en/stable/connections.html"""

Command = tuple[str | int | float, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A script, the keys that it touches, and what it is told."""

    script: Script
    keys: tuple[str, ...]
    arguments: Command = ()

    def command(self) -> Command:
        """As Redis takes it."""
        return "EVALSHA", self.script.sha, len(self.keys), *self.keys, *self.arguments


class RedisServer:
    """What `url` names. Threads and forks may share it; connections are made when they are needed.

    Nothing is sent twice by itself: whoever gets no answer cannot know what was done. Raises Refused for a URL that is
    none of Redis's.
    """

    def __init__(self, url: str) -> None:
        self.url = without_secrets(url)
        self._client = _client(url, self.url)

    def ask(self, *commands: Command) -> list[Any]:
        """Answers to `commands`, in one round trip. Raises StorageLost when one has none, or is an error."""
        return self._checked(self._send(commands))

    def run(self, calls: Sequence[Call]) -> list[Any]:
        """Answers to scripts, in one round trip, one after the other. Raises StorageLost as `ask` does."""
        replies = self._send([call.command() for call in calls])
        unknown = [index for index, reply in enumerate(replies) if isinstance(reply, NoScriptError)]
        if unknown:
            # A server that was started anew has no scripts; it has done nothing of what it did not know.
            self.ask(*(("SCRIPT LOAD", script.text) for script in ALL))
            again = self._send([calls[index].command() for index in unknown])
            for index, reply in zip(unknown, again, strict=True):
                replies[index] = reply
        return self._checked(replies)

    def peek(self, command: Command) -> Any:
        """An answer, or None where this user may not ask, or the server does not know the question."""
        (reply,) = self._send([command])
        if isinstance(reply, Exception) and not isinstance(reply, ResponseError):
            raise self._lost(reply)
        return None if isinstance(reply, Exception) else reply

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _send(self, commands: Sequence[Command]) -> list[Any]:
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
        said, hint = explained(error)
        return StorageLost(f"{self.url}: {said}", hint)


def without_secrets(url: str) -> str:
    """A URL for people: without user, password and options; where one may be taken for another, without all of it."""
    scheme, _, rest = url.partition("://")
    place = re.split("[?#]", rest.rpartition("@")[2])[0]
    return f"{scheme}://{place if _PLACE.fullmatch(place) else '…'}"


def _client(url: str, shown: str) -> redis.Redis:
    try:
        parts = urlsplit(url)
        is_good = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        options = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    except ValueError:
        is_good = False
    if not is_good or not re.fullmatch(r"/?|/[0-9]{1,4}", parts.path) or parts.fragment:
        hint = "a password with `/`, `?`, `#` or `@` in it is written with %2F, %3F, %23, %40"
        raise Refused(f"a storage in Redis must be `redis://[:PASSWORD@]HOST:PORT/DB`, found `{shown}`", hint)
    if other := sorted(options - (_OPTIONS if parts.scheme == "rediss" else set())):
        known = ", ".join(f"`{name}`" for name in sorted(_OPTIONS))
        raise Refused(f"{shown} cannot have the option `{other[0]}`", f"with `rediss://` there may be {known}")
    return redis.Redis.from_url(
        url,
        protocol=2,
        decode_responses=True,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )
