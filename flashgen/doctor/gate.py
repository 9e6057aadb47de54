"""The order gate's servers: are they there, may pages ask them, do they know the secret; and how their storage is set.

The contract with a gate: `GET /readyz?token=TOKEN` answers 2xx when it takes orders, with
`Access-Control-Allow-Origin`, and in its JSON `"signature": "good"` if one of its keys signed the token, else `"bad"`.
Our token is a real one of that sale, but it expired in 1970 and has epoch 0, which no sale ever has: in a log it is
worthless.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

from flashgen.addresses import is_loopback
from flashgen.doctor.context import DoctorContext
from flashgen.errors import NoAnswer
from flashgen.finding import Finding, Level
from flashgen.gate.storage.opening import open_storage
from flashgen.hint import Hint, command_line
from flashgen.sale.model import Header
from flashgen.unlock.token import Claims, TokenSigner
from flashgen.verify.viewer import PublicResponse, Viewer

PATH = "/readyz"
STORAGE = "storage"


def probe(sale: str, keys: tuple[bytes, ...]) -> str:
    """A token that only proves that its signer has the key."""
    return TokenSigner(keys).sign(Claims(sale, epoch=0, nonce="doctor", not_before=0, expires=1))


def check(header: Header, server: str, context: DoctorContext) -> Iterator[Finding]:
    """One server, for one sale. That it is not ready is a failure only when shoppers need it within a day."""
    query = f"?token={probe(header.id, context.keys)}"
    name, parts = urlsplit(server).netloc, urlsplit(context.url or "")
    site = f"{parts.scheme}://{parts.netloc}" if context.url else ""  # the origin of the sale's pages
    level = severity(header, server, context)
    try:
        with Viewer(server) as viewer:
            seen = viewer.get(PATH + query, {"Origin": site} if site else {})
    except NoAnswer as silence:
        message = silence.message.replace(query, "")
        hint = Hint("start it: ", command_line(f"gate serve {header.id}"), "; or correct `order.servers` in the YAML")
        yield Finding(level, name, message, hint)
        return
    if seen.status // 100 != 2:
        trouble = _said(seen, "trouble")
        message = f"{server}{PATH} answers {seen.status}: it takes no orders" + (f"; {trouble}" if trouble else "")
        unknown = "its log says why; it has to reach the store and its storage"
        yield Finding(level, name, message, "mend that; it is ready again by itself then" if trouble else unknown)
        return
    found = [*_allowed(name, seen, site), *_signature(name, seen), *_proxy(name, seen)]
    yield from found or [Finding(Level.PASS, name, f"ready for {header.id}, and knows the secret")]


def check_storage(context: DoctorContext) -> Iterator[Finding]:
    """What the gate looks at when it opens its storage in Redis, and what it warns of."""
    with closing(open_storage(context.storage, context.root)) as storage:
        url = storage.url
        found = [Finding(Level.WARN, STORAGE, f"{url}: {message}", hint) for message, hint in storage.concerns()]
        yield from found or [Finding(Level.PASS, STORAGE, f"{url} keeps what it is told")]


def severity(header: Header, server: str, context: DoctorContext) -> Level:
    """How bad it is that a server takes no orders.

    One on this machine is for trying things out: it is needed only while the sale is open.
    """
    is_needed = context.is_open(header) if is_loopback(server) else context.is_urgent(header)
    return Level.FAIL if is_needed else Level.WARN


def _allowed(name: str, seen: PublicResponse, site: str) -> Iterator[Finding]:
    """Pages ask it from another origin (https://fetch.spec.whatwg.org/#http-access-control-allow-origin)."""
    said = seen.fields.get("access-control-allow-origin", "")
    if not said or (site and said not in ("*", site)):
        found = f"allows {said} only" if said else "sends no Access-Control-Allow-Origin"
        pages = site or "the sale's url"
        yield Finding(Level.FAIL, name, f"it {found}: pages of {pages} may not ask it", f"have it allow {pages}")


def _signature(name: str, seen: PublicResponse) -> Iterator[Finding]:
    said = _said(seen, "signature")
    if said == "bad":
        hint = "give the gate the same secret as `secret:` in flashgen.yaml names"
        yield Finding(Level.FAIL, name, "it does not know the secret: every buyer would be refused", hint)
    elif said != "good":
        message = f"{PATH} does not say whether it knows the secret"
        yield Finding(Level.WARN, name, message, "check that this is flashgen's gate, of the same version")


def _proxy(name: str, seen: PublicResponse) -> Iterator[Finding]:
    if peer := _said(seen, "untrusted_proxy"):
        message = f"{peer} forwards for many buyers and is not trusted: all of them count as one address"
        yield Finding(
            Level.WARN, name, message, f"if it is your proxy, add {peer} to `order.trusted_proxies`, then push"
        )


def _said(seen: PublicResponse, name: str) -> str:
    """A text in the JSON that a gate answers, in one line; empty where there is none."""
    try:
        said = json.loads(seen.body)[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return " ".join(said.split())[:500] if isinstance(said, str) else ""
