"""What a gate answers, ready to be sent: two messages of ASGI that are made once where they can be.

Nothing here is stored by anyone, and no other site learns the address of the page: the token is in it.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from flashgen.gate.http.request import Message
from flashgen.gate.metrics import Count
from flashgen.gate.storage.protocol import Leave

Fields = Iterable[tuple[str, str]]

HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
GIF = "image/gif"

_ALWAYS = (("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"), ("X-Content-Type-Options", "nosniff"))


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole response. `lease` is a slot that was taken for it, and is given back if it does not get there."""

    start: Message
    body: Message
    count: Count
    lease: Leave | None = None

    def holding(self, lease: Leave | None) -> Reply:
        """The same, for a slot that was just taken."""
        return replace(self, lease=lease)


def reply(status: int, body: bytes, kind: str, count: Count, fields: Fields = ()) -> Reply:
    """A response with a body of media type `kind`."""
    about = (("Content-Type", kind), ("Content-Length", str(len(body))))
    return _made(status, body, count, (*about, *_ALWAYS, *fields))


def head_only(count: Count) -> Reply:
    """A page's header fields without the page, for HEAD: its length is not known (RFC 9110, 9.3.2)."""
    return _made(200, b"", count, (("Content-Type", HTML), *_ALWAYS))


def redirect(location: str, count: Count, fields: Fields = ()) -> Reply:
    """See Other: whatever was asked, a GET of `location` follows (RFC 9110, 15.4.4)."""
    return _made(303, b"", count, (("Location", location), ("Content-Length", "0"), *_ALWAYS, *fields))


def refusal(status: int, text: str, fields: Fields = ()) -> Reply:
    """A few words for what no buyer's browser asks. The connection is closed: a body may be on its way still."""
    return reply(status, f"{text}\n".encode(), TEXT, Count.INVALID, (("Connection", "close"), *fields))


def page_policy(site: str, onward: Iterable[str] = ()) -> str:
    """The Content-Security-Policy of pages whose files lie at `site`, a URL; `onward` are origins of checkouts.

    Nothing runs. A form leads here, and from here on to the site or a checkout: browsers hold
    redirects against `form-action` too.
    """
    parts = urlsplit(site)
    origin = f"{parts.scheme}://{parts.netloc}"
    files = (f"{kind}-src {origin}" for kind in ("style", "font"))
    pictures = f"img-src 'self' {origin}"  # a form's own picture says that the form was shown
    places = (" ".join(("form-action 'self'", origin, *onward)), f"base-uri {origin}", "frame-ancestors 'none'")
    return "; ".join(("default-src 'none'", *files, pictures, *places))


def _made(status: int, body: bytes, count: Count, fields: Fields) -> Reply:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
    start = {"type": "http.response.start", "status": status, "headers": headers}
    return Reply(start, {"type": "http.response.body", "body": body}, count)


PIXEL = reply(200, b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"), GIF, Count.SEEN)
"""A picture of one transparent pixel: what a form fetches when it is shown."""
