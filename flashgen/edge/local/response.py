"""What one viewer gets of an answer: all of it, a part, gzip, or that nothing has changed (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from flashgen.edge.local import error_page
from flashgen.edge.local.byte_range import wanted_range
from flashgen.edge.local.compression import accepts_gzip
from flashgen.edge.local.origin import OriginAnswer

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

    `cache_control` is what the viewer is told. A part is always one of the uncompressed body.
    """
    varies = compresses and bool(answer.gzip_body)
    part = _wanted_part(answer, request)
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
    shown = error_page.shown_status(status)
    body = error_page.error_page(shown)
    return Response(shown, (*_about(error_page.CONTENT_TYPE, body), ("Cache-Control", "no-store")), body)


def _is_known(etag: str, if_none_match: str) -> bool:
    """Weak comparison (RFC 9110, 13.1.2): the body is the same, whatever its encoding."""
    return if_none_match.strip() == "*" or etag in _TAG.findall(if_none_match)


def _wanted_part(answer: OriginAnswer, request: Request) -> range | None:
    if request.method != "GET" or request.get("if-range") not in ("", answer.etag):
        return None
    return wanted_range(request.get("range"), len(answer.body))


def _partial(answer: OriginAnswer, part: range, fields: Fields) -> Response:
    size = len(answer.body)
    if not part:
        return Response(416, (("Content-Range", f"bytes */{size}"), ("Content-Length", "0"), *fields))
    body = answer.body[part.start : part.stop]
    where = ("Content-Range", f"bytes {part.start}-{part.stop - 1}/{size}")
    return Response(206, (*_about(answer.content_type, body), where, *fields), body)


def _about(content_type: str, body: bytes) -> Fields:
    return (("Content-Type", content_type), ("Content-Length", str(len(body))))
