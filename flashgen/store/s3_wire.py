"""The ordinary requests to an ordinary bucket, without boto3's client: signed and sent by botocore's own parts.

A client of boto3 loads a model of all of S3 and its endpoint rules: most of the time that go-live would take as a
process. What is not quite ordinary is left to such a client; see `s3_ordinary`, and `Unusual`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlsplit
from zlib import crc32

from flashgen.store.protocol import Headers, Stored

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse
    from botocore.credentials import Credentials
    from botocore.exceptions import ClientError
    from botocore.httpsession import URLLib3Session
    from botocore.session import Session


class Unusual(Exception):
    """Something that a client of boto3 has to deal with. Nothing has been written, or it may be written again."""


class S3Wire:
    """GET, PUT and HEAD; each is sent once, over connections that are kept; safe between threads.

    `url` is the bucket's, without a slash at the end. `checksums` are those that AWS wants where an object lock is on;
    other servers may not know them.
    """

    def __init__(
        self,
        session: Session,
        credentials: Credentials,
        http: URLLib3Session,
        url: str,
        region: str,
        *,
        checksums: bool,
    ) -> None:
        self._session, self._credentials, self._http = session, credentials, http
        self.url, self._region, self._checksums = url, region, checksums

    def get(self, name: str) -> Stored | None:
        """The object, or None. Raises Unusual for every other answer, and for none."""
        from botocore.exceptions import BotoCoreError

        try:
            answer = self._send("GET", "GetObject", name)
        except BotoCoreError as error:
            raise Unusual from error
        if answer.status_code == 404 and b"NoSuchBucket" not in answer.content:
            return None
        try:
            return _stored(answer)
        except ValueError as error:
            raise Unusual from error

    def put(self, name: str, body: bytes, headers: Headers, conditions: Mapping[str, str]) -> str:
        """Write the whole object and return its etag, empty if there is none.

        Raises what a client would if there are `conditions`: then nothing is sent twice. Unusual if the bucket is
        elsewhere, and for all that went wrong without conditions.
        """
        from botocore.exceptions import BotoCoreError

        fields = {"Content-Type": headers.content_type, "Cache-Control": headers.cache_control, **conditions}
        try:
            answer = self._send("PUT", "PutObject", name, {**fields, **self._checksum(body)}, body)
        except BotoCoreError as error:
            if conditions:
                raise
            raise Unusual from error
        if answer.status_code == 200:
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

    def _send(
        self, method: str, operation: str, name: str, fields: Mapping[str, str] | None = None, body: bytes = b""
    ) -> AWSResponse:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.hooks import first_non_none_response

        # Where the bucket is the host, the slash is the path that is signed.
        url = f"{self.url}/{quote(name, safe='/~')}" if name or not urlsplit(self.url).path else self.url
        request = AWSRequest(method, url, {name: value for name, value in (fields or {}).items() if value}, body)
        request.headers["User-Agent"] = self._session.user_agent()
        S3SigV4Auth(self._credentials.get_frozen_credentials(), "s3", self._region).add_auth(request)
        prepared = request.prepare()
        # Whoever has hooked into the session, to trace requests or to answer them, does so here as with a client.
        hooked = self._session.get_component("event_emitter").emit(f"before-send.s3.{operation}", request=prepared)
        return first_non_none_response(hooked) or self._http.send(prepared)


def _stored(answer: AWSResponse) -> Stored:
    fields, body = answer.headers, answer.content
    etag, length, modified = fields.get("ETag"), fields.get("Content-Length"), fields.get("Last-Modified")
    if answer.status_code != 200 or not etag or (length and int(length) != len(body)):
        raise Unusual
    headers = Headers(fields.get("Content-Type", ""), fields.get("Cache-Control", ""))
    return Stored(body, headers, etag, parsedate_to_datetime(modified) if modified else None)


def _is_elsewhere(answer: AWSResponse) -> bool:
    """Redirected, or signed for another region: then nothing was written."""
    return answer.status_code in (301, 302, 307, 308) or (answer.status_code == 400 and b"Region" in answer.content)


def _error(answer: AWSResponse, operation: str) -> ClientError:
    from botocore.exceptions import ClientError
    from botocore.parsers import create_parser

    said: Any = {"status_code": answer.status_code, "headers": answer.headers, "body": answer.content}
    return ClientError(create_parser("rest-xml").parse(said, cast("Any", None)), operation)
