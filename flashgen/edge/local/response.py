"""What one viewer gets of an answer: all of it, a part, gzip, or that nothing has changed (RFC 9110)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from flashgen.edge.local.origin import OriginAnswer
from flashgen.edge.rules.compression import accepts_gzip

_SINGLE = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;min-height:100vh;display:grid;place-content:center;padding:2rem;box-sizing:border-box;"
    "font:1.125rem/1.6 system-ui,sans-serif;text-align:center}"
    "h1{margin:0 0 .5rem;font-size:2rem;line-height:1.2}p{margin:0;max-width:32rem}"
)

_TEXTS = {
    404: ("Page not found", "There is nothing at this address. Please check the link."),
    405: ("Not possible", "This address can only be looked at."),
    502: ("Something went wrong", "This page cannot be shown right now. Please try again in a moment."),
    503: ("One moment, please", "This page cannot be shown right now. Please try again in a moment."),
}

_ERROR_CONTENT_TYPE = "text/html; charset=utf-8"

#: Nothing but its own style, by digest: `style-src 'self'` of the site's policy would refuse it.
ERROR_CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Fields = tuple[tuple[str, str], ...]

_TAG = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True, slots=True)
class Request:
    """What a viewer asks; names of `fields` are in lower case."""

    method: str
    fields: Mapping[str, str]

    @classmethod
    def read(cls, method: str, raw: Iterable[tuple[bytes, bytes]]) -> Request:
        """From the headers of an ASGI scope. A field that comes twice is one list (RFC 9110, 5.3)."""
        fields: dict[str, str] = {}
        for name, value in raw:
            key, text = name.decode("latin-1"), value.decode("latin-1")
            fields[key] = f"{fields[key]}, {text}" if key in fields else text
        return cls(method, fields)

    def get(self, name: str) -> str:
        """A field's value; empty if it is not there."""
        return self.fields.get(name, "")


@dataclass(frozen=True, slots=True)
class Response:
    """Ready to be sent. The body is there for HEAD too: it gives the length, and is left out on the way."""

    status: int
    fields: Fields
    body: bytes = b""

    def adding(self, fields: Fields) -> Response:
        """The same with more header fields."""
        return replace(self, fields=self.fields + fields)


def present(answer: OriginAnswer, request: Request, cache_control: str, *, compresses: bool) -> Response:
    """An answer with status 200, for this viewer: 200, 206, 304 or 416.

    `cache_control` is the viewer's. A part is always one of the uncompressed body.
    """
    varies = compresses and bool(answer.gzip_body)
    is_ranged = request.method == "GET" and request.get("if-range") in ("", answer.etag)
    part = wanted_range(request.get("range"), len(answer.body)) if is_ranged else None
    zips = varies and part is None and accepts_gzip(request.get("accept-encoding"))
    fields: Fields = (
        # Two encodings of one object cannot share a strong tag (RFC 9110, 8.8.3.3); CloudFront weakens it so.
        ("ETag", f"W/{answer.etag}" if zips else answer.etag),
        ("Cache-Control", cache_control),
        *((("Vary", "Accept-Encoding"),) if varies else ()),
    )
    if _is_known(answer.etag, request.get("if-none-match")):
        return Response(304, fields)
    if part is not None:
        return _partial(answer, part, fields)
    body = answer.gzip_body if zips else answer.body
    encoding: Fields = (("Content-Encoding", "gzip"),) if zips else (("Accept-Ranges", "bytes"),)
    return Response(200, (*_about(answer.content_type, body), *encoding, *fields), body)


def present_error(status: int) -> Response:
    """The page for an error. Browsers must not keep it: what is missing now may be there in a second."""
    displayed = 404 if status == 403 else status  # without permission to list, S3 answers 403 for what is missing
    body = _error_page(displayed)
    return Response(displayed, (*_about(_ERROR_CONTENT_TYPE, body), ("Cache-Control", "no-store")), body)


def _is_known(etag: str, if_none_match: str) -> bool:
    """Weak comparison (RFC 9110, 13.1.2): the body is the same, whatever its encoding."""
    return if_none_match.strip() == "*" or etag in _TAG.findall(if_none_match)


def _partial(answer: OriginAnswer, part: range, fields: Fields) -> Response:
    size = len(answer.body)
    if not part:
        return Response(416, (("Content-Range", f"bytes */{size}"), ("Content-Length", "0"), *fields))
    body = answer.body[part.start : part.stop]
    where = ("Content-Range", f"bytes {part.start}-{part.stop - 1}/{size}")
    return Response(206, (*_about(answer.content_type, body), where, *fields), body)


def _about(content_type: str, body: bytes) -> Fields:
    return (("Content-Type", content_type), ("Content-Length", str(len(body))))


def wanted_range(header: str, body_bytes: int) -> range | None:
    """The positions that a Range header asks for; None where it is to be ignored, empty where none can be given.

    Ignored are several ranges, other units and what makes no sense, as RFC 9110 (14.2) allows: the viewer gets all.
    """
    found = _SINGLE.fullmatch(header)
    if not found or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        return range(max(0, body_bytes - int(last)), body_bytes)
    if last and int(last) < int(first):
        return None
    stop = min(int(last) + 1, body_bytes) if last else body_bytes
    return range(int(first), max(int(first), stop))


@lru_cache(maxsize=16)
def _error_page(status: int) -> bytes:
    """A complete HTML page in UTF-8 for one of the statuses 404, 405, 502 and 503."""
    title, text = _TEXTS[status]
    page = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="robots" content="noindex">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n</main>\n</body>\n</html>\n"
    )
    return page.encode()
