"""The order gate's servers: are they there, may pages ask them, do they know the secret.

The contract with a gate: `GET /readyz?token=TOKEN` answers 2xx when it takes orders, with
`Access-Control-Allow-Origin`, and in its JSON `"signature": "good"` if one of its keys signed the token, else `"bad"`.
Our token is a real one of that sale that expired in 1970, with epoch 0, which no sale ever has: worthless to whoever
reads it in a log.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

from flashgen.doctor.context import DoctorContext, is_loopback
from flashgen.edge.viewer import PublicResponse, Viewer
from flashgen.errors import NoAnswer
from flashgen.finding import Finding, Level
from flashgen.sale.model import Header
from flashgen.unlock.token import Claims, TokenSigner

PATH = "/readyz"


def probe(sale: str, keys: tuple[bytes, ...]) -> str:
    """A token that only proves that its signer has the key."""
    return TokenSigner(keys).sign(Claims(sale, epoch=0, nonce="doctor", not_before=0, expires=1))


def check(header: Header, server: str, subject: DoctorContext) -> Iterator[Finding]:
    """One server, for one sale. That it is not ready is a failure only when shoppers need it within a day."""
    query = f"?token={probe(header.id, subject.keys)}"
    name, site = urlsplit(server).netloc, _site(subject)
    level = severity(header, server, subject)
    try:
        with Viewer(server) as viewer:
            seen = viewer.get(PATH + query, {"Origin": site} if site else {})
    except NoAnswer as silence:
        message = silence.message.replace(query, "")
        hint = f"start it: flashgen gate serve {header.id}; or correct `order.servers` in the YAML"
        yield Finding(level, name, message, hint)
        return
    if seen.status // 100 != 2:
        message = f"{server}{PATH} answers {seen.status}: it takes no orders"
        yield Finding(level, name, message, "its log says why; it has to reach the store and its storage")
        return
    found = [*_allowed(name, seen, site), *_signature(name, seen)]
    yield from found or [Finding(Level.PASS, name, f"ready for {header.id}, and knows the secret")]


def severity(header: Header, server: str, subject: DoctorContext) -> Level:
    """How bad it is that a server takes no orders. One on this machine is for trying things out: only once the sale is
    open do its pages send buyers there."""
    is_needed = subject.is_open(header) if is_loopback(server) else subject.is_urgent(header)
    return Level.FAIL if is_needed else Level.WARN


def _allowed(name: str, seen: PublicResponse, site: str) -> Iterator[Finding]:
    """Pages ask it from another origin (https://fetch.spec.whatwg.org/#http-access-control-allow-origin)."""
    said = seen.fields.get("access-control-allow-origin", "")
    if not said or (site and said not in ("*", site)):
        found = f"allows {said} only" if said else "sends no Access-Control-Allow-Origin"
        pages = site or "the sale's url"
        yield Finding(Level.FAIL, name, f"it {found}: pages of {pages} may not ask it", f"have it allow {pages}")


def _signature(name: str, seen: PublicResponse) -> Iterator[Finding]:
    try:
        answer = json.loads(seen.body)
        said = answer["signature"]
    except (ValueError, KeyError, TypeError, RecursionError):
        said = None
    if said == "bad":
        hint = "give the gate the same secret as `secret:` in flashgen.yaml names"
        yield Finding(Level.FAIL, name, "it does not know the secret: every buyer would be refused", hint)
    elif said != "good":
        message = f"{PATH} does not say whether it knows the secret"
        yield Finding(Level.WARN, name, message, "check that this is flashgen's gate, of the same version")


def _site(subject: DoctorContext) -> str:
    """The origin of the sale's pages; empty if the target does not say."""
    parts = urlsplit(subject.url or "")
    return f"{parts.scheme}://{parts.netloc}" if subject.url else ""
