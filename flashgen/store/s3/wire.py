"""The ordinary requests to an ordinary bucket, without boto3's client: signed and sent by botocore's own parts.

A client of boto3 loads a model of all of S3 and its endpoint rules: most of the time that go-live would take as a
process. What is not quite ordinary is left to such a client; see `s3_ordinary`, and `Unusual`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit
from zlib import crc32

from flashgen.store.precondition import strong_etag
from flashgen.store.protocol import Headers, Stored
from flashgen.store.s3.connections import S3Answer, S3Lines
from flashgen.store.s3.errors import is_foreign, is_missing

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from botocore.exceptions import ClientError
    from botocore.session import Session


class Unusual(Exception):
    """Something that a client of boto3 has to deal with. Nothing has been written, or it may be written again."""


class S3Wire:
    """GET, PUT and HEAD, over connections that are kept; safe between threads.

    A request is sent once. After silence those that may be are sent once more: a connection that was kept may be dead,
    and the next one is new. Silence is nothing unusual, and a client of boto3 would only wait for it longer.

    `url` is the bucket's, without a slash at the end. `checksums` are those that AWS wants where an object lock is on;
    other servers may not know them.
    """

    def __init__(
        self,
        session: Session,
        credentials: Credentials,
        lines: S3Lines,
        url: str,
        region: str,
        *,
        checksums: bool,
    ) -> None:
        self._session, self._credentials, self._lines = session, credentials, lines
        self.url, self._region, self._checksums = url, region, checksums

    def get(self, name: str) -> Stored | None:
        """The object, or None.

        Raises botocore's errors without an answer, and for one that is not S3's; Unusual for every other answer.
        """
        answer = self._send_again("GET", "GetObject", name)
        if 400 <= answer.status < 500:
            refusal = _error(answer, "GetObject")
            if is_missing(refusal):
                return None
            if is_foreign(refusal):
                raise refusal
        try:
            return _stored(answer)
        except ValueError as error:
            raise Unusual from error

    def put(self, name: str, body: bytes, headers: Headers, conditions: Mapping[str, str]) -> str:
        """Write the whole object and return its etag, empty if there is none.

        Raises botocore's errors without an answer, and what a client would if there are `conditions`: then nothing is
        sent twice. Unusual if the bucket is elsewhere, and for every other answer without conditions.
        """
        fields = {"Content-Type": headers.content_type, "Cache-Control": headers.cache_control, **conditions}
        send = self._send if conditions else self._send_again
        answer = send("PUT", "PutObject", name, {**fields, **self._checksum(body)}, body)
        if answer.status == 200:
            return str(answer.headers.get("ETag", ""))
        if conditions and not _is_elsewhere(answer):
            raise _error(answer, "PutObject")
        raise Unusual

    def head(self) -> Mapping[str, str]:
        """The headers of an answer about the bucket, whatever that is. Raises botocore's errors without one."""
        return self._send("HEAD", "HeadBucket", "").headers

    def _checksum(self, body: bytes) -> dict[str, str]:
        if not self._checksums:
            return {}
        checksum = b64encode(crc32(body).to_bytes(4, "big")).decode()
        return {"x-amz-sdk-checksum-algorithm": "CRC32", "x-amz-checksum-crc32": checksum}

    def _send_again(
        self, method: str, operation: str, name: str, fields: Mapping[str, str] | None = None, body: bytes = b""
    ) -> S3Answer:
        from botocore.exceptions import ConnectionError as NotReached
        from botocore.exceptions import HTTPClientError

        try:
            return self._send(method, operation, name, fields, body)
        except (NotReached, HTTPClientError):
            return self._send(method, operation, name, fields, body)

    def _send(
        self, method: str, operation: str, name: str, fields: Mapping[str, str] | None = None, body: bytes = b""
    ) -> S3Answer:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.hooks import first_non_none_response

        # Where the bucket is the host, the slash is the path that is signed.
        url = f"{self.url}/{quote(name, safe='/~')}" if name or not urlsplit(self.url).path else self.url
        request = AWSRequest(method, url, {name: value for name, value in (fields or {}).items() if value}, body)
        request.headers["User-Agent"] = self._session.user_agent()
        S3SigV4Auth(self._credentials.get_frozen_credentials(), "s3", self._region).add_auth(request)
        request.stream_output = True
        prepared = request.prepare()
        # Hooks of the session, which trace requests or answer them, are called here as by a client.
        answers = self._session.get_component("event_emitter").emit(f"before-send.s3.{operation}", request=prepared)
        if hooked := first_non_none_response(answers):
            return S3Answer(hooked.status_code, hooked.headers, hooked.content)
        return self._lines.send(prepared, len(body))


def _stored(answer: S3Answer) -> Stored:
    fields, body = answer.headers, answer.body
    etag, length, modified = fields.get("ETag"), fields.get("Content-Length"), fields.get("Last-Modified")
    if answer.status != 200 or not etag or (length and int(length) != len(body)):
        raise Unusual
    headers = Headers(fields.get("Content-Type", ""), fields.get("Cache-Control", ""))
    return Stored(
        body, headers, strong_etag(etag), parsedate_to_datetime(modified) if modified else None, answered_at(fields)
    )


def answered_at(fields: Mapping[str, str]) -> float | None:
    """`Date` among the headers of an answer, in seconds since the epoch; None without a good one."""
    with suppress(ValueError):
        return parsedate_to_datetime(fields.get("date", "")).timestamp()
    return None


def _is_elsewhere(answer: S3Answer) -> bool:
    """Redirected, or signed for another region: then nothing was written."""
    return answer.status in (301, 302, 307, 308) or (answer.status == 400 and b"Region" in answer.body)


def _error(answer: S3Answer, operation: str) -> ClientError:
    from botocore.exceptions import ClientError
    from botocore.parsers import create_parser

    response: Any = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
    return ClientError(create_parser("rest-xml").parse(response, cast("Any", None)), operation)
