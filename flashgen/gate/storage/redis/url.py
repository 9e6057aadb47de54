"""What the URL of a storage in Redis says: where the server is, or the Sentinels that know it, and how to connect.

::

    redis://[USER:PASSWORD@]HOST[:PORT][/DB]
    redis+sentinel://[USER:PASSWORD@]HOST[:PORT],HOST[:PORT]…/NAME[/DB]

`rediss` is by TLS, also to Sentinels; `valkey` and `valkeys` mean the same. User and password are the server's; those
of Sentinels are options. Nothing here connects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from flashgen.addresses import without_secrets
from flashgen.errors import Refused

REDIS_SCHEMES = tuple(
    f"{name}{tls}{sentinel}://" for name in ("redis", "valkey") for tls in ("", "s") for sentinel in ("", "+sentinel")
)
SHAPE = "redis://[USER:PASSWORD@]HOST:PORT/DB"
SENTINEL_SHAPE = "redis+sentinel://[USER:PASSWORD@]HOST:PORT,HOST:PORT/NAME"

SERVER_PORT, SENTINEL_PORT = 6379, 26379

_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_TLS_OPTIONS = {*_FILES, "ssl_cert_reqs"}
"""Named as in https://redis.readthedocs.io/en/stable/connections.html"""
_SENTINEL_OPTIONS = {"sentinel_username", "sentinel_password"}

_URL = re.compile(r"([a-z+]+)://(?:([^/?#]*)@)?([^@/?#]+)(/[^@?#]*)?(?:\?([^@#]*))?")
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::([0-9]{1,5}))?")
_PATH = re.compile(r"/?|/([0-9]{1,4})")
_SENTINEL_PATH = re.compile(r"/([\w.-]+)(?:/([0-9]{1,4})?)?")


@dataclass(frozen=True, slots=True)
class RedisUrl:
    """`hosts` are host and port, of one server; or of Sentinels, which know its primary as `service`.

    `tls` are options of a connection, as redis-py names them.
    """

    shown: str
    hosts: tuple[tuple[str, int], ...]
    service: str
    database: int
    is_tls: bool
    username: str | None
    password: str | None = field(repr=False)
    tls: dict[str, str]
    sentinel_username: str | None
    sentinel_password: str | None = field(repr=False)


def parse_redis_url(url: str) -> RedisUrl:
    """What `url` says. Raises Refused, and shows no secret, for one that names no server, and for files not there."""
    shown = without_secrets(url)
    parts = _URL.fullmatch(url)
    if not parts:
        raise _no_server(shown)
    scheme, user, hosts, path, query = (part or "" for part in parts.groups())
    is_sentinel, is_tls = scheme.endswith("+sentinel"), scheme.partition("+")[0] in ("rediss", "valkeys")
    place = (_SENTINEL_PATH if is_sentinel else _PATH).fullmatch(path)
    found = tuple(_hosts(hosts, SENTINEL_PORT if is_sentinel else SERVER_PORT))
    if len(found) > 1 and not is_sentinel:
        raise Refused(f"{shown} names several servers", f"if they are Sentinels: `{SENTINEL_SHAPE}`")
    if not place or not found:
        raise _no_server(shown, SENTINEL_SHAPE if is_sentinel else SHAPE)
    options = _options(query, shown, is_tls, is_sentinel)
    username, _, password = user.partition(":")
    return RedisUrl(
        shown,
        found,
        service=place[1] if is_sentinel else "",
        database=int(place[2 if is_sentinel else 1] or 0),
        is_tls=is_tls,
        username=unquote(username) or None,
        password=unquote(password) or None,
        tls={name: value for name, value in options.items() if name in _TLS_OPTIONS},
        sentinel_username=options.get("sentinel_username"),
        sentinel_password=options.get("sentinel_password"),
    )


def _hosts(text: str, port: int) -> Iterator[tuple[str, int]]:
    """None at all if one of them is none."""
    found = [_HOST.fullmatch(part) for part in text.split(",")]
    places = [(one[1] or one[2], int(one[3] or port)) for one in found if one]
    if len(places) == len(found) and all(0 < number < 65536 for _, number in places):
        yield from places


def _options(query: str, shown: str, is_tls: bool, is_sentinel: bool) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    known = (_TLS_OPTIONS if is_tls else set()) | (_SENTINEL_OPTIONS if is_sentinel else set())
    if other := sorted(options.keys() - known):
        names = ", ".join(f"`{name}`" for name in sorted(_TLS_OPTIONS))
        raise Refused(f"{shown} cannot have the option `{other[0]}`", f"with `rediss://` there may be {names}")
    if missing := [name for name in _FILES if name in options and not Path(options[name]).is_file()]:
        raise Refused(f"{shown}: there is no file `{options[missing[0]]}`", f"`{missing[0]}` is the path of a file")
    return options


def _no_server(shown: str, shape: str = SHAPE) -> Refused:
    hint = "a password with `/`, `?`, `#` or `@` in it is written with %2F, %3F, %23, %40"
    if shape == SENTINEL_SHAPE:
        hint = "NAME is the one of `sentinel monitor NAME …` in the Sentinels' configuration"
    return Refused(f"a storage in Redis must be `{shape}`, found `{shown}`", hint)
